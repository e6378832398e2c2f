"""Waits until sources have settled, by querying their rows; the pause between two queries is an argument."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from extract.rules.timing import AT_WORK
from extract.store.models import Source
from extract.values import Clock

Pause = Callable[[float], None]

pause: Pause = time.sleep
"""What `settled` does between two queries."""


def settled(
    source_ids: Sequence[int], *, clock: Clock, timeout: float, wait: Pause | None = None
) -> Iterator[Source]:
    """Each source once it is no longer at work, in the order in which they settle.

    A source that was deleted meanwhile is left out. Raises TimeoutError if some are still at work after
    `timeout` seconds; its argument is how many.
    """
    deadline = clock() + timedelta(seconds=timeout)
    open_ids = set(source_ids)
    seconds = 0.2
    while True:
        rows = list(Source.select().where(Source.id.in_(open_ids)).order_by(Source.id))
        open_ids = {row.id for row in rows if row.status in AT_WORK}
        yield from (row for row in rows if row.id not in open_ids)
        if not open_ids:
            return
        if clock() >= deadline:
            raise TimeoutError(len(open_ids))
        (wait or pause)(seconds)
        seconds = min(seconds * 1.5, 2.0)
