"""The lease of a drain: at most one worker works a connection, and an orphan can write nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from extract.errors import LeaseLost
from extract.store.models import Connection
from extract.values import Clock


@dataclass(frozen=True, slots=True)
class Lease:
    """Held by one drain. `number` is the fence: each taking raises it, each commit checks it.

    `renewed` is called after each renewal.
    """

    connection_id: int
    number: int
    seconds: float
    clock: Clock
    renewed: Callable[[], None]

    def renew(self) -> None:
        """Prove, inside the caller's transaction, that the lease is still ours, and prolong it. Raises LeaseLost."""
        until = self.clock() + timedelta(seconds=self.seconds)
        if not _update(self, lease_until=until):
            raise LeaseLost()
        self.renewed()

    def release(self) -> None:
        """Let the next drain begin at once; nothing happens when the lease was lost already."""
        _update(self, lease_until=None)


def take(
    connection_id: int, *, seconds: float, clock: Clock, renewed: Callable[[], None] = lambda: None
) -> Lease | None:
    """The lease on an alive connection, or None when another holds it, it rests, or it is not alive."""
    now = clock()
    free = Connection.lease_until.is_null() | (Connection.lease_until <= now)
    rested = Connection.paused_until.is_null() | (Connection.paused_until <= now)
    taken = (
        Connection.update(
            lease_number=Connection.lease_number + 1, lease_until=now + timedelta(seconds=seconds)
        )
        .where((Connection.id == connection_id) & (Connection.state == "alive") & free & rested)
        .execute()
    )
    if taken != 1:
        return None
    # Between the update and this read nobody else can take it: it is not free any more.
    number = Connection.select(Connection.lease_number).where(Connection.id == connection_id).scalar()
    return Lease(connection_id=connection_id, number=number, seconds=seconds, clock=clock, renewed=renewed)


def _update(lease: Lease, **values: object) -> bool:
    ours = (Connection.id == lease.connection_id) & (Connection.lease_number == lease.number)
    return bool(Connection.update(**values).where(ours).execute() == 1)
