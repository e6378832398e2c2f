"""Product documents: the brewing app, the subscription, the API."""

# Prose is kept on its own line.
# ruff: noqa: E501

from sandbox.seed.calendar import Calendar
from sandbox.world.world import WorkspaceHandle


def write_product(ws: WorkspaceHandle, calendar: Calendar) -> None:
    """Write the product documents."""
    calendar.days_ago(56, 10)
    product = ws.page(
        "Product",
        "The **Lumen** app helps people brew better coffee at home. This is where we write down what it does and why.",
        icon="☕",
    )
    calendar.days_ago(54, 14)
    ws.page(
        "Subscription plans",
        """
        | Plan | Beans a month | Price | Shipping |
        |---|---|---|---|
        | Taster | 250 g | €14 | €3.90 |
        | Daily | 1 kg | €44 | free |
        | Office | 5 kg | €199 | free |

        # Pausing
        Subscribers can pause for up to **three months**. A paused subscription is not charged; the next parcel leaves on the first Tuesday after the pause ends.

        # Refunds
        We refund in full within 14 days, no questions asked. After that, the support lead decides.
        """,
        parent=product,
        icon="📦",
    )
    ws.page(
        "Brew guide engine",
        """
        The engine turns a recipe into timed steps.

        ## Ratio
        Water is computed from the dose and the ratio:
        $$
        w = d \\cdot r, \\quad r \\in [14, 18]
        $$

        ## Example
        ```python
        def water(dose_grams: float, ratio: float = 16.0) -> float:
            if not 14 <= ratio <= 18:
                raise ValueError(f"unusual ratio: {ratio}")
            return dose_grams * ratio
        ```

        ## States
        ```mermaid
        stateDiagram-v2
          [*] --> Bloom
          Bloom --> Pour
          Pour --> Drawdown
          Drawdown --> [*]
        ```
        """,
        parent=product,
        icon="⏱️",
    )
    calendar.days_ago(47, 16)
    api = ws.page(
        "Partner API",
        """
        Cafés order through the partner API. Base address: `https://api.lumencoffee.example/v2`.

        # Authentication
        Send `Authorization: Bearer <key>`. Keys are made in the partner portal and start with `lk_`.

        # Errors
        | Status | Meaning | What to do |
        |---|---|---|
        | 401 | key unknown | make a new key |
        | 409 | stock changed | read the stock again |
        | 429 | too many requests | wait for `Retry-After` |

        !toc
        """,
        parent=product,
        icon="🔌",
    )
    ws.page(
        "Placing an order",
        """
        ```bash
        curl -X POST https://api.lumencoffee.example/v2/orders \\
          -H "Authorization: Bearer $LUMEN_KEY" \\
          -d '{"sku": "yirgacheffe-1kg", "quantity": 3}'
        ```

        The answer holds an `order_id`. Orders before **11:00** leave the same day.

        !callout 💡 Use the same `Idempotency-Key` when you repeat a request.
          - Keys are remembered for 24 hours
          - A second request with another body is refused with 422
        """,
        parent=api,
    )
    ws.page(
        "Webhooks for partners",
        """
        We send `order.shipped` and `order.returned`. Check the signature before you trust the body:

        ```js
        const expected = hmacSha256(secret, rawBody);
        if (!timingSafeEqual(expected, header)) throw new Error("bad signature");
        ```
        """,
        parent=api,
    )
    calendar.days_ago(30, 10)
    research = ws.page("Research", "What we learned from talking with customers.", parent=product, icon="🔎")
    ws.page(
        "Interviews, September",
        """
        Eleven subscribers, 40 minutes each, by @Priya and @Jonas.

        # What we heard
        - “I never know **how fine** to grind.” (8 of 11)
        - Pausing is hard to find. See [[Subscription plans]].
        - ~~People want more coffees~~ People want *help choosing*.

        # Recording and board
        !embed https://www.figma.com/file/aB3/Grind-journey Figma board: the journey from bag to cup
        !embed https://www.loom.com/share/5f1c Loom: highlights of six interviews
        """,
        parent=research,
    )
    ws.page(
        "Grind size survey",
        """
        214 answers. The share of people who change the grind at least monthly is 37 %.

        ![Histogram of grind settings, most people stay between 14 and 18](lumen/grind-histogram.png)

        !pdf lumen/grind-survey.pdf The full report
        """,
        parent=research,
    )
    calendar.days_ago(12, 11)
    ws.page(
        "Roadmap",
        """
        !toggle ## This quarter
          - [x] Grind helper in the app
          - [ ] Gift subscriptions
          - [ ] Pause button on the first screen
        !toggle ## Next quarter
          - [ ] Office dashboard
          - [ ] Japanese translation, with @Aiko
        ---
        Decisions are taken on the first Monday of a month. Next: @2026-12-07.
        """,
        parent=product,
        icon="🗺️",
    )
    ws.page(
        "Design tokens board", "!embed https://www.figma.com/file/xY9/Lumen-tokens", parent=product, icon="🎨"
    )
