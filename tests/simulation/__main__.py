"""`python -m tests.simulation --seeds 1..200 --steps 400`: plays many stories and tells the first of each failure."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from contextlib import ExitStack

import structlog

from extract.process import embedded_redis
from tests import postgres
from tests.simulation.play import Ending, play
from tests.simulation.shrink import shrink
from tests.simulation.stage.stage import Stage, scratch
from tests.simulation.steps import story


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", default="1..50", help="from..to, or one seed")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL instead of SQLite")
    parser.add_argument("--no-shrink", action="store_true")
    parser.add_argument("--told", action="store_true", help="tell the whole story, also of a good ending")
    asked = parser.parse_args()
    first, _, last = asked.seeds.partition("..")
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    folder = scratch()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        redis = embedded_redis.start(folder / "redis" / "redis.sock")
        stack.callback(redis.wait)
        stack.callback(redis.terminate)
        url = stack.enter_context(postgres.server("hilal_simulation")) if asked.postgres else None
        stage = Stage(folder, f"unix://{folder / 'redis' / 'redis.sock'}", url)
        return _play_all(stage, range(int(first), int(last or first) + 1), asked)


def _play_all(stage: Stage, seeds: range, asked: argparse.Namespace) -> int:
    began, failed = time.monotonic(), 0
    for seed in seeds:
        started = time.monotonic()
        ending = play(stage, seed, story(seed, asked.steps))
        took = time.monotonic() - started
        print(f"seed {seed}: {ending.requests} requests, {took:.1f} s, {ending.detail or 'good'}", flush=True)
        if asked.told:
            print("\n".join(ending.told))
        if ending.invariant is not None:
            failed += 1
            if not asked.no_shrink:
                print(tell(shortest(stage, ending), asked.steps), flush=True)
    spent = time.monotonic() - began
    print(
        f"{len(seeds)} stories, {failed} failed, {spent:.0f} s, {len(seeds) * asked.steps / spent:.0f} steps a second"
    )
    return 1 if failed else 0


def shortest(stage: Stage, ending: Ending) -> Ending:
    """The same failure in as few steps as can be found."""
    endings = {ending.steps: ending}

    def still_fails(steps) -> bool:  # type: ignore[no-untyped-def]
        again = play(stage, ending.seed, steps, to_quiet=ending.at_quiet)
        endings[tuple(steps)] = again
        return again.invariant == ending.invariant

    return endings[shrink(ending.steps, still_fails)]


def tell(ending: Ending, of: int) -> str:
    """A failing story as a person reads it."""
    head = f"seed {ending.seed}, {len(ending.steps)} steps left of {of}: {ending.detail}"
    return "\n".join([head, *(f"  {line}" for line in ending.told)])


if __name__ == "__main__":
    sys.exit(main())
