"""What left comes back by itself: restored, shared again, unarchived, whatever search and times say about it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from extract import actions
from extract.rules.answers import FORGOTTEN
from extract.store.models import Document
from sandbox import World
from sandbox.world.handles import PageHandle
from tests.knowledge import Knowledge
from tests.stories.conftest import Notion


def a_day(acme: Knowledge) -> None:
    """A day passes; the daemon and a worker look in at its end until nothing is left to ask."""
    acme.clock.advance(hours=24)
    for _ in range(4):
        acme.follow()


def row(notion: Notion, title: str) -> PageHandle:
    return next(each for each in notion.terms.rows if each.title == title)


@pytest.fixture
def handbook(acme: Knowledge, notion: Notion) -> PageHandle:
    """The handbook, ticked and settled."""
    acme.tick(notion.handbook.id)
    acme.work()
    acme.follow(seconds=120)
    return notion.handbook


@pytest.mark.parametrize("shown", [True, False], ids=["in search", "not in search"])
def test_a_page_restored_from_the_trash_answers_again(
    acme: Knowledge, world: World, handbook: PageHandle, shown: bool
) -> None:
    handbook.trash()
    a_day(acme)
    assert acme.ask("thirty days") == []
    assert acme.document(handbook.id).removed_because == "trash"

    if not shown:
        world.hide_from_search(handbook)
    handbook.restore()
    (acme.follow if shown else lambda: a_day(acme))()

    assert acme.answers("thirty days") == ["Handbook"]
    assert acme.document(handbook.id).removed_because is None
    assert acme.source(handbook.id).status == "trained"


@pytest.mark.parametrize("shown", [True, False], ids=["in search", "not in search"])
def test_a_page_shared_again_answers_again_although_its_time_is_old(
    acme: Knowledge, world: World, handbook: PageHandle, shown: bool
) -> None:
    acme.grant.unshare(handbook)
    a_day(acme)
    assert acme.ask("thirty days") == []
    assert acme.document(handbook.id).removed_because == "missing"

    if not shown:
        world.hide_from_search(handbook)
    acme.grant.share(handbook)
    (acme.follow if shown else lambda: a_day(acme))()

    assert acme.answers("thirty days") == ["Handbook"]


def test_a_page_that_returns_with_an_older_time_is_read_whole(
    acme: Knowledge, world: World, handbook: PageHandle
) -> None:
    before = handbook.record.edited
    handbook.trash()  # which moves its time
    a_day(acme)
    world.hide_from_search(handbook)
    handbook.restore()
    handbook.record.edited = before - timedelta(days=30)

    a_day(acme)

    assert acme.answers("thirty days") == ["Handbook"]


@pytest.mark.parametrize("schedule", ["live", "off"])
def test_a_row_restored_answers_again_whether_or_not_its_database_is_followed(
    acme: Knowledge, notion: Notion, schedule: str
) -> None:
    acme.tick(notion.terms.id)
    acme.work()
    acme.follow(seconds=120)
    actions.set_schedule(acme.runtime, acme.source(notion.terms.id), schedule)
    lungo = row(notion, "Lungo")

    lungo.trash()
    a_day(acme)
    assert acme.answers("espresso") == ["Ristretto"]

    lungo.restore()
    a_day(acme)
    assert sorted(acme.answers("espresso")) == ["Lungo", "Ristretto"]


def test_a_database_restored_answers_again_although_nobody_follows_it(
    acme: Knowledge, notion: Notion
) -> None:
    acme.tick(notion.terms.id, schedule="off")
    acme.work()
    acme.follow(seconds=120)

    notion.terms.trash()
    a_day(acme)
    assert acme.ask("espresso") == []
    assert {each.removed_because for each in Document.select()} == {"trash"}

    notion.terms.restore()
    a_day(acme)
    assert sorted(acme.answers("espresso")) == ["Lungo", "Ristretto"]
    assert acme.source(notion.terms.id).status == "trained"


def test_a_row_that_never_returns_is_forgotten_and_comes_as_new_if_it_does(
    acme: Knowledge, notion: Notion
) -> None:
    acme.tick(notion.terms.id)
    acme.work()
    acme.follow(seconds=120)
    lungo = row(notion, "Lungo")
    lungo.trash()
    a_day(acme)
    assert Document.select().count() == 2

    acme.clock.advance(days=FORGOTTEN.days - 2)
    a_day(acme)
    assert Document.select().count() == 2  # not yet

    acme.clock.advance(days=2)
    a_day(acme)
    assert [each.title for each in Document.select()] == ["Ristretto"]
    acme.spent()
    a_day(acme)
    assert acme.spent().count("page") <= 1  # nobody looks for it any more

    lungo.restore()
    a_day(acme)
    assert sorted(acme.answers("espresso")) == ["Lungo", "Ristretto"]


def test_a_page_that_is_a_source_by_itself_is_waited_for_without_end(
    acme: Knowledge, handbook: PageHandle
) -> None:
    acme.grant.unshare(handbook)
    a_day(acme)

    acme.clock.advance(days=FORGOTTEN.days * 2)
    a_day(acme)
    assert acme.source(handbook.id).status == "empty"
    assert "no longer shares this page" in acme.source(handbook.id).error

    acme.grant.share(handbook)
    a_day(acme)
    assert acme.answers("thirty days") == ["Handbook"]
