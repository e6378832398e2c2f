"""When so much is missing that a person is asked before anything more is removed, and when the question is over."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from peewee import Database

from extract.removal import brake
from extract.rules.timing import Rank
from extract.store.models import Connection, Document, Source
from tests import rows
from tests.clock import START

HOUR = timedelta(hours=1)
DOUBTED = {"requested_at": START, "request_rank": Rank.CHECK, "doubted_at": START}


def held(source: Source, count: int, **values: object) -> list[Document]:
    return [rows.document(source, **values) for _ in range(count)]


def doubted(source: Source, count: int, **values: object) -> list[Document]:
    return held(source, count, **{**DOUBTED, **values})


def removed(source: Source, count: int, *, at: datetime = START, because: str = "missing") -> None:
    held(source, count, removed_at=at, removed_because=because, hash="")


def brake_at(source: Source) -> datetime | None:
    return Connection.get_by_id(source.connection_id).brake_at


def hold_back(source: Source, *, at: datetime = START) -> None:
    Connection.update(brake_at=at).where(Connection.id == source.connection_id).execute()


@pytest.mark.parametrize(("missing", "stays"), [(10, False), (11, True)])
def test_a_page_stays_when_more_than_ten_and_more_than_a_quarter_are_missing(
    memory_store: Database, missing: int, stays: bool
) -> None:
    source = rows.source()
    documents = doubted(source, missing)

    assert brake.stops(documents[0], now=START) == stays
    assert brake_at(source) == (START if stays else None)


def test_of_many_pages_a_quarter_may_be_missing(memory_store: Database) -> None:
    source = rows.source()
    held(source, 33)
    documents = doubted(source, 11)

    assert not brake.stops(documents[0], now=START)


def test_pages_removed_unasked_within_a_day_count_as_missing(memory_store: Database) -> None:
    source = rows.source()
    document = doubted(source, 1)[0]
    removed(source, 10, at=START - timedelta(hours=23))

    assert brake.stops(document, now=START)


@pytest.mark.parametrize(
    ("because", "ago"),
    [("trash", HOUR), ("confirmed", HOUR), ("missing", timedelta(hours=24)), ("missing", -HOUR)],
)
def test_other_removals_do_not(memory_store: Database, because: str, ago: timedelta) -> None:
    source = rows.source()
    document = doubted(source, 1)[0]
    removed(source, 10, at=START - ago, because=because)

    assert not brake.stops(document, now=START)


def test_pages_of_other_connections_do_not_count(memory_store: Database) -> None:
    document = doubted(rows.source(), 1)[0]
    doubted(rows.source(), 11)

    assert not brake.stops(document, now=START)


def test_once_asked_time_alone_does_not_lift_the_brake(memory_store: Database) -> None:
    source = rows.source()
    document = doubted(source, 1)[0]
    removed(source, 10, at=START - HOUR)
    hold_back(source)

    later = START + timedelta(days=9)
    assert brake.stops(document, now=later)
    assert not brake.release_if_over(source.connection_id, now=later)
    assert brake_at(source) == START


@pytest.mark.parametrize(
    ("asked", "rank", "goes"),
    [(HOUR, Rank.PERSON, True), (HOUR, Rank.CHECK, False), (-HOUR, Rank.PERSON, False)],
)
def test_a_page_goes_when_a_person_asked_for_it_after_the_question(
    memory_store: Database, asked: timedelta, rank: Rank, goes: bool
) -> None:
    source = rows.source()
    doubted(source, 11)
    hold_back(source)
    document = doubted(source, 1, requested_at=START + asked, request_rank=rank)[0]

    assert brake.stops(document, now=START) != goes
    assert brake.was_confirmed(document) == goes


def test_without_a_question_no_wish_is_an_answer(memory_store: Database) -> None:
    document = doubted(rows.source(), 1, request_rank=Rank.PERSON)[0]

    assert not brake.was_confirmed(document)


def test_the_question_is_over_when_enough_pages_came_back(memory_store: Database) -> None:
    source = rows.source()
    held(source, 10)
    document = doubted(source, 2, retry_after=START + timedelta(hours=6), attempts=9)[0]
    database = rows.source(
        source.chatbot, source.connection, **DOUBTED, kind="database", retry_after=START + HOUR
    )
    hold_back(source)

    assert brake.release_if_over(source.connection_id, now=START)

    assert brake_at(source) is None
    assert rows.fresh(document).retry_after is None
    assert rows.fresh(document).attempts == 0
    assert rows.fresh(database).retry_after is None


def test_there_is_no_question_to_lift_where_none_was_asked(memory_store: Database) -> None:
    assert not brake.release_if_over(rows.connection().id, now=START)


def test_only_a_doubt_that_waits_long_is_asked_again_at_once(memory_store: Database) -> None:
    source = rows.source()
    soon = doubted(source, 1, retry_after=START + timedelta(minutes=10), attempts=3)[0]
    far = doubted(source, 1, retry_after=START + timedelta(minutes=11), attempts=3)[0]
    certain = rows.document(source, requested_at=START, retry_after=START + HOUR)

    brake.retry_doubted(Document.connection == source.connection_id, now=START)

    waiting = [rows.fresh(document).retry_after is not None for document in (soon, far, certain)]
    assert waiting == [True, False, True]


def test_rows_are_in_doubt_with_the_only_database_that_holds_them(memory_store: Database) -> None:
    page = rows.source()
    gone = rows.source(page.chatbot, page.connection, kind="database", **DOUBTED)
    only_there, also_elsewhere = rows.document(gone), rows.document(gone, page)
    tombstone = rows.document(gone, removed_at=START)

    found = {row.id for row in Document.select().where(brake.in_doubt(page.connection_id))}

    assert found == {only_there.id}
    assert {also_elsewhere.id, tombstone.id}.isdisjoint(found)


def test_a_page_in_two_knowledge_bases_is_asked_about_once(memory_store: Database) -> None:
    first = rows.source()
    second = rows.source(rows.chatbot(first.connection.organisation), first.connection)
    document = doubted(first, 1)[0]
    doubted(second, 1, notion_id=document.notion_id)
    hold_back(first)

    assert brake.pages_asked_about(rows.fresh(first.connection)) == 1


@pytest.mark.parametrize("state", ["reconnect", "disconnected"])
def test_nobody_is_asked_about_a_connection_that_is_not_alive(memory_store: Database, state: str) -> None:
    source = rows.source(via=rows.connection(state=state, brake_at=START))
    doubted(source, 1)

    assert brake.pages_asked_about(source.connection) == 0


def test_what_a_person_answered_for_the_page_or_its_source_is_no_question_any_more(
    memory_store: Database,
) -> None:
    asked = {"requested_at": START + HOUR, "request_rank": Rank.PERSON}
    page = rows.source()
    answered = rows.source(page.chatbot, page.connection, **asked)
    doubted(answered, 1)
    doubted(page, 1, **asked)
    open_one = doubted(page, 1)[0]
    hold_back(page)

    connection = rows.fresh(page.connection)
    assert [row.id for row in Document.select().where(brake.asked_about(connection))] == [open_one.id]


def test_the_answer_covers_what_went_unasked_before_the_question(memory_store: Database) -> None:
    source = rows.source()
    removed(source, 1, at=START - timedelta(hours=23))
    removed(source, 1, at=START - timedelta(hours=25))
    hold_back(source)

    brake.count_as_confirmed(rows.fresh(source.connection), now=START + timedelta(days=3))

    assert [row.removed_because for row in Document.select().order_by(Document.id)] == [
        "confirmed",
        "missing",
    ]
