"""A database that Notion does not show: when it counts as gone, and what becomes of its rows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from peewee import Database

from extract.removal import database_gone
from extract.store.models import Chunk, Source
from tests import rows
from tests.clock import START

PAUSE = timedelta(minutes=1)


def database(**values: object) -> Source:
    return rows.source(kind="database", **values)


@pytest.mark.parametrize(
    ("doubted_for", "confirmed"), [(None, False), (PAUSE - timedelta(seconds=1), False), (PAUSE, True)]
)
def test_a_second_404_counts_once_the_pause_has_passed(
    memory_store: Database, doubted_for: timedelta | None, confirmed: bool
) -> None:
    source = database(doubted_at=None if doubted_for is None else START - doubted_for)
    rows.document(source)

    assert database_gone.is_confirmed(source, pause=PAUSE, now=START) == confirmed


@pytest.mark.parametrize(("count", "confirmed"), [(10, True), (11, False)])
def test_the_brake_counts_the_rows(memory_store: Database, count: int, confirmed: bool) -> None:
    source = database(doubted_at=START - PAUSE, requested_at=START - PAUSE, request_rank=3)
    for _ in range(count):
        rows.document(source)

    assert database_gone.is_confirmed(source, pause=PAUSE, now=START) == confirmed


def test_the_brake_does_not_hold_a_database_whose_rows_are_gone(memory_store: Database) -> None:
    source = database(doubted_at=START - PAUSE, requested_at=START - PAUSE, request_rank=3)
    others = rows.source(source.chatbot, source.connection)
    for _ in range(11):
        rows.document(others, requested_at=START, request_rank=3, doubted_at=START)

    assert database_gone.is_confirmed(source, pause=PAUSE, now=START)


def test_its_rows_leave_as_tombstones_that_nothing_waits_for(memory_store: Database) -> None:
    source = database()
    waiting = {"requested_at": START, "doubted_at": START, "recheck_at": START, "check_at": START}
    document = rows.document(source, passages=["Words."], stub={"title": "A page"}, **waiting)

    assert database_gone.remove_rows(source, "It left.", because="trash", now=START) == 1

    gone = rows.fresh(document)
    assert (gone.removed_at, gone.removed_because, gone.error) == (START, "trash", "It left.")
    assert (gone.text, Chunk.select().count()) == ("", 0)
    assert [gone.requested_at, gone.doubted_at, gone.recheck_at, gone.check_at, gone.stub] == [None] * 5


def test_a_row_that_another_source_holds_stays(memory_store: Database) -> None:
    source = database()
    page = rows.source(source.chatbot, source.connection)
    shared = rows.document(source, page, passages=["Words."])

    assert database_gone.remove_rows(source, "It left.", because="trash", now=START) == 0
    assert rows.fresh(shared).removed_at is None
    assert rows.fresh(shared).text


def test_a_tombstone_keeps_the_day_on_which_it_left(memory_store: Database) -> None:
    source = database()
    before = START - timedelta(days=9)
    tombstone = rows.document(source, removed_at=before, removed_because="trash")

    assert database_gone.remove_rows(source, "It left.", because="database", now=START) == 0
    assert rows.fresh(tombstone).removed_at == before
