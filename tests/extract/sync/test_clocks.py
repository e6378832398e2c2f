"""A clock of ours that is set back, or was wrong for a while, holds nothing back for longer than a poll."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from rq import Queue

from extract import jobs
from extract.connections import budget_for
from extract.errors import Blocked, RateLimited
from extract.removal import brake
from extract.rules.timing import pause_after
from extract.runtime import Runtime
from extract.store.models import Connection, Document, Source
from extract.sync import clocks, lease
from extract.sync.drain import Ended
from extract.worklist import due
from sandbox import World
from tests.clock import StoppedClock
from tests.knowledge import Knowledge, connected
from tests.stories.conftest import Notion, notion

__all__ = ["notion"]

TWO_HOURS = timedelta(hours=2)
TO_2036 = datetime(2036, 1, 1, tzinfo=UTC) - datetime(2026, 11, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass(slots=True)
class OurClock:
    """Right, but for what it is ahead; Notion's clock is always right."""

    right: StoppedClock
    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return self.right() + self.ahead


@pytest.fixture
def ours(clock: StoppedClock) -> OurClock:
    return OurClock(clock)


@pytest.fixture
def acme(
    any_runtime: Runtime, ours: OurClock, clock: StoppedClock, world: World, notion: Notion
) -> Knowledge:
    """A company whose processes go by `ours`. Once on each database."""
    grant = world.install(notion.workspace, share=[notion.handbook, notion.terms])
    return connected(replace(any_runtime, clock=ours), clock, world, grant)


@pytest.mark.parametrize("ahead", [TWO_HOURS, TO_2036])
def test_when_a_clock_was_wrong_the_next_poll_follows_edits_again(
    acme: Knowledge, notion: Notion, ours: OurClock, ahead: timedelta
) -> None:
    ours.ahead = ahead
    acme.tick(notion.handbook.id, notion.terms.id)
    acme.work()
    acme.follow()

    ours.ahead = timedelta(0)
    notion.handbook.edit("Forty days of holiday.")
    notion.terms.row("Doppio", body="Two shots.")
    acme.follow()
    acme.follow(seconds=120)

    assert acme.answers("forty") == ["Handbook"]
    assert acme.answers("shots") == ["Doppio"]


@pytest.mark.parametrize("ahead", [TWO_HOURS, TO_2036])
def test_work_that_was_under_way_when_the_clock_was_set_back_goes_on(
    acme: Knowledge, notion: Notion, ours: OurClock, ahead: timedelta
) -> None:
    ours.ahead = ahead
    acme.tick(notion.handbook.id)
    killed = lease.take(acme.connection.id, seconds=30, clock=ours)
    assert killed is not None
    Document.update(attempts=1, retry_after=ours() + pause_after(1)).execute()
    Connection.update(
        paused_until=ours() + timedelta(minutes=1),
        checks_paused_until=ours() + timedelta(minutes=1),
        refreshing_until=ours() + timedelta(seconds=90),
    ).execute()
    ours.ahead = timedelta(0)

    acme.watch()

    assert due.connections_with_work(now=ours()) == [acme.connection.id]
    assert acme.work() is Ended.DONE
    assert acme.answers("thirty") == ["Handbook"]


def test_a_budget_that_was_used_up_under_a_wrong_clock_is_free(acme: Knowledge, ours: OurClock) -> None:
    budget = budget_for(acme.runtime, acme.connection.workspace_id)
    for ahead in (TWO_HOURS, TO_2036):
        ours.ahead = ahead
        budget.take("work")
        budget.take("work").done()
        budget.pause(ours() + timedelta(minutes=1))
        budget.block(ours() + HOUR)
        ours.ahead = timedelta(0)

        assert (budget.paused_until(), budget.blocked_until(), budget.used()) == (None, None, 0)
        budget.take("people").done()


def test_a_pause_asked_for_after_a_wrong_one_counts(acme: Knowledge, ours: OurClock) -> None:
    budget = budget_for(acme.runtime, acme.connection.workspace_id)
    ours.ahead = TO_2036
    budget.pause(ours() + timedelta(minutes=1))
    ours.ahead = timedelta(0)

    budget.pause(ours() + timedelta(seconds=30))

    assert budget.paused_until() == ours() + timedelta(seconds=30)
    with pytest.raises(RateLimited):
        budget.take("work")


def test_a_job_that_was_lost_under_a_wrong_clock_is_enqueued_again(acme: Knowledge, ours: OurClock) -> None:
    queue = Queue(jobs.QUEUE, connection=acme.runtime.redis)
    ours.ahead = TO_2036
    jobs.wake(acme.runtime, acme.connection.id)
    queue.empty()
    jobs.wake(acme.runtime, acme.connection.id)
    assert queue.count == 0
    ours.ahead = timedelta(0)

    jobs.wake(acme.runtime, acme.connection.id)

    assert queue.count == 1


@pytest.mark.parametrize("ahead", [TWO_HOURS, TO_2036])
@pytest.mark.parametrize(("schedule", "days"), [("daily", 1), ("weekly", 7), ("monthly", 30)])
def test_a_schedule_set_under_a_wrong_clock_comes_within_its_period_at_its_time_of_day(
    acme: Knowledge, notion: Notion, ours: OurClock, ahead: timedelta, schedule: str, days: int
) -> None:
    acme.tick(notion.handbook.id, schedule="daily")
    period = timedelta(days=days)
    far = ours() + ahead + period
    Source.update(auto_retrain=schedule, next_sync_at=far).execute()

    acme.watch()

    following = Source.get().next_sync_at
    assert ours() < following <= ours() + period
    assert (far - following) % period == timedelta(0)


