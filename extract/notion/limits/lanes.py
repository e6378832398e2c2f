"""Who a request is for, and how much of a workspace's window each of them may use. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Lane = Literal["interactive", "sync", "checks"]
"""`interactive`: a person waits before a page. `checks`: nothing is known to have changed. `sync`: the rest."""

LANES: tuple[Lane, ...] = ("interactive", "sync", "checks")

_FIRST_PAGE = 5  # requests that the first page of a picker takes at most
_ROUNDING = 1e-9  # 0.7 of 10 is 7, whatever floating-point arithmetic makes of it


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """What an operator grants: `limit` requests in any window, and the shares of it.

    `interactive_share` is kept for people who browse; `checks_share` is the most that checks may use. `most` is how
    far the limit may be raised by what is learnt; no request takes longer than `flight_seconds`.
    """

    limit: int
    window_seconds: float
    interactive_share: float
    checks_share: float = 1.0
    most: int = 0
    flight_seconds: float = 180.0

    def share(self, lane: Lane, limit: int, *, quiet: bool) -> int:
        """Return how many requests of a window this lane may use when `limit` counts at present.

        `quiet`: nobody has browsed lately, so that sync leaves only what the first page of a picker takes. Checks are
        a part of sync.
        """
        if lane == "interactive":
            return limit
        beside_people = _part(limit, 1 - self.interactive_share)
        sync = max(beside_people, limit - _FIRST_PAGE) if quiet else beside_people
        return sync if lane == "sync" else min(sync, _part(limit, self.checks_share))


def _part(limit: int, share: float) -> int:
    return max(1, int(limit * share + _ROUNDING))
