"""How long an import will take, and what is being read still takes, at the present budget of the workspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from extract.connections import budget_for
from extract.notion.limits.budget import BudgetUnreachable
from extract.rules.estimate import Estimate, Load, Pace, estimate, lasting, with_holes
from extract.rules.timing import AT_WORK
from extract.store.models import Connection, Source
from extract.worklist.progress import Progress, progress, requests_a_page, waiting
from webapp.page import runtime

_MOST_AT_WORK = 400  # sources of one workspace that are taken into account


def pace_of(connection: Connection) -> Pace:
    """How many requests the workspace of this connection may spend now, and until when it is paused."""
    now = runtime().clock()
    budget = budget_for(runtime(), connection.workspace_id)
    try:
        paused, free, limit = budget.paused_until(), budget.free("sync"), budget.share("sync")
    except BudgetUnreachable:
        paused, free, limit = None, 0, max(1, runtime().config.notion.requests_per_window)
    pause = max(paused - now, timedelta()) if paused else timedelta()
    return Pace(limit=limit, window=budget.window, free=free, pause=pause)


def import_estimate(connection: Connection, load: Load) -> Estimate:
    """How long importing `load` takes, after what waits for the same workspace already."""
    wholly = with_holes(load, requests_a_page(connection.id))
    return estimate(wholly, pace_of(connection), ahead=waiting(connection.workspace_id))


def time_left(sources: Sequence[Source]) -> Mapping[int, timedelta]:
    """Source id -> how long until it is read. In a workspace, the source requested last is read first.

    The budget belongs to the workspace, so sources of other chatbots count, too.
    """
    left: dict[int, timedelta] = {}
    for connection in {source.connection.workspace_id: source.connection for source in sources}.values():
        pace, requests = pace_of(connection), 0
        at_work = _at_work(connection.workspace_id)
        for source_id, how_far in sorted(at_work.items(), key=_reading_order):
            requests += _requests_left(how_far)
            left[source_id] = lasting(requests, pace)
    return left


def pause_reason(connection: Connection) -> str | None:
    """Why nothing of this connection is read at this moment; None if it is not paused."""
    until: datetime | None = connection.paused_until
    if connection.state != "alive" or until is None or until <= runtime().clock():
        return None
    if connection.error:
        return str(connection.error)
    if pace_of(connection).pause:
        return "Notion asks us to pause"
    return "Notion's request limit is used up"


def _at_work(workspace_id: str) -> Mapping[int, Progress]:
    rows = Source.select(Source.id).join(Connection)
    chosen = rows.where((Connection.workspace_id == workspace_id) & Source.status.in_(AT_WORK))
    return progress([row.id for row in chosen.order_by(Source.id.desc()).limit(_MOST_AT_WORK)])


def _reading_order(item: tuple[int, Progress]) -> tuple[float, int]:
    source_id, how_far = item
    return (-how_far.started_at.timestamp() if how_far.started_at else 0.0, source_id)


def _requests_left(how_far: Progress) -> int:
    """Pages left, at what a page of this run has cost so far."""
    cost = min(max(how_far.requests / how_far.done, 1.0), 3.0) if how_far.done else 1.0
    return round(how_far.left * cost)
