"""Stopping a source and letting it go on: what is dropped, what is shown, what is wanted again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from peewee import Database

from extract.actions import stopping
from extract.rules.timing import Rank
from extract.store.models import Run
from extract.worklist.progress import Progress
from tests import rows
from tests.clock import START

LATER = START + timedelta(hours=1)


@pytest.mark.parametrize(
    ("how_far", "answers", "sentence"),
    [
        (None, False, "Stopped before anything was read. Press Resume to go on."),
        (Progress(0, 9), False, "Stopped before anything was read. Press Resume to go on."),
        (None, True, "Stopped. What was read answers; press Resume to go on."),
        (Progress(0, 0), True, "Stopped. What was read answers; press Resume to go on."),
        (
            Progress(1200, 3400),
            True,
            "Stopped at 1,200 of 3,400 pages. What was read answers; press Resume to go on.",
        ),
    ],
)
def test_a_stopped_source_says_how_far_it_came(
    how_far: Progress | None, answers: bool, sentence: str
) -> None:
    assert stopping.stopped_sentence(how_far, answers=answers) == sentence


@pytest.mark.parametrize(("passages", "status"), [(["Words."], "trained"), ([], "empty")])
def test_stopping_closes_the_run_and_shows_whether_it_answers(
    memory_store: Database, passages: list[str], status: str
) -> None:
    source = rows.source(status="training", requested_at=START)
    rows.document(source, passages=passages)
    run, earlier = rows.run(source), rows.run(source, finished_at=START, outcome="trained")

    stopping.stop([source], now=LATER)

    stopped = rows.fresh(source)
    assert (stopped.stopped_at, stopped.requested_at, stopped.status) == (LATER, None, status)
    assert (rows.fresh(run).outcome, rows.fresh(run).finished_at) == ("cancelled", LATER)
    assert rows.fresh(run).error == stopped.error
    assert rows.fresh(earlier).outcome == "trained"


def test_stopping_drops_the_wishes_of_what_no_running_source_holds(memory_store: Database) -> None:
    source = rows.source()
    running = rows.source(source.chatbot, source.connection)
    alone, shared = rows.unread(source), rows.unread(source, running)
    wanted_again = rows.document(source, requested_at=START, stub={"title": "Moved"})

    stopping.stop([source], now=LATER)

    assert rows.fresh(alone).requested_at is None
    assert rows.fresh(shared).requested_at == START
    again = rows.fresh(wanted_again)
    assert (again.requested_at, again.stub, again.stub_digest) == (None, None, "")


def test_two_sources_that_stop_together_leave_nothing_of_theirs_wanted(memory_store: Database) -> None:
    first = rows.source()
    second = rows.source(first.chatbot, first.connection)
    shared = rows.unread(first, second)

    stopping.stop([first, second], now=LATER)

    assert rows.fresh(shared).requested_at is None


def test_resuming_wants_what_was_dropped_and_a_listing(memory_store: Database) -> None:
    source = rows.source(stopped_at=START)
    never_read = rows.unread(source, requested_at=None)
    noticed = rows.document(source, stub_digest="")
    failed = rows.document(source, error="It failed.", attempts=3)
    read, removed = rows.document(source), rows.document(source, hash="", removed_at=START)

    stopping.resume(source, now=LATER)

    resumed = rows.fresh(source)
    assert (resumed.stopped_at, resumed.requested_at, resumed.request_rank) == (None, LATER, Rank.PERSON)
    wanted = [rows.fresh(one).requested_at for one in (never_read, noticed, failed, read, removed)]
    assert wanted == [LATER, LATER, LATER, None, None]
    assert (rows.fresh(failed).error, rows.fresh(failed).attempts) == (None, 0)


def test_what_was_stopped_and_resumed_is_the_same_to_want(memory_store: Database) -> None:
    source = rows.source()
    wanted, idle = rows.document(source, requested_at=START), rows.document(source)

    stopping.stop([source], now=START)
    stopping.resume(rows.fresh(source), now=LATER)

    assert rows.fresh(wanted).requested_at == LATER
    assert rows.fresh(idle).requested_at is None
    assert Run.select().count() == 0
