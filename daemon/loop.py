"""One tick of the daemon: schedules, events, polls and wake-ups, at the time of the runtime's clock."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from datetime import datetime, timedelta

import httpx
import structlog
from peewee import fn

from daemon.polls import Polls
from extract import connections, jobs
from extract.discovery import events
from extract.discovery.sweeps import poll
from extract.errors import Blocked, Forbidden, HilalError, Later, ReconnectNeeded
from extract.rules.timing import (
    CLOCKS_DIFFER,
    FULL_EVERY,
    PERIODS,
    Rank,
    following_sync,
    is_recent,
    listing_pause,
    pause_after,
    poll_pause,
)
from extract.runtime import Runtime
from extract.store import key_use
from extract.store.db import database
from extract.store.models import Connection, Source
from extract.sync import clocks, runs
from extract.worklist import due
from extract.worklist.sources import request_listing

log = structlog.get_logger(__name__)


_FEW = 5
"""How many scheduled or daily listings of one connection may wait at once."""

_DAY_SECONDS = 24 * 60 * 60


def tick(
    runtime: Runtime,
    *,
    stop: threading.Event | None = None,
    polls: Polls | None = None,
    checked: clocks.LastCheck | None = None,
) -> None:
    """Request what is due, poll the connections that are due, and wake those that have work.

    With `polls` the polls run in threads and the tick does not wait for them; without it they run here, one after
    another. `checked` says when all rows were last checked for impossible times; without it every tick checks them.
    """
    now = runtime.clock()
    clocks.release_connections(runtime, now=now)
    if checked is None or checked.is_due(now):
        clocks.release_rows(runtime.config.watch, now=now)
    start_schedules(now)
    start_daily_listings(now, verify_hours=runtime.config.watch.verify_hours)
    events.process_pending(now, verify_hours=runtime.config.watch.verify_hours)
    events.prune(now)
    prune_daily(runtime, now=now)
    store_key_uses(runtime, now=now)
    # Before the polls, which may take long if Notion is slow.
    for connection_id in due.connections_with_work(now=now):
        jobs.wake(runtime, connection_id)
    if polls is not None:
        polls.offer(polls_due(now))
        return
    for connection_id in polls_due(now):
        if stop is not None and stop.is_set():
            return
        poll_and_wake(runtime, connection_id)


def start_schedules(now: datetime) -> int:
    """Request a sync of the sources whose schedule is due, only one for several missed runs. Return how many."""
    started = 0
    scheduled = Source.auto_retrain.in_(list(PERIODS)) & Source.stopped_at.is_null()
    scheduled &= Source.next_sync_at <= now
    ours = due.sources_due(scheduled, Source.next_sync_at, rank=Rank.SCHEDULE, now=now, most=_FEW)
    for source in ours:
        following = following_sync(source.auto_retrain, due_at=source.next_sync_at, now=now)
        with database.atomic():
            claimed = (
                Source.update(
                    next_sync_at=following,
                    runs_since_full=(source.runs_since_full + 1) % FULL_EVERY,
                )
                .where((Source.id == source.id) & (Source.next_sync_at == source.next_sync_at))
                .execute()
            )
            if claimed:
                full = source.runs_since_full + 1 >= FULL_EVERY
                request_listing(source, now=now, rank=Rank.SCHEDULE, full=full)
                started += 1
    return started


def start_daily_listings(now: datetime, *, verify_hours: float) -> None:
    """Request the daily listings of databases, trees and workspaces, which find pages that were added or removed."""
    daily = now - listing_pause("database", walked=0, hours=verify_hours)
    soonest = now - listing_pause("workspace", walked=0, hours=verify_hours)
    unwanted = (
        ((Source.kind != "page") | Source.with_subpages)
        & Source.requested_at.is_null()
        & Source.stopped_at.is_null()
        & (
            (Source.listed_at <= daily)
            | ((Source.kind == "workspace") & (Source.listed_at <= soonest))
            | (Source.listed_at > now + CLOCKS_DIFFER)  # listed under a wrong clock
        )
    )
    for source in due.sources_due(unwanted, Source.listed_at, rank=Rank.CHECK, now=now, most=_FEW):
        pause = listing_pause(source.kind, walked=source.walked, hours=verify_hours)
        if not is_recent(source.listed_at, now=now, within=pause):
            request_listing(source, now=now, rank=Rank.CHECK, full=False)


def prune_daily(runtime: Runtime, *, now: datetime) -> None:
    """Delete old runs once a day, whichever daemon comes first. If Redis loses the time, it only happens again."""
    if runtime.redis.set("hilal:runs_pruned", now.isoformat(), nx=True, ex=_DAY_SECONDS):
        log.info("runs_pruned", count=runs.prune(now=now))


def store_key_uses(runtime: Runtime, *, now: datetime) -> None:
    """Store when API keys were last used, once a minute, whichever daemon comes first."""
    if runtime.redis.set("hilal:key_uses_stored", now.isoformat(), nx=True, ex=60):
        key_use.store_uses(runtime.redis)


def polls_due(now: datetime) -> list[int]:
    """Ids of the alive connections with live sources whose next poll is due."""
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


def poll_and_wake(runtime: Runtime, connection_id: int, *, http: httpx.Client | None = None) -> None:
    """Poll one connection, and wake a worker if something changed."""
    if poll_one(runtime, connection_id, http=http):
        jobs.wake(runtime, connection_id)


def poll_one(runtime: Runtime, connection_id: int, *, http: httpx.Client | None = None) -> bool:
    """Poll one connection unless another daemon was first; return True if something changed.

    An error postpones this connection only.
    """
    now, seconds = runtime.clock(), runtime.config.watch.poll_seconds
    pause = _pause(runtime, Connection.get_by_id(connection_id), now)
    if not _claim(connection_id, now=now, until=now + pause):
        return False
    connection = Connection.get_by_id(connection_id)
    try:
        with nullcontext(http) if http is not None else connections.http_for(runtime) as opened:
            client = connections.client_for(runtime, connection, http=opened, lane="work")
            noticed = poll(client, connection, now=now, verify_hours=runtime.config.watch.verify_hours)
        events.note_missed(connection, noticed, now=now, poll_at=now + timedelta(seconds=seconds))
        if noticed:
            log.info("noticed", connection_id=connection_id, stale=noticed.stale, new=noticed.new)
        failed = connection.poll_failures or connection.error == Blocked.sentence
        if connection.error and failed:  # the cause of the failed polls is over
            Connection.update(error=None).where(
                (Connection.id == connection_id) & (Connection.error == connection.error)
            ).execute()
        return bool(noticed)
    except Later as error:
        _poll_again(connection_id, at=error.resume_at)
    except Blocked as error:
        log.warning("poll_blocked", connection_id=connection_id)
        failures = connection.poll_failures + 1
        Connection.update(poll_failures=failures, poll_at=error.resume_at, error=error.sentence).where(
            Connection.id == connection_id
        ).execute()
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
    except Exception:  # a bug with one connection must not stop the polls of the others
        log.exception("poll_broken", connection_id=connection_id)
        Connection.update(poll_at=now + timedelta(minutes=5)).where(Connection.id == connection_id).execute()
    return False


def _pause(runtime: Runtime, connection: Connection, now: datetime) -> timedelta:
    watch = runtime.config.watch
    return poll_pause(
        connection.event_at,
        connection.event_missed_at,
        now=now,
        seconds=watch.poll_seconds,
        seconds_with_webhooks=watch.poll_seconds_with_webhooks,
    )


def _claim(connection_id: int, *, now: datetime, until: datetime) -> bool:
    """Return True if this daemon claimed the poll: it was due, and is not any more."""
    still_due = Connection.poll_at.is_null() | (Connection.poll_at <= now)
    alive = Connection.state == "alive"
    claimed = Connection.update(poll_at=until).where((Connection.id == connection_id) & alive & still_due)
    return bool(claimed.execute() == 1)


def _poll_again(connection_id: int, *, at: datetime) -> None:
    Connection.update(poll_at=at).where(Connection.id == connection_id).execute()
