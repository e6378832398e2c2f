"""Moments that lie further ahead of the clock than their row can have been put off for: found, and let go of.

A clock that is set back, or was wrong for a while, leaves such moments behind. Rows that wait for one of them would
wait for hours or years, and nothing would say so. Each column that holds a row back is listed here with the longest
time that it can have been set ahead; what lies beyond counts as due. Moments of the past that lie ahead are left as
they are, since it may be our clock that is wrong; `watch.believable` guards the places that compare them.
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
from extract.notion.budget import BudgetUnreachable
from extract.notion.verdict import BLOCK_PAUSE
from extract.rules.changes import LONGEST_TO_CLOSE
from extract.rules.timing import (
    CLOCKS_DIFFER,
    LONGEST_REST,
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
"""How often sources and documents are looked through; connections are few, and are at each tick."""

_AFTER_A_FAULT = timedelta(minutes=5)
"""How long a poll that a fault of ours ended is put off."""


@dataclass(slots=True)
class LastCheck:
    """When the rows were looked through last, in one process."""

    at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Return True, and remember `now`, once a minute and whenever the clock went back."""
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
    """Let every alive connection go on that waits for a moment further ahead than it can have been put off for."""
    late = now + CLOCKS_DIFFER
    waits: Expression = Connection.poll_at > late
    for field in _HOLDING:
        waits |= field > late
    for row in Connection.select().where((Connection.state == "alive") & waits).order_by(Connection.id):
        longest = _longest(runtime, row, now=now)
        for field in (Connection.poll_at, *_HOLDING):
            moment = getattr(row, field.name)
            if moment is None or believable(moment, now=now, longest=longest[field.name]):
                continue
            # A drain that is at work has renewed its lease meanwhile, and keeps it.
            Connection.update({field: None}).where((Connection.id == row.id) & (field == moment)).execute()
            _tell(f"connection.{field.name}", 1, moment - now, connection_id=row.id)


_HOLDING = (
    Connection.paused_until,
    Connection.checks_paused_until,
    Connection.lease_until,
    Connection.refreshing_until,
    Connection.brake_at,  # a moment of the past; without it the question is put again when it is still to be asked
)


def release_rows(watch: Watch, *, now: datetime) -> None:
    """The same for the sources and documents of alive connections."""
    alive = [row.id for row in Connection.select(Connection.id).where(Connection.state == "alive")]
    for ids in batches(alive):
        _release_schedules(Source.connection.in_(ids), now=now)
        least = doubt_pause(watch.poll_seconds)
        _release_retries(
            Source, Source.connection.in_(ids) & Source.requested_at.is_null(False), least, now=now
        )
        ours = Document.connection.in_(ids)
        # Only what is due by an index is looked through; what is not due waits for something else.
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
                _tell(f"document.{field.name}", changed, None)


def _release_schedules(ours: Expression, *, now: datetime) -> None:
    """A scheduled sync comes at the first moment of its grid that is still to come."""
    scheduled = Source.select(Source.id, Source.auto_retrain, Source.next_sync_at).where(
        ours & (Source.next_sync_at > now + min(PERIODS.values()) + CLOCKS_DIFFER)
    )
    for row in scheduled:
        period = PERIODS.get(row.auto_retrain)
        if period is not None and not believable(row.next_sync_at, now=now, longest=period):
            following = following_sync(row.auto_retrain, due_at=row.next_sync_at, now=now)
            same = (Source.id == row.id) & (Source.next_sync_at == row.next_sync_at)
            Source.update(next_sync_at=following).where(same).execute()
            _tell("source.next_sync_at", 1, row.next_sync_at - now, source_id=row.id)


def _release_retries(
    table: type[Source] | type[Document], chosen: Expression, least: timedelta, *, now: datetime
) -> None:
    """`least` is how long a row is put off that has not failed before."""
    late = now + least + CLOCKS_DIFFER
    rows = table.select(table.id, table.attempts, table.retry_after).where(
        chosen & (table.retry_after > late)
    )
    stuck = [
        row.id
        for row in rows
        if not believable(row.retry_after, now=now, longest=max(least, pause_after(row.attempts)))
    ]
    for ids in batches(stuck):
        clear_retry = documents.clear_retry if table is Document else sources.clear_retry
        clear_retry(table.id.in_(ids) & (table.retry_after > late))
    if stuck:
        _tell(f"{table._meta.table_name}.retry_after", len(stuck), None)


def _longest(runtime: Runtime, row: Connection, *, now: datetime) -> dict[str, timedelta]:
    """How far ahead each moment of this connection can lie."""
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
        "paused_until": max(LONGEST_REST, window, asked),
        "checks_paused_until": window,
        "lease_until": timedelta(seconds=config.watch.lease_seconds),
        "refreshing_until": REFRESH_LEASE,
        "brake_at": timedelta(0),
    }


def _asked_for(runtime: Runtime, row: Connection, *, now: datetime) -> timedelta:
    """How long Notion has us wait for this workspace, which may be up to a day."""
    block = BLOCK_PAUSE if row.error == Blocked.sentence else timedelta(0)
    budget = budget_for(runtime, row.workspace_id)
    try:
        ends = [until for until in (budget.paused_until(), budget.blocked_until()) if until is not None]
    except BudgetUnreachable:
        return timedelta(days=1)  # nobody asks Notion anything until Redis answers, so nothing is lost
    return max([block, *(until - now for until in ends)])


def moments_ahead(*, now: datetime) -> list[Ahead]:
    """Return the columns with moments later than `now` that should lie in the past, farthest first.

    They are mended by the next look at their row, so what stays for more than a day or two comes from a wrong clock.
    It reads every row of some tables: for `flask doctor`, not for a loop.
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


def _tell(column: str, rows: int, ahead: timedelta | None, **ids: int) -> None:
    by = {} if ahead is None else {"seconds_ahead": round(ahead.total_seconds())}
    log.warning("moment_ahead_of_the_clock", column=column, rows=rows, **by, **ids)
