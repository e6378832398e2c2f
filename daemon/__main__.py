"""The daemon process: ticks once a second until it is asked to end. `python -m daemon`"""

from __future__ import annotations

import os
import signal
import sys
import threading
from functools import partial
from types import FrameType

import redis
import structlog
from peewee import InterfaceError, OperationalError, PeeweeException

from daemon.loop import poll_and_wake, tick
from daemon.polls import Polls
from extract import __version__, connections
from extract.config.load import load
from extract.errors import HilalError
from extract.process import logs
from extract.process.beats import Beat, here, write_beat
from extract.process.outages import Outage
from extract.process.redis_clients import why
from extract.runtime import Runtime, open_runtime
from extract.store.db import database
from extract.sync import clocks

TICK_SECONDS = 1.0

log = structlog.get_logger(__name__)

_REDIS, _DATABASE = Outage("redis"), Outage("database")


def main() -> int:
    """Run until SIGTERM or SIGINT; return the exit code."""
    stop = threading.Event()

    def end(signum: int, frame: FrameType | None) -> None:
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
    log.info("daemon_started", version=__version__, poll_seconds=config.watch.poll_seconds)
    http = connections.http_for(runtime)  # shared by all polls: a new client would need a new TLS handshake
    polls = Polls(partial(poll_and_wake, runtime, http=http), parallel=config.watch.parallel_polls)
    checked = clocks.LastCheck()
    while not stop.is_set():
        _one_tick(runtime, stop, polls, checked)
        stop.wait(TICK_SECONDS)
    return 0


def _one_tick(
    runtime: Runtime,
    stop: threading.Event,
    polls: Polls | None = None,
    checked: clocks.LastCheck | None = None,
) -> None:
    """One tick. If the database or Redis does not answer, log it and let the next tick try again."""
    try:
        with database.connection_context():
            write_beat(runtime.redis, "daemon", Beat(here(), runtime.clock()))
            tick(runtime, stop=stop, polls=polls, checked=checked)
        for outage in (_REDIS, _DATABASE):
            outage.over()
    except redis.RedisError as error:
        _REDIS.failed(why(error))
    except (OperationalError, InterfaceError) as error:
        _DATABASE.failed(f"{type(error).__name__}: {' '.join(str(error).split())}")
    except PeeweeException:
        log.exception("tick_failed")


if __name__ == "__main__":
    try:
        code = main()
    except SystemExit as ended:
        code = int(ended.code or 0)
    sys.stdout.flush()
    sys.stderr.flush()
    # A poll may be waiting for an answer of Notion. Ending it loses nothing: its requests are in the database, and its
    # watermark has not moved.
    os._exit(code)
