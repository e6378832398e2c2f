"""The account of a source's sync: opening, counting and closing runs, the status shown, and which runs are kept."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from peewee import Database

from extract.rules.timing import Rank
from extract.search.index import Put
from extract.store.models import Run, Source
from extract.sync import runs
from extract.sync.runs import NOTHING_READABLE, NOTHING_TO_READ, ONLY_EMBEDS, RunLog, close_if_finished, prune
from tests import rows
from tests.clock import START

LATER = START + timedelta(minutes=5)


def opened(source: Source, rank: Rank = Rank.EDIT) -> RunLog:
    log = RunLog()
    log.open([source.id], rank=rank, now=START)
    return log


@pytest.mark.parametrize(
    ("synced", "rank", "trigger", "status"),
    [
        (None, Rank.PERSON, "import", "training"),
        (None, Rank.EDIT, "edit", "training"),
        (START, Rank.PERSON, "retrain", "re-training"),
        (START, Rank.SCHEDULE, "schedule", "re-training"),
    ],
)
def test_a_run_is_filed_under_what_asked_for_it(
    memory_store: Database, synced: datetime | None, rank: Rank, trigger: str, status: str
) -> None:
    source = rows.source(last_synced_at=synced)

    opened(source, rank)

    assert (Run.get().trigger, Run.get().started_at, Run.get().outcome) == (trigger, START, None)
    assert rows.fresh(source).status == status


def test_a_run_that_is_open_is_gone_on_with(memory_store: Database) -> None:
    source = rows.source()
    before = rows.run(source, now=START - timedelta(hours=1))

    log = opened(source)
    log.open([source.id], rank=Rank.PERSON, now=LATER)
    log.count([source.id], fetched=1)

    assert [run.id for run in Run.select()] == [before.id]
    assert rows.fresh(before).fetched == 1


def test_a_stopped_source_gets_no_run(memory_store: Database) -> None:
    opened(rows.source(stopped_at=START))

    assert Run.select().count() == 0


def test_after_a_person_stopped_and_resumed_a_source_another_run_is_counted_into(
    memory_store: Database,
) -> None:
    source = rows.source()
    log = opened(source)
    Run.update(finished_at=START, outcome="cancelled").execute()

    log.open([source.id], rank=Rank.PERSON, now=LATER)
    log.count([source.id], requests=2)

    assert [run.requests for run in Run.select().order_by(Run.id)] == [0, 2]


def test_what_was_read_is_counted_with_its_chunks_and_unknown_tags(memory_store: Database) -> None:
    source = rows.source()
    log = opened(source)
    first = rows.reading("A", "Words.", unknown_tags=("b", "a"), unread_blocks=2)

    log.count_put([source.id, 999], first, Put(True, added=3, kept=1, removed=2))
    log.count_put([source.id], rows.reading("B", unknown_tags=("c",)), Put(False, 0, 4, 0))

    run = Run.get()
    assert (run.fetched, run.changed, run.unchanged, run.unread_blocks) == (2, 1, 1, 2)
    assert (run.chunks_added, run.chunks_kept, run.chunks_removed) == (3, 5, 2)
    assert run.unknown_tags == ["a", "b", "c"]


def test_a_check_opens_no_run_and_counts_nothing(memory_store: Database) -> None:
    RunLog().count([rows.source().id], requests=1)

    assert Run.select().count() == 0


def test_a_touched_source_is_closed_once_nothing_is_left(memory_store: Database) -> None:
    source = rows.source()
    document = rows.document(source, passages=["Words."], requested_at=START)
    log = opened(source)

    log.close_finished(now=LATER)
    assert Run.get().finished_at is None

    document.requested_at = None
    document.save()
    log.mark_touched([source.id])
    log.close_finished(now=LATER)
    assert (Run.get().outcome, Run.get().finished_at) == ("trained", LATER)
    assert rows.fresh(source).last_synced_at == LATER


def test_a_run_can_be_ended_at_once(memory_store: Database) -> None:
    source = rows.source()

    opened(source).close(source, outcome="failed", sentence="It is gone.", now=LATER)

    assert (Run.get().outcome, Run.get().error, Run.get().finished_at) == ("failed", "It is gone.", LATER)
    assert (rows.fresh(source).status, rows.fresh(source).error) == ("failed", "It is gone.")


@pytest.mark.parametrize(
    ("source_values", "document_values", "outcome", "sentence"),
    [
        ({}, {"passages": ["Words."]}, "trained", None),
        ({}, {}, "empty", NOTHING_TO_READ),
        ({}, {"embeds_without_caption": 2}, "empty", ONLY_EMBEDS),
        ({}, {"removed_at": START, "error": "It left."}, "empty", "It left."),
        ({"kind": "database"}, {"removed_at": START, "error": "It left."}, "empty", NOTHING_TO_READ),
        ({}, {"synced_at": None, "error": "No."}, "failed", NOTHING_READABLE + "No."),
        ({"requested_at": START, "error": "No list."}, {}, "failed", "No list."),
        ({"requested_at": START, "error": "No list."}, {"passages": ["Words."]}, "trained", "No list."),
        (
            {"kind": "database", "doubted_at": START, "listed_at": START, "error": "Gone."},
            {"passages": ["Words."]},  # held elsewhere, it answers there
            "empty",
            "Gone.",
        ),
    ],
)
def test_the_outcome_and_its_sentence(
    memory_store: Database,
    source_values: dict[str, object],
    document_values: dict[str, object],
    outcome: str,
    sentence: str | None,
) -> None:
    source = rows.source(status="training", **source_values)
    rows.document(source, **document_values)

    assert close_if_finished(source, now=LATER)
    assert (rows.fresh(source).status, rows.fresh(source).error) == (outcome, sentence)


@pytest.mark.parametrize("wanted", ["listing", "document"])
def test_a_source_that_waits_for_something_is_not_closed(memory_store: Database, wanted: str) -> None:
    source = rows.source(status="training", requested_at=START if wanted == "listing" else None)
    rows.document(source, requested_at=START if wanted == "document" else None)

    assert not close_if_finished(source, now=LATER)
    assert rows.fresh(source).status == "training"


@pytest.mark.parametrize(("run_open", "synced"), [(True, LATER), (False, START)])
def test_a_check_without_a_run_is_no_sync(memory_store: Database, run_open: bool, synced: datetime) -> None:
    source = rows.source(status="re-training")
    rows.document(source, passages=["Words."])
    if run_open:
        rows.run(source)

    close_if_finished(source, now=LATER)

    assert rows.fresh(source).last_synced_at == synced


@pytest.mark.parametrize(("passages", "status"), [(["Words."], "trained"), ([], "empty")])
def test_a_stopped_source_shows_whether_it_answers(
    memory_store: Database, passages: list[str], status: str
) -> None:
    source = rows.source(status="training", stopped_at=START, error="Stopped.")
    rows.document(source, passages=passages, requested_at=START)

    assert close_if_finished(source, now=LATER)
    assert (rows.fresh(source).status, rows.fresh(source).error) == (status, "Stopped.")


@pytest.mark.parametrize(("synced", "status"), [(None, "processing"), (START, "re-training")])
def test_a_listing_that_begins_is_shown(memory_store: Database, synced: datetime | None, status: str) -> None:
    source = rows.source(last_synced_at=synced)

    runs.show_listing(source)

    assert rows.fresh(source).status == status


def test_runs_are_kept_for_a_month_and_some_for_longer_but_never_too_many(
    any_store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "KEPT_RUNS", 2)
    monkeypatch.setattr(runs, "MOST_RUNS", 3)
    busy, quiet = rows.source(), rows.source()
    old, month = START - timedelta(days=40), START - timedelta(days=29)
    kept_of_busy = [rows.run(busy, now=month + timedelta(hours=n), finished_at=START) for n in (1, 2, 3)]
    rows.run(busy, now=month, finished_at=START)  # of the month, but one too many
    unfinished = rows.run(busy, now=old)
    kept_of_quiet = [rows.run(quiet, now=old + timedelta(hours=n), finished_at=START) for n in (1, 2)]
    rows.run(quiet, now=old, finished_at=START)

    assert prune(now=START) == 2

    kept = {run.id for run in (*kept_of_busy, unfinished, *kept_of_quiet)}
    assert {run.id for run in Run.select()} == kept
