"""The transitions of sources: what is requested, stopped, in doubt and shown as status."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from peewee import Database

from extract.rules.timing import Rank, pause_after
from extract.store.models import Source
from extract.worklist import sources
from tests import rows
from tests.clock import START

LATER = START + timedelta(minutes=5)
PAUSE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("before", "rank", "full", "after"),
    [
        (None, Rank.CHECK, False, (Rank.CHECK, False)),
        ((Rank.PERSON, True), Rank.CHECK, False, (Rank.PERSON, True)),
        ((Rank.CHECK, False), Rank.PERSON, True, (Rank.PERSON, True)),
        ((Rank.EDIT, False), Rank.SCHEDULE, True, (Rank.EDIT, True)),
    ],
)
def test_a_listing_that_is_wanted_already_keeps_the_greater_wish(
    any_store: Database, before: tuple[Rank, bool] | None, rank: Rank, full: bool, after: tuple[Rank, bool]
) -> None:
    source = rows.source(attempts=3, retry_after=LATER, request_rank=0, full_requested=before is None)
    if before:
        Source.update(requested_at=START, request_rank=before[0], full_requested=before[1]).execute()

    sources.request_listing(source, now=LATER, rank=rank, full=full)

    wanted = rows.fresh(source)
    assert (wanted.request_rank, wanted.full_requested) == after
    assert (wanted.requested_at, wanted.attempts, wanted.retry_after) == (LATER, 0, None)


def test_the_first_404_is_a_doubt_that_is_asked_about_after_the_pause(memory_store: Database) -> None:
    source = rows.source(kind="database", attempts=0)

    sources.doubt(source, "Not there.", pause=PAUSE, now=START)

    assert (source.doubted_at, source.retry_after) == (START, START + PAUSE)
    assert (source.error, source.attempts) == ("Not there.", 0)


def test_a_doubt_that_lasts_is_asked_about_ever_more_rarely(memory_store: Database) -> None:
    source = rows.source(kind="database", attempts=7, doubted_at=START - timedelta(hours=1))

    sources.doubt(source, "Not there.", pause=PAUSE, now=START)

    assert source.doubted_at == START - timedelta(hours=1)
    assert source.attempts == 8
    assert source.retry_after == START + pause_after(8)


def test_a_doubt_from_a_wrong_clock_begins_again(memory_store: Database) -> None:
    source = rows.source(kind="database", doubted_at=START + timedelta(days=1))

    sources.doubt(source, "Not there.", pause=PAUSE, now=START)

    assert source.doubted_at == START


def columns(source: Source, *names: str) -> list[object]:
    again = rows.fresh(source)
    return [getattr(again, name) for name in names]


def test_a_new_consent_ends_doubts_and_lists_again_what_is_gone(memory_store: Database) -> None:
    doubted = rows.source(requested_at=START, doubted_at=START, error="Not there.", retry_after=LATER)
    gone = rows.source(doubted_at=START, attempts=3)
    there = rows.source()

    sources.request_missing(Source.id > 0, now=LATER)

    assert columns(doubted, "doubted_at", "error", "retry_after", "requested_at") == [None, None, None, START]
    assert columns(gone, "doubted_at", "requested_at", "attempts") == [START, LATER, 0]
    assert rows.fresh(there).requested_at is None


@pytest.mark.parametrize(("again_at", "left"), [(None, [None, False]), (LATER, [LATER, True])])
def test_a_listing_that_is_requested_again_while_it_runs_stays_requested(
    memory_store: Database, again_at: datetime | None, left: list[object]
) -> None:
    source = rows.source(requested_at=START, error="It failed.", attempts=2, retry_after=START)
    sources.read_everything(source)
    if again_at:
        Source.update(requested_at=again_at).execute()

    sources.complete(source)

    assert columns(source, "requested_at", "full_requested") == left
    assert columns(source, "error", "attempts", "retry_after") == [None, 0, None]


def test_a_listing_that_failed_is_tried_again_ever_later(memory_store: Database) -> None:
    source = rows.source(requested_at=START, attempts=3)

    sources.defer(source, "It failed.", now=START)

    failed = [4, START + pause_after(4), "It failed.", START]
    assert columns(source, "attempts", "retry_after", "error", "requested_at") == failed


def test_a_doubt_ends_or_is_confirmed(memory_store: Database) -> None:
    source = rows.source(doubted_at=START)

    sources.mark_gone(source, now=LATER)
    assert rows.fresh(source).doubted_at == LATER

    sources.end_doubt(source)
    assert rows.fresh(source).doubted_at is None


def test_a_stopped_source_wants_nothing(memory_store: Database) -> None:
    source = rows.source(requested_at=START, full_requested=True, retry_after=LATER, attempts=2)
    other = rows.source(requested_at=START)

    sources.stop([source], now=LATER)

    assert columns(source, "stopped_at", "requested_at", "full_requested") == [LATER, None, False]
    assert columns(source, "retry_after", "attempts") == [None, 0]
    assert columns(other, "stopped_at", "requested_at") == [None, START]


@pytest.mark.parametrize(("synced", "status"), [(START, "re-training"), (None, "pending")])
def test_a_resumed_source_waits_for_a_worker(
    memory_store: Database, synced: datetime | None, status: str
) -> None:
    source = rows.source(stopped_at=START, last_synced_at=synced, error="Stopped.")

    sources.resume(source)

    assert columns(source, "stopped_at", "status", "error") == [None, status, None]


def test_a_status_is_shown_with_or_without_its_sentence(memory_store: Database) -> None:
    source = rows.source(error="It failed.")

    sources.show_status(source, "training")
    assert columns(source, "status", "error") == ["training", "It failed."]

    sources.show(source, "failed", "It failed again.")
    assert columns(source, "status", "error") == ["failed", "It failed again."]


@pytest.mark.parametrize(
    ("status", "synced", "idle"),
    [
        ("training", START, "trained"),
        ("training", None, "pending"),
        ("failed", START, "failed"),
        ("empty", None, "empty"),
    ],
)
def test_nothing_shows_that_it_is_at_work_once_its_connection_ended(
    memory_store: Database, status: str, synced: datetime | None, idle: str
) -> None:
    source = rows.source(status=status, last_synced_at=synced)

    sources.show_idle(Source.id == source.id)

    assert rows.fresh(source).status == idle


def test_a_retry_at_once_still_counts_the_failures(memory_store: Database) -> None:
    source = rows.source(attempts=3, retry_after=LATER)

    assert sources.clear_retry(Source.id == source.id) == 1
    assert columns(source, "attempts", "retry_after") == [3, None]
