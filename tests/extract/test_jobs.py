"""A job from Redis can be nothing but a drain of one connection; whatever else lies there is dropped."""

from __future__ import annotations

import os
import pickle
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from rq import Queue
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from structlog.testing import capture_logs

from extract import jobs


def taken(client: redis.Redis) -> list[Any]:
    """The arguments of all jobs that a worker would carry out, in their order."""
    found = []
    queue = jobs.sync_queue(client)
    while job := Queue.dequeue_any(
        [queue], None, connection=client, job_class=jobs.WakeUp, serializer=JSONSerializer
    ):
        found.append(list(job[0].args))
    return found


def put(client: redis.Redis, data: bytes, job_id: str = "forged", **fields: str) -> None:
    client.hset(f"rq:job:{job_id}", mapping={"data": zlib.compress(data), "origin": jobs.QUEUE, **fields})
    client.rpush("rq:queue:sync", job_id)


class Evil:
    """Touches a file when somebody reads its pickle."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.system, (f"touch {self._path}",)


def test_a_wake_up_is_carried_out(redis_server: redis.Redis) -> None:
    jobs.sync_queue(redis_server).enqueue("extract.jobs.drain", 7)

    assert taken(redis_server) == [[7]]


def test_a_pickle_is_never_read(redis_server: redis.Redis, tmp_path: Path) -> None:
    put(redis_server, pickle.dumps(("extract.jobs.drain", None, (Evil(tmp_path / "touched"),), {})))

    assert taken(redis_server) == []
    assert not (tmp_path / "touched").exists()


def test_jobs_of_the_version_before_are_dropped_and_the_next_is_carried_out(
    redis_server: redis.Redis,
) -> None:
    Queue(jobs.QUEUE, connection=redis_server).enqueue("extract.jobs.drain", 7)
    jobs.sync_queue(redis_server).enqueue("extract.jobs.drain", 8)

    with capture_logs() as lines:
        assert taken(redis_server) == [[8]]

    assert [line["event"] for line in lines] == ["job_refused"]
    assert redis_server.llen("rq:queue:sync:intermediate") == 1  # only the one under way


@pytest.mark.parametrize(
    "data",
    [
        ["os.system", None, ["true"], {}],
        ["extract.jobs.drain", None, ["7"], {}],
        ["extract.jobs.drain", None, [7, 8], {}],
        ["extract.jobs.drain", None, [True], {}],
        ["extract.jobs.drain", None, [7], {"x": 1}],
        ["drain", "an instance", [7], {}],
        ["extract.jobs.drain"],
        {},
        "text",
        None,
    ],
)
def test_what_is_no_drain_of_one_id_is_refused(redis_server: redis.Redis, data: Any) -> None:
    put(redis_server, JSONSerializer.dumps(data))

    with capture_logs() as lines:
        assert taken(redis_server) == []

    assert [(line["event"], line["job_id"]) for line in lines] == [("job_refused", "forged")]
    assert redis_server.exists("rq:job:forged") == 0
    assert redis_server.llen("rq:queue:sync:intermediate") == 0


def test_a_worker_that_is_asked_to_end_while_it_takes_a_job_refuses_nothing(
    redis_server: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(redis_server, JSONSerializer.dumps(["extract.jobs.drain", None, [7], {}]))

    def interrupted(*arguments: object) -> None:
        raise StopRequested

    monkeypatch.setattr(Job, "restore", interrupted)
    with capture_logs() as lines, pytest.raises(StopRequested):
        taken(redis_server)

    assert lines == []
    assert redis_server.exists("rq:job:forged") == 1


def test_an_id_that_is_none_of_rqs_is_dropped(redis_server: redis.Redis) -> None:
    redis_server.rpush("rq:queue:sync", "not:an id")

    assert taken(redis_server) == []


def test_callbacks_and_addresses_named_in_a_job_are_not_read(redis_server: redis.Redis) -> None:
    data = JSONSerializer.dumps(["extract.jobs.drain", None, [7], {}])
    names = {f"{when}_callback_name": "os.getpid" for when in ("success", "failure", "stopped")}
    put(redis_server, data, **names, webhooks='[{"url": "http://127.0.0.1:1"}]', retries_left="3")
    job: Job = jobs.WakeUp.fetch("forged", connection=redis_server, serializer=JSONSerializer)

    assert job.success_callback is job.failure_callback is job.stopped_callback is None
    assert not job.webhooks
    assert job.retries_left is None
    assert job.func is jobs.drain
