"""How close a large import comes to the least time that the request budget allows.

The floor: with at most L requests in any W seconds, R requests take no less than (R - 1) // L windows, since L may be
sent at once and the next L a window later. The share is that floor divided by the wall time, from the first request
to the last commit; it cannot exceed one. `steady` is R / L windows by the same wall time: what the share would be if
requests could not come in bursts.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from bench.bed import Asked, bed
from bench.processes import running, wait_until
from extract import connections

LATENCY_MS = 200
RUNS = ((60, 20, 300), (180, 60, 900))
"""Requests a window, seconds of a window, documents."""


@dataclass(frozen=True, slots=True)
class Import:
    """One import under a budget: what was asked, and how long it took until the last commit."""

    asked: Sequence[Asked]
    wall: float
    documents: int
    work_limit: int
    limit: int
    window: int

    def floor(self, limit: int) -> float:
        return (len(self.asked) - 1) // limit * self.window

    def busiest(self) -> int:
        """The most requests that the sandbox served within any window."""
        times = [each.at for each in self.asked]
        return max(at + 1 - bisect_left(times, moment - self.window) for at, moment in enumerate(times))

    def bursts(self) -> list[tuple[float, int]]:
        """When requests came after a second without any, from the first on, and how many came then."""
        found: list[tuple[float, int]] = []
        last = float("-inf")
        for each in self.asked:
            if each.at - last > 1:
                found.append((each.at - self.asked[0].at, 0))
            found[-1] = (found[-1][0], found[-1][1] + 1)
            last = each.at
        return found


def measure(
    *, documents: int, limit: int, window: int, latency_ms: int = LATENCY_MS, browsing: bool = True
) -> Import:
    """Import a database of so many rows with worker and daemon, the limit in force at both ends."""
    with bed(
        rows=documents, blocks=10, latency_ms=latency_ms, requests_per_window=limit, window_seconds=window
    ) as notion:
        notion.tick_all()
        notion.requests()
        if not browsing:  # as when the person who ticked has closed the picker ten minutes ago
            for key in notion.runtime.redis.scan_iter("hilal:budget:*:browsing"):
                notion.runtime.redis.delete(key)
        work_limit = connections.budget_for(notion.runtime, notion.connection.workspace_id).share("sync")
        patience = 60 + 3 * window * (documents / work_limit + 1)
        with running(notion, "worker", "daemon"):
            wait_until(lambda: notion.synced() == documents, what="the import", patience=patience)
            ended = time.time()
        asked = [each for each in notion.journal() if each.at < ended]
        return Import(asked, ended - asked[0].at, documents, work_limit, limit, window)


def main(runs: Sequence[tuple[int, int, int]] = RUNS, *, browsing: bool = True) -> None:
    print(f"latency {LATENCY_MS} ms; {'a person' if browsing else 'nobody'} browses; share = floor / wall")
    for limit, window, documents in runs:
        done = measure(documents=documents, limit=limit, window=window, browsing=browsing)
        refused = sum(each.status == 429 for each in done.asked)
        print(
            f"{documents} documents at {limit} a {window} s: {len(done.asked)} requests in {done.wall:.1f} s, "
            f"{refused} refused, {done.busiest()} in the busiest {window} s"
        )
        print("  bursts " + ", ".join(f"{count} at {at:.1f}" for at, count in done.bursts()) + " s")
        for name, most in (("work's part", done.work_limit), ("all", done.limit)):
            steady = len(done.asked) / most * window / done.wall
            floor = done.floor(most)
            print(
                f"  {most:>4} a window ({name}): floor {floor:.0f} s, share {floor / done.wall:.3f}, "
                f"steady {steady:.3f}",
                flush=True,
            )
