"""Runs polls in threads: several at once, but never two of one connection; one that hangs delays no other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from threading import Lock, Thread

import structlog

from extract.store.db import database

log = structlog.get_logger(__name__)


class Polls:
    """Polls connections in at most `parallel` threads, each with its own database connection.

    The threads end when nothing is left to poll, and do not keep the process alive. A poll that is cut off loses
    nothing: its requests are in the database, and its watermark has not moved.
    """

    def __init__(self, poll: Callable[[int], object], *, parallel: int) -> None:
        self._poll = poll
        self._parallel = parallel
        self._lock = Lock()
        self._pending: deque[int] = deque()
        self._waiting_or_running: set[int] = set()
        self._threads = 0

    def offer(self, connection_ids: Iterable[int]) -> None:
        """Poll these as soon as a thread is free, except those that wait or run already. Does not block."""
        with self._lock:
            for connection_id in connection_ids:
                if connection_id not in self._waiting_or_running:
                    self._waiting_or_running.add(connection_id)
                    self._pending.append(connection_id)
            more = min(len(self._pending), self._parallel - self._threads)
            self._threads += more
        for _ in range(more):
            Thread(target=self._work, name="poll", daemon=True).start()

    def _work(self) -> None:
        while (connection_id := self._next()) is not None:
            try:
                with database.connection_context():
                    self._poll(connection_id)
            except Exception as error:  # the next tick offers it again; the others continue
                log.error("poll_lost", connection_id=connection_id, error=f"{type(error).__name__}: {error}")
            finally:
                with self._lock:
                    self._waiting_or_running.discard(connection_id)

    def _next(self) -> int | None:
        with self._lock:
            if self._pending:
                return self._pending.popleft()
            self._threads -= 1
            return None
