"""The worker process: takes connection ids from RQ and drains them, one at a time. `python -m extract.worker`"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import closing, suppress
from types import FrameType
from typing import Any

import redis
import structlog
from peewee import InterfaceError, OperationalError
from rq import SimpleWorker
from rq.exceptions import DequeueTimeout, StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer

from extract import __version__, jobs
from extract.config.load import load
from extract.errors import HilalError
from extract.process import logs
from extract.process.beats import beats, drop_beat, here
from extract.process.outages import Outage
from extract.process.redis_clients import connect, why
from extract.runtime import Runtime, open_runtime
from extract.watchdog import Watchdog

log = structlog.get_logger(__name__)

_WAIT_SECONDS = 15
"""How long one request to Redis waits for a job; between two of them the worker says that it lives."""


class Worker(SimpleWorker):  # type: ignore[misc]  # rq's own types are loose
    """RQ's worker in one process: a drain is a slice of bounded time, so a fork per job would buy nothing.

    The loop is our own: RQ's ends with a traceback when Redis goes, and lets whoever reaches Redis command workers.
    """

    def __init__(self, client: redis.Redis, watchdog: Watchdog) -> None:
        super().__init__(
            [jobs.sync_queue(client)],
            connection=client,
            name=f"{here()}:{os.urandom(3).hex()}",
            job_class=jobs.WakeUp,
            serializer=JSONSerializer,
        )
        self._watchdog = watchdog
        self.is_busy = False

    @property
    def connection_timeout(self) -> int:
        """Waiting for a job must not look like a lost Redis."""
        return _WAIT_SECONDS + 10

    def serve(self, outage: Outage) -> None:
        """Carry out jobs until `jobs.stop` is set. Raises RedisError when Redis goes, StopRequested when idle."""
        self.register_birth()
        log.info("worker_ready", name=self.name)
        while not jobs.stop.is_set():
            self.heartbeat()
            if self.should_run_maintenance_tasks:
                self.clean_registries()
            outage.over()
            self._watchdog.idle()
            with suppress(DequeueTimeout):
                found = self.queue_class.dequeue_any(
                    self.queues,
                    _WAIT_SECONDS,
                    connection=self.connection,
                    job_class=self.job_class,
                    serializer=self.serializer,
                )
                if found is not None:
                    self._carry_out(*found)

    def _carry_out(self, job: Job, queue: Any) -> None:
        self.is_busy = True
        try:
            self.execute_job(job, queue)
        finally:
            self.is_busy = False

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """One line for a part that is away; the daemon wakes the connection again. A traceback for a fault of ours."""
        error, connection_id = exc_info[1], job.args[0]
        if isinstance(error, (redis.RedisError, OperationalError, InterfaceError)):
            said = " ".join(str(error).split())[:200]
            log.warning("job_put_off", connection_id=connection_id, error=f"{type(error).__name__}: {said}")
        elif not isinstance(error, StopRequested):
            log.error("job_failed", connection_id=connection_id, exc_info=exc_info)


def main() -> int:
    """Run until SIGTERM or SIGINT; the exit code."""
    try:
        config = load()
        logs.configure(config.log)
        runtime = open_runtime(config)
    except HilalError as error:
        print(error.sentence, file=sys.stderr)
        return 1
    log.info("worker_started", version=__version__)
    watchdog = Watchdog(runtime)
    jobs.work_with(runtime, watchdog)
    _work(runtime, watchdog)
    watchdog.ended()
    log.info("worker_ended")
    return 0


def _work(runtime: Runtime, watchdog: Watchdog) -> None:
    """Work, and wait where Redis is away, until asked to end."""
    worker: Worker | None = None

    def end(signum: int, frame: FrameType | None) -> None:
        watchdog.end_soon()
        jobs.stop.set()
        if worker is None or not worker.is_busy:
            raise StopRequested

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    outage = Outage("redis")
    with suppress(StopRequested):
        _note_the_dead(runtime)
        while not jobs.stop.is_set():
            try:
                with closing(connect(runtime.config, socket_timeout=_WAIT_SECONDS + 10)) as client:
                    client.ping()
                    worker = Worker(client, watchdog)
                    worker.serve(outage)
            except redis.RedisError as error:
                jobs.stop.wait(outage.failed(why(error)))
    if worker is not None:
        with suppress(redis.RedisError):
            worker.register_death()


def _note_the_dead(runtime: Runtime) -> None:
    """Say which connections earlier workers of this machine were at when they were killed or got stuck."""
    host = here().rpartition(":")[0]
    with suppress(redis.RedisError):
        for beat in beats(runtime.redis, "worker"):
            machine, _, pid = beat.where.rpartition(":")
            if machine != host or not pid.isdecimal() or _is_running(int(pid)):
                continue
            if beat.connection_id is not None:
                log.warning("worker_had_died", where=beat.where, connection_id=beat.connection_id)
            drop_beat(runtime.redis, "worker", beat.where)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # A thread may still wait for the answer to a request that a stop gave up; the interpreter would wait for it.
    os._exit(code)
