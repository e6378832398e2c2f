"""The tables that need nothing but this checkout, one after the other: `make bench`. Eight minutes at most."""

from __future__ import annotations

import time
from collections.abc import Callable

from bench import following, reading, search
from bench.freshness.__main__ import short

CHARACTERS = 1_000_000
CHUNKS = 20_000


def main() -> None:
    tables: tuple[tuple[str, Callable[[], None]], ...] = (
        ("following Notion", following.main),
        ("freshness, in short", short),
        ("reading pages", lambda: reading.main(CHARACTERS)),
        (f"searching {CHUNKS} chunks on SQLite", _search),
    )
    for title, table in tables:
        began = time.perf_counter()
        print(f"== {title}", flush=True)
        table()
        print(f"   ({time.perf_counter() - began:.0f} s)\n", flush=True)
    print("Freshness in full: python -m bench.freshness. Other readers: python -m bench.peers.")
    print("Quality of search: python -m bench.search quality FOLDER.")


def _search() -> None:
    with search.opened(""):
        search.speed(CHUNKS)


if __name__ == "__main__":
    main()
