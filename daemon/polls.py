"""The polls of one process: a few at once, none of a connection twice. A slow one does not delay the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from threading import Lock, Thread

import structlog

from extract.store.db import database

log = structlog.get_logger(__name__)


class Polls:
    """Polls the connections it is offered, at most `parallel` at once, each with its own database connection.

    Its threads end when there is nothing to poll, and do not keep the process alive: the requests that an abandoned
    poll has committed are valid, and its watermarks are unchanged.
    """

    def __init__(self, poll: Callable[[int], object], *, parallel: int) -> None:
        self._poll = poll
        self._parallel = parallel
        self._lock = Lock()
        self._pending: deque[int] = deque()
        self._accepted: set[int] = set()  # waiting or under way
        self._threads = 0

    def offer(self, connection_ids: Iterable[int]) -> None:
        """Poll these as soon as possible, without waiting for it. Those that wait or are under way are ignored."""
        with self._lock:
            for connection_id in connection_ids:
                if connection_id not in self._accepted:
                    self._accepted.add(connection_id)
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
                    self._accepted.discard(connection_id)

    def _next(self) -> int | None:
        with self._lock:
            if self._pending:
                return self._pending.popleft()
            self._threads -= 1
            return None
