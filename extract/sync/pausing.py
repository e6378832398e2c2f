"""Decides for how long a connection, or only its routine checks, are paused, and stores it. Nothing sleeps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from extract.errors import (
    Blocked,
    BudgetSpent,
    ChecksSpent,
    Forbidden,
    HilalError,
    Later,
    ReconnectNeeded,
    VaultError,
)
from extract.notion.limits.budget import BudgetUnreachable
from extract.rules.timing import LONGEST_CONNECTION_PAUSE
from extract.store.models import Connection
from extract.sync.runs import count_wait

_PAUSES: Mapping[type[HilalError], timedelta] = {
    BudgetUnreachable: timedelta(seconds=10),
    # No drain runs in state `reconnect` anyway; after reconnecting, a person need not wait long.
    ReconnectNeeded: timedelta(seconds=10),
}
_LEAST_PAUSE = timedelta(seconds=1)

log = structlog.get_logger(__name__)


def pause_until(error: HilalError, *, now: datetime) -> datetime:
    """Return when the connection may continue after `error`: exactly when Notion says so, if it does.

    After a spent window that is at least a second from now.
    """
    if isinstance(error, BudgetSpent):
        return max(error.resume_at, now + _LEAST_PAUSE)
    if isinstance(error, (Later, Blocked)):
        return error.resume_at
    return now + _PAUSES.get(type(error), LONGEST_CONNECTION_PAUSE)


def checks_pause_until(error: ChecksSpent, *, window: timedelta, now: datetime) -> datetime:
    """Return when routine checks may continue: after a whole window.

    A drain for each free slot would spend the slots on the first requests of the same listing.
    """
    return max(error.resume_at, now + window)


def pause_connection(connection_id: int, error: HilalError, *, now: datetime) -> None:
    """Pause the whole connection and count it on its open runs. Call inside a transaction that checked the lease."""
    until = pause_until(error, now=now)
    values: dict[str, object] = {"paused_until": until}
    if not isinstance(error, Later):
        log.warning("connection_paused", connection_id=connection_id, error=str(error))
    if isinstance(error, (Blocked, Forbidden, VaultError)):
        values["error"] = error.sentence
    Connection.update(values).where(Connection.id == connection_id).execute()
    count_wait(connection_id, until - now)
