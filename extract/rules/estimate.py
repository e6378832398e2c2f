"""How many requests a piece of work will take, and how long at the present budget: pure arithmetic over counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import ceil

LISTED_AT_ONCE = 100
"""Entries on one page of a listing of Notion's."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What the budget of a workspace lets work ask: `free` requests at once, then `limit` in each further window.

    `rests`: how long nothing is asked before that, because Notion wants a pause.
    """

    limit: int
    window: timedelta
    free: int
    rests: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Load:
    """What there is to ask. A page costs its body, and its title first unless a listing told it lately.

    `holes` are requests for what Notion leaves out of bodies. `is_least`: there may be more than is known.
    """

    pages: int = 0
    unlisted: int = 0
    listings: int = 0
    holes: int = 0
    is_least: bool = False

    @property
    def requests(self) -> int:
        return self.pages + self.unlisted + self.listings + self.holes

    def __add__(self, other: Load) -> Load:
        return Load(
            self.pages + other.pages,
            self.unlisted + other.unlisted,
            self.listings + other.listings,
            self.holes + other.holes,
            self.is_least or other.is_least,
        )


@dataclass(frozen=True, slots=True)
class Estimate:
    """The answer: `requests` of its own, `lasts` from now until it is done, what waits before it included."""

    requests: int
    lasts: timedelta
    is_least: bool = False
    ahead: int = 0


def estimate(load: Load, pace: Pace, *, ahead: int = 0) -> Estimate:
    """How long `load` takes when `ahead` requests of the same workspace come first."""
    return Estimate(load.requests, lasting(load.requests + ahead, pace), load.is_least, ahead)


def lasting(requests: int, pace: Pace) -> timedelta:
    """A window is spent in a burst and then waited for: what is beyond the slots now free costs whole windows."""
    if requests <= 0:
        return timedelta()
    beyond = max(requests - max(pace.free, 0), 0)
    return pace.rests + pace.window * ceil(beyond / max(pace.limit, 1))


def table_load(rows: int, *, tables: int = 1, is_least: bool = False) -> Load:
    """Listing a database and reading its rows: the container, each table, and each hundred rows."""
    tables = max(tables, 1)
    listings = 1 + tables + max(tables, ceil(rows / LISTED_AT_ONCE))
    return Load(pages=rows, listings=listings, is_least=is_least)


def with_holes(load: Load, requests_a_page: float) -> Load:
    """The same with as many holes as pages have had so far, if what they have cost is known."""
    return load + Load(holes=round(load.pages * max(requests_a_page - 1, 0)))


def minutes(lasts: timedelta) -> int:
    """Whole minutes, begun ones counted."""
    return ceil(lasts / timedelta(minutes=1))
