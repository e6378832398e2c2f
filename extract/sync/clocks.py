"""Finds and clears times in rows that are further ahead of the clock than the product ever sets them.

A clock that is set back, or was wrong for a while, leaves such times behind. Rows that wait for one would wait for
hours or years, and nothing would show it. Each column that delays a row is listed here with the longest time that it
can have been set ahead; what is further ahead counts as due. Times of past events that lie ahead are not changed, since
our clock may be the wrong one; code that compares them uses `timing.believable`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from peewee import Expression, Field

from extract.config.schema import Watch
from extract.connections import budget_for
from extract.connections.tokens import REFRESH_LEASE
from extract.errors import Blocked
from extract.notion.limits.budget import BudgetUnreachable
from extract.notion.verdict import BLOCK_PAUSE
from extract.rules.changes import LONGEST_TO_CLOSE
from extract.rules.timing import (
    CLOCKS_DIFFER,
    LONGEST_CONNECTION_PAUSE,
    PERIODS,
    believable,
    doubt_pause,
    following_sync,
    pause_after,
    poll_pause,
)
from extract.runtime import Runtime
from extract.store.db import batches
from extract.store.models import Connection, Document, Row, Source, WebhookEvent
from extract.worklist import documents, sources

log = structlog.get_logger(__name__)

EVERY = timedelta(minutes=1)
"""How often sources and documents are searched; the connections, which are few, are searched at each tick."""

_AFTER_A_FAULT = timedelta(minutes=5)
"""How long the daemon delays the next poll after a bug ended one."""


@dataclass(slots=True)
class LastCheck:
    """When this process last searched the rows."""

    at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Return True and store `now`, once a minute and whenever the clock was set back."""
        if self.at is not None and self.at <= now < self.at + EVERY:
            return False
        self.at = now
        return True


@dataclass(frozen=True, slots=True)
class Ahead:
    """A column with moments that lie ahead of the clock: how many rows, and how far the farthest one is."""

    column: str
    rows: int
    by: timedelta


def release_connections(runtime: Runtime, *, now: datetime) -> None:
    """Clear the times of alive connections that are further ahead than they can have been set."""
    late = now + CLOCKS_DIFFER
    waits: Expression = Connection.poll_at > late
    for field in _DELAYING:
        waits |= field > late
    for row in Connection.select().where((Connection.state == "alive") & waits).order_by(Connection.id):
        longest = _longest(runtime, row, now=now)
        for field in (Connection.poll_at, *_DELAYING):
            moment = getattr(row, field.name)
            if moment is None or believable(moment, now=now, longest=longest[field.name]):
                continue
            # A drain that has renewed its lease in the meantime keeps it.
            Connection.update({field: None}).where((Connection.id == row.id) & (field == moment)).execute()
            _report(f"connection.{field.name}", 1, moment - now, connection_id=row.id)


_DELAYING = (
    Connection.paused_until,
    Connection.checks_paused_until,
    Connection.lease_until,
    Connection.refreshing_until,
    Connection.brake_at,  # a time of the past; if too much is still missing, the brake is set again
)


def release_rows(watch: Watch, *, now: datetime) -> None:
    """Clear such times of the sources and documents of alive connections."""
    alive = [row.id for row in Connection.select(Connection.id).where(Connection.state == "alive")]
    for ids in batches(alive):
        _release_schedules(Source.connection.in_(ids), now=now)
        least = doubt_pause(watch.poll_seconds)
        _release_retries(
            Source, Source.connection.in_(ids) & Source.requested_at.is_null(False), least, now=now
        )
        ours = Document.connection.in_(ids)
        # Only rows that an index finds due are searched; the others wait for another time, not for their retry.
        for due in (
            Document.requested_at.is_null(False),
            Document.check_at <= now,
            Document.recheck_at <= now,
        ):
            _release_retries(Document, ours & due, least, now=now)
        for field, longest in (
            (Document.recheck_at, LONGEST_TO_CLOSE),
            (Document.check_at, timedelta(hours=watch.verify_hours)),
        ):
            late = now + longest + CLOCKS_DIFFER
            changed = documents.check_again_now(ours & (field > late), field, now=now)
            if changed:
                _report(f"document.{field.name}", changed, None)


