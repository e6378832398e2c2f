"""The worker process while Redis is away: it waits, says so in one line, and can be ended all the time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from peewee import OperationalError
from structlog.testing import capture_logs

from extract import __version__, jobs
from extract.config.load import ROOT
from extract.process import embedded_redis
from extract.process.beats import Beat, beats, here, write_beat
from extract.process.redis_clients import connect
from extract.runtime import Runtime
from extract.sync.drain import drain
from extract.watchdog import Watchdog
from extract.worker import Worker, _note_the_dead
from tests.clock import StoppedClock
from tests.conftest import FERNET_KEY
from tests.knowledge import Knowledge
from tests.stories.conftest import Notion, acme, notion

__all__ = ["acme", "notion"]

PATIENCE_SECONDS = 30


@dataclass
class Scene:
    """A worker of its own and the Redis that it uses."""

    worker: subprocess.Popen[bytes]
    log: Path
    socket: Path
    server: subprocess.Popen[bytes] | None = None

    def start_redis(self) -> None:
        self.server = embedded_redis.start(self.socket)

    def kill_redis(self) -> None:
        assert self.server is not None
        self.server.kill()
        self.server.wait()

    def said(self) -> list[str]:
        return self.log.read_text().splitlines()

    def eventually_says(self, event: str, times: int = 1) -> None:
        eventually(lambda: sum(f" {event} " in line for line in self.said()) >= times)

    def end(self) -> int:
        self.worker.terminate()
        return self.worker.wait(10)


def eventually(look: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not look():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


@pytest.fixture
def scene(sqlite_url: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    socket, log = tmp_path_factory.mktemp("redis") / "r.sock", tmp_path / "worker.log"
    (tmp_path / "config.toml").write_text("")
    environment = {
        **os.environ,
        "HILAL_CONFIG": str(tmp_path / "config.toml"),
        "HILAL_INSTANCE": str(tmp_path / "instance"),
        "DATABASE_URL": sqlite_url,
        "REDIS_URL": f"unix://{socket}",
        "SECRET_KEY": "a secret key for the tests only",
        "ENCRYPTION_KEYS": FERNET_KEY,
    }
    with log.open("wb") as output:
        worker = subprocess.Popen(
            [sys.executable, "-m", "extract.worker"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    made = Scene(worker, log, socket)
    yield made
    worker.kill()
    worker.wait()
    if made.server is not None:
        made.server.kill()
        made.server.wait()


def test_a_worker_waits_for_redis_and_goes_on_when_it_is_back(scene: Scene) -> None:
    scene.eventually_says("redis_away")
    scene.start_redis()
    scene.eventually_says("redis_back")
    scene.kill_redis()
    scene.eventually_says("redis_away", times=2)
    scene.start_redis()
    scene.eventually_says("redis_back", times=2)

    with redis.Redis(unix_socket_path=str(scene.socket)) as client:
        jobs.sync_queue(client).enqueue("extract.jobs.drain", 7, result_ttl=0)
        eventually(lambda: jobs.sync_queue(client).count == 0)
        assert client.keys("hilal:beat:worker:*") != []
        assert scene.end() == 0
        assert client.keys("hilal:beat:worker:*") == []

    events = [line.split("]")[1].split()[0] for line in scene.said()]
    assert events == [
        "worker_started",
        "redis_away",
        "worker_ready",
        "redis_back",
        "redis_away",
        "worker_ready",
        "redis_back",
        "worker_ended",
    ]
    assert f"version={__version__}" in scene.said()[0]


def test_a_worker_that_waits_for_redis_can_be_ended(scene: Scene) -> None:
    scene.eventually_says("redis_away")

    assert scene.end() == 0
    assert "Traceback" not in scene.log.read_text()


def test_the_next_worker_says_where_a_killed_one_was(runtime: Runtime, clock: StoppedClock) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    host = here().rpartition(":")[0]
    write_beat(runtime.redis, "worker", Beat(f"{host}:{gone.pid}", clock(), 7, clock()))
    write_beat(runtime.redis, "worker", Beat(f"{host}:{os.getpid()}", clock(), 8, clock()))
    write_beat(runtime.redis, "worker", Beat("another.machine:1", clock(), 9, clock()))

    with capture_logs() as lines:
        _note_the_dead(runtime)

    assert [(line["event"], line["connection_id"]) for line in lines] == [("worker_had_died", 7)]
    assert {beat.connection_id for beat in beats(runtime.redis, "worker")} == {8, 9}


@pytest.mark.parametrize(
    ("error", "event"),
    [
        (redis.ConnectionError("gone"), "job_put_off"),
        (OperationalError("database is locked"), "job_put_off"),
        (ValueError("a fault of ours"), "job_failed"),
    ],
)
def test_what_is_away_is_one_line_and_a_fault_has_its_traceback(
    runtime: Runtime, error: Exception, event: str
) -> None:
    worker = Worker(connect(runtime.config), Watchdog(runtime))
    job = jobs.sync_queue(runtime.redis).enqueue("extract.jobs.drain", 7)
    with capture_logs() as lines:
        worker.handle_exception(job, type(error), error, None)
    worker.connection.close()

    [line] = lines
    assert (line["event"], line["connection_id"]) == (event, 7)
    assert ("exc_info" in line) is (event == "job_failed")


def test_a_database_that_is_away_ends_the_start_with_one_line(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "extract.worker"],
        cwd=ROOT,
        env={"HILAL_INSTANCE": str(tmp_path), "DATABASE_URL": "postgres://u:word@127.0.0.1:1/none"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "DATABASE_URL" in ended.stderr
    assert "word" not in ended.stderr


def test_a_drain_reports_progress(acme: Knowledge, notion: Notion) -> None:
    acme.tick(notion.handbook.id)
    renewals: list[None] = []

    drain(acme.runtime, acme.connection.id, progress=lambda: renewals.append(None))

    assert len(renewals) > 1
