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

_WAIT_SECONDS = 5
"""How long one request to Redis waits for a job. The worker reports that it is alive before each.

It is shorter than the time within which a worker that was asked to end must have ended: the exception of the signal
handler may be caught by a library, and then the worker ends after this wait.
"""


class Worker(SimpleWorker):  # type: ignore[misc]  # rq's own types are loose
    """RQ's worker without a fork for each job: a drain lasts for a limited time, so forks would only cost time.

    The loop is our own: RQ's ends with a traceback when Redis goes away, and obeys commands sent through Redis.
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
        """The socket timeout in seconds, longer than the wait for a job: that wait must not count as a lost Redis."""
        return _WAIT_SECONDS + 10

    def serve(self, outage: Outage) -> None:
        """Run jobs until `jobs.stop` is set.

        Raises RedisError when Redis goes away, StopRequested when the process is asked to end while no job runs.
        """
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
                    self._run_job(*found)

    def _run_job(self, job: Job, queue: Any) -> None:
        self.is_busy = True
        try:
            self.execute_job(job, queue)
        finally:
            self.is_busy = False

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Log one line if Redis or the database is away, and a traceback for a bug.

        The daemon wakes the connection again.
        """
        error, connection_id = exc_info[1], job.args[0]
        if isinstance(error, (redis.RedisError, OperationalError, InterfaceError)):
            said = " ".join(str(error).split())[:200]
            log.warning("job_put_off", connection_id=connection_id, error=f"{type(error).__name__}: {said}")
        elif not isinstance(error, StopRequested):
            log.error("job_failed", connection_id=connection_id, exc_info=exc_info)


def main() -> int:
    """Run until SIGTERM or SIGINT. Return the exit code."""
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
    """Run jobs until asked to end. While Redis is away, wait and try again."""
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
        _report_dead_workers(runtime)
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


def _report_dead_workers(runtime: Runtime) -> None:
    """Log which connections earlier workers of this machine were draining when they were killed or got stuck."""
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
    # A thread may still wait for the response to an abandoned request, and the interpreter would wait for the thread.
    os._exit(code)
