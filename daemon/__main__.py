"""The daemon process: ticks once a second until it is asked to end. `python -m daemon`"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from types import FrameType

import redis
import structlog
from peewee import PeeweeException

from extract import jobs, logs
from extract.config import load
from extract.db import database
from extract.errors import HilalError
from extract.runtime import Runtime, open_runtime

from .loop import tick

TICK_SECONDS = 1.0

log = structlog.get_logger(__name__)


def main() -> int:
    """Run until SIGTERM or SIGINT; the exit code."""
    stop = threading.Event()

    def end(signum: int, frame: FrameType | None) -> None:
        # A poll may be waiting for a Notion that hangs. Ended anywhere, it leaves marks that hold and watermarks
        # that have not moved.
        stop.set()
        raise SystemExit(0)

    try:
        config = load()
        logs.configure(config.log)
        runtime = open_runtime(config)
    except HilalError as error:
        print(error.sentence, file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    log.info("daemon_started", poll_seconds=config.watch.poll_seconds)
    while not stop.is_set():
        _one_tick(runtime, stop)
        stop.wait(TICK_SECONDS)
    return 0


def _one_tick(runtime: Runtime, stop: threading.Event) -> None:
    """A tick that survives a database or Redis that is away: the next one tries again."""
    try:
        with database.connection_context():
            jobs.beat(runtime, role="daemon", name=f"{socket.gethostname()}:{os.getpid()}")
            tick(runtime, stop=stop)
    except (redis.RedisError, PeeweeException) as error:
        log.error("tick_failed", error=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    sys.exit(main())
