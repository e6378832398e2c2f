"""Working one connection: list what is to be listed, fetch what is stale a few at a time, write one at a time.

Requests overlap in a small pool of threads; deciding and writing stay in this one, in short transactions that each
check the lease. Nobody sleeps on a budget: when it is spent, the connection rests and the worker is free.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from enum import Enum

import httpx
import structlog

from . import connections, due, lease, runs
from .db import database
from .errors import (
    Blocked,
    Forbidden,
    HilalError,
    Later,
    LeaseLost,
    NotionError,
    ReconnectNeeded,
)
from .fetch import Fetched, Task, fetch
from .lease import Lease
from .listing import Lister
from .models import Connection, Document, Source
from .notion.client import NotionClient
from .runtime import Runtime
from .sync import Writer, task_for
from .watch import Rank, pause_after

log = structlog.get_logger(__name__)

_BREATH = 1.0  # seconds between two looks at the lease while waiting for Notion
_STOP_PATIENCE = 4.0  # seconds a worker that was asked to end waits for what is under way
_FOR_ALL = (Later, ReconnectNeeded, Blocked, Forbidden)
"""What concerns the whole connection: it rests, and what was under way has not failed."""

BROKEN = "This page could not be read because of a fault on our side. The operator finds it in the log."


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
        self._stop = stop
        self._writer = Writer(runtime.config)
        self._flying: dict[Future[Fetched], Task] = {}
        self._grounded: list[Task] = []
        self._parallel = runtime.config.notion.parallel_requests
        self._pool = ThreadPoolExecutor(self._parallel, thread_name_prefix="notion")

    def run(self) -> Ended:
        ends = self._runtime.clock() + timedelta(seconds=self._runtime.config.watch.slice_seconds)
        try:
            ended = self._work(ends)
            self._bring_home(patience=_STOP_PATIENCE)
            return ended
        except _FOR_ALL as error:
            self._bring_home(patience=None)
            self._rest(error)
            return Ended.REST
        finally:
            self._give_back()
            # Closing the connections ends requests that are still under way, so that a stop takes no minute.
            self._http.close()
            self._pool.shutdown(wait=True, cancel_futures=True)

    def _work(self, ends: datetime) -> Ended:
        while True:
            if self._stop.is_set():
                return Ended.STOPPED
            now = self._runtime.clock()
            in_time = now < ends
            source = due.next_source(self._connection.id, now=now) if in_time else None
            if source is not None and not self._flying and self._comes_first(source, now):
                self._list(source)
                continue
            if in_time and len(self._flying) < self._parallel:
                self._take_off(now, before=source)
            if not self._flying:
                if source is not None:
                    continue
                return Ended.DONE if in_time else Ended.SLICE
            self._land()

    def _comes_first(self, source: Source, now: datetime) -> bool:
        documents = due.next_documents(self._connection.id, now=now, limit=1)
        return not documents or source.wanted_rank <= documents[0].wanted_rank

    def _list(self, source: Source) -> None:
        lister = Lister(
            config=self._runtime.config,
            client=self._client(),
            clock=self._runtime.clock,
            ask=self._ask,
            commit=self._commit,
        )
        try:
            lister.list(source)
        except _FOR_ALL:
            raise
        except NotionError as error:
            log.warning("listing_failed", source_id=source.id, error=str(error))
            lister.put_off(source, error)

    def _client(self) -> NotionClient:
        return connections.client_for(self._runtime, self._connection, http=self._http, lane="work")

    @contextmanager
    def _commit(self) -> Iterator[None]:
        with database.atomic():
            self._lease.renew()
            yield

    def _ask(self, request: Callable[[], object]) -> object:
        """Make a request in the pool and keep the lease while it lasts."""
        future = self._pool.submit(request)
        while not wait([future], timeout=_BREATH).done:
            self._lease.renew()
            if self._stop.is_set():
                self._http.close()
        return future.result()

    def _take_off(self, now: datetime, *, before: Source | None) -> None:
        """Book and start as many fetches as there are free threads: wishes first, mere looks when nobody wishes."""
        room = self._parallel - len(self._flying)
        flying = [task.document_id for task in self._flying.values()]
        documents = due.next_documents(self._connection.id, now=now, limit=room, but=flying)
        if before is not None:
            documents = [row for row in documents if row.wanted_rank < before.wanted_rank]
        if not documents and before is None:
            documents = due.next_looks(self._connection.id, now=now, limit=room, but=flying)
        if not documents:
            return
        with self._commit():
            self._book(documents, now)
        for document in documents:
            task = task_for(document, now=now)
            client = self._client()
            future = self._pool.submit(fetch, client, task, clock=self._runtime.clock)
            self._flying[future] = task

    def _book(self, documents: Sequence[Document], now: datetime) -> None:
        """Book the retry before the attempt: a crash then means later, never at once and forever."""
        for document in documents:
            attempts = document.attempts + 1
            Document.update(attempts=attempts, try_after=now + pause_after(attempts)).where(
                Document.id == document.id
            ).execute()
        wished = [row.id for row in documents if row.wanted_at is not None and row.wanted_rank < Rank.VERIFY]
        for source_id in sorted({held for ids in due.sources_holding(wished).values() for held in ids}):
            source = Source.get_by_id(source_id)
            rank = min(Rank(row.wanted_rank) for row in documents if row.id in wished)
            runs.open_run(source, rank=rank, now=now)

    def _land(self) -> None:
        """Write what has come back. What cannot go on for the whole connection is raised."""
        done, _ = wait(self._flying, timeout=_BREATH, return_when=FIRST_COMPLETED)
        if not done:
            self._lease.renew()
        stopped: list[BaseException] = []
        for future in done:
            error = future.exception()
            if isinstance(error, _FOR_ALL):
                self._grounded.append(self._flying.pop(future))
                stopped.append(error)
                continue
            task = self._flying.pop(future)
            self._write(task, error, None if error else future.result())
        if stopped:
            raise stopped[0]

    def _bring_home(self, *, patience: float | None) -> None:
        """Write what is still under way, for what was asked is paid for; give up after `patience` seconds."""
        ends = None if patience is None else time.monotonic() + patience
        while self._flying and (ends is None or time.monotonic() < ends):
            with suppress(*_FOR_ALL):
                self._land()

    def _write(self, task: Task, error: BaseException | None, fetched: Fetched | None) -> None:
        now = self._runtime.clock()
        with self._commit():
            document = Document.get_or_none(Document.id == task.document_id)
            if document is None:  # deleted meanwhile
                return
            if isinstance(error, NotionError):
                log.info("fetch_failed", document_id=document.id, error=str(error))
                self._writer.fail(document, task, error, now=now)
                return
        if error is not None and not isinstance(error, HilalError):
            self._broken(task, error)
            return
        assert fetched is not None
        try:
            with self._commit():
                self._writer.put(Document.get_by_id(task.document_id), task, fetched, now=now)
        except HilalError:
            raise
        except Exception as fault:  # one poisoned page must not hold up the others; logged with its trace
            self._broken(task, fault)

    def _broken(self, task: Task, fault: BaseException) -> None:
        log.error("document_broken", document_id=task.document_id, notion_id=task.notion_id, exc_info=fault)
        with self._commit():
            document = Document.get_or_none(Document.id == task.document_id)
            if document is not None:
                self._writer.put_off(document, BROKEN, now=self._runtime.clock())

    def _give_back(self) -> None:
        """Unbook what was started and not written: it did not fail."""
        ids = [task.document_id for task in [*self._flying.values(), *self._grounded]]
        if ids:
            with self._commit():
                Document.update(attempts=Document.attempts - 1, try_after=None).where(
                    Document.id.in_(ids) & (Document.attempts > 0)
                ).execute()

    def _rest(self, error: NotionError) -> None:
        """The whole connection pauses: until the window reopens, or until somebody mends it."""
        now = self._runtime.clock()
        until = {Later: getattr(error, "resume_at", now), Blocked: now + timedelta(hours=1)}
        kind = next((known for known in until if isinstance(error, known)), None)
        rest = until[kind] if kind else now + timedelta(minutes=15)
        values: dict[str, object] = {"rest_until": rest}
        if not isinstance(error, Later):
            log.warning("connection_rests", connection_id=self._connection.id, error=str(error))
        if isinstance(error, (Blocked, Forbidden)):
            values["error"] = error.sentence
        with self._commit():
            Connection.update(values).where(Connection.id == self._connection.id).execute()
