"""Edits that Notion tells of: heard at once, read once, and found by the poll when nobody told."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from extract.discovery import events
from extract.store.models import Connection, WebhookEvent
from sandbox import World
from sandbox.world.handles import PageHandle
from tests.clock import StoppedClock
from tests.knowledge import Knowledge
from tests.stories.conftest import Notion
from tests.telling import Telling, telling

MINUTE = 60


@pytest.fixture
def told(acme: Knowledge, notion: Notion, world: World) -> Telling:
    """Both sources are imported, Notion has told of an edit, and a poll has passed since: the next one is far off."""
    acme.tick(notion.handbook.id, notion.terms.id)
    acme.work()
    acme.follow(seconds=120)
    telling_us = telling(acme.runtime, world)
    notion.handbook.append("Told.")
    hear(acme, telling_us, after=5)
    acme.follow(seconds=120)
    assert acme.spent().count("search") == 2
    return telling_us


def hear(acme: Knowledge, told: Telling, *, after: float = 0) -> list[str]:
    """Time passes, Notion tells, the daemon ticks and a worker works; what was asked of Notion."""
    acme.clock.advance(seconds=after)
    told.tell()
    acme.watch()
    acme.work()
    return acme.spent()


def without_polls(spent: list[str]) -> list[str]:
    return [endpoint for endpoint in spent if endpoint != "search"]


def until_a_poll(acme: Knowledge) -> None:
    acme.spent()
    while "search" not in acme.spent():
        acme.follow(seconds=10)


def polls(acme: Knowledge, *, minutes: int) -> int:
    """How many polls come in so many minutes of ticks."""
    acme.spent()
    for _ in range(minutes * 6):
        acme.clock.advance(seconds=10)
        acme.watch()
        acme.work()
    return acme.spent().count("search") // 2


def test_an_edit_answers_without_a_poll_and_costs_two_requests(
    acme: Knowledge, notion: Notion, told: Telling
) -> None:
    notion.handbook.edit("Everybody has forty days of holiday.")

    assert hear(acme, told, after=80) == ["page", "markdown"]

    assert acme.answers("forty days") == ["Handbook"]
    assert hear(acme, told, after=120) == []


def test_an_edit_told_while_its_minute_is_open_costs_one_more_look(
    acme: Knowledge, notion: Notion, told: Telling
) -> None:
    notion.handbook.edit("Everybody has forty days of holiday.")

    assert hear(acme, told, after=1) == ["page", "markdown"]
    assert acme.answers("forty days") == ["Handbook"]
    assert hear(acme, told, after=120) == ["markdown"]


def test_a_burst_costs_one_fetch(acme: Knowledge, notion: Notion, told: Telling) -> None:
    for number in range(4):
        notion.handbook.edit(f"Draft number {number}.")
        notion.handbook.rename(f"Handbook {number}")
        told.tell()
    deliveries = told.subscription.take()

    acme.watch()
    acme.work()

    assert deliveries == []
    assert without_polls(acme.spent()) == ["page", "markdown"]
    assert acme.answers("draft number") == ["Handbook 3"]


def test_a_second_event_of_the_same_edit_costs_nothing(
    acme: Knowledge, notion: Notion, told: Telling
) -> None:
    notion.handbook.edit("The edit.")
    first = told.subscription.take()
    before = WebhookEvent.select().count()
    acme.clock.advance(seconds=90)
    told.send(first)
    acme.watch()
    acme.work()
    acme.spent()

    acme.clock.advance(seconds=30)
    told.send([told.subscription.again(each) for each in first])
    assert WebhookEvent.select().count() == before + len(first), "the same event, told twice"
    same_edit = first[0].event | {"type": "page.properties_updated"}
    events.store("99999999-2222-4333-8444-555555555555", same_edit, now=acme.clock())
    acme.watch()
    acme.work()

    assert without_polls(acme.spent()) == []


def test_events_out_of_order_end_with_the_present(acme: Knowledge, notion: Notion, told: Telling) -> None:
    notion.handbook.trash()
    trashed = told.subscription.take()
    acme.clock.advance(seconds=90)
    notion.handbook.restore()
    notion.handbook.edit("It is back.")
    restored = told.subscription.take()
    acme.clock.advance(seconds=5)

    for deliveries in (restored, trashed):
        told.send(deliveries)
        acme.watch()
        acme.work()

    assert acme.answers("it is back") == ["Handbook"]


def test_a_second_edit_in_the_same_minute_answers_though_its_time_did_not_move(
    acme: Knowledge, notion: Notion, told: Telling, clock: StoppedClock
) -> None:
    clock.advance(seconds=MINUTE - clock().second + 5)
    notion.handbook.edit("The first.")
    hear(acme, told, after=5)
    assert acme.answers("first") == ["Handbook"]

    clock.advance(seconds=20)
    notion.handbook.edit("The second.")
    notion.handbook.rename("Staff guide")
    hear(acme, told, after=5)
    assert acme.answers("second") == [], "the look that comes when the minute has closed covers it"

    for _ in range(6):
        hear(acme, told, after=10)
    assert acme.answers("second") == ["Staff guide"]


def test_what_is_trashed_leaves_and_what_is_restored_comes_back(
    acme: Knowledge, notion: Notion, told: Telling
) -> None:
    notion.handbook.trash()
    assert "page" in hear(acme, told, after=5)
    assert acme.answers("days of holiday") == []

    notion.handbook.restore()
    hear(acme, told, after=60)
    assert acme.answers("days of holiday") == ["Handbook"]


def test_a_new_row_answers_and_a_moved_one_leaves(acme: Knowledge, notion: Notion, told: Telling) -> None:
    notion.terms.row("Cortado", {"Meaning": "Cut with warm milk"})
    hear(acme, told, after=5)
    assert acme.answers("warm milk") == ["Cortado"]

    lungo = next(row for row in notion.terms.rows if row.title == "Lungo")
    elsewhere = notion.workspace.database("Archive", {"Term": "title"})
    acme.grant.share(elsewhere)
    lungo.move(elsewhere)
    hear(acme, told, after=5)
    assert "Lungo" not in acme.answers("long espresso")


def test_a_data_source_that_is_new_in_a_ticked_database_is_listed(
    acme: Knowledge, notion: Notion, told: Telling
) -> None:
    teas = notion.terms.add_data_source("Teas", {"Term": "title", "Meaning": "rich_text"})
    teas.row("Gyokuro", {"Meaning": "Shaded green tea"})

    hear(acme, told, after=5)

    assert acme.answers("shaded green tea") == ["Gyokuro"]


def test_a_renamed_column_is_read_from_every_row(acme: Knowledge, notion: Notion, told: Telling) -> None:
    notion.terms.data_source.rename_property("Meaning", "Explanation")

    hear(acme, told, after=5)

    text = acme.document(next(row.id for row in notion.terms.rows if row.title == "Lungo")).text
    assert "Explanation: A long espresso" in text


def test_a_number_shown_as_money_is_read_from_every_row_though_no_row_moved(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    prices = notion.workspace.database(
        "Prices", {"Drink": "title", "Price": {"number": {"format": "number"}}}
    )
    row = prices.row("Lungo", {"Price": 3})
    acme.grant.share(prices)
    acme.tick(prices.id)
    acme.work()
    acme.follow(seconds=120)
    told = telling(acme.runtime, world)

    table = prices.data_source
    [column] = [prop for prop in table.record.schema.values() if prop.name == "Price"]
    column.config["format"] = "euro"
    table.rename_property("Price", "Price")
    hear(acme, told, after=5)

    assert "€" in acme.document(row.id).text


def test_a_lost_event_costs_freshness_only_and_ends_the_trust(
    acme: Knowledge, notion: Notion, told: Telling
) -> None:
    assert polls(acme, minutes=30) == 3, "one in ten minutes is enough"

    until_a_poll(acme)
    acme.clock.advance(minutes=1)
    notion.handbook.edit("Never told.")
    assert told.lose() == 1
    assert polls(acme, minutes=9) == 1
    assert acme.answers("never told") == ["Handbook"]

    assert polls(acme, minutes=10) == 10
    notion.handbook.edit("Told again.")
    hear(acme, told, after=5)
    assert acme.answers("told again") == ["Handbook"]
    until_a_poll(acme)
    assert polls(acme, minutes=20) == 2


def test_a_day_without_an_event_ends_the_trust(acme: Knowledge, notion: Notion, told: Telling) -> None:
    acme.clock.advance(hours=24)
    polls(acme, minutes=1)

    assert polls(acme, minutes=5) == 5


def test_what_was_shared_late_is_no_missed_event(acme: Knowledge, notion: Notion, told: Telling) -> None:
    old = notion.terms.row("Doppio", {"Meaning": "Twice the coffee"})
    acme.grant.unshare(old)
    told.lose()
    acme.clock.advance(minutes=40)
    polls(acme, minutes=10)

    acme.grant.share(old)
    polls(acme, minutes=10)

    assert "Doppio" in acme.answers("twice the coffee")
    assert Connection.get().event_missed_at is None


def test_events_that_came_while_the_daemon_was_down_are_taken_first(
    acme: Knowledge, notion: Notion, told: Telling
) -> None:
    notion.handbook.edit("Told to nobody awake.")
    told.tell()
    acme.clock.advance(hours=9)

    acme.watch()

    assert WebhookEvent.select().where(WebhookEvent.processed_at.is_null()).count() == 0
    assert Connection.get().event_missed_at is None
    acme.work()
    assert acme.answers("nobody awake") == ["Handbook"]


class SlowBodies(httpx.BaseTransport):
    """Notion, which takes a minute over each body; somebody edits the page meanwhile, once."""

    def __init__(self, inner: httpx.BaseTransport, clock: StoppedClock, page: PageHandle) -> None:
        self._inner, self._clock, self._page = inner, clock, page
        self._edits = ["An edit during the read."]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._inner.handle_request(request)
        if request.url.path.endswith("/markdown") and self._edits:
            self._clock.advance(seconds=1)
            self._page.edit(self._edits.pop())
            self._clock.advance(seconds=60)
        return answer


def test_an_edit_during_a_slow_read_is_no_old_news(
    acme: Knowledge, notion: Notion, told: Telling, clock: StoppedClock
) -> None:
    assert acme.runtime.transport is not None
    notion.handbook.edit("An edit before.")
    told.tell()
    clock.advance(seconds=90)
    acme.watch()
    slow = SlowBodies(acme.runtime.transport, clock, notion.handbook)
    replace(acme, runtime=replace(acme.runtime, transport=slow)).work()
    assert acme.answers("edit before") == ["Handbook"]

    hear(acme, told, after=5)

    assert acme.answers("during the read") == ["Handbook"]
