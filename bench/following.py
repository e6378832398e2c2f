"""What following Notion costs: requests of an import and of an idle poll, pages/s. `python -m bench.following`"""

from __future__ import annotations

import time

from bench.bed import Bed, bed
from daemon.loop import poll_one
from extract.config.schema import Log
from extract.process import logs
from extract.store.models import Connection


def main() -> None:
    logs.configure(Log(level="error"))
    _import_of_the_company()
    for documents in (10, 1_000):
        _idle_poll(documents)
    _speed(pages=400, latency_ms=300)
    _speed(pages=1_000, latency_ms=0)


def _import_of_the_company() -> None:
    with bed() as notion:
        sources = notion.tick_all()
        listing = notion.requests()
        notion.drain()
        asked = notion.requests()
        pages = notion.synced()
        listings = sum(listing.values()) + sum(count for name, count in asked.items() if name != "markdown")
        print(f"import of the practice company: {len(sources)} sources, {pages} pages")
        print(f"  picker {dict(listing)}, then {dict(asked)}")
        print(f"  {asked.get('markdown', 0) / pages:.2f} body requests a page, {listings} others")


def _idle_poll(documents: int) -> None:
    with bed(rows=documents, blocks=5) as notion:
        notion.tick_all()
        notion.drain()
        _poll(notion)
        notion.drain()
        notion.requests()
        _poll(notion)
        asked = notion.requests()
        print(f"idle poll with {notion.synced():>5} documents: {sum(asked.values())} requests {dict(asked)}")


def _poll(notion: Bed) -> None:
    Connection.update(poll_at=None).execute()
    poll_one(notion.runtime, notion.connection.id)


def _speed(*, pages: int, latency_ms: int) -> None:
    with bed(pages=pages, blocks=50, latency_ms=latency_ms) as notion:
        notion.tick_all()
        began, cpu = time.perf_counter(), time.process_time()
        notion.drain()
        seconds, busy = time.perf_counter() - began, time.process_time() - cpu
        print(
            f"{pages} pages of 50 blocks, {latency_ms} ms latency, no budget: "
            f"{pages / seconds:.1f} pages/s by the clock, {pages / busy:.1f} pages/s of one core"
        )


if __name__ == "__main__":
    main()
