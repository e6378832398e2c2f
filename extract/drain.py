"""Working one connection: list what is to be listed, fetch what is stale a few at a time, write one at a time.

Requests overlap in a small pool of threads; deciding and writing stay in this one, in short transactions that each
check the lease. Nobody sleeps on a budget: when it is spent, the connection rests and the worker is free.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from enum import Enum

import httpx
import structlog
from peewee import OperationalError

from . import connections, due, lease
from .bookings import Booked, book, give_back
from .db import database
from .errors import (
    Blocked,
    BudgetSpent,
    Forbidden,
    HilalError,
    Later,
    LeaseLost,
    NotionError,
    ReconnectNeeded,
    VaultError,
)
from .fetch import Fetched, fetch
from .lease import Lease
from .listing import Lister
from .models import Connection, Source
from .notion.budget import BudgetUnreachable
from .notion.client import NotionClient
from .related import RelatedNames
from .runs import Ledger
from .runtime import Runtime
from .sync import Writer, vanished_at_once

log = structlog.get_logger(__name__)

_BREATH = 1.0  # seconds between two looks at the lease while waiting for Notion
_AHEAD = 4  # batches of documents booked at once, for each that is under way
_STOP_PATIENCE = 4.0  # seconds a worker that was asked to end waits for what is under way
_FOR_ALL = (Later, ReconnectNeeded, Blocked, Forbidden, VaultError, BudgetUnreachable)
"""What concerns the whole connection: it rests, and what was under way has not failed."""

_REST: Mapping[type[HilalError], timedelta] = {
    Blocked: timedelta(hours=1),
    BudgetUnreachable: timedelta(seconds=10),
    # Its state keeps it still; who reconnects meanwhile need not wait.
    ReconnectNeeded: timedelta(seconds=10),
}
_LEAST_REST = timedelta(seconds=10)
"""Slots of a spent window come free one by one; a drain for each would spend them on beginning anew."""

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


def drain(runtime: Runtime, connection_id: int, *, stop: threading.Event | None = None) -> Ended:
    """Work what is due for a connection until nothing is, the slice ends, the budget is spent or `stop` is set.

    Raises nothing of Notion's: what failed is on the rows. A bug in one document is logged and put off.
    """
    held = lease.take(connection_id, seconds=runtime.config.watch.lease_seconds, clock=runtime.clock)
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
        self._names = RelatedNames(runtime.redis, connection.id)
        self._stop = stop
        self._ledger = Ledger()
        self._writer = Writer(runtime.config, self._ledger)
        self._flying: dict[Future[Fetched], Booked] = {}
        self._grounded: list[Booked] = []
        self._answered = False
        self._settled_at = time.monotonic()
        self._parallel = runtime.config.notion.parallel_requests
        self._pool = ThreadPoolExecutor(self._parallel, thread_name_prefix="notion")

    def run(self) -> Ended:
        ends = self._runtime.clock() + timedelta(seconds=self._runtime.config.watch.slice_seconds)
        # A worker that was killed may have left sources behind that only want settling.
        self._ledger.touch(due.sources_at_work(self._connection.id))
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
        while not self._stop.is_set():
            now = self._runtime.clock()
            if now >= ends and not self._flying:
                return Ended.SLICE
            if now < ends and len(self._flying) < self._parallel:
                source = due.next_source(self._connection.id, now=now)
                if source is not None and not self._flying and self._comes_first(source, now):
                    self._list(source)
                    continue
                self._take_off(now, before=source)
                if not self._flying and source is None:
                    return Ended.DONE
            if self._flying:
                self._land()
            if time.monotonic() - self._settled_at > _BREATH:
                self._settle()
        return Ended.STOPPED

    def _settle(self) -> None:
        with self._commit():
            self._ledger.settle(now=self._runtime.clock())
        self._settled_at = time.monotonic()

    def _comes_first(self, source: Source, now: datetime) -> bool:
        documents = due.next_documents(self._connection.id, now=now, limit=1)
        return not documents or source.wanted_rank <= documents[0].wanted_rank

    def _list(self, source: Source) -> None:
        """List one source. A fault of ours in it is logged and puts it off: it must not hold up the others."""
        lister = Lister(
            config=self._runtime.config,
            client=self._client(),
            clock=self._runtime.clock,
            ask=lambda request: self._ask(request, source.id),
            commit=self._commit,
            ledger=self._ledger,
        )
        try:
            lister.list(source)
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

    def _client(self) -> NotionClient:
        return connections.client_for(
            self._runtime, self._connection, http=self._http, lane="work", tokens=self._tokens
        )

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
        room = _AHEAD * self._parallel - len(self._flying)
        flying = [booked.row.id for booked in self._flying.values()]
        documents = due.next_documents(self._connection.id, now=now, limit=room, but=flying)
        if before is not None:
            documents = [row for row in documents if row.wanted_rank < before.wanted_rank]
        if not documents and before is None:
            documents = due.next_looks(self._connection.id, now=now, limit=room, but=flying)
        if not documents:
            return
        with self._commit():
            batch = book(documents, self._ledger, now=now)
        for booked in batch:
            future = self._pool.submit(
                fetch, self._client(), booked.task, names=self._names, clock=self._runtime.clock
            )
            self._flying[future] = booked

    def _land(self) -> None:
        """Write what has come back. What cannot go on for the whole connection is raised."""
        done, _ = wait(self._flying, timeout=_BREATH, return_when=FIRST_COMPLETED)
        if not done:
            self._lease.renew()
        stopped: list[BaseException] = []
        for future in done:
            booked, error = self._flying.pop(future), future.exception()
            if isinstance(error, _FOR_ALL):
                self._grounded.append(booked)
                stopped.append(error)
            elif error is not None:
                self._failed(booked, error)
            else:
                self._write(booked, future.result())
        if stopped:
            raise stopped[0]

    def _bring_home(self, *, patience: float | None) -> None:
        """Write what is still under way, for what was asked is paid for; give up after `patience` seconds.

        Asked to end, we have no more than the patience of a stop.
        """
        for future in [future for future in self._flying if future.cancel()]:
            self._grounded.append(self._flying.pop(future))
        ends = None if patience is None else time.monotonic() + patience
        while self._flying and (ends is None or time.monotonic() < ends):
            if ends is None and self._stop.is_set():
                ends = time.monotonic() + _STOP_PATIENCE
            with suppress(*_FOR_ALL):
                self._land()

    def _write(self, booked: Booked, fetched: Fetched) -> None:
        try:
            with self._commit():
                self._writer.put(booked, fetched, now=self._runtime.clock())
            self._answered = True
        except HilalError:
            raise
        except Exception as fault:  # one poisoned page must not hold up the others; logged with its trace
            self._failed(booked, fault)

    def _failed(self, booked: Booked, error: BaseException) -> None:
        now = self._runtime.clock()
        with self._commit():
            if isinstance(error, NotionError):
                log.info("fetch_failed", document_id=booked.row.id, error=str(error))
                self._writer.fail(booked, error, now=now)
            else:
                log.error("document_broken", document_id=booked.row.id, exc_info=error)
                self._writer.put_off(booked, BROKEN, now=now)

    def _give_back(self) -> None:
        with self._commit():
            give_back([*self._flying.values(), *self._grounded])

    def _mended(self) -> None:
        """What the connection complained of before is over, since Notion has answered."""
        complaint = self._connection.error
        if complaint and self._answered and not vanished_at_once(self._connection.id):
            with self._commit():
                Connection.update(error=None).where(
                    (Connection.id == self._connection.id) & (Connection.error == complaint)
                ).execute()

    def _rest(self, error: HilalError) -> None:
        """The whole connection pauses: until the window reopens, or until somebody mends it."""
        now = self._runtime.clock()
        if isinstance(error, BudgetSpent):
            values: dict[str, object] = {"rest_until": max(error.resume_at, now + _LEAST_REST)}
        elif isinstance(error, Later):
            values = {"rest_until": error.resume_at}
        else:
            log.warning("connection_rests", connection_id=self._connection.id, error=str(error))
            values = {"rest_until": now + _REST.get(type(error), timedelta(minutes=15))}
        if isinstance(error, (Blocked, Forbidden, VaultError)):
            values["error"] = error.sentence
        with self._commit():
            Connection.update(values).where(Connection.id == self._connection.id).execute()
