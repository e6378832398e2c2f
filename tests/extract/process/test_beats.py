"""Signs of life of workers and daemons, and what counts as stalled."""

from __future__ import annotations

from datetime import timedelta

import pytest
import redis

from extract.process.beats import STALLED_AFTER, Beat, beats, drop_beat, here, last_beat, write_beat
from tests.clock import START

IDLE = Beat("a:1", START)
BUSY = Beat("b:2", START + timedelta(seconds=5), connection_id=7, since=START)


def test_what_was_written_is_read_the_latest_first(redis_server: redis.Redis) -> None:
    for beat in (IDLE, BUSY):
        write_beat(redis_server, "worker", beat)

    assert beats(redis_server, "worker") == [BUSY, IDLE]
    assert last_beat(redis_server, "worker") == BUSY.at


def test_workers_and_daemons_are_kept_apart(redis_server: redis.Redis) -> None:
    write_beat(redis_server, "worker", IDLE)

    assert beats(redis_server, "daemon") == []
    assert last_beat(redis_server, "daemon") is None


def test_a_process_has_one_beat_and_none_once_it_ended(redis_server: redis.Redis) -> None:
    write_beat(redis_server, "worker", BUSY)
    write_beat(redis_server, "worker", Beat("b:2", START + timedelta(seconds=9)))
    assert len(beats(redis_server, "worker")) == 1

    drop_beat(redis_server, "worker", "b:2")

    assert beats(redis_server, "worker") == []


def test_a_beat_runs_out_after_five_minutes(redis_server: redis.Redis) -> None:
    write_beat(redis_server, "worker", IDLE)

    assert 0 < redis_server.ttl("hilal:beat:worker:a:1") <= 300


@pytest.mark.parametrize(
    "value", [b"", b"soon", b"2026-11-28T09:00:00", b"2026-11-28T09:00:00+00:00 seven x", b"\xff"]
)
def test_what_is_no_beat_is_passed_over(redis_server: redis.Redis, value: bytes) -> None:
    redis_server.set("hilal:beat:worker:a:1", value)

    assert beats(redis_server, "worker") == []


@pytest.mark.parametrize(
    ("beat", "after", "stalled"),
    [
        (BUSY, STALLED_AFTER, False),
        (BUSY, STALLED_AFTER + timedelta(seconds=1), True),
        (IDLE, timedelta(hours=1), False),
    ],
)
def test_only_a_worker_at_work_can_be_stalled(beat: Beat, after: timedelta, stalled: bool) -> None:
    assert beat.is_stalled(beat.at + after) == stalled


def test_a_process_names_its_machine_and_itself() -> None:
    host, _, pid = here().rpartition(":")

    assert host
    assert pid.isdigit()
