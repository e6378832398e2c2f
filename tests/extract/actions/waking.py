"""Which connections an action has woken a worker for."""

from __future__ import annotations

from extract.jobs import sync_queue
from extract.runtime import Runtime


def woken(runtime: Runtime) -> list[int]:
    """The connections that wait in the queue, in order."""
    return [job.args[0] for job in sync_queue(runtime.redis).jobs]
