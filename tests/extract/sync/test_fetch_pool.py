"""Where requests run: in a few threads, or in the caller's where no thread can be started."""

from __future__ import annotations

import threading

import pytest

from extract.sync.fetch_pool import InPlace, open_pool


def test_a_pool_makes_as_many_requests_at_once_as_it_was_asked_for() -> None:
    pool, parallel = open_pool(3)
    together = threading.Barrier(3)

    waiting = [pool.submit(together.wait, 10) for _ in range(3)]

    assert parallel == 3
    assert sorted(task.result(10) for task in waiting) == [0, 1, 2]
    pool.shutdown()


def test_where_no_thread_starts_each_request_runs_in_the_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)

    pool, parallel = open_pool(3)

    assert parallel == 1
    assert pool.submit(threading.get_ident).result() == threading.get_ident()


def test_a_failure_in_place_is_met_where_the_result_is_taken() -> None:
    task = InPlace().submit(int, "no number")

    assert task.done()
    assert isinstance(task.exception(), ValueError)
