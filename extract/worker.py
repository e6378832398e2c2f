"""The worker process: takes connection ids from RQ and drains them, one at a time. `python -m extract.worker`"""

from __future__ import annotations

import os
import socket
import sys
import threading
from types import FrameType

import redis
import structlog
from rq import Queue, SimpleWorker

from . import jobs, logs
from .config import load
from .errors import HilalError
from .runtime import Runtime, open_runtime

log = structlog.get_logger(__name__)

BEAT_SECONDS = 15.0


class Worker(SimpleWorker):  # type: ignore[misc]  # rq's own types are loose
    """Works in its own process: a drain is a slice of bounded time, so a fork per job would buy nothing.

    Asked to end, it lets the drain stop at its next document and then goes.
    """

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        jobs.stop.set()
        super().request_stop(signum, frame)

    def request_force_stop(self, signum: int, frame: FrameType | None) -> None:
        jobs.stop.set()
        super().request_force_stop(signum, frame)


def main() -> int:
    """Run until SIGTERM or SIGINT; the exit code."""
    try:
        config = load()
        logs.configure(config.log)
        runtime = open_runtime(config)
        jobs.work_with(runtime)
        _keep_beating(runtime)
        # Waiting for work blocks on the socket for minutes; a time-out there would look like a lost Redis.
        waiting = redis.Redis.from_url(config.redis_url, socket_timeout=None)
        queue = Queue(jobs.QUEUE, connection=waiting)
        worker = Worker([queue], connection=waiting, name=f"{_name()}:{os.urandom(3).hex()}")
        log.info("worker_started", name=worker.name)
        worker.work(logging_level="WARNING", with_scheduler=False)
    except HilalError as error:
        print(error.sentence, file=sys.stderr)
        return 1
    except redis.RedisError as error:
        print(f"Redis does not answer at redis.url (REDIS_URL): {error}", file=sys.stderr)
        return 1
    return 0


def _name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def _keep_beating(runtime: Runtime) -> None:
    """A thread of its own says that we live, also while a long drain is under way."""

    def beat() -> None:
        while True:
            try:
                jobs.beat(runtime, role="worker", name=_name())
            except redis.RedisError as error:
                log.warning("beat_lost", error=type(error).__name__)
            if jobs.stop.wait(BEAT_SECONDS):
                return

    threading.Thread(target=beat, name="beat", daemon=True).start()


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # A thread may still wait for the answer to a request that a stop gave up; the interpreter would wait for it.
    os._exit(code)
