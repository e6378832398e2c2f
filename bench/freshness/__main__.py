"""How fresh the knowledge base is, and what that costs. bench/README.md says what each figure means.

python -m bench.freshness [requests|poll|latency|floor|capacity]    all of them without a word
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from bench.freshness import capacity, floor, latency, poll, requests
from extract.config.schema import Log
from extract.process import logs

SIZES = (100, 1_000, 10_000, 100_000)
CONNECTIONS = (1, 100, 1_000)


def main() -> None:
    logs.configure(Log(level="error"))
    given = _options()
    tables: dict[str, Callable[[], None]] = {
        "requests": lambda: requests.main(
            given.sizes, most_imported=given.most_imported, database_url=given.database
        ),
        "poll": lambda: _poll(given),
        "latency": lambda: latency.main(given.poll_seconds, edits=given.edits),
        "floor": lambda: floor.main(given.runs, browsing=not given.nobody_browses),
        "capacity": capacity.main,
    }
    for name in [given.what] if given.what else tables:
        began = time.monotonic()
        print(f"== {name}", flush=True)
        tables[name]()
        print(f"   ({time.monotonic() - began:.0f} s)\n", flush=True)


def short() -> None:
    """What `make bench` has time for."""
    requests.main((100, 1_000))
    poll.by_documents((100, 1_000))
    poll.by_connections((1, 100))
    latency.main((5,), edits=10, seconds_edits=0)
    capacity.main(latencies=(100,), connections=200)


def _poll(given: argparse.Namespace) -> None:
    poll.by_documents(given.sizes, database_url=given.database)
    poll.by_connections(given.connections, database_url=given.database)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.freshness",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", nargs="?", choices=("requests", "poll", "latency", "floor", "capacity"))
    parser.add_argument("--sizes", type=_numbers, default=SIZES, help="documents: 100,1000,10000,100000")
    parser.add_argument("--most-imported", type=int, default=10_000, help="larger ones are filled")
    parser.add_argument("--connections", type=_numbers, default=CONNECTIONS)
    parser.add_argument("--database", default="", help="a URL, or `embedded`: the tests' own PostgreSQL")
    parser.add_argument("--poll-seconds", type=_numbers, default=(5, 60))
    parser.add_argument("--edits", type=int, default=30)
    parser.add_argument(
        "--runs",
        type=lambda text: tuple(_numbers(run, "/") for run in text.split(",")),
        default=floor.RUNS,
        help="of floor: requests/seconds/documents, as in 60/20/300,180/60/900",
    )
    parser.add_argument(
        "--nobody-browses", action="store_true", help="of floor: nobody has used the picker for ten minutes"
    )
    return parser.parse_args()


def _numbers(text: str, between: str = ",") -> tuple[int, ...]:
    return tuple(int(number.replace("_", "")) for number in text.split(between) if number)


if __name__ == "__main__":
    main()
