"""How many requests a workspace may make in a window, learnt from what Notion answers: pure decisions.

Larger plans allow more, and no answer says which plan a workspace is on. So the limit is raised by a step after it
was used to the full without an objection, and falls back to what held as soon as Notion objects.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

RESPITE = timedelta(days=1)
"""How long nobody tries again after Notion has objected."""

_OBJECTIONS = ("rate_limited", "public_api_request_rate_limit")
"""The reasons of a 429 that speak of our own rate; others speak of a whole workspace or of one endpoint."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What is known of one workspace. `held` is the last limit that was used to the full without an objection."""

    present: int
    held: int
    full_at: datetime | None = None  # since when the present limit is used to the full; None: it is not yet
    refused_at: datetime | None = None  # when Notion last objected; None: not lately


def _possible(known: Limit, *, now: datetime) -> Limit:
    """Moments that lie ahead were written under a wrong clock: they count as now."""
    full_at, refused_at = (moment and min(moment, now) for moment in (known.full_at, known.refused_at))
    return replace(known, full_at=full_at, refused_at=refused_at)


def when_full(known: Limit, *, most: int, window: timedelta, now: datetime) -> Limit:
    """A request found no slot. A whole window after the first time nothing is unanswered: the limit has held."""
    known = _possible(known, now=now)
    rests = known.refused_at is not None and now < known.refused_at + RESPITE
    if rests or known.present >= most:
        return known
    if known.full_at is None:
        return replace(known, full_at=now)
    if now < known.full_at + window:
        return known
    raised = min(most, known.present + max(1, known.present // 4))
    return Limit(present=raised, held=known.present)


def when_refused(
    known: Limit, reason: str | None, *, configured: int, window: timedelta, now: datetime
) -> Limit:
    """Notion answered 429. Requests that were under way together are refused together, and count as one."""
    known = _possible(known, now=now)
    if reason not in _OBJECTIONS:
        return replace(known, full_at=None)
    if known.refused_at is not None and now < known.refused_at + window:
        return replace(known, full_at=None)
    return Limit(present=min(known.held, known.present), held=configured, refused_at=now)
