"""Polls under way in one process: a few at once, none of a connection twice; one that hangs holds up no other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from threading import Lock, Thread

import structlog

from extract.store.db import database

log = structlog.get_logger(__name__)


class Polls:
    """Polls what it is offered, at most `parallel` at once, each with a database connection of its own.

    Its threads live only while there is something to poll, and never keep the process alive: a poll that is given up
    leaves marks that hold and watermarks that have not moved.
    """

    def __init__(self, poll: Callable[[int], object], *, parallel: int) -> None:
        self._poll = poll
        self._parallel = parallel
        self._lock = Lock()
        self._pending: deque[int] = deque()
        self._known: set[int] = set()  # waiting or under way
        self._threads = 0

    def offer(self, connection_ids: Iterable[int]) -> None:
        """Poll these as soon as it can be; those it knows already are passed over. Does not wait."""
        with self._lock:
            for connection_id in connection_ids:
                if connection_id not in self._known:
                    self._known.add(connection_id)
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
            except Exception as error:  # the next tick offers it again; the others go on
                log.error("poll_lost", connection_id=connection_id, error=f"{type(error).__name__}: {error}")
            finally:
                with self._lock:
                    self._known.discard(connection_id)

    def _next(self) -> int | None:
        with self._lock:
            if self._pending:
                return self._pending.popleft()
            self._threads -= 1
            return None