def test_the_daily_looks_and_listings_of_a_wrong_clock_are_made_again(
    acme: Knowledge, notion: Notion, ours: OurClock
) -> None:
    ours.ahead = TO_2036
    acme.tick(notion.terms.id)
    acme.work()
    acme.follow(seconds=120)
    ours.ahead = timedelta(0)
    acme.spent()

    acme.follow()

    assert acme.source(notion.terms.id).listed_at == ours()
    assert {row.synced_at for row in Document.select()} == {ours()}
    assert clocks.moments_ahead(now=ours()) == []


def test_pages_that_were_removed_under_a_wrong_clock_do_not_put_the_brake_on(
    acme: Knowledge, notion: Notion, ours: OurClock
) -> None:
    acme.tick(notion.handbook.id)
    acme.work()
    for number in range(12):
        Document.create(
            chatbot=acme.chatbot,
            connection=acme.connection,
            notion_id=f"gone {number}",
            removed_at=ours() + TO_2036,
            removed_because="missing",
            created_at=ours(),
        )
    handbook = acme.document(notion.handbook.id)

    assert not brake.stops(handbook, now=ours())
    Document.update(removed_at=ours()).where(Document.removed_at.is_null(False)).execute()
    assert brake.stops(handbook, now=ours())


def test_a_question_put_under_a_wrong_clock_is_put_again_so_that_it_can_be_answered(
    acme: Knowledge, notion: Notion, ours: OurClock
) -> None:
    Connection.update(brake_at=ours() + TO_2036).execute()

    acme.watch()

    assert Connection.get().brake_at is None


def test_a_doubt_from_under_a_wrong_clock_begins_again(
    acme: Knowledge, notion: Notion, ours: OurClock
) -> None:
    acme.tick(notion.handbook.id)
    acme.work()
    Document.update(doubted_at=ours() + TO_2036, requested_at=ours(), request_rank=0, stub=None).execute()
    acme.grant.unshare(notion.handbook)

    acme.work()
    assert (Document.get().removed_at, Document.get().doubted_at) == (None, ours())
    acme.follow(seconds=61)
    assert Document.get().removed_at == ours()


@pytest.mark.parametrize("refuse", [RateLimited, Blocked])
def test_a_long_pause_that_notion_asked_for_is_kept(
    acme: Knowledge, notion: Notion, ours: OurClock, refuse: Callable[..., Exception]
) -> None:
    acme.tick(notion.handbook.id)
    budget = budget_for(acme.runtime, acme.connection.workspace_id)
    until = ours() + timedelta(minutes=50)
    (budget.pause if refuse is RateLimited else budget.block)(until)
    acme.work()
    acme.watch()
    rests = (until, until)
    assert (Connection.get().paused_until, Connection.get().poll_at) == rests
    acme.spent()

    for _ in range(5):
        acme.follow(seconds=9 * 60)

    assert (Connection.get().paused_until, Connection.get().poll_at) == rests
    assert acme.spent() == []


def test_what_waits_for_good_reason_goes_on_waiting(acme: Knowledge, notion: Notion, ours: OurClock) -> None:
    acme.tick(notion.handbook.id, notion.terms.id, schedule="monthly")
    acme.work()
    now = ours()
    Connection.update(event_at=now, poll_at=now + timedelta(minutes=10)).execute()
    Document.update(
        requested_at=now, attempts=20, retry_after=now + pause_after(20), check_at=now + 24 * HOUR
    ).execute()
    Source.update(requested_at=now, attempts=3, retry_after=now + pause_after(3)).execute()
    before = [list(table.select().order_by(table.id).dicts()) for table in (Connection, Source, Document)]

    acme.watch()

    assert before == [
        list(table.select().order_by(table.id).dicts()) for table in (Connection, Source, Document)
    ]


def test_two_machines_whose_clocks_differ_by_a_minute_leave_each_others_leases_alone(
    acme: Knowledge, notion: Notion, ours: OurClock
) -> None:
    ours.ahead = timedelta(minutes=1)
    held = lease.take(acme.connection.id, seconds=30, clock=ours)
    ours.ahead = timedelta(0)

    acme.watch()

    assert held is not None
    assert lease.take(acme.connection.id, seconds=30, clock=ours) is None


def test_rows_are_looked_through_once_a_minute_and_when_the_clock_goes_back(clock: StoppedClock) -> None:
    checked = clocks.LastCheck()

    def asked(seconds: float) -> bool:
        clock.advance(seconds=seconds)
        return checked.is_due(clock())

    assert [asked(each) for each in (0, 1, 58, 1, 59, -59, -1, 30)] == [
        True, False, False, True, False, False, True, False,
    ]  # fmt: skip


def test_moments_that_lie_ahead_are_told_with_their_column(
    acme: Knowledge, notion: Notion, ours: OurClock
) -> None:
    acme.tick(notion.handbook.id)
    acme.work()
    assert clocks.moments_ahead(now=ours()) == []
    Document.update(synced_at=ours() + TWO_HOURS).execute()
    Connection.update(polled_at=ours() + 3 * HOUR).execute()

    assert clocks.moments_ahead(now=ours()) == [
        clocks.Ahead("connection.polled_at", 1, 3 * HOUR),
        clocks.Ahead("document.synced_at", 1, TWO_HOURS),
    ]
