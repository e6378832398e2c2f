"""How many connections one worker and one daemon serve at full rate on this machine.

A worker: how many pages a second it reads, one connection after the other, against what the budget lets one
connection read in a second. A daemon: how many connections it polls in a second, against one poll of each in
POLL_SECONDS. Both with Notion answering at once, and late.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta

from bench.bed import bed
from bench.crowd import copied, newcomers
from bench.freshness.requests import NO_DAILY_LOOKS
from bench.processes import running
from extract.config.schema import Notion, Watch
from extract.store.models import Connection
from extract.values import utc_now

LATENCIES = (0, 100, 300)
CONNECTIONS = 4
PAGES_EACH = 150
AT_MOST = 20


def worker(latencies: Sequence[int] = LATENCIES) -> None:
    usual = Notion()
    most = usual.requests_per_window / usual.window_seconds
    rate = most * (1 - usual.people_share)
    print(
        f"a worker: pages of 50 blocks; one connection may ask {rate:.2f} a second, {most:.2f} without people"
    )
    print(
        f"{'latency ms':>11}{'pages/s':>9}{'of one core':>13}{'connections':>13}{'at ' + f'{most:.0f}/s':>8}"
    )
    for latency in latencies:
        with bed(pages=PAGES_EACH, blocks=50, latency_ms=latency, settings=NO_DAILY_LOOKS) as notion:
            crowd = newcomers(notion, CONNECTIONS)
            for each in crowd:
                each.tick_all()
            began, cpu = time.perf_counter(), time.process_time()
            for each in crowd:
                each.drain()
            seconds, busy = time.perf_counter() - began, time.process_time() - cpu
            pages = notion.synced()
            print(
                f"{latency:>11}{pages / seconds:>9.1f}{pages / busy:>13.1f}"
                f"{pages / seconds / rate:>13.1f}{pages / seconds / most:>8.1f}",
                flush=True,
            )


def daemon(latencies: Sequence[int] = LATENCIES, connections: int = 1_000) -> None:
    seconds = Watch().poll_seconds
    print(
        f"a daemon: {connections} connections of two documents, nothing moved, all due at once, {AT_MOST} s watched"
    )
    print(
        f"{'latency ms':>11}{'polls/s':>9}{f'connections at {seconds:.0f} s':>22}{'ms of a core a poll':>21}"
    )
    for latency in latencies:
        once = {**NO_DAILY_LOOKS, "POLL_SECONDS": "86400"}
        with bed(rows=2, blocks=3, latency_ms=latency, settings=once) as notion:
            notion.tick_all()
            notion.drain()
            copied(notion, newcomers(notion, connections - 1))
            Connection.update(poll_at=utc_now() + timedelta(days=1)).execute()
            with running(notion, "daemon") as product:
                cpu = product.processor_seconds("daemon")
                polled, took = _polls(connections)
                busy = (product.processor_seconds("daemon") - cpu) / polled
            print(
                f"{latency:>11}{polled / took:>9.1f}{polled / took * seconds:>22.0f}{busy * 1000:>21.1f}",
                flush=True,
            )


def _polls(connections: int) -> tuple[int, float]:
    """All are due from now on: how many the daemon has polled when all are, or the time is over; and that time."""
    Connection.update(poll_at=None, polled_at=None).execute()
    began = time.perf_counter()
    while (took := time.perf_counter() - began) < AT_MOST:
        polled = Connection.select().where(Connection.polled_at.is_null(False)).count()
        if polled == connections:
            break
        time.sleep(0.05)
    return polled, took


def main(latencies: Sequence[int] = LATENCIES, connections: int = 1_000) -> None:
    worker(latencies)
    daemon(latencies, connections)
