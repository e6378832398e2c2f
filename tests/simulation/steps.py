"""A story: small frozen steps made up front from a seed. Any part of a story is a story, too."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

NUMBERS = 6
"""How many choices a step brings along; each is taken modulo what there is to choose from at that moment."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens. What the numbers choose depends on who acts; see `notion`, `ours` and `fate`."""

    number: int
    verb: str
    numbers: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.number:>4}  {self.verb}"


# Verb -> how often it is chosen. What is not listed here never happens.
NOTION: Mapping[str, int] = {
    "edit a page": 30,
    "edit twice within a minute": 8,
    "edit with links": 8,
    "rename a page": 10,
    "add a page": 10,
    "add a row": 12,
    "add a database": 4,
    "add a data source": 2,
    "rename a database": 3,
    "move a page": 8,
    "move a row": 6,
    "move a database": 2,
    "trash a page": 8,
    "restore a page": 8,
    "purge a page": 3,
    "trash a database": 2,
    "restore a database": 4,
    "purge a database": 1,
    "archive a row": 4,
    "unarchive a row": 4,
    "share": 6,
    "unshare": 6,
    "set a property": 12,
    "relate two rows": 6,
    "change a formula": 4,
    "rename a column": 3,
    "add a column": 2,
    "remove a column": 1,
    "retype a column": 2,
    "hide from search": 2,
}
OURS: Mapping[str, int] = {
    "tick": 14,
    "delete a source": 2,
    "retrain": 4,
    "change a schedule": 4,
    "stop a source": 4,
    "resume a source": 5,
    "widen or narrow": 4,
    "hide columns": 4,
    "answer the brake": 4,
    "disconnect": 1,
    "reconnect": 5,
}
FATE: Mapping[str, int] = {
    "follow": 90,
    "the daemon ticks": 15,
    "a worker works": 15,
    "a moment passes": 25,
    "hours pass": 5,
    "a day passes": 2,
    "the daemon is down": 3,
    "rate limited": 4,
    "Notion blocks us": 1,
    "something is denied once": 5,
    "overloaded": 2,
    "server errors": 5,
    "an edge answers in HTML": 2,
    "half a JSON": 3,
    "dropped connections": 4,
    "Notion hangs": 3,
    "query is unavailable": 2,
    "cursors are refused": 2,
    "search lags": 3,
    "search is quick": 4,
    "a worker is killed": 8,
    "a worker freezes": 4,
    "edits meanwhile": 14,
    "our people act meanwhile": 10,
    "Redis is emptied": 2,
    "clocks differ": 2,
    "our clock is set": 2,
    "the weather for events": 6,
    "the token expires": 3,
    "the token is revoked": 2,
}
DECK: Mapping[str, int] = {**NOTION, **OURS, **FATE}
OPENING = ("tick",) * 8 + ("follow",)
"""How every story begins, so that there is something to follow."""


def story(seed: int, length: int) -> tuple[Step, ...]:
    """The story of a seed; the same seed and length give the same story."""
    chance = random.Random(f"story-{seed}")
    verbs, weights = list(DECK), list(DECK.values())
    chosen = [*OPENING, *chance.choices(verbs, weights, k=max(0, length - len(OPENING)))]
    return tuple(
        Step(number, verb, tuple(chance.randrange(1_000_000) for _ in range(NUMBERS)))
        for number, verb in enumerate(chosen, start=1)
    )
