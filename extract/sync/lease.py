"""The lease of a drain: one worker at a time syncs a connection, and one that lost the lease cannot write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from extract.errors import LeaseLost
from extract.store.models import Connection
from extract.values import Clock


@dataclass(frozen=True, slots=True)
class Lease:
    """The lease that one drain holds. Each `take` raises the connection's `number`, and each commit checks it.

    `renewed` is called after each renewal.
    """

    connection_id: int
    number: int
    seconds: float
    clock: Clock
    renewed: Callable[[], None]

    def renew(self) -> None:
        """Extend the lease, inside the caller's transaction. Raises LeaseLost if another drain has taken it."""
        until = self.clock() + timedelta(seconds=self.seconds)
        if not _update(self, lease_until=until):
            raise LeaseLost()
        self.renewed()

    def release(self) -> None:
        """Release the lease, so that the next drain may begin at once. Does nothing if it was lost already."""
        _update(self, lease_until=None)


def take(
    connection_id: int, *, seconds: float, clock: Clock, renewed: Callable[[], None] = lambda: None
) -> Lease | None:
    """Take the lease of a connection. Return None if another drain has it, or the connection is paused or not alive."""
    now = clock()
    free = Connection.lease_until.is_null() | (Connection.lease_until <= now)
    not_paused = Connection.paused_until.is_null() | (Connection.paused_until <= now)
    taken = (
        Connection.update(
            lease_number=Connection.lease_number + 1, lease_until=now + timedelta(seconds=seconds)
        )
        .where((Connection.id == connection_id) & (Connection.state == "alive") & free & not_paused)
        .execute()
    )
    if taken != 1:
        return None
    # No other drain can take it between the update and this read: it is not free any more.
    number = Connection.select(Connection.lease_number).where(Connection.id == connection_id).scalar()
    return Lease(connection_id=connection_id, number=number, seconds=seconds, clock=clock, renewed=renewed)


def _update(lease: Lease, **values: object) -> bool:
    ours = (Connection.id == lease.connection_id) & (Connection.lease_number == lease.number)
    return bool(Connection.update(**values).where(ours).execute() == 1)
