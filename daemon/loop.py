"""One tick of the daemon: schedules, polls, wakes. Every step takes the time from the runtime's clock."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import structlog
from peewee import fn

from extract import connections, due, jobs
from extract.db import database
from extract.errors import Forbidden, HilalError, Later, ReconnectNeeded
from extract.models import Connection, Source
from extract.notice import want_listing
from extract.poll import poll
from extract.runtime import Runtime
from extract.watch import FULL_EVERY, PERIODS, Rank, next_sync, pause_after

log = structlog.get_logger(__name__)


def tick(runtime: Runtime, *, stop: threading.Event | None = None) -> None:
    """Mark what the clock makes due, poll the connections whose turn it is, wake those with something to do."""
    now = runtime.clock()
    start_schedules(now)
    start_daily_listings(now, verify_hours=runtime.config.watch.verify_hours)
    # Before the polls, which may take long when Notion is slow.
    for connection_id in due.connections_with_work(now=now):
        jobs.wake(runtime, connection_id)
    for connection_id in polls_due(now):
        if stop is not None and stop.is_set():
            return
        if poll_one(runtime, connection_id):
            jobs.wake(runtime, connection_id)


def start_schedules(now: datetime) -> int:
    """Want a sync of every source whose time has come; however many runs were missed, it is one. How many."""
    started = 0
    ours = (
        Source.select(Source)
        .join(Connection)
        .where((Source.next_sync_at <= now) & (Connection.state == "alive") & Source.stopped_at.is_null())
    )
    for source in ours:
        if source.auto_retrain not in PERIODS:
            continue
        with database.atomic():
            claimed = (
                Source.update(
                    next_sync_at=next_sync(source.auto_retrain, now=now),
                    runs_since_full=(source.runs_since_full + 1) % FULL_EVERY,
                )
                .where((Source.id == source.id) & (Source.next_sync_at == source.next_sync_at))
                .execute()
            )
            if claimed:
                full = source.runs_since_full + 1 >= FULL_EVERY
                want_listing(source, now=now, rank=Rank.SCHEDULE, full=full)
                started += 1
    return started


def start_daily_listings(now: datetime, *, verify_hours: float) -> None:
    """Want the daily listing of every database: it shows at once what left and, where edits are followed, what came."""
    before = now - timedelta(hours=verify_hours)
    ours = (
        Source.select(Source)
        .join(Connection)
        .where(
            (Source.kind == "database")
            & Source.wanted_at.is_null()
            & Source.stopped_at.is_null()
            & (Source.listed_at <= before)
            & (Connection.state == "alive")
        )
    )
    for source in ours:
        want_listing(source, now=now, rank=Rank.VERIFY, full=False)


def polls_due(now: datetime) -> list[int]:
    """Alive connections with live sources whose next poll has come."""
    live = Source.select(Source.id).where(
        (Source.connection == Connection.id) & (Source.auto_retrain == "live") & Source.stopped_at.is_null()
    )
    query = (
        Connection.select(Connection.id)
        .where(
            (Connection.state == "alive")
            & (Connection.poll_at.is_null() | (Connection.poll_at <= now))
            & fn.EXISTS(live)
        )
        .order_by(Connection.poll_at, Connection.id)
    )
    return [row.id for row in query]


def poll_one(runtime: Runtime, connection_id: int) -> bool:
    """Poll one connection, if no other daemon was first; answers whether something moved.

    Whatever goes wrong is put on this connection alone.
    """
    now, seconds = runtime.clock(), runtime.config.watch.poll_seconds
    connection = Connection.get_by_id(connection_id)
    if not _claim(connection, until=now + timedelta(seconds=seconds)):
        return False
    try:
        with connections.http_for(runtime) as http:
            client = connections.client_for(runtime, connection, http=http, lane="work")
            noticed = poll(client, connection, now=now, verify_hours=runtime.config.watch.verify_hours)
        if noticed:
            log.info("noticed", connection_id=connection_id, stale=noticed.stale, new=noticed.new)
        if connection.error and connection.poll_failures:  # what made the polls fail is over
            Connection.update(error=None).where(
                (Connection.id == connection_id) & (Connection.error == connection.error)
            ).execute()
        return bool(noticed)
    except Later as error:
        _poll_again(connection_id, at=error.resume_at)
    except ReconnectNeeded:
        log.warning("reconnect_needed", connection_id=connection_id)
    except HilalError as error:
        failures = connection.poll_failures + 1
        pause = max(pause_after(failures), timedelta(seconds=seconds))
        log.warning("poll_failed", connection_id=connection_id, failures=failures, error=str(error))
        values = {"poll_failures": failures, "poll_at": now + pause}
        if isinstance(error, Forbidden):
            values["error"] = error.sentence
        Connection.update(values).where(Connection.id == connection_id).execute()
    except Exception:  # a bug met by one connection must not stop the watch over the others
        log.exception("poll_broken", connection_id=connection_id)
        Connection.update(poll_at=now + timedelta(minutes=5)).where(Connection.id == connection_id).execute()
    return False


def _claim(connection: Connection, *, until: datetime) -> bool:
    seen = connection.poll_at
    unmoved = Connection.poll_at.is_null() if seen is None else Connection.poll_at == seen
    return bool(
        Connection.update(poll_at=until).where((Connection.id == connection.id) & unmoved).execute() == 1
    )


def _poll_again(connection_id: int, *, at: datetime) -> None:
    Connection.update(poll_at=at).where(Connection.id == connection_id).execute()
