"""Three databases: the glossary, the incident log, and customer questions."""

# Prose is kept on its own line.
# ruff: noqa: E501

from sandbox.seed.calendar import Calendar
from sandbox.world.handles import DatabaseHandle
from sandbox.world.world import WorkspaceHandle

_TERMS = (
    ("Bloom", "The first pour, which lets gas escape from fresh grounds.", "Brewing", "Priya"),
    ("Crema", "The foam on an espresso, made of oils and carbon dioxide.", "Brewing", "Priya"),
    ("First crack", "The moment beans pop audibly, around **196 °C**.", "Roasting", "Tomás"),
    ("Green coffee", "Beans before roasting. Keeps for about a year.", "Sourcing", "Tomás"),
    ("Cupping", "Tasting several coffees side by side by a fixed protocol.", "Roasting", "Tomás"),
    ("SKU", "One thing we can sell and count, such as `guji-250g`.", "Shop", "Jonas"),
    ("Churn", "Share of subscribers who leave in a month.", "Shop", "Mara"),
    ("API", "Application programming interface. See [[Partner API]].", "Technology", "Jonas"),
    ("Idempotency key", "Lets a request be repeated without happening twice.", "Technology", "Jonas"),
)
_INCIDENTS = (
    (
        "Web shop unreachable for 34 minutes",
        44,
        "Resolved",
        "High",
        34,
        "Jonas",
        ["API"],
        "A certificate had run out. We now renew 30 days ahead.",
    ),
    (
        "Duplicate parcels to 12 customers",
        31,
        "Resolved",
        "Medium",
        180,
        "Priya",
        ["SKU", "Idempotency key"],
        "A retry without a key. Fixed in release 84.\n\n- All twelve kept the coffee\n- One wrote a poem",
    ),
    (
        "Roaster two stopped in mid-batch",
        19,
        "Resolved",
        "High",
        55,
        "Tomás",
        ["First crack"],
        "Fan belt. A spare is now on the shelf. Runbook: [[Roaster stops mid-batch]]",
    ),
    (
        "Label printer offline, again",
        9,
        "Monitoring",
        "Low",
        20,
        "Jonas",
        ["SKU"],
        "The third time this month.",
    ),
    (
        "Slow search in the partner portal",
        3,
        "Investigating",
        "Medium",
        None,
        "Priya",
        ["API"],
        "Queries above two seconds since Thursday.",
    ),
)
_QUESTIONS = (
    ("How long do beans stay fresh?", "Products", "Six weeks after roasting in the closed bag, two weeks once opened.", True),
    ("Can I pause my subscription?", "Subscription", "Yes, for up to three months, in the app under **Plan → Pause**.", True),
    ("Do you ship to Japan?", "Shipping", "Yes, five to eight days. Customs up to ¥10,000 are free.", True),
    ("Is the packaging compostable?", "Products", "The bag is; the valve is not. Cut it out first.", False),
    ("Which grind do I need for a moka pot?", "Brewing", "Fine, but not as fine as espresso: setting 8 to 10.", True),
    ("Where is my parcel?", "Shipping", "Follow the link in the shipping mail. After five days without movement, write to us.", True),
)  # fmt: skip


def write_databases(ws: WorkspaceHandle, calendar: Calendar) -> None:
    """Write the company's databases and their rows."""
    glossary = _glossary(ws, calendar)
    _incidents(ws, calendar, glossary)
    calendar.days_ago(28, 13)
    questions = ws.database(
        "Customer questions",
        {
            "Question": "title",
            "Topic": {"select": {"options": ["Products", "Subscription", "Shipping", "Brewing"]}},
            "Answer": "rich_text",
            "Published": "checkbox",
            "More": "url",
            "Last change": "last_edited_time",
        },
        icon="💬",
    )
    for title, topic, answer, published in _QUESTIONS:
        questions.row(
            title,
            {
                "Topic": topic,
                "Answer": answer,
                "Published": published,
                "More": f"https://lumencoffee.example/help/{topic.lower()}",
            },
        )


def _glossary(ws: WorkspaceHandle, calendar: Calendar) -> DatabaseHandle:
    calendar.days_ago(52, 10)
    glossary = ws.database(
        "Glossary",
        {
            "Term": "title",
            "Meaning": "rich_text",
            "Area": {"multi_select": {"options": ["Brewing", "Roasting", "Sourcing", "Shop", "Technology"]}},
            "Owner": "people",
            "Reviewed": "date",
        },
        icon="📖",
    )
    glossary.describe("Words we use, and what we mean by them.")
    for number, (term, meaning, area, owner) in enumerate(_TERMS):
        calendar.days_ago(51 - 4 * number, 10)
        glossary.row(
            term,
            {"Meaning": meaning, "Area": [area], "Owner": [owner], "Reviewed": calendar.day(40 - 4 * number)},
        )
    return glossary


def _incidents(ws: WorkspaceHandle, calendar: Calendar, glossary: DatabaseHandle) -> None:
    calendar.days_ago(46, 10)
    log = ws.database(
        "Incident log",
        {
            "Incident": "title",
            "No.": {"unique_id": {"prefix": "INC"}},
            "Status": {"status": {"options": ["Investigating", "Monitoring", "Resolved"]}},
            "Severity": {"select": {"options": [
                {"name": "High", "color": "red"}, {"name": "Medium", "color": "orange"}, {"name": "Low", "color": "gray"},
            ]}},
            "Happened": "date",
            "Minutes": "number",
            "Lead": "people",
            "Terms": {"relation": {"data_source_id": glossary.data_source}},
            "Areas": {"rollup": {"relation": "Terms", "property": "Area", "function": "show_original"}},
        },
        icon="🚨",
    )  # fmt: skip
    for title, days, status, severity, minutes, lead, terms, body in _INCIDENTS:
        calendar.days_ago(days, 16)
        log.row(
            title,
            {
                "Status": status,
                "Severity": severity,
                "Happened": (calendar.moment(days, 13, 5), calendar.moment(days, 14)),
                "Minutes": minutes,
                "Lead": [lead],
                "Terms": terms,
            },
            body=body,
        )
