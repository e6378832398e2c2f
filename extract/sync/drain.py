"""Working one connection: list what is to be listed, fetch what is stale a few at a time, write one at a time.

Requests overlap in a small pool of threads; deciding and writing stay in this one, in short transactions that each
check the lease. Nobody sleeps on a budget: when it is spent, the connection rests and the worker is free.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

import httpx
import structlog
from peewee import OperationalError

from extract import connections
from extract.errors import (
    Blocked,
    Forbidden,
    HilalError,
    Later,
    LeaseLost,
    LooksSpent,
    NeedsRoom,
    NotionError,
    ReconnectNeeded,
    VaultError,
)
from extract.notion.budget import BudgetUnreachable, Lane
from extract.notion.client import NotionClient
from extract.notion.room import Room, Share
from extract.removal import brake
from extract.rules.timing import Rank, believable
from extract.runtime import Runtime
from extract.store.db import database
from extract.store.models import Connection, Document, Source
from extract.sync import lease
from extract.sync.claims import Claimed, claim, release_claims
from extract.sync.fetch import Fetched, Task, fetch
from extract.sync.fetch_pool import open_pool
from extract.sync.large_pages import LargePages
from extract.sync.lease import Lease
from extract.sync.listing.whole import WholeLister
from extract.sync.pausing import checks_pause_until, rest
from extract.sync.related_titles import RelatedTitles
from extract.sync.runs import RunLog
from extract.sync.writing import Writer
from extract.worklist import due

log = structlog.get_logger(__name__)

_BREATH = 1.0  # seconds between two looks at the lease while waiting for Notion
_AHEAD = 4  # batches of documents claimed at once, for each that is under way
_STOP_PATIENCE = 4.0  # seconds a worker that was asked to end waits for what is under way
_TOGETHER = 8 << 20  # bytes of Notion's answers that are held at once; what does not fit is read alone
_FOR_ALL = (Later, ReconnectNeeded, Blocked, Forbidden, VaultError, BudgetUnreachable)
"""What concerns the whole connection: it rests, and what was under way has not failed."""

BROKEN = "This page could not be read because of a fault on our side. The operator finds it in the log."


class _Stopped(Exception):
    """The worker is asked to end in the middle of a listing, or its source to stop: it goes on another time."""


class Ended(Enum):
    """Why a drain stopped."""

    DONE = "done"
    SLICE = "slice"
    REST = "rest"
    STOPPED = "stopped"
    LOST = "lost"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class _InFlight:
    """A fetch under way; the client serves it alone, so that its counts are what the fetch has cost."""

    claimed: Claimed
    client: NotionClient
    share: Share


def drain(
    runtime: Runtime,
    connection_id: int,
    *,
    stop: threading.Event | None = None,
    progress: Callable[[], None] = lambda: None,
) -> Ended:
    """Work what is due for a connection until nothing is, the slice ends, the budget is spent or `stop` is set.

    `progress` is called each time the lease is renewed: with every commit, and every second while Notion is awaited.
    Raises nothing of Notion's: what failed is on the rows. A bug in one document is logged and put off.
    """
    seconds = runtime.config.watch.lease_seconds
    held = lease.take(connection_id, seconds=seconds, clock=runtime.clock, renewed=progress)
    if held is None:
        return Ended.BUSY
    connection = Connection.get_by_id(connection_id)
    http = connections.http_for(runtime)
    work = _Drain(runtime, connection, held, http, stop or threading.Event())
    try:
        return work.run()
    except LeaseLost:
        log.warning("lease_lost", connection_id=connection_id, lease=held.number)
        return Ended.LOST
    finally:
        http.close()
        held.release()


class _Drain:
    def __init__(
        self, runtime: Runtime, connection: Connection, held: Lease, http: httpx.Client, stop: threading.Event
    ) -> None:
        self._runtime = runtime
        self._connection = connection
        self._lease = held
        self._http = http
        self._tokens = connections.ConnectionTokens(runtime, connection.id, http=http)
        self._names = RelatedTitles(runtime.redis, connection.id)
        self._stop = stop
        self._run_log = RunLog()
        self._writer = Writer(runtime.config, self._run_log)
        self._flying: dict[Future[Fetched], _InFlight] = {}
        self._grounded: list[Claimed] = []
        self._room = Room(_TOGETHER)
        self._large_pages = LargePages(runtime.redis, connection.id)
        self._waiting_alone: list[Claimed] = []
        self._reading_alone = False
        self._checks_paused_until: datetime | None = connection.checks_paused_until
        self._answered = False
        self._settled_at = time.monotonic()
        self._pool, self._parallel = open_pool(runtime.config.notion.parallel_requests)
        self._ahead = _AHEAD if self._parallel > 1 else 1

    def run(self) -> Ended:
        ends = self._runtime.clock() + timedelta(seconds=self._runtime.config.watch.slice_seconds)
        # A worker that was killed may have left sources behind that only want settling.
        self._run_log.mark_touched(due.sources_at_work(self._connection.id))
        try:
            ended = self._work(ends)
            self._bring_home(patience=_STOP_PATIENCE)
        except _FOR_ALL as error:
            self._bring_home(patience=None)
            self._rest(error)
            ended = Ended.REST
        finally:
            # Asked to end, nobody waits for a Notion that hangs: its threads write nothing.
            self._pool.shutdown(wait=not self._stop.is_set(), cancel_futures=True)
        self._give_back()
        self._settle()
        if ended is not Ended.REST:
            self._mended()
        return ended

    def _work(self, ends: datetime) -> Ended:
        slice_length = timedelta(seconds=self._runtime.config.watch.slice_seconds)
        while not self._stop.is_set():
            now = self._runtime.clock()
            in_time = now < ends and believable(ends, now=now, longest=slice_length)
            if not in_time and not self._flying:
                return Ended.SLICE
            if in_time and self._waiting_alone:
                if not self._flying:
                    self._take_off_alone(now)
            elif in_time and len(self._flying) < self._parallel and not self._reading_alone:
                source = due.next_source(self._connection.id, now=now, checks=self._may_check(now))
                if source is not None and not self._flying and self._comes_first(source, now):
                    self._list(source)
                    continue
                self._take_off(now, before=source)
                if not self._flying and not self._waiting_alone and source is None:
                    return Ended.DONE
            if self._flying:
                self._land()
            if time.monotonic() - self._settled_at > _BREATH:
                self._settle()
        return Ended.STOPPED

    def _settle(self) -> None:
        with self._commit():
            self._run_log.close_finished(now=self._runtime.clock())
        self._settled_at = time.monotonic()

    def _comes_first(self, source: Source, now: datetime) -> bool:
        checks = self._may_check(now)
        documents = due.next_documents(self._connection.id, now=now, limit=1, checks=checks)
        return not documents or source.request_rank <= documents[0].request_rank

    def _list(self, source: Source) -> None:
        """List one source. A fault of ours in it is logged and puts it off: it must not hold up the others."""
        lister = WholeLister(
            config=self._runtime.config,
            client=self._client(),
            clock=self._runtime.clock,
            ask=lambda request: self._ask(request, source.id),
            commit=self._commit,
            run_log=self._run_log,
        )
        try:
            lister.list(source)
        except LooksSpent as error:
            self._rest_looks(error)
        except (*_FOR_ALL, LeaseLost, OperationalError):
            raise
        except _Stopped:
            return
        except NotionError as error:
            log.warning("listing_failed", source_id=source.id, error=str(error))
            lister.put_off(source, error)
        except Exception as fault:
            if Source.get_or_none(Source.id == source.id) is None:
                log.info("listing_left", source_id=source.id)  # it was deleted meanwhile
                return
            log.error("listing_broken", source_id=source.id, exc_info=fault)
            lister.put_off(source, HilalError(BROKEN))

    def _client(self, lane: Lane = "work") -> NotionClient:
        return connections.client_for(
            self._runtime, self._connection, http=self._http, lane=lane, tokens=self._tokens
        )

    def _may_check(self, now: datetime) -> bool:
        """Whether the share of mere looks is not used up."""
        until = self._checks_paused_until
        window = timedelta(seconds=self._runtime.config.notion.window_seconds)
        return until is None or until <= now or not believable(until, now=now, longest=window)

    @contextmanager
    def _commit(self) -> Iterator[None]:
        with database.atomic():
            self._lease.renew()
            yield

    def _ask(self, request: Callable[[], object], source_id: int) -> object:
        """Make a request of a listing in the pool and keep the lease while it lasts.

        Raises _Stopped rather than wait long, or when a person has stopped the source.
        """
        if due.is_stopped(source_id):
            raise _Stopped()
        future = self._pool.submit(request)
        while not wait([future], timeout=_BREATH).done:
            self._lease.renew()
            if self._stop.is_set() and not wait([future], timeout=_STOP_PATIENCE).done:
                raise _Stopped()
        return future.result()

    def _take_off(self, now: datetime, *, before: Source | None) -> None:
        """Book and start a batch of fetches: wishes first, mere looks when nobody wishes."""
        room = self._ahead * self._parallel - len(self._flying)
        flying = [flight.claimed.row.id for flight in self._flying.values()]
        documents = self._next(now, room, flying, before=before)
        if not documents:
            return
        with self._commit():
            batch = claim(documents, self._run_log, watch=self._runtime.config.watch, now=now)
        large = self._large_pages.among([claimed.row.id for claimed in batch])
        for claimed in batch:
            if claimed.row.id in large:
                self._waiting_alone.append(claimed)
            else:
                self._start(claimed, Share(self._room), now)

    def _take_off_alone(self, now: datetime) -> None:
        """Start the next page that is too large to be read beside others; nothing else starts until it is written."""
        self._reading_alone = True
        room = Room(self._runtime.config.notion.largest_answer_bytes, for_one=True)
        self._start(self._waiting_alone.pop(0), Share(room), now)

    def _start(self, claimed: Claimed, share: Share, now: datetime) -> None:
        client = self._client("looks" if _is_look(claimed, now) else "work")
        client.take_from(share)
        future = self._pool.submit(self._fetch, client, claimed.task, share)
        self._flying[future] = _InFlight(claimed, client, share)

    def _fetch(self, client: NotionClient, task: Task, share: Share) -> Fetched:
        """In a thread of the pool."""
        share.wait()
        return fetch(client, task, names=self._names, clock=self._runtime.clock)

    def _next(self, now: datetime, room: int, flying: list[int], *, before: Source | None) -> list[Document]:
        connection_id, checks = self._connection.id, self._may_check(now)
        wanted = due.next_documents(connection_id, now=now, limit=room, but=flying, checks=checks)
        if before is not None:
            return [row for row in wanted if row.request_rank < before.request_rank]
        if wanted:
            return wanted
        closings = due.next_rechecks(connection_id, now=now, limit=room, but=flying)
        if closings or not checks:
            return closings
        # No more than the share has room for: what is claimed and refused would only be given back. One finds out.
        budget = connections.budget_for(self._runtime, self._connection.workspace_id)
        room = max(1, min(room, budget.free("looks")))
        return due.next_checks(connection_id, now=now, limit=room, but=flying)

    def _land(self) -> None:
        """Write what has come back. What cannot go on for the whole connection is raised."""
        done, _ = wait(self._flying, timeout=_BREATH, return_when=FIRST_COMPLETED)
        if not done:
            self._lease.renew()
        stopped: list[BaseException] = []
        for future in done:
            flight, error = self._flying.pop(future), future.exception()
            if isinstance(error, NeedsRoom):
                self._wait_alone(flight)
            elif isinstance(error, _FOR_ALL):
                self._ground(flight)
                if isinstance(error, LooksSpent):
                    self._rest_looks(error)
                else:
                    stopped.append(error)
            elif error is not None:
                self._failed(flight, error)
            else:
                self._write(flight, future.result())
            flight.share.release()
        if not self._flying:
            self._reading_alone = False
        if stopped:
            raise stopped[0]

    def _wait_alone(self, flight: _InFlight) -> None:
        """Its answer did not fit beside the others; a small one may do so another time."""
        log.info("page_is_read_alone", document_id=flight.claimed.row.id)
        if flight.share.most_wanted > _TOGETHER // 8:
            self._large_pages.add(flight.claimed.row.id)
        self._waiting_alone.append(flight.claimed)
        with self._commit():
            self._spent(flight)

    def _ground(self, flight: _InFlight) -> None:
        """It did not fail, and is given back; what it has asked so far is paid for all the same."""
        self._grounded.append(flight.claimed)
        if flight.client.requests:
            with self._commit():
                self._spent(flight)

    def _bring_home(self, *, patience: float | None) -> None:
        """Write what is still under way, for what was asked is paid for; give up after `patience` seconds.

        Asked to end, we have no more than the patience of a stop.
        """
        for future in [future for future in self._flying if future.cancel()]:
            self._grounded.append(self._flying.pop(future).claimed)
        ends = None if patience is None else time.monotonic() + patience
        while self._flying and (ends is None or time.monotonic() < ends):
            if ends is None and self._stop.is_set():
                ends = time.monotonic() + _STOP_PATIENCE
            with suppress(*_FOR_ALL):
                self._land()

    def _write(self, flight: _InFlight, fetched: Fetched) -> None:
        try:
            with self._commit():
                self._writer.put(flight.claimed, fetched, now=self._runtime.clock())
                self._spent(flight)
            self._answered = True
        except HilalError:
            raise
        except Exception as fault:  # one poisoned page must not hold up the others; logged with its trace
            self._failed(flight, fault)

    def _failed(self, flight: _InFlight, error: BaseException) -> None:
        claimed, now = flight.claimed, self._runtime.clock()
        with self._commit():
            if isinstance(error, NotionError):
                log.info("fetch_failed", document_id=claimed.row.id, error=str(error))
                self._writer.fail(claimed, error, now=now)
            else:
                log.error("document_broken", document_id=claimed.row.id, exc_info=error)
                self._writer.put_off(claimed, BROKEN, now=now)
            self._spent(flight)

    def _spent(self, flight: _InFlight) -> None:
        """Count what a fetch has cost, however it ended, on the runs of its sources: once, and after it was written,
        for what it found may have opened a run."""
        client = flight.client
        self._run_log.count(flight.claimed.source_ids, requests=client.requests, retries=client.retries)

    def _give_back(self) -> None:
        with self._commit():
            flying = [flight.claimed for flight in self._flying.values()]
            release_claims([*flying, *self._grounded, *self._waiting_alone])

    def _mended(self) -> None:
        """What the connection complained of before is over, since Notion has answered; so may be the brake."""
        with self._commit():
            brake.release_if_over(self._connection.id, now=self._runtime.clock())
        complaint = self._connection.error
        if complaint and self._answered:
            with self._commit():
                Connection.update(error=None).where(
                    (Connection.id == self._connection.id) & (Connection.error == complaint)
                ).execute()

    def _rest(self, error: HilalError) -> None:
        with self._commit():
            rest(self._connection.id, error, now=self._runtime.clock())

    def _rest_looks(self, error: LooksSpent) -> None:
        """Only mere looks pause; edits and imports go on."""
        window = timedelta(seconds=self._runtime.config.notion.window_seconds)
        self._checks_paused_until = checks_pause_until(error, window=window, now=self._runtime.clock())
        with self._commit():
            Connection.update(checks_paused_until=self._checks_paused_until).where(
                Connection.id == self._connection.id
            ).execute()


def _is_look(claimed: Claimed, now: datetime) -> bool:
    """Whether nobody asked for this document, and nothing says that it moved: see `due.next_documents`."""
    row = claimed.row
    closes = row.requested_at is None and row.recheck_at is not None and row.recheck_at <= now
    return due.rank_of(row) is Rank.CHECK and claimed.task.stub is None and not closes
