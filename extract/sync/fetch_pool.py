"""The pool that a drain's requests to Notion run in: a few threads, or none if no thread can be started."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import structlog

log = structlog.get_logger(__name__)


def open_pool(most: int) -> tuple[Executor, int]:
    """Return a pool and how many requests it sends at once: `most`, or 1 in the caller's own thread.

    All threads are started here: a pool that fails to start one later would keep the task in its queue.
    """
    pool = ThreadPoolExecutor(most, thread_name_prefix="notion")
    all_started = threading.Event()
    try:
        for _ in range(most):
            pool.submit(all_started.wait)
    except RuntimeError as error:  # threading raises it when the system allows no more threads
        log.warning("threads_refused", wanted=most, error=str(error))
        pool.shutdown(wait=False, cancel_futures=True)
        return InPlace(), 1
    finally:
        all_started.set()
    return pool, most


class InPlace(Executor):
    """Runs each task at once, in the thread that submits it."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run the task. Return its future, which is done."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future
