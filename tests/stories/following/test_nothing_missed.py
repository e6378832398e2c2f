"""What moves no time, what search shows late, and sweeps that are long, interrupted or shift under our hands."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from extract.config.load import Config
from extract.connections import client_for, http_for
from extract.discovery.sweeps import poll
from extract.rules.timing import Rank, reread_due
from extract.store.models import Connection, Document
from extract.worklist.documents import request_read
from sandbox import World
from tests.clock import START
from tests.knowledge import Knowledge
from tests.stories.conftest import Notion


def test_a_formula_that_changed_without_moving_any_time_is_found_by_the_daily_listing(
    acme: Knowledge, notion: Notion
) -> None:
    notion.terms.data_source.change_schema({"Price": "formula"})
    lungo = next(row for row in notion.terms.rows if row.title == "Lungo")
    lungo.set({"Price": "cheap"})
    acme.clock.advance(minutes=10)
    acme.tick(notion.terms.id)
    acme.work()
    acme.follow(seconds=120)
    before = lungo.last_edited_time
    acme.clock.advance(minutes=5)
    lungo.set({"Price": "expensive"})
    assert lungo.last_edited_time == before
    acme.follow()
    assert "Price: cheap" in acme.document(lungo.id).text

    for _ in range(4):
        acme.follow(seconds=8 * 3600)
    assert "Price: expensive" in acme.document(lungo.id).text


def test_a_polls_cost_does_not_depend_on_formulas(acme: Knowledge, notion: Notion) -> None:
    notion.terms.data_source.change_schema({"Price": "formula"})
    lungo = next(row for row in notion.terms.rows if row.title == "Lungo")
    lungo.set({"Price": "cheap"})
    acme.clock.advance(minutes=10)
    acme.tick(notion.terms.id)
    acme.work()
    acme.follow(seconds=300)
    lungo.set({"Price": "expensive"})
    acme.spent()
    acme.follow()

    assert acme.spent() == ["search", "search"]


def test_a_body_that_changed_without_moving_any_time_is_found_within_the_week(
    acme: Knowledge, notion: Notion
) -> None:
    acme.tick(notion.handbook.id)
    acme.work()
    acme.follow(seconds=120)
    edited = notion.handbook.record.edited
    notion.handbook.edit("Everybody has forty days of holiday.")
    notion.handbook.record.edited = edited
    for _ in range(8 * 4):
        acme.follow(seconds=6 * 3600)

    assert acme.answers("forty days") == ["Handbook"]


def test_pages_that_do_not_move_are_read_again_spread_over_days_and_once_a_week() -> None:
    def age(page: str) -> int:
        """Hours after which it is read again."""
        return next(
            hours
            for hours in range(24 * 8)
            if reread_due(page, synced_at=START, now=START + timedelta(hours=hours), days=7, hours=24)
        )

    ages = [age(f"page {number}") for number in range(200)]
    assert min(ages) >= 24 * 5
    assert max(ages) <= 24 * 7
    assert len(set(ages)) > 20


@pytest.fixture
def crowd(acme: Knowledge, notion: Notion) -> Knowledge:
    """A database of 450 rows that is held, and a budget of three requests a window."""
    for number in range(450):
        notion.terms.row(f"Row {number}")
    acme.clock.advance(minutes=10)
    acme.tick(notion.terms.id)
    acme.work()
    while Document.select().where(Document.synced_at.is_null()).exists():
        acme.clock.advance(seconds=61)
        acme.work()
    acme.follow(seconds=600)
    config = acme.runtime.config
    few = replace(config, notion=replace(config.notion, requests_per_window=3, people_share=0))
    return replace(acme, runtime=replace(acme.runtime, config=few))


def test_a_sweep_over_a_week_of_edits_takes_as_many_windows_as_it_needs_and_misses_none(
    crowd: Knowledge, notion: Notion
) -> None:
    crowd.clock.advance(days=7)
    for number, row in enumerate(notion.terms.rows):
        row.edit(f"week{number}word")
    crowd.clock.advance(minutes=15)
    crowd.spent()
    for _ in range(4):
        crowd.clock.advance(seconds=61)
        crowd.watch()

    assert crowd.spent().count("search") == 5 + 1 + 2 + 2  # the list of edits, the trash, two idle polls
    assert Document.select().where(Document.requested_at.is_null(False)).count() == 452
    assert Connection.get().sweeps == {}


def test_a_sweep_that_goes_on_with_a_cursor_notion_has_forgotten_begins_anew_and_misses_none(
    crowd: Knowledge, notion: Notion, world: World
) -> None:
    crowd.clock.advance(minutes=30)
    for row in notion.terms.rows:
        row.append("again")
    crowd.clock.advance(minutes=5)
    crowd.watch()
    assert Connection.get().sweeps["edits"]["pages"] == 3

    crowd.clock.advance(seconds=61)
    world.faults.fail("search", status=400, code="validation_error")
    plenty = replace(crowd, runtime=replace(crowd.runtime, config=replace_budget(crowd, 100)))
    plenty.watch()
    assert Document.select().where(Document.requested_at.is_null(False)).count() == 452


def replace_budget(crowd: Knowledge, requests: int) -> Config:
    config = crowd.runtime.config
    return replace(config, notion=replace(config.notion, requests_per_window=requests))


def test_what_moves_up_while_a_long_list_is_read_is_found_by_the_next_sweep(
    acme: Knowledge, notion: Notion
) -> None:
    """Trashing a row shown before lets the rows behind it move up, past the place where the next page begins."""
    for number in range(250):
        notion.terms.row(f"Row {number}")
    acme.clock.advance(minutes=10)
    acme.tick(notion.terms.id)
    while acme.work() is not None and Document.select().where(Document.synced_at.is_null()).exists():
        acme.clock.advance(seconds=61)
    acme.follow(seconds=1200)
    floor = Connection.get().edits_seen_to
    acme.clock.advance(minutes=30)
    for row in notion.terms.rows:
        row.append("moved")
    acme.clock.advance(minutes=1)
    notion.terms.rows[0].trash()
    with http_for(acme.runtime) as http:
        client = client_for(acme.runtime, Connection.get(), http=http)
        poll(client, Connection.get(), now=acme.clock(), verify_hours=24)
        assert Connection.get().edits_seen_to == floor
        poll(client, Connection.get(), now=acme.clock(), verify_hours=24)

    assert Connection.get().edits_seen_to > floor


def test_a_renamed_data_source_renames_its_source_without_a_request(acme: Knowledge, notion: Notion) -> None:
    acme.tick(notion.terms.id)
    acme.work()
    acme.follow(seconds=600)
    notion.terms.rename("Coffee words")
    acme.spent()
    acme.follow()

    assert acme.spent() == ["search", "search"]
    assert acme.source(notion.terms.id).title == "Coffee words"


@pytest.mark.parametrize("ahead", [-45, 45])
def test_clocks_that_differ_lose_no_second_edit_within_a_minute(
    acme: Knowledge, notion: Notion, world: World, ahead: int
) -> None:
    acme.tick(notion.handbook.id)
    acme.work()
    acme.follow(seconds=300)
    world.clock = lambda: acme.clock() + timedelta(seconds=ahead)
    acme.clock.advance(minutes=3)
    notion.handbook.edit("firstword")
    acme.follow(seconds=5)
    notion.handbook.edit("secondword")
    for _ in range(4):
        acme.follow(seconds=65)

    assert acme.answers("secondword") == ["Handbook"]


def test_a_move_that_a_listing_told_of_is_read_although_the_page_is_doubted_meanwhile(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    acme.tick(notion.terms.id, schedule="daily")
    acme.work()
    acme.follow(seconds=120)
    lungo = next(row for row in notion.terms.rows if row.title == "Lungo")
    notion.terms.data_source.rename_property("Meaning", "Sense")
    world.faults.fail("markdown", status=404, code="object_not_found", page_id=lungo)
    acme.follow(seconds=24 * 3600)
    acme.follow(seconds=300)

    assert "Sense: A long espresso" in acme.document(lungo.id).text


def test_a_move_that_a_listing_told_of_is_read_although_the_page_is_asked_itself_meanwhile(
    acme: Knowledge, notion: Notion
) -> None:
    acme.tick(notion.terms.id, schedule="daily")
    acme.work()
    acme.follow(seconds=120)
    notion.terms.data_source.rename_property("Meaning", "Sense")
    lungo = next(row for row in notion.terms.rows if row.title == "Lungo")
    with http_for(acme.runtime) as http:
        stub = client_for(acme.runtime, acme.connection, http=http).get_page(lungo.id)
    request_read(acme.document(lungo.id), now=acme.clock(), rank=Rank.SCHEDULE, stub=stub)
    request_read(acme.document(lungo.id), now=acme.clock(), rank=Rank.SCHEDULE)
    acme.work()

    assert "Sense: A long espresso" in acme.document(lungo.id).text
