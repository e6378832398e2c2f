"""The company handbook: how people work at Lumen Coffee."""

# Prose is kept on its own line.
# ruff: noqa: E501

from sandbox.seed.calendar import Calendar
from sandbox.world.world import WorkspaceHandle


def write_handbook(ws: WorkspaceHandle, calendar: Calendar) -> None:
    """Write the handbook."""
    calendar.days_ago(61, 10)
    handbook = ws.page(
        "Company handbook",
        """
        Everything a new colleague needs in the first month. If something is wrong or missing, fix it; the page history keeps you safe.

        !callout 👋 New here? Read **First week** first, then ask @Priya for a roastery tour.

        # What we believe
        - Freshness beats variety: we roast **five** coffees, never more.
        - We answer customers within one working day.
        - Nobody works alone on a release or on a roaster.

        # Where things are
        | Topic | Page | Owner |
        |---|---|---|
        | Time off | Holidays and sick leave | Mara |
        | Money | Expenses | Jonas |
        | Safety | Roastery safety | Tomás |
        """,
        icon="📗",
    )
    calendar.days_ago(60, 11)
    ws.page(
        "First week",
        """
        ## Before you start
        - [x] Contract signed
        - [x] Laptop ordered
        - [ ] Shoe size sent to @Tomás for safety shoes

        ## Day one
        1. Meet @Mara at 9:00 at Hafenstraße 12
        2. Set up your accounts with the help desk
        3. Lunch with the whole team
          - Wednesdays are soup days
          - Tell the kitchen about allergies

        ## Day two to five
        Follow one order from the web shop to the parcel. Take notes, we print the best ones.

        > The first question you are afraid to ask is the one everybody has.
        """,
        parent=handbook,
        icon="🌱",
    )
    ws.page(
        "Holidays and sick leave",
        """
        You have **28 days** of holiday a year, plus public holidays of your place of work. Unused days expire on 31 March.

        ## How to take time off
        1. Ask your lead at least *two weeks* ahead.
        2. Enter it in the calendar.
        3. Name a stand-in.

        !toggle What if I fall ill on holiday?
          Send a note from a doctor and the days are given back.
        !toggle Can I carry days over?
          Up to five, until 31 March.
        """,
        parent=handbook,
        icon="🏖️",
    )
    calendar.days_ago(40, 15)
    ws.page(
        "Expenses",
        """
        Keep the receipt, take a photo, send it within 30 days.

        | Kind | Limit | Needs approval |
        |---|---|---|
        | Meals while travelling | €45 a day | no |
        | Train, second class | none | no |
        | Flights | none | **yes**, by Mara |
        | Books and courses | €600 a year | no |

        Mileage is paid at €0.30 per kilometre: $m = 0.30 \\cdot km$.
        """,
        parent=handbook,
        icon="🧾",
    )
    ws.page(
        "Security basics",
        """
        - Use the password manager for everything.
        - Turn on two-factor sign-in; hardware keys are in the top drawer.
        - Report a lost device **immediately**: security@lumencoffee.example

        !callout ⚠️ Never send customer data by email, not even inside the company. {red_background}
        """,
        parent=handbook,
        icon="🔐",
    )
    calendar.days_ago(33, 9)
    safety = ws.page(
        "Roastery safety",
        """
        # Fire
        Beans can ignite in the drum above 235 °C. If you see smoke from the chaff collector:
        1. Press the red stop
        2. Close the air damper
        3. **Do not** open the drum
        4. Call 112, then @Tomás

        # Carbon monoxide
        The detector by the cooler sounds at 30 ppm. Leave the hall; do not look for the cause.

        !bookmark https://www.hse.example/coffee-roasting-dust Guidance on dust and CO in coffee roasting
        """,
        parent=handbook,
        icon="🧯",
    )
    ws.page(
        "Drum cleaning log", "Cleaned every Monday. Last deep clean by @Tomás on @2026-10-05.", parent=safety
    )
    ws.page(
        "Meeting culture",
        """
        No meeting without a question in the invitation. Notes go to the page of the project.

        !columns
          !column
            ### Good
            - 25 minutes
            - one question
            - a decision at the end
          !column
            ### Not so good
            - “catch-up”
            - more than six people
            - slides read aloud
        """,
        parent=handbook,
        icon="🗣️",
    )
