"""The tables that need nothing but this checkout, one after the other: `make bench`. Five minutes at most."""

from __future__ import annotations

import time
from collections.abc import Callable

from bench import following, reading, search

CHARACTERS = 1_000_000
CHUNKS = 20_000


def main() -> None:
    tables: tuple[tuple[str, Callable[[], None]], ...] = (
        ("following Notion", following.main),
        ("reading pages", lambda: reading.main(CHARACTERS)),
        (f"searching {CHUNKS} chunks on SQLite", _search),
    )
    for title, table in tables:
        began = time.perf_counter()
        print(f"== {title}", flush=True)
        table()
        print(f"   ({time.perf_counter() - began:.0f} s)\n", flush=True)
    print("Quality of search: python -m bench.search quality FOLDER. Other readers: python -m bench.peers.")


def _search() -> None:
    with search.opened(""):
        search.speed(CHUNKS)


if __name__ == "__main__":
    main()
