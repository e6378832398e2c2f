"""What people may ask of sources: retrain, stop, resume, schedule, columns, sub-pages, delete."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from extract import actions
from extract.errors import Refused
from extract.rules.timing import OVERLAP, Rank
from extract.runtime import Runtime
from extract.store.models import Connection, Membership, Source
from tests import rows
from tests.clock import START, StoppedClock
from tests.extract.actions.waking import woken

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
COLUMNS = {
    "Name": {"id": "title", "type": "title"},
    "Price": {"id": "p", "type": "number"},
    "Note": {"id": "n", "type": "rich_text"},
}


def watermark(source: Source) -> datetime | None:
    return Connection.get_by_id(source.connection_id).edits_seen_to


@pytest.mark.parametrize(
    ("kind", "full", "reads_all"),
    [("page", False, True), ("database", False, False), ("database", True, True)],
)
def test_retraining_wants_a_listing_for_a_person(
    offline: Runtime, kind: str, full: bool, reads_all: bool
) -> None:
    source = rows.source(kind=kind, error="It failed.", status="failed")

    actions.retrain(offline, [source], full=full)

    wanted = rows.fresh(source)
    assert (wanted.requested_at, wanted.request_rank, wanted.full_requested) == (
        START,
        Rank.PERSON,
        reads_all,
    )
    assert (wanted.status, wanted.error) == ("re-training", None)
    assert woken(offline) == [source.connection_id]


def test_retraining_one_that_cannot_be_retrained_marks_none(offline: Runtime) -> None:
    good, bad = rows.source(), rows.source(via=rows.connection(state="reconnect"), title="Glossary")

    with pytest.raises(Refused, match="“Glossary” cannot be retrained"):
        actions.retrain(offline, [good, bad], full=False)

    assert rows.fresh(good).requested_at is None
    assert woken(offline) == []


def test_retraining_lets_a_stopped_source_go_on(offline: Runtime) -> None:
    source = rows.source(stopped_at=START - HOUR)

    actions.retrain(offline, [source], full=False)

    assert rows.fresh(source).stopped_at is None


def test_stopping_again_keeps_the_hour_of_the_first_stop(offline: Runtime, clock: StoppedClock) -> None:
    source = rows.source(stopped_at=START - HOUR)
    running = rows.source(source.chatbot, source.connection)

    actions.stop(offline, [source, running])

    assert rows.fresh(source).stopped_at == START - HOUR
    assert rows.fresh(running).stopped_at == clock()


def test_resuming_sweeps_back_to_the_hour_of_the_stop(offline: Runtime) -> None:
    source = rows.source(via=rows.connection(edits_seen_to=START), stopped_at=START - HOUR)
    running = rows.source(source.chatbot, source.connection)

    actions.resume(offline, [source, running])

    assert rows.fresh(source).stopped_at is None
    assert watermark(source) == START - HOUR - OVERLAP
    assert rows.fresh(running).requested_at is None
    assert woken(offline) == [source.connection_id]


def test_resuming_one_that_cannot_go_on_resumes_none(offline: Runtime) -> None:
    good = rows.source(stopped_at=START)
    bad = rows.source(via=rows.connection(state="disconnected"), stopped_at=START)

    with pytest.raises(Refused, match="Reconnect first"):
        actions.resume(offline, [good, bad])

    assert rows.fresh(good).stopped_at == START


@pytest.mark.parametrize("wider", [True, False])
def test_a_page_is_listed_again_as_what_it_is_now(offline: Runtime, wider: bool) -> None:
    source = rows.source(with_subpages=not wider, listed_at=START)

    assert actions.set_subpages(offline, source, wider)

    changed = rows.fresh(source)
    assert (changed.with_subpages, changed.listed_at, changed.requested_at) == (wider, None, START)
    assert not actions.set_subpages(offline, changed, wider)


@pytest.mark.parametrize(
    ("values", "state", "sentence"),
    [
        ({"kind": "database"}, "alive", "Only a page"),
        ({"stopped_at": START}, "alive", "Resume it first"),
        ({}, "reconnect", "Reconnect first"),
    ],
)
def test_sub_pages_cannot_be_taken_when_they_could_not_be_read(
    offline: Runtime, values: dict[str, object], state: str, sentence: str
) -> None:
    source = rows.source(via=rows.connection(state=state), **values)

    with pytest.raises(Refused, match=sentence):
        actions.set_subpages(offline, source, True)
    assert not rows.fresh(source).with_subpages


@pytest.mark.parametrize(
    ("word", "kept", "next_at"),
    [("on", "weekly", 7 * DAY), ("daily", "daily", DAY), ("live", "live", None), ("off", "off", None)],
)
def test_a_schedule_starts_a_period_from_now(
    offline: Runtime, word: str, kept: str, next_at: timedelta | None
) -> None:
    source = rows.source(auto_retrain="monthly")

    actions.set_schedule(offline, source, word)

    changed = rows.fresh(source)
    assert (changed.auto_retrain, changed.requested_at) == (kept, None)
    assert changed.next_sync_at == (None if next_at is None else START + next_at)


@pytest.mark.parametrize(
    ("before", "synced", "to"),
    [
        ("off", START - DAY, START - DAY - OVERLAP),
        ("live", START - DAY, START),
        ("off", None, START),
    ],
)
def test_following_edits_again_looks_back_to_the_last_sync(
    offline: Runtime, before: str, synced: datetime | None, to: datetime
) -> None:
    source = rows.source(via=rows.connection(edits_seen_to=START), auto_retrain=before, last_synced_at=synced)

    actions.set_schedule(offline, source, "live")

    assert watermark(source) == to


def test_an_unknown_schedule_is_refused(offline: Runtime) -> None:
    source = rows.source()

    with pytest.raises(Refused, match="“hourly” is none of them"):
        actions.set_schedule(offline, source, "hourly")


def glossary(**values: object) -> Source:
    source = rows.source(kind="database", **values)
    rows.table(source, properties=COLUMNS)
    return source


@pytest.mark.parametrize(
    ("before", "hidden", "changed", "forgets"),
    [
        ([], ["p"], True, True),
        (["p"], ["p"], False, False),
        (["p", "n"], ["p"], True, False),  # shown again: the text before may stay
        ([], ["unknown"], False, False),
        (["unknown"], [], False, False),
    ],
)
def test_hidden_columns_have_the_rows_read_again_and_their_old_text_forgotten(
    offline: Runtime, before: list[str], hidden: list[str], changed: bool, forgets: bool
) -> None:
    source = glossary(hidden_columns=before)
    row = rows.document(source, previous_text="Price: 4")

    assert actions.set_columns(offline, source, hidden) == changed

    assert (rows.fresh(row).requested_at is not None) == changed
    assert (rows.fresh(row).previous_text is None) == forgets
    assert rows.fresh(source).status == ("re-training" if changed else "trained")
    assert woken(offline) == ([source.connection_id] if changed else [])


@pytest.mark.parametrize(
    ("values", "hidden", "sentence"),
    [
        ({}, ["title"], "title cannot be switched off"),
        ({"kind": "page"}, ["p"], "Only a database"),
        ({"stopped_at": START}, ["p"], "Resume it first"),
    ],
)
def test_columns_that_cannot_be_hidden(
    offline: Runtime, values: dict[str, object], hidden: list[str], sentence: str
) -> None:
    source = glossary()
    Source.update(**values or {"kind": "database"}).execute()

    with pytest.raises(Refused, match=sentence):
        actions.set_columns(offline, rows.fresh(source), hidden)


def test_deleting_drops_the_content_that_nobody_else_holds(offline: Runtime) -> None:
    source = rows.source()
    other = rows.source(source.chatbot, source.connection)
    alone, shared = rows.document(source), rows.document(source, other)

    actions.delete(offline, [source])

    assert not rows.is_there(alone)
    assert rows.pages_of(other) == {shared.notion_id}
    assert [one.id for one in Source.select()] == [other.id]


def test_deleting_a_database_that_showed_a_column_hides_it_again(offline: Runtime) -> None:
    hiding = rows.source(kind="database", hidden_columns=["p"])
    showing = rows.source(hiding.chatbot, hiding.connection, kind="database")
    row, other = rows.document(hiding, showing), rows.document(hiding)

    actions.delete(offline, [showing])

    assert rows.fresh(row).requested_at == START
    assert rows.fresh(other).requested_at is None
    assert Membership.select().count() == 2


def test_deleting_what_was_asked_about_ends_the_question(offline: Runtime) -> None:
    source = rows.source(via=rows.connection(brake_at=START))
    for _ in range(11):
        rows.document(source, requested_at=START, doubted_at=START)

    actions.delete(offline, [source])

    assert rows.fresh(source.connection).brake_at is None
