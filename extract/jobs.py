"""The RQ jobs: `wake` enqueues one for a connection, `drain` runs it. What is due is in the database, not in the job.

A job is data from Redis, so it is read as JSON and never as a pickle, and it can name one function only.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, cast

import redis
import structlog
from rq import Queue
from rq.exceptions import NoSuchJobError, StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer

from extract.rules.timing import CLOCKS_DIFFER
from extract.runtime import Runtime
from extract.store.db import database
from extract.sync import drain as draining
from extract.watchdog import Watchdog

log = structlog.get_logger(__name__)

QUEUE = "sync"
stop = threading.Event()
"""Set by the worker when it is asked to end. The drain under way stops at its next document."""

_DRAIN = "extract.jobs.drain"
_WAKING_SECONDS = 15
_LONGEST_QUEUE = 10_000
_FIELDS = frozenset(
    b"data created_at enqueued_at started_at ended_at last_heartbeat origin description timeout result_ttl "
    b"failure_ttl status worker_name".split()
)
_runtime: Runtime | None = None
_watchdog: Watchdog | None = None


class WakeUp(Job):  # type: ignore[misc]  # rq's own types are loose
    """A job that can only be a drain.

    RQ imports whatever function, callback or instance a job names. These fields are not read here, and a job of another
    form (also one that an older version left as a pickle) is dropped, since a lost wake-up does no harm.
    """

    def restore(self, raw_data: dict[bytes, bytes]) -> Any:
        """Read the job's fields. Raises NoSuchJobError for any other job; RQ goes on with the next one."""
        try:
            super().restore({name: value for name, value in raw_data.items() if name in _FIELDS})
            function, instance, args, kwargs = JSONSerializer.loads(self.data)
            is_wake_up = function == _DRAIN and instance is None and not kwargs
            if is_wake_up and len(args) == 1 and type(args[0]) is int:
                return
        except StopRequested:  # raised by the signal handler of the worker
            raise
        except Exception:  # noqa: S110 - data that is no job of RQ's; what RQ raises then is not documented
            pass
        _refuse(self.connection, self.id)
        self.connection.delete(self.key)
        raise NoSuchJobError(f"{self.id} is no wake-up")

    @classmethod
    def fetch(cls, id: str, connection: redis.Redis, serializer: Any = None) -> WakeUp:
        """Return the wake-up with this id. Raises NoSuchJobError if there is none."""
        try:
            return super().fetch(id, connection, serializer)  # type: ignore[no-any-return]  # rq's own types are loose
        except ValueError as error:  # the id is none of RQ's
            _refuse(connection, id)
            raise NoSuchJobError("this is no id of a job") from error

    @property
    def func(self) -> Callable[[int], str]:
        """The function to run: always `drain`, whatever name is in Redis."""
        return drain


def _refuse(client: redis.Redis, job_id: str) -> None:
    log.warning("job_refused", job_id=job_id[:80])
    client.lrem(sync_queue(client).intermediate_queue_key, 1, job_id)


def sync_queue(client: redis.Redis) -> Queue:
    """Return the queue of wake-ups."""
    return Queue(QUEUE, connection=client, job_class=WakeUp, serializer=JSONSerializer)


def work_with(runtime: Runtime, watchdog: Watchdog) -> None:
    """Set what the jobs of this worker process need. Call it once, at its start."""
    global _runtime, _watchdog
    _runtime, _watchdog = runtime, watchdog


def wake(runtime: Runtime, connection_id: int) -> None:
    """Enqueue a drain of this connection, unless one is waiting. The daemon repeats a wake-up that was lost.

    Inside a transaction the job is enqueued after the commit. If Redis does not answer, that is logged and not raised,
    since the rows are committed by then.
    """

    def enqueue() -> None:
        try:
            queue = sync_queue(runtime.redis)
            if queue.count >= _LONGEST_QUEUE:
                return  # no worker has run for long; when one does, the daemon wakes it again
            if _claim(runtime, _waking(connection_id)):
                timeout = int(runtime.config.watch.slice_seconds + 300)
                queue.enqueue(_DRAIN, connection_id, job_timeout=timeout, result_ttl=0, failure_ttl=3600)
        except redis.RedisError as error:
            log.warning("wake_lost", connection_id=connection_id, error=type(error).__name__)

    database.after_commit(enqueue)


def _claim(runtime: Runtime, key: str) -> bool:
    """Return True if no job waits under `key` yet. The key is deleted when the job starts, or expires.

    Redis expires it by the clock of its own machine. In case that clock was set back, the key holds the time as well.
    """
    now = runtime.clock()
    value, life = now.isoformat(), timedelta(seconds=_WAKING_SECONDS)
    if runtime.redis.set(key, value, nx=True, ex=life):
        return True
    found = cast(bytes | None, runtime.redis.get(key))
    with suppress(ValueError):  # an older version wrote the key without a time
        if found is not None and abs(now - datetime.fromisoformat(found.decode())) > life + CLOCKS_DIFFER:
            return bool(runtime.redis.set(key, value, ex=life))
    return False


def drain(connection_id: int) -> str:
    """Drain one connection: the job that RQ runs. Enqueue another if the slice of time ended before the work."""
    if _runtime is None or _watchdog is None:
        raise RuntimeError("extract.jobs.work_with was not called in this process")
    runtime = _runtime
    runtime.redis.delete(_waking(connection_id))
    with _watchdog.working(connection_id), database.connection_context():
        ended = draining.drain(runtime, connection_id, stop=stop, progress=_watchdog.progress)
        if ended is draining.Ended.SLICE:
            wake(runtime, connection_id)
    return ended.value


def _waking(connection_id: int) -> str:
    return f"hilal:waking:{connection_id}"
