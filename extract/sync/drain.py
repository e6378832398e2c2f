"""Syncs one connection: lists its sources, fetches documents a few at a time, writes them one after the other.

Requests overlap in a small pool of threads; decisions and writes stay in this one, in short transactions that each
check the lease. Nothing sleeps when the request budget is spent: the connection is paused, and the worker is free.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from enum import Enum

import structlog
from peewee import OperationalError

from extract import connections
from extract.errors import (
    Blocked,
    ChecksSpent,
    Forbidden,
    HilalError,
    Later,
    LeaseLost,
    NeedsRoom,
    NotionError,
    ReconnectNeeded,
    VaultError,
)
from extract.notion.client import NotionClient
from extract.notion.limits.budget import BudgetUnreachable
from extract.rules.timing import Rank, believable
from extract.runtime import Runtime
from extract.store.models import Connection, Document, Source
from extract.sync import lease
from extract.sync.claims import Claimed, claim, release_claims
from extract.sync.failures import Failures
from extract.sync.fetching.fetches import Collected, Fetches, InFlight
from extract.sync.listing.run import ListingRun
from extract.sync.listing.source import list_source, listing_failed
from extract.sync.session import HEARTBEAT_SECONDS, STOP_SECONDS, Session, Stopped
from extract.sync.writing import Writer
from extract.worklist import due
from extract.worklist.facts import rank_of

log = structlog.get_logger(__name__)

_BATCHES_AHEAD = 4
"""Batches of documents claimed at once, for each fetch that may be under way."""

_WHOLE_CONNECTION = (Later, ReconnectNeeded, Blocked, Forbidden, VaultError, BudgetUnreachable)
"""Errors that concern the whole connection: it is paused, and no fetch has failed."""

BROKEN = "This page could not be read because of a fault on our side. The operator finds it in the log."


class Ended(Enum):
    """Why a drain ended."""

    DONE = "done"
    SLICE = "slice"
    PAUSED = "paused"
    STOPPED = "stopped"
    LOST = "lost"
    BUSY = "busy"


def drain(
    runtime: Runtime,
    connection_id: int,
    *,
    stop: threading.Event | None = None,
    progress: Callable[[], None] = lambda: None,
) -> Ended:
    """Sync what is due for a connection until nothing is, its slice of time ends, the budget is spent or `stop` is set.

    `progress` is called each time the lease is renewed: with every commit, and every second while Notion is awaited.
    Raises no NotionError: failures are recorded on the rows. A bug that one document meets is logged, and the document
    is tried again later.
    """
    seconds = runtime.config.watch.lease_seconds
    held = lease.take(connection_id, seconds=seconds, clock=runtime.clock, renewed=progress)
    if held is None:
        return Ended.BUSY
    connection = Connection.get_by_id(connection_id)
    http = connections.http_for(runtime)
    session = Session(runtime, connection, held, http, stop or threading.Event())
    try:
        return _Drain(session).run()
    except LeaseLost:
        log.warning("lease_lost", connection_id=connection_id, lease=held.number)
        return Ended.LOST
    finally:
        http.close()
        held.release()


class _Drain:
    """The loop of a drain: it decides what is listed, fetched and written next."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._fetches = Fetches(session)
        self._writer = Writer(session.config, session.run_log)
        self._failures = Failures(session.config, session.run_log)
        self._deferred: list[Claimed] = []  # claimed, and not fetched because the connection is paused
        self._closed_at = time.monotonic()

    def run(self) -> Ended:
        session = self._session
        ends = session.now() + timedelta(seconds=session.config.watch.slice_seconds)
        # A worker that was killed may have left sources behind whose runs only have to be closed.
        session.run_log.mark_touched(due.sources_at_work(session.connection.id))
        try:
            ended = self._work(ends)
            self._finish_in_flight(patience=STOP_SECONDS)
        except _WHOLE_CONNECTION as error:
            self._finish_in_flight(patience=None)
            session.pause(error)
            ended = Ended.PAUSED
        finally:
            session.close()
        with session.commit():
            release_claims([*self._fetches.left(), *self._deferred])
        session.close_finished_runs()
        if ended is not Ended.PAUSED:
            session.clear_error()
        return ended

    def _work(self, ends: datetime) -> Ended:
        session, fetches = self._session, self._fetches
        slice_length = timedelta(seconds=session.config.watch.slice_seconds)
        while not session.stop.is_set():
            now = session.now()
            in_time = now < ends and believable(ends, now=now, longest=slice_length)
            if not in_time and not fetches:
                return Ended.SLICE
            if in_time and fetches.has_waiting:
                if not fetches:
                    fetches.start_alone(self._client(fetches.next_alone(), now))
            elif in_time and fetches.may_start and not self._start_next(now):
                return Ended.DONE
            if fetches:
                self._collect()
            if time.monotonic() - self._closed_at > HEARTBEAT_SECONDS:
                session.close_finished_runs()
                self._closed_at = time.monotonic()
        return Ended.STOPPED

    def _start_next(self, now: datetime) -> bool:
        """List the next source or start the next fetches. Return False if nothing is due and nothing under way."""
        session, fetches = self._session, self._fetches
        source = due.next_source(session.connection.id, now=now, checks=session.may_check(now))
        if source is not None and not fetches and self._comes_first(source, now):
            self._list(source)
            return True
        self._start_fetches(now, before=source)
        return bool(fetches) or fetches.has_waiting or source is not None

    def _comes_first(self, source: Source, now: datetime) -> bool:
        checks = self._session.may_check(now)
        documents = due.next_documents(self._session.connection.id, now=now, limit=1, checks=checks)
        return not documents or source.request_rank <= documents[0].request_rank

    def _list(self, source: Source) -> None:
        """List one source. A bug that it meets is logged and the listing deferred, so that other sources are synced."""
        run = ListingRun(self._session, self._session.client(), source)
        try:
            list_source(run)
        except ChecksSpent as error:
            self._session.pause_checks(error)
        except (*_WHOLE_CONNECTION, LeaseLost, OperationalError):
            raise
        except Stopped:
            return
        except NotionError as error:
            log.warning("listing_failed", source_id=source.id, error=str(error))
            listing_failed(run, error)
        except Exception as fault:
            if Source.get_or_none(Source.id == source.id) is None:
                log.info("listing_left", source_id=source.id)  # it was deleted in the meantime
                return
            log.error("listing_broken", source_id=source.id, exc_info=fault)
            listing_failed(run, HilalError(BROKEN))

    def _start_fetches(self, now: datetime, *, before: Source | None) -> None:
        """Claim and start a batch: requests first, routine checks when nothing is requested."""
        session, fetches = self._session, self._fetches
        ahead = _BATCHES_AHEAD if session.parallel > 1 else 1
        documents = self._next_documents(now, ahead * session.parallel - len(fetches), before=before)
        if not documents:
            return
        with session.commit():
            claims = claim(documents, session.run_log, watch=session.config.watch, now=now)
        fetches.start(claims, [self._client(claimed, now) for claimed in claims])

    def _next_documents(self, now: datetime, limit: int, *, before: Source | None) -> list[Document]:
        session = self._session
        connection_id, checks = session.connection.id, session.may_check(now)
        under_way = self._fetches.document_ids()
        requested = due.next_documents(connection_id, now=now, limit=limit, exclude=under_way, checks=checks)
        if before is not None:
            return [document for document in requested if document.request_rank < before.request_rank]
        if requested:
            return requested
        rechecks = due.next_rechecks(connection_id, now=now, limit=limit, exclude=under_way)
        if rechecks or not checks:
            return rechecks
        # Claims beyond the share of routine checks would only be released again. One claim finds out if it is spent.
        limit = max(1, min(limit, session.free_checks()))
        return due.next_checks(connection_id, now=now, limit=limit, exclude=under_way)

    def _client(self, claimed: Claimed, now: datetime) -> NotionClient:
        return self._session.client("checks" if _is_check(claimed, now) else "sync")

    def _collect(self) -> None:
        """Write what fetches brought. Raises the first error that concerns the whole connection."""
        paused: BaseException | None = None
        for ended in self._fetches.collect():
            if isinstance(ended.error, _WHOLE_CONNECTION):
                self._defer(ended.fetch)
                if isinstance(ended.error, ChecksSpent):
                    self._session.pause_checks(ended.error)
                else:
                    paused = paused or ended.error
            else:
                self._write(ended)
            self._fetches.release(ended.fetch)
        if paused is not None:
            raise paused

    def _write(self, ended: Collected) -> None:
        fetch = ended.fetch
        if isinstance(ended.error, NeedsRoom):
            self._fetches.fetch_alone(fetch)
            with self._session.commit():
                self._count(fetch)
            return
        if ended.fetched is None:
            self._failed(fetch, ended.error)
            return
        try:
            with self._session.commit():
                self._writer.write(fetch.claimed, ended.fetched, now=self._session.now())
                self._count(fetch)
            self._session.answered = True
        except HilalError:
            raise
        except (
            Exception
        ) as fault:  # a bug that one page meets must not stop the others; it is logged with a traceback
            self._failed(fetch, fault)

    def _failed(self, fetch: InFlight, error: BaseException | None) -> None:
        claimed, now = fetch.claimed, self._session.now()
        with self._session.commit():
            if isinstance(error, NotionError):
                log.info("fetch_failed", document_id=claimed.row.id, error=str(error))
                self._failures.record(claimed, error, now=now)
            else:
                log.error("document_broken", document_id=claimed.row.id, exc_info=error)
                self._failures.defer(claimed, BROKEN, now=now)
            self._count(fetch)

    def _defer(self, fetch: InFlight) -> None:
        """Keep a fetch that did not fail for another drain; the requests that it has sent are counted."""
        self._deferred.append(fetch.claimed)
        if fetch.client.requests:
            with self._session.commit():
                self._count(fetch)

    def _count(self, fetch: InFlight) -> None:
        """Count what a fetch has cost on the runs of its sources: after it was written, for that may open a run."""
        client = fetch.client
        self._session.run_log.count(
            fetch.claimed.source_ids, requests=client.requests, retries=client.retries
        )

    def _finish_in_flight(self, *, patience: float | None) -> None:
        """Write what is still under way, since its requests are spent; give up after `patience` seconds.

        A worker that is asked to end waits no longer than `STOP_SECONDS`.
        """
        self._deferred += self._fetches.cancel_unstarted()
        ends = None if patience is None else time.monotonic() + patience
        while self._fetches and (ends is None or time.monotonic() < ends):
            if ends is None and self._session.stop.is_set():
                ends = time.monotonic() + STOP_SECONDS
            with suppress(*_WHOLE_CONNECTION):
                self._collect()


def _is_check(claimed: Claimed, now: datetime) -> bool:
    """Return True if nobody requested this document and no listing showed an edit: see `due.next_documents`."""
    document = claimed.row
    is_recheck = (
        document.requested_at is None and document.recheck_at is not None and document.recheck_at <= now
    )
    return rank_of(document) is Rank.CHECK and claimed.task.stub is None and not is_recheck
