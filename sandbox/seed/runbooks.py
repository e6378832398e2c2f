"""Runbooks: what to do at three in the morning."""

# Prose is kept on its own line.
# ruff: noqa: E501

from sandbox.seed.calendar import Calendar
from sandbox.world.world import WorkspaceHandle

_RUNBOOKS = (
    (
        "Web shop is down",
        """
        **Impact**: nobody can order. **Page**: @Jonas.

        # Check
        1. `https://status.lumencoffee.example` – is it us or the host?
        2. `kubectl -n shop get pods`
        3. Look for *payment* errors in the last ten minutes

        # Bring it back
        ```bash
        kubectl -n shop rollout undo deployment/web
        kubectl -n shop rollout status deployment/web --timeout=120s
        ```

        > If it is not back in 20 minutes, put up the maintenance page and call @Mara.
        """,
    ),
    (
        "Payments fail",
        """
        !callout 🚨 Never repeat charges by hand. Duplicate charges cost us more trust than a lost day.

        | Code | Meaning | Action |
        |---|---|---|
        | `card_declined` | customer’s bank refused | nothing, the shop tells them |
        | `api_connection_error` | provider unreachable | switch to the second provider |
        | `idempotency_error` | two requests, one key | see [[Placing an order]] |
        """,
    ),
    (
        "Label printer offline",
        """
        - Turn it off, count to ten, turn it on
          - If the light is **orange**: paper
          - If the light is *red*: the head is too hot, wait
            1. Open the lid
            2. Wait five minutes
        - Print from the second station meanwhile
        """,
    ),
    (
        "Restore the database from backup",
        """
        Backups run at 02:00 and are kept for 35 days.

        1. Announce it in the incident channel
        2. Stop the workers
        3. Restore into a *new* instance:
        ```sql
        SELECT pg_is_in_recovery(), now() - pg_last_xact_replay_timestamp() AS lag;
        ```
        4. Compare row counts, then switch
        """,
    ),
    (
        "Roaster stops mid-batch",
        """
        Drop the batch at once, cool with full air, and note the time. A batch that stood in the drum for more than **90 seconds** is discarded.

        See [[Roastery safety]] for smoke.
        """,
    ),
    (
        "On-call rota",
        """
        | Week | First | Second |
        |===|---|---|
        | 47 | Jonas | Priya |
        | 48 | Priya | Tomás |
        | 49 | Tomás | Jonas |

        Swap freely, tell nobody, but change this table.
        """,
    ),
)


def write_runbooks(ws: WorkspaceHandle, calendar: Calendar) -> None:
    """Write the runbooks."""
    calendar.days_ago(50, 9)
    runbooks = ws.page(
        "Runbooks",
        "Short, tested, in the imperative. Every runbook is tried once a quarter by someone who did not write it.",
        icon="🛟",
    )
    for number, (title, text) in enumerate(_RUNBOOKS):
        calendar.days_ago(49 - 7 * number, 10 + number)
        ws.page(title, text, parent=runbooks)
    calendar.days_ago(20, 17)
    shared = ws.page("Escalation", parent=runbooks, icon="📞")
    shared.set_blocks(
        [
            {"type": "paragraph", "paragraph": {"rich_text": ["One list, shown wherever it is needed."]}},
            {
                "type": "synced_block",
                "synced_block": {"synced_from": None},
                "children": [
                    {
                        "type": "bulleted_list_item",
                        "bulleted_list_item": {"rich_text": ["Technology: Jonas, +49 40 555 0142"]},
                    },
                    {
                        "type": "bulleted_list_item",
                        "bulleted_list_item": {"rich_text": ["Roastery: Tomás, +49 40 555 0143"]},
                    },
                    {
                        "type": "bulleted_list_item",
                        "bulleted_list_item": {"rich_text": ["Everything else: Mara"]},
                    },
                ],
            },
            {"type": "unsupported", "unsupported": {"block_type": "button"}},
        ]
    )
    original = next(block["id"] for block in shared.blocks if block["type"] == "synced_block")
    calendar.days_ago(6, 8)
    ws.page("Weekend duty", parent=runbooks).set_blocks(
        [
            {
                "type": "paragraph",
                "paragraph": {"rich_text": ["Saturday 9:00 to 17:00, Sunday by phone only. Whom to call:"]},
            },
            {
                "type": "synced_block",
                "synced_block": {"synced_from": {"type": "block_id", "block_id": original}},
            },
        ]
    )
