"""What RQ calls: `drain` one connection; `wake` enqueues it. A job is an id; the rows hold the truth."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import datetime, timedelta
from typing import cast

import redis
import structlog
from rq import Queue

from . import drain as draining
from .db import database
from .runtime import Runtime
from .watch import CLOCKS_DIFFER

log = structlog.get_logger(__name__)

QUEUE = "sync"
stop = threading.Event()
"""Set by the worker when it is asked to end: the drain under way stops at its next document."""

_WAKING_SECONDS = 15
_LONGEST_QUEUE = 10_000
_runtime: Runtime | None = None


def work_with(runtime: Runtime) -> None:
    """Hand the worker process what its jobs need; once, at its start."""
    global _runtime
    _runtime = runtime


def wake(runtime: Runtime, connection_id: int) -> None:
    """Let a worker look at this connection soon. Waking twice is harmless; a lost wake is made good by the daemon.

    Called after the rows are committed; a Redis that does not answer is logged, not raised, for that reason.
    """

    def enqueue() -> None:
        try:
            queue = Queue(QUEUE, connection=runtime.redis)
            if queue.count >= _LONGEST_QUEUE:
                return  # nobody has worked for long: who wakes us again when somebody does is the daemon
            if _claim(runtime, _waking(connection_id)):
                timeout = int(runtime.config.watch.slice_seconds + 300)
                queue.enqueue(
                    "extract.jobs.drain", connection_id, job_timeout=timeout, result_ttl=0, failure_ttl=3600
                )
        except redis.RedisError as error:
            log.warning("wake_lost", connection_id=connection_id, error=type(error).__name__)

    database.after_commit(enqueue)


def _claim(runtime: Runtime, key: str) -> bool:
    """Return True when no job waits yet: one a connection is enough. The key goes when the job starts, or by itself.

    Redis counts its seconds by the clock of its machine; where that was set back, the time in the key tells.
    """
    now = runtime.clock()
    value, life = now.isoformat(), timedelta(seconds=_WAKING_SECONDS)
    if runtime.redis.set(key, value, nx=True, ex=life):
        return True
    found = cast(bytes | None, runtime.redis.get(key))
    with suppress(ValueError):  # written by an older version
        if found is not None and abs(now - datetime.fromisoformat(found.decode())) > life + CLOCKS_DIFFER:
            return bool(runtime.redis.set(key, value, ex=life))
    return False


def drain(connection_id: int) -> str:
    """The job. Work goes on in a new job when the slice ended before the work did."""
    if _runtime is None:
        raise RuntimeError("extract.jobs.work_with was not called in this process")
    runtime = _runtime
    runtime.redis.delete(_waking(connection_id))
    with database.connection_context():
        ended = draining.drain(runtime, connection_id, stop=stop)
        if ended is draining.Ended.SLICE:
            wake(runtime, connection_id)
    return ended.value


def _waking(connection_id: int) -> str:
    return f"hilal:waking:{connection_id}"


def beat(runtime: Runtime, *, role: str, name: str, life: timedelta = timedelta(minutes=5)) -> None:
    """Say that a process of this role is alive; doctor and the health page read it."""
    runtime.redis.set(f"hilal:beat:{role}:{name}", runtime.clock().isoformat(), ex=life)
