"""From the tick in the picker to the answer, and every edit after that."""

from __future__ import annotations

from tests.clock import StoppedClock
from tests.knowledge import Knowledge
from tests.stories.conftest import Notion


def test_a_ticked_page_answers_after_one_drain(acme: Knowledge, notion: Notion) -> None:
    acme.tick(notion.handbook.id)

    assert acme.source(notion.handbook.id).status == "pending"
    acme.work()

    assert acme.source(notion.handbook.id).status == "trained"
    [hit] = acme.ask("days of holiday")
    assert "thirty days" in hit.text
    assert hit.heading_path == ("Holidays",)
    assert hit.url == notion.handbook.url


def test_a_ticked_database_answers_from_rows_properties_and_bodies(acme: Knowledge, notion: Notion) -> None:
    acme.tick(notion.terms.id)
    acme.work()

    source = acme.source(notion.terms.id)
    assert (source.status, source.error) == ("trained", None)
    assert acme.answers("short espresso")[0] == "Ristretto"
    assert acme.answers("half the water") == ["Ristretto"]
    [run] = acme.runs(notion.terms.id)
    assert (run.trigger, run.outcome, run.fetched, run.changed) == ("import", "trained", 2, 2)


def test_an_edit_is_found_by_two_searches_and_costs_one_more_request(acme: Knowledge, notion: Notion) -> None:
    acme.tick(notion.handbook.id, notion.terms.id)
    acme.work()
    acme.follow()
    acme.spent()

    acme.follow()
    assert acme.spent() == ["search", "search"]

    notion.handbook.edit("# Holidays\n\nEverybody has forty days of holiday.")
    acme.follow()

    assert acme.spent() == ["search", "search", "markdown"]
    assert "forty days" in acme.ask("days of holiday")[0].text


def test_a_second_edit_within_the_same_minute_is_caught(
    acme: Knowledge, notion: Notion, clock: StoppedClock
) -> None:
    acme.tick(notion.handbook.id)
    acme.work()
    acme.follow(seconds=120)

    clock.advance(seconds=55)
    notion.handbook.edit("The first edit.")
    clock.advance(seconds=5)
    acme.watch()
    acme.work()
    assert acme.answers("first edit") == ["Handbook"]
    notion.handbook.edit("The second edit, in the same minute.")
    acme.follow(seconds=90)

    assert acme.answers("second edit") == ["Handbook"]
    assert acme.spent().count("markdown") == 3


def test_a_new_row_a_changed_row_and_a_renamed_page_are_followed(acme: Knowledge, notion: Notion) -> None:
    acme.tick(notion.handbook.id, notion.terms.id)
    acme.work()
    acme.follow(seconds=120)

    row = notion.terms.row("Cortado", {"Meaning": "Espresso cut with warm milk"})
    notion.handbook.rename("Staff guide")
    acme.follow()

    assert acme.answers("warm milk") == ["Cortado"]
    assert acme.answers("thirty days") == ["Staff guide"]
    assert acme.source(notion.handbook.id).title == "Staff guide"
    row.set({"Meaning": "Espresso with a little foam"})
    acme.follow()
    assert acme.answers("little foam") == ["Cortado"]


def test_a_trashed_page_leaves_and_comes_back_when_restored(acme: Knowledge, notion: Notion) -> None:
    acme.tick(notion.handbook.id)
    acme.work()
    acme.follow(seconds=120)

    notion.handbook.trash()
    acme.follow()

    assert acme.ask("holiday") == []
    source = acme.source(notion.handbook.id)
    assert source.status == "empty"
    assert "trash" in source.error

    notion.handbook.restore()
    acme.follow()
    assert acme.answers("holiday") == ["Handbook"]
    assert acme.source(notion.handbook.id).status == "trained"


def test_an_unshared_page_leaves_only_after_a_second_look(acme: Knowledge, notion: Notion) -> None:
    acme.tick(notion.handbook.id)
    acme.work()
    acme.follow(seconds=120)

    acme.grant.unshare(notion.handbook)
    acme.clock.advance(hours=24)
    acme.watch()
    acme.work()
    assert acme.answers("holiday") == ["Handbook"]

    acme.follow(seconds=70)
    assert acme.ask("holiday") == []
    assert acme.source(notion.handbook.id).status == "empty"
    assert "no longer shares" in acme.source(notion.handbook.id).error


def test_a_row_that_moves_to_another_database_leaves_the_source(acme: Knowledge, notion: Notion) -> None:
    acme.tick(notion.terms.id)
    acme.work()
    acme.follow(seconds=120)

    other = notion.workspace.database("Archive", {"Name": "title"})
    acme.grant.share(other)
    row = next(row for row in notion.terms.rows if row.title == "Lungo")
    row.move(other)
    row.append("moved now")
    acme.follow()

    assert "Lungo" not in acme.answers("long espresso")
