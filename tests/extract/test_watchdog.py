"""What a worker says of itself, and that one whose main thread is stuck is ended."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest

from extract.config.load import ROOT
from extract.process.beats import STALLED_AFTER, Beat, beats, write_beat
from extract.runtime import Runtime
from extract.watchdog import Watchdog
from tests.clock import StoppedClock


def told(runtime: Runtime) -> Beat:
    [beat] = beats(runtime.redis, "worker")
    return beat


def test_a_beat_tells_the_connection_and_since_when(runtime: Runtime, clock: StoppedClock) -> None:
    watchdog = Watchdog(runtime)
    watchdog.idle()
    assert (told(runtime).at, told(runtime).connection_id) == (clock(), None)

    with watchdog.working(7):
        assert (told(runtime).connection_id, told(runtime).since) == (7, clock())
    assert told(runtime).connection_id is None

    watchdog.ended()
    assert beats(runtime.redis, "worker") == []


def test_progress_moves_the_beat_and_not_the_beginning(
    runtime: Runtime, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("extract.watchdog.BEAT_SECONDS", 0.0)
    watchdog, began = Watchdog(runtime), clock()
    with watchdog.working(7):
        clock.advance(seconds=30)
        watchdog.progress()

        assert (told(runtime).at, told(runtime).since) == (clock(), began)


def test_work_without_progress_is_stalled_and_idleness_is_not(clock: StoppedClock) -> None:
    at_work = Beat("host:1", clock(), connection_id=7, since=clock())
    late = clock() + STALLED_AFTER + timedelta(seconds=1)

    assert not at_work.is_stalled(clock() + STALLED_AFTER)
    assert at_work.is_stalled(late)
    assert not Beat("host:1", clock()).is_stalled(late)


@pytest.mark.parametrize(
    "value", ["", b"\xff", "nonsense", "2026-11-28T09:00:00", "2026-11-28T09:00:00+00:00 x y"]
)
def test_a_beat_that_cannot_be_read_is_none(runtime: Runtime, value: str | bytes) -> None:
    runtime.redis.set("hilal:beat:worker:host:1", value)

    assert beats(runtime.redis, "worker") == []


def test_a_beat_of_the_version_before_is_read(runtime: Runtime, clock: StoppedClock) -> None:
    runtime.redis.set("hilal:beat:worker:host:1", clock().isoformat())
    write_beat(runtime.redis, "worker", Beat("host:2", clock(), 7, clock()))

    assert {beat.connection_id for beat in beats(runtime.redis, "worker")} == {None, 7}


FROZEN = """
import re, signal, sys
from dataclasses import replace
from unittest.mock import Mock
from datetime import UTC, datetime
from extract.config.load import Config
from extract.watchdog import Watchdog

config = Config()
watch = replace(config.watch, stuck_seconds=float(sys.argv[1]))
runtime = Mock(config=replace(config, watch=watch), clock=lambda: datetime.now(UTC))
watchdog = Watchdog(runtime)
signal.signal(signal.SIGTERM, lambda *_: watchdog.end_soon())

def read_a_hostile_page():
    re.match(r"(a|aa)+$", "a" * 100 + "b")

def wait_for_ever():
    print("waiting", flush=True)
    while True:
        pass

with watchdog.working(7):
    {job}()
"""


def test_a_regular_expression_that_never_ends_ends_the_process_and_shows_where() -> None:
    """It holds Python's global lock: no thread and no signal handler of ours could run."""
    ended = subprocess.run(
        [sys.executable, "-c", FROZEN.replace("{job}", "read_a_hostile_page"), "0.5"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 1
    assert "in read_a_hostile_page" in ended.stderr


def test_asked_to_end_a_process_that_does_not_listen_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import extract.watchdog as w; w._ENDING_SECONDS = 0.5\n" + FROZEN.replace(
        "{job}", "wait_for_ever"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, "600"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.terminate()
        _, said = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "in wait_for_ever" in said