def _release_schedules(ours: Expression, *, now: datetime) -> None:
    """Move scheduled syncs that are too far ahead to the next time of their schedule."""
    scheduled = Source.select(Source.id, Source.auto_retrain, Source.next_sync_at).where(
        ours & (Source.next_sync_at > now + min(PERIODS.values()) + CLOCKS_DIFFER)
    )
    for row in scheduled:
        period = PERIODS.get(row.auto_retrain)
        due_at = row.next_sync_at
        if period is not None and due_at is not None and not believable(due_at, now=now, longest=period):
            following = following_sync(row.auto_retrain, due_at=due_at, now=now)
            same = (Source.id == row.id) & (Source.next_sync_at == due_at)
            Source.update(next_sync_at=following).where(same).execute()
            _report("source.next_sync_at", 1, due_at - now, source_id=row.id)


def _release_retries(
    table: type[Source] | type[Document], chosen: Expression, least: timedelta, *, now: datetime
) -> None:
    """Clear retries that are too far ahead. `least` is the longest delay of a row that has not failed before."""
    late = now + least + CLOCKS_DIFFER
    rows = table.select(table.id, table.attempts, table.retry_after).where(
        chosen & (table.retry_after > late)
    )
    stuck = [
        row.id
        for row in rows
        if row.retry_after is not None
        and not believable(row.retry_after, now=now, longest=max(least, pause_after(row.attempts)))
    ]
    for ids in batches(stuck):
        clear_retry = documents.clear_retry if table is Document else sources.clear_retry
        clear_retry(table.id.in_(ids) & (table.retry_after > late))
    if stuck:
        _report(f"{table._meta.table_name}.retry_after", len(stuck), None)


def _longest(runtime: Runtime, row: Connection, *, now: datetime) -> dict[str, timedelta]:
    """Return how far ahead each column of this connection can have been set."""
    config = runtime.config
    pace = poll_pause(
        row.event_at,
        row.event_missed_at,
        now=now,
        seconds=config.watch.poll_seconds,
        seconds_with_webhooks=config.watch.poll_seconds_with_webhooks,
    )
    failed = pause_after(row.poll_failures) if row.poll_failures else timedelta(0)
    asked = _asked_for(runtime, row, now=now)
    window = timedelta(seconds=config.notion.window_seconds)
    return {
        "poll_at": max(pace, failed, _AFTER_A_FAULT, window, asked),
        "paused_until": max(LONGEST_CONNECTION_PAUSE, window, asked),
        "checks_paused_until": window,
        "lease_until": timedelta(seconds=config.watch.lease_seconds),
        "refreshing_until": REFRESH_LEASE,
        "brake_at": timedelta(0),
    }


def _asked_for(runtime: Runtime, row: Connection, *, now: datetime) -> timedelta:
    """Return how long Notion asked us to wait for this workspace, which may be up to a day."""
    block = BLOCK_PAUSE if row.error == Blocked.sentence else timedelta(0)
    budget = budget_for(runtime, row.workspace_id)
    try:
        ends = [until for until in (budget.paused_until(), budget.blocked_until()) if until is not None]
    except BudgetUnreachable:
        return timedelta(days=1)  # no request is sent to Notion until Redis answers, so nothing is lost
    return max([block, *(until - now for until in ends)])


def moments_ahead(*, now: datetime) -> list[Ahead]:
    """Return the columns of past events with times later than `now`, farthest first.

    The next check of a row corrects it, so a time that stays for more than a day or two comes from a wrong clock. This
    reads every row of some tables: it is for `flask doctor`, not for a loop.
    """
    return sorted(_ahead(_PAST, now=now), key=lambda found: found.by, reverse=True)


_PAST: tuple[tuple[type[Row], Field], ...] = (
    (Connection, Connection.polled_at),
    (Connection, Connection.event_at),
    (Connection, Connection.event_missed_at),
    (Connection, Connection.brake_at),
    (Source, Source.listed_at),
    (Source, Source.requested_at),
    (Document, Document.synced_at),
    (Document, Document.requested_at),
    (Document, Document.doubted_at),
    (Document, Document.removed_at),
    (WebhookEvent, WebhookEvent.received_at),
)


def _ahead(columns: Iterable[tuple[type[Row], Field]], *, now: datetime) -> Iterator[Ahead]:
    for table, field in columns:
        late = field > now + CLOCKS_DIFFER
        rows = table.select().where(late).count()
        if rows:
            farthest = table.select(field).where(late).order_by(field.desc()).first()
            by = getattr(farthest, field.name) - now
            yield Ahead(f"{table._meta.table_name}.{field.name}", rows, by)


def _report(column: str, rows: int, ahead: timedelta | None, **ids: int) -> None:
    by = {} if ahead is None else {"seconds_ahead": round(ahead.total_seconds())}
    log.warning("moment_ahead_of_the_clock", column=column, rows=rows, **by, **ids)
