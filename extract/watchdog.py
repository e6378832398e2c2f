"""Says in Redis what a worker's main thread does, and ends a worker whose main thread is stuck.

The sign of life comes from the main thread itself: a thread with a timer would go on reporting while a drain hangs.
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
_ENDING_SECONDS = 9.0  # one less than what supervisors wait between SIGTERM and SIGKILL


class Watchdog:
    """Watches one drain at a time. Its methods are called by the main thread only."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._limit = runtime.config.watch.stuck_seconds
        self._beat = Beat(where=here(), at=runtime.clock())
        self._beaten_at: float | None = None
        self._ending = False

    def idle(self) -> None:
        """Nothing is under way."""
        self._tell(None, None)

    @contextmanager
    def working(self, connection_id: int) -> Iterator[None]:
        """Watch a drain of this connection until the block ends: `progress` must be called in time."""
        self._tell(connection_id, self._runtime.clock())
        self._restart()
        try:
            yield
        finally:
            if not self._ending:
                faulthandler.cancel_dump_traceback_later()
            self._tell(None, None)

    def progress(self) -> None:
        """The drain goes on: it gets the whole time again."""
        if self._beaten_at is None or time.monotonic() - self._beaten_at >= BEAT_SECONDS:
            self._restart()
            self._tell(self._beat.connection_id, self._beat.since)

    def end_soon(self) -> None:
        """The process was asked to end: it ends within ten seconds, whatever it does."""
        self._ending = True
        end_after(_ENDING_SECONDS)

    def ended(self) -> None:
        """The process ends, and is not missed."""
        try:
            drop_beat(self._runtime.redis, "worker", self._beat.where)
        except redis.RedisError:
            return  # the key runs out by itself

    def _restart(self) -> None:
        if not self._ending:
            end_after(self._limit)

    def _tell(self, connection_id: int | None, since: datetime | None) -> None:
        self._beat = replace(self._beat, at=self._runtime.clock(), connection_id=connection_id, since=since)
        self._beaten_at = time.monotonic()
        try:
            write_beat(self._runtime.redis, "worker", self._beat)
        except redis.RedisError as error:
            log.debug("beat_lost", error=type(error).__name__)


def end_after(seconds: float) -> None:
    """End this process after so long, printing where each of its threads is, unless that is called again or cancelled.

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
