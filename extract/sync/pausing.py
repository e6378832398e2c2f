"""How long a connection rests, or only its mere looks, and what is written of it. Nobody sleeps meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from extract.errors import (
    Blocked,
    BudgetSpent,
    Forbidden,
    HilalError,
    Later,
    LooksSpent,
    ReconnectNeeded,
    VaultError,
)
from extract.notion.budget import BudgetUnreachable
from extract.rules.timing import LONGEST_REST
from extract.store.models import Connection
from extract.sync.runs import count_wait

_REST: Mapping[type[HilalError], timedelta] = {
    BudgetUnreachable: timedelta(seconds=10),
    # Its state keeps it still; who reconnects meanwhile need not wait.
    ReconnectNeeded: timedelta(seconds=10),
}
_LEAST_REST = timedelta(seconds=1)

log = structlog.get_logger(__name__)


def pause_until(error: HilalError, *, now: datetime) -> datetime:
    """When to go on: what Notion asks for to the second, a spent window never for a moment only."""
    if isinstance(error, BudgetSpent):
        return max(error.resume_at, now + _LEAST_REST)
    if isinstance(error, (Later, Blocked)):
        return error.resume_at
    return now + _REST.get(type(error), LONGEST_REST)


def checks_pause_until(error: LooksSpent, *, window: timedelta, now: datetime) -> datetime:
    """A whole window: coming back for each slot would spend them on beginning a listing anew."""
    return max(error.resume_at, now + window)


def pause_connection(connection_id: int, error: HilalError, *, now: datetime) -> None:
    """The whole connection pauses, and its open runs with it. Call inside a transaction that checked the lease."""
    until = pause_until(error, now=now)
    values: dict[str, object] = {"paused_until": until}
    if not isinstance(error, Later):
        log.warning("connection_paused", connection_id=connection_id, error=str(error))
    if isinstance(error, (Blocked, Forbidden, VaultError)):
        values["error"] = error.sentence
    Connection.update(values).where(Connection.id == connection_id).execute()
    count_wait(connection_id, until - now)
