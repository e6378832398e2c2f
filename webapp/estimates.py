"""How long an import will take, and what is at work still takes, at the present budget of their workspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from extract.connections import budget_for
from extract.estimate import Estimate, Load, Pace, estimate, lasting, with_holes
from extract.models import Connection
from extract.notion.budget import BudgetUnreachable
from extract.progress import Progress, requests_a_page, waiting

from .frame import runtime


def pace_of(connection: Connection) -> Pace:
    """What the workspace of this connection lets through now."""
    now = runtime().clock()
    budget = budget_for(runtime(), connection.workspace_id)
    try:
        paused, free = budget.paused_until(), budget.free("work")
    except BudgetUnreachable:
        paused, free = None, 0
    rests = max(paused - now, timedelta()) if paused else timedelta()
    return Pace(limit=budget.work_limit, window=budget.window, free=free, rests=rests)


def of_import(connection: Connection, load: Load) -> Estimate:
    """What importing `load` takes, behind what waits for the same workspace already."""
    wholly = with_holes(load, requests_a_page(connection.id))
    return estimate(wholly, pace_of(connection), ahead=waiting(connection.workspace_id))


def time_left(at_work: Sequence[tuple[Any, Progress]]) -> Mapping[int, timedelta]:
    """Source id -> how long until it is read. Of one workspace, what was asked for last is read first."""
    left: dict[int, timedelta] = {}
    paces: dict[str, Pace] = {}
    asked = {source.id: _requests_left(how_far) for source, how_far in at_work}
    for source, how_far in at_work:
        workspace = source.connection.workspace_id
        pace = paces.setdefault(workspace, pace_of(source.connection))
        ahead = sum(
            asked[other.id]
            for other, theirs in at_work
            if other.connection.workspace_id == workspace and _comes_before(other, theirs, source, how_far)
        )
        left[source.id] = lasting(asked[source.id] + ahead, pace)
    return left


def resting(connection: Connection) -> str | None:
    """Why nothing is read at this moment although something is at work; None when nothing rests."""
    until: datetime | None = connection.rest_until
    if connection.state != "alive" or until is None or until <= runtime().clock():
        return None
    if connection.error:
        return str(connection.error)
    if pace_of(connection).rests:
        return "Notion asks us to pause."
    return "The requests that Notion allows in a minute are used up."


def _requests_left(how_far: Progress) -> int:
    """Pages left, at what a page of this run has cost so far."""
    cost = min(max(how_far.requests / how_far.done, 1.0), 3.0) if how_far.done else 1.0
    return round(how_far.left * cost)


def _comes_before(other: Any, theirs: Progress, source: Any, ours: Progress) -> bool:
    if theirs.started_at is None or ours.started_at is None or theirs.started_at == ours.started_at:
        return bool(other.id < source.id)
    return theirs.started_at > ours.started_at
