"""What a drain works with: the connection, its lease, clients and tokens, transactions, and the pauses it writes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar

import httpx2

from extract import connections
from extract.config.load import Config
from extract.errors import ChecksSpent, HilalError
from extract.notion.client import NotionClient
from extract.notion.limits.lanes import Lane
from extract.removal import brake
from extract.rules.timing import believable
from extract.runtime import Runtime
from extract.store.db import database
from extract.store.models import Connection
from extract.sync.fetch_pool import open_pool
from extract.sync.lease import Lease
from extract.sync.pausing import checks_pause_until, pause_connection
from extract.sync.runs import RunLog
from extract.worklist import due

HEARTBEAT_SECONDS = 1.0
"""While Notion is awaited, the lease is renewed this often."""

STOP_SECONDS = 4.0
"""How long a worker that was asked to end waits for requests under way."""

Answer = TypeVar("Answer")


class Stopped(Exception):
    """The worker was asked to end, or the source was stopped, in the middle of a listing. A later drain continues."""


class Session:
    """One drain of one connection, while it holds the lease."""

    def __init__(
        self,
        runtime: Runtime,
        connection: Connection,
        lease: Lease,
        http: httpx2.Client,
        stop: threading.Event,
    ) -> None:
        self.runtime = runtime
        self.connection = connection
        self.lease = lease
        self.stop = stop
        self.run_log = RunLog()
        self.answered = False
        self.pool, self.parallel = open_pool(runtime.config.notion.parallel_requests)
        self._http = http
        self._tokens = connections.ConnectionTokens(runtime, connection.id, http=http)
        self._checks_paused_until: datetime | None = connection.checks_paused_until

    @property
    def config(self) -> Config:
        """The configuration of the runtime."""
        return self.runtime.config

    def now(self) -> datetime:
        """Return the present time by the clock of the runtime."""
        return self.runtime.clock()

    def client(self, lane: Lane = "sync") -> NotionClient:
        """Return a client for this connection; all of them share its tokens."""
        return connections.client_for(
            self.runtime, self.connection, http=self._http, lane=lane, tokens=self._tokens
        )

    def free_checks(self) -> int:
        """Return how many requests routine checks may send in this window."""
        return connections.budget_for(self.runtime, self.connection.workspace_id).free("checks")

    @contextmanager
    def commit(self) -> Iterator[None]:
        """Open a transaction that has renewed the lease. Raises LeaseLost when another drain has taken it."""
        with database.atomic():
            self.lease.renew()
            yield

    def ask(self, request: Callable[[], Answer], source_id: int) -> Answer:
        """Send a request of a listing in the pool, and keep the lease while it lasts.

        Raises Stopped if a person has stopped the source, or if the worker is asked to end and the answer takes long.
        """
        if due.is_stopped(source_id):
            raise Stopped()
        future = self.pool.submit(request)
        while not wait([future], timeout=HEARTBEAT_SECONDS).done:
            self.lease.renew()
            if self.stop.is_set() and not wait([future], timeout=STOP_SECONDS).done:
                raise Stopped()
        return future.result()

    def may_check(self, now: datetime) -> bool:
        """Return True while routine checks have requests left in this window."""
        until, window = self._checks_paused_until, self._window()
        return until is None or until <= now or not believable(until, now=now, longest=window)

    def pause_checks(self, error: ChecksSpent) -> None:
        """Pause routine checks only; edits and imports go on."""
        self._checks_paused_until = checks_pause_until(error, window=self._window(), now=self.now())
        with self.commit():
            Connection.update(checks_paused_until=self._checks_paused_until).where(
                Connection.id == self.connection.id
            ).execute()

    def pause(self, error: HilalError) -> None:
        """Pause the whole connection."""
        with self.commit():
            pause_connection(self.connection.id, error, now=self.now())

    def close_finished_runs(self) -> None:
        """Close the runs of sources that have nothing left to do."""
        with self.commit():
            self.run_log.close_finished(now=self.now())

    def clear_error(self) -> None:
        """Clear the connection's error if Notion has answered since, and release the brake if its reason is over."""
        with self.commit():
            brake.release_if_over(self.connection.id, now=self.now())
        error = self.connection.error
        if error and self.answered:
            with self.commit():
                Connection.update(error=None).where(
                    (Connection.id == self.connection.id) & (Connection.error == error)
                ).execute()

    def close(self) -> None:
        """Shut the pool down. A worker that was asked to end does not wait for its threads, which write nothing."""
        self.pool.shutdown(wait=not self.stop.is_set(), cancel_futures=True)

    def _window(self) -> timedelta:
        return timedelta(seconds=self.config.notion.window_seconds)
