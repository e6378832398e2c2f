"""How long an idle poll and the daemon's dispatch take, by documents held and by connections."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from bench.bed import Bed, bed
from bench.crowd import copied, newcomers
from bench.filling import fill
from bench.freshness.requests import NO_DAILY_LOOKS, poll
from daemon.loop import tick
from extract import connections, jobs
from extract.discovery.arrivals import notice_shown
from extract.store.db import database
from extract.store.models import Connection, Document
from extract.values import Stub, utc_now
from extract.worklist import due

TIMES = 15
DOCUMENTS_EACH = 10


def by_documents(sizes: Sequence[int], *, database_url: str = "") -> None:
    """One connection with so many documents; milliseconds, the median of several."""
    print(
        f"{'documents':>10}{'idle poll':>11}{'our part':>10}{'tick':>8}{'with work?':>12}{'mark 100':>10}{'wake':>7}"
    )
    for documents in sizes:
        with bed(rows=documents, blocks=3, settings=NO_DAILY_LOOKS, database_url=database_url) as notion:
            fill(notion)
            poll(notion)
            notion.drain()
            idle = _median(partial(poll, notion))
            ours = _median(partial(poll, notion), clock=time.process_time)
            _nothing_due()
            resting = _median(partial(tick, notion.runtime))
            asked = _median(lambda: due.connections_with_work(now=utc_now()))
            print(
                f"{documents:>10}{idle:>11.1f}{ours:>10.1f}{resting:>8.2f}{asked:>12.2f}"
                f"{_marking(notion):>10.1f}{_waking(notion):>7.2f}",
                flush=True,
            )


def by_connections(counts: Sequence[int], *, database_url: str = "") -> None:
    """So many connections of ten documents each; milliseconds of one tick of the daemon."""
    print(f"{'connections':>12}{'nothing due':>13}{'with work?':>12}{'all have work':>15}{'a wake':>8}")
    for count in counts:
        with bed(rows=DOCUMENTS_EACH, blocks=3, settings=NO_DAILY_LOOKS, database_url=database_url) as notion:
            notion.tick_all()
            notion.drain()
            copied(notion, newcomers(notion, count - 1))
            _nothing_due()
            resting = _median(partial(tick, notion.runtime))
            asked = _median(lambda: due.connections_with_work(now=utc_now()))
            Document.update(requested_at=utc_now()).execute()
            notion.runtime.redis.flushdb()
            woken = _milliseconds(partial(tick, notion.runtime))
            print(
                f"{count:>12}{resting:>13.2f}{asked:>12.2f}{woken:>15.1f}{woken / count:>8.2f}",
                flush=True,
            )


def _nothing_due() -> None:
    Connection.update(poll_at=utc_now() + timedelta(days=1)).execute()


def _marking(notion: Bed) -> float:
    """Notice a hundred pages that have all moved; nothing of it is kept."""
    with connections.http_for(notion.runtime) as http:
        stubs = connections.client_for(notion.runtime, notion.connection, http=http).search(kind="page").stubs
    moved: list[Stub] = [replace(stub, edited_at=utc_now()) for stub in stubs]

    def mark() -> None:
        with database.atomic() as transaction:
            notice_shown(notion.connection.id, moved, now=utc_now(), verify_hours=24)
            transaction.rollback()

    return _median(mark)


def _waking(notion: Bed) -> float:
    def wake() -> None:
        notion.runtime.redis.flushdb()
        jobs.wake(notion.runtime, notion.connection.id)

    return _median(wake)


def _median(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    return statistics.median(_milliseconds(work, clock) for _ in range(TIMES))


def _milliseconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    began = clock()
    work()
    return (clock() - began) * 1000
