"""How long a connection pauses after a failure, and what its row and its runs show of it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from peewee import Database

from extract.errors import (
    Blocked,
    BudgetSpent,
    ChecksSpent,
    Forbidden,
    HilalError,
    RateLimited,
    ReconnectNeeded,
    VaultError,
)
from extract.notion.limits.budget import BudgetUnreachable
from extract.rules.timing import LONGEST_CONNECTION_PAUSE
from extract.sync.pausing import checks_pause_until, pause_connection, pause_until
from tests import rows
from tests.clock import START

SOON, LATER = START + timedelta(milliseconds=50), START + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("error", "until"),
    [
        (BudgetSpent(resume_at=LATER), LATER),
        (BudgetSpent(resume_at=SOON), START + timedelta(seconds=1)),  # not for a moment only
        (RateLimited(resume_at=SOON), SOON),  # to the second that Notion asks for
        (Blocked(resume_at=LATER), LATER),
        (BudgetUnreachable(), START + timedelta(seconds=10)),
        (ReconnectNeeded(), START + timedelta(seconds=10)),
        (Forbidden(), START + LONGEST_CONNECTION_PAUSE),
        (VaultError(), START + LONGEST_CONNECTION_PAUSE),
    ],
)
def test_how_long_a_connection_pauses(error: HilalError, until: datetime) -> None:
    assert pause_until(error, now=START) == until


@pytest.mark.parametrize(("resume_at", "until"), [(SOON, START + timedelta(minutes=1)), (LATER, LATER)])
def test_checks_pause_for_a_whole_window_at_least(resume_at: datetime, until: datetime) -> None:
    error = ChecksSpent(resume_at=resume_at)

    assert checks_pause_until(error, window=timedelta(minutes=1), now=START) == until


def test_the_open_runs_of_a_connection_wait_with_it(memory_store: Database) -> None:
    source = rows.source()
    running, over, foreign = rows.run(source), rows.run(source, finished_at=START), rows.run(rows.source())

    pause_connection(source.connection_id, RateLimited(resume_at=LATER), now=START)

    assert rows.fresh(source.connection).paused_until == LATER
    waited = [(rows.fresh(run).waits, rows.fresh(run).waited_seconds) for run in (running, over, foreign)]
    assert waited == [(1, 300), (0, 0), (0, 0)]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Forbidden(), True),
        (VaultError(), True),
        (Blocked(resume_at=LATER), True),
        (RateLimited(resume_at=LATER), False),
        (BudgetUnreachable(), False),
        (ReconnectNeeded(), False),  # its state tells, with a sentence of its own
    ],
)
def test_a_person_reads_only_what_they_can_do_something_about(
    memory_store: Database, error: HilalError, told: bool
) -> None:
    connection = rows.connection(error="As before.")

    pause_connection(connection.id, error, now=START)

    assert rows.fresh(connection).error == (error.sentence if told else "As before.")
