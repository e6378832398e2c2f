"""Reports in Redis what a worker's main thread does, and ends a worker whose main thread is stuck.

The main thread reports by itself: a thread with a timer would go on reporting while a drain is stuck.
"""

from __future__ import annotations

import faulthandler
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

import redis
import structlog

from extract.process.beats import Beat, drop_beat, here, write_beat
from extract.runtime import Runtime

log = structlog.get_logger(__name__)

BEAT_SECONDS = 5.0
_ENDING_SECONDS = 9.0  # supervisors send SIGKILL ten seconds after SIGTERM


class Watchdog:
    """Watches one drain at a time. Only the main thread calls its methods."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._limit = runtime.config.watch.stuck_seconds
        self._beat = Beat(where=here(), at=runtime.clock())
        self._reported_at: float | None = None
        self._ending = False

    def idle(self) -> None:
        """Report that no drain is under way."""
        self._report(None, None)

    @contextmanager
    def working(self, connection_id: int) -> Iterator[None]:
        """Watch a drain of this connection until the block ends.

        The process is ended if `progress` is not called for `watch.stuck_seconds`.
        """
        self._report(connection_id, self._runtime.clock())
        self._restart()
        try:
            yield
        finally:
            if not self._ending:
                faulthandler.cancel_dump_traceback_later()
            self._report(None, None)

    def progress(self) -> None:
        """Report that the drain makes progress, and give it the whole time again. At most once in `BEAT_SECONDS`."""
        if self._reported_at is None or time.monotonic() - self._reported_at >= BEAT_SECONDS:
            self._restart()
            self._report(self._beat.connection_id, self._beat.since)

    def end_soon(self) -> None:
        """End the process within ten seconds, whatever it does."""
        self._ending = True
        end_after(_ENDING_SECONDS)

    def ended(self) -> None:
        """Delete the report of this process, so that its end does not count as a crash."""
        try:
            drop_beat(self._runtime.redis, "worker", self._beat.where)
        except redis.RedisError:
            return  # the key expires by itself

    def _restart(self) -> None:
        if not self._ending:
            end_after(self._limit)

    def _report(self, connection_id: int | None, since: datetime | None) -> None:
        self._beat = replace(self._beat, at=self._runtime.clock(), connection_id=connection_id, since=since)
        self._reported_at = time.monotonic()
        try:
            write_beat(self._runtime.redis, "worker", self._beat)
        except redis.RedisError as error:
            log.debug("beat_lost", error=type(error).__name__)


def end_after(seconds: float) -> None:
    """End this process after `seconds` and print the traceback of each thread. A later call replaces this one.

    It works while C code (a regular expression, for instance) keeps every Python thread from running.
    https://docs.python.org/3/library/faulthandler.html#faulthandler.dump_traceback_later

    The thread that faulthandler starts inherits the blocked signals. Python's own handlers run in the main thread, and
    a signal that another thread receives may stay unnoticed there for as long as a loop in Python lasts.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__ or 2)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
