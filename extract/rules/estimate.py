"""How many requests a piece of work will take, and how long at the present budget: pure arithmetic over counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import ceil

LISTED_AT_ONCE = 100
"""Entries on one page of a listing of Notion's."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The request budget of a workspace: `free` requests at once, then `limit` in each further window.

    `pause`: how long requests are paused before that, because Notion asked for it.
    """

    limit: int
    window: timedelta
    free: int
    pause: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Load:
    """The requests that work takes: one for the body of each of `pages`, one for each of the `unlisted` page objects.

    A page object is fetched first unless a listing has shown it lately. `holes` are requests for what Notion leaves
    out of bodies. `is_least`: there may be more than is known.
    """

    pages: int = 0
    unlisted: int = 0
    listings: int = 0
    holes: int = 0
    is_least: bool = False

    @property
    def requests(self) -> int:
        """How many requests these are together."""
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
    """`requests` of the work itself, and how long it `lasts` from now, including the requests `ahead` of it."""

    requests: int
    lasts: timedelta
    is_least: bool = False
    ahead: int = 0


def estimate(load: Load, pace: Pace, *, ahead: int = 0) -> Estimate:
    """Estimate how long `load` takes when `ahead` requests of the same workspace come first."""
    return Estimate(load.requests, lasting(load.requests + ahead, pace), load.is_least, ahead)


def lasting(requests: int, pace: Pace) -> timedelta:
    """Return how long `requests` take. Those that do not fit into the slots free now take whole windows.

    A window is used up in a burst, and then the next one is awaited.
    """
    if requests <= 0:
        return timedelta()
    beyond = max(requests - max(pace.free, 0), 0)
    return pace.pause + pace.window * ceil(beyond / max(pace.limit, 1))


def table_load(rows: int, *, tables: int = 1, is_least: bool = False) -> Load:
    """Return the load of a database: its container, each data source, each hundred rows, and each row's body."""
    tables = max(tables, 1)
    listings = 1 + tables + max(tables, ceil(rows / LISTED_AT_ONCE))
    return Load(pages=rows, listings=listings, is_least=is_least)


def with_holes(load: Load, requests_a_page: float) -> Load:
    """Return `load` with as many requests for holes as pages have needed so far: `requests_a_page` less one."""
    return load + Load(holes=round(load.pages * max(requests_a_page - 1, 0)))


def minutes(lasts: timedelta) -> int:
    """Return `lasts` in minutes, rounded up."""
    return ceil(lasts / timedelta(minutes=1))
