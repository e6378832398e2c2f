"""What is due for a connection, in which order, and which connections have something due."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from peewee import Database

from extract.rules.timing import Rank
from extract.store.models import Connection, Source
from extract.worklist import due
from tests import rows
from tests.clock import START

HOUR = timedelta(hours=1)
AGO = START - HOUR
CHECK = {"requested_at": AGO, "request_rank": Rank.CHECK}
EDIT = {"requested_at": AGO, "request_rank": Rank.EDIT}


def next_ids(source: Source, **how: Any) -> list[int]:
    found = due.next_documents(source.connection_id, **{"now": START, "limit": 9, **how})
    return [document.id for document in found]


def has_work(source: Source) -> bool:
    return due.connections_with_work(now=START) == [source.connection_id]


def set_connection(source: Source, **values: object) -> None:
    Connection.update(**values).where(Connection.id == source.connection_id).execute()


@pytest.mark.parametrize(
    ("values", "ready"),
    [
        ({}, False),
        (EDIT, True),
        ({**EDIT, "retry_after": START}, True),
        ({**EDIT, "retry_after": START + HOUR}, False),
    ],
)
def test_a_row_is_ready_when_it_is_wanted_and_not_put_off(
    memory_store: Database, values: dict[str, object], ready: bool
) -> None:
    rows.source(**values)

    assert Source.select().where(due.ready(Source, START)).exists() == ready


def test_the_listing_that_a_person_asked_for_comes_first_then_the_oldest(memory_store: Database) -> None:
    first = rows.source(**EDIT)
    others = {"bot": first.chatbot, "via": first.connection}
    rows.source(**others, requested_at=AGO - HOUR, request_rank=Rank.SCHEDULE)
    older = rows.source(**others, requested_at=AGO - HOUR, request_rank=Rank.EDIT)
    person = rows.source(**others, requested_at=START, request_rank=Rank.PERSON)
    rows.source(**others, requested_at=AGO, request_rank=Rank.PERSON, stopped_at=AGO)

    assert due.next_source(first.connection_id, now=START) == person
    person.delete_instance()
    assert due.next_source(first.connection_id, now=START) == older


def test_without_checks_only_a_listing_that_somebody_asked_for_comes(memory_store: Database) -> None:
    source = rows.source(**CHECK)

    assert due.next_source(source.connection_id, now=START) == source
    assert due.next_source(source.connection_id, now=START, checks=False) is None


def test_documents_come_by_rank_then_by_the_newest_wish(memory_store: Database) -> None:
    source = rows.source()
    old = rows.document(source, **EDIT)
    new = rows.document(source, requested_at=START, request_rank=Rank.EDIT)
    person = rows.document(source, requested_at=AGO, request_rank=Rank.PERSON)
    rows.document(source, **EDIT, retry_after=START + HOUR)
    rows.document(rows.source(), **EDIT)

    assert next_ids(source) == [person.id, new.id, old.id]
    assert next_ids(source, limit=1) == [person.id]
    assert next_ids(source, exclude=[person.id]) == [new.id, old.id]


@pytest.mark.parametrize(
    ("values", "is_work"),
    [
        (CHECK, False),
        ({**CHECK, "stub": {"title": "Listed"}}, True),  # a listing told that it moved
        ({**CHECK, "stub": {"title": "Listed"}, "doubted_at": AGO}, False),
        ({**CHECK, "stub": {"title": "Listed"}, "removed_at": AGO}, False),
        (EDIT, True),
    ],
)
def test_a_check_is_a_wish_of_the_lowest_rank_of_which_nothing_is_known(
    memory_store: Database, values: dict[str, object], is_work: bool
) -> None:
    source = rows.source()
    document = rows.document(source, **values)

    assert next_ids(source) == [document.id]
    assert next_ids(source, checks=False) == ([document.id] if is_work else [])


def test_documents_come_without_their_text(memory_store: Database) -> None:
    source = rows.source()
    rows.document(source, **EDIT, passages=["Words."])

    found = due.next_documents(source.connection_id, now=START, limit=1)[0]
    assert "text" not in found.__data__


@pytest.mark.parametrize("column", ["recheck_at", "check_at"])
def test_what_is_due_at_its_own_time_comes_longest_due_first(memory_store: Database, column: str) -> None:
    query = {"recheck_at": due.next_rechecks, "check_at": due.next_checks}[column]
    source = rows.source()
    late = rows.document(source, **{column: START})
    longest = rows.document(source, **{column: AGO})
    rows.document(source, **{column: START + HOUR})
    rows.document(source, **{column: AGO}, **EDIT)  # comes as a wish
    rows.document(source, **{column: AGO}, retry_after=START + HOUR)  # claimed by a drain that was killed

    found = query(source.connection_id, now=START, limit=9)
    assert [document.id for document in found] == [longest.id, late.id]
    assert [row.id for row in query(source.connection_id, now=START, limit=9, exclude=[longest.id])] == [
        late.id
    ]


@pytest.mark.parametrize(("running", "comes"), [(False, False), (True, True)])
def test_what_only_stopped_sources_hold_never_comes(
    memory_store: Database, running: bool, comes: bool
) -> None:
    stopped = rows.source(stopped_at=AGO)
    holders = [stopped, rows.source(stopped.chatbot, stopped.connection)] if running else [stopped]
    rows.document(*holders, **EDIT)
    rows.document(*holders, check_at=AGO)

    assert bool(next_ids(stopped)) == comes
    assert bool(due.next_checks(stopped.connection_id, now=START, limit=1)) == comes
    assert has_work(stopped) == comes


@pytest.mark.parametrize(
    ("values", "free"),
    [
        ({"state": "alive"}, True),
        ({"state": "reconnect"}, False),
        ({"lease_until": START + HOUR}, False),
        ({"lease_until": START}, True),
        ({"paused_until": START + HOUR}, False),
        ({"paused_until": START}, True),
    ],
)
def test_a_connection_is_woken_when_it_is_alive_and_nobody_works_or_rests_it(
    memory_store: Database, values: dict[str, object], free: bool
) -> None:
    source = rows.source()
    rows.document(source, **EDIT)
    set_connection(source, **values)

    assert has_work(source) == free


@pytest.mark.parametrize(
    ("values", "wakes"),
    [
        ({}, False),
        (EDIT, True),
        (CHECK, False),
        ({"recheck_at": AGO}, True),  # closing a minute is work
        ({"check_at": AGO}, False),
        ({"check_at": START + HOUR}, False),
    ],
)
def test_while_checks_pause_only_work_wakes_a_connection(
    memory_store: Database, values: dict[str, object], wakes: bool
) -> None:
    source = rows.source()
    rows.document(source, **values)
    set_connection(source, checks_paused_until=START + HOUR)

    assert has_work(source) == wakes

    set_connection(source, checks_paused_until=START)
    assert has_work(source) == (values not in ({}, {"check_at": START + HOUR}))


@pytest.mark.parametrize(("paused", "wakes"), [(None, True), (START + HOUR, False)])
def test_a_daily_listing_wakes_a_connection_unless_checks_pause(
    memory_store: Database, paused: datetime | None, wakes: bool
) -> None:
    source = rows.source(**CHECK)
    set_connection(source, checks_paused_until=paused)

    assert has_work(source) == wakes


@pytest.mark.parametrize(
    ("values", "wakes"),
    [
        ({"status": "training"}, True),
        ({"status": "trained"}, False),
        ({"status": "training", "requested_at": AGO, "retry_after": START + HOUR}, False),
        ({"status": "training", **EDIT, "retry_after": START + HOUR, "error": "It failed."}, True),
    ],
)
def test_what_is_at_work_and_has_nothing_left_to_try_is_woken_to_be_settled(
    memory_store: Database, values: dict[str, object], wakes: bool
) -> None:
    source = rows.source(**values)

    assert has_work(source) == wakes


def test_what_is_at_work_and_waits_for_a_document_is_not_settled(memory_store: Database) -> None:
    source = rows.source(status="training")
    rows.document(source, **EDIT, retry_after=START + HOUR)

    assert not has_work(source)


def test_sources_that_fall_due_together_are_started_a_few_of_each_alive_connection(
    memory_store: Database,
) -> None:
    first = rows.source(next_sync_at=START)
    others = {"bot": first.chatbot, "via": first.connection}
    earlier = rows.source(**others, next_sync_at=AGO)
    rows.source(**others, requested_at=AGO, request_rank=Rank.SCHEDULE)  # waits already
    elsewhere = rows.source(next_sync_at=START)
    rows.source(via=rows.connection(state="reconnect"), next_sync_at=AGO)

    def found(most: int) -> list[Source]:
        return due.sources_due(
            Source.next_sync_at <= START, Source.next_sync_at, rank=Rank.SCHEDULE, now=START, most=most
        )

    assert found(2) == [earlier, elsewhere]
    assert found(3) == [earlier, first, elsewhere]
    assert due.sources_due(Source.id < 0, Source.id, rank=Rank.SCHEDULE, now=START, most=2) == []


def test_the_sources_that_show_a_person_that_they_are_at_work(memory_store: Database) -> None:
    working = rows.source(status="re-training")
    rows.source(working.chatbot, working.connection, status="trained")
    rows.source(status="pending")

    assert due.sources_at_work(working.connection_id) == [working.id]


def test_a_source_is_stopped_by_what_its_row_says_now(memory_store: Database) -> None:
    source = rows.source()
    Source.update(stopped_at=START).execute()

    assert due.is_stopped(source.id)
    assert not due.is_stopped(rows.source().id)
