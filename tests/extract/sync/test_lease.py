"""The lease of a drain: at most one works a connection, and one that lost it writes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from peewee import Database

from extract.errors import LeaseLost
from extract.store.models import Connection
from extract.sync import lease
from extract.sync.lease import Lease
from tests import rows
from tests.clock import START, StoppedClock

LATER = START + timedelta(minutes=5)


def take(connection: Connection, clock: StoppedClock) -> Lease | None:
    return lease.take(connection.id, seconds=90, clock=clock)


def until(connection: Connection) -> datetime | None:
    return rows.fresh(connection).lease_until


def test_a_lease_holds_for_its_seconds_and_nobody_else_gets_one(
    memory_store: Database, clock: StoppedClock
) -> None:
    connection = rows.connection()

    assert take(connection, clock) is not None
    assert until(connection) == START + timedelta(seconds=90)
    assert take(connection, clock) is None


@pytest.mark.parametrize(
    ("values", "free"),
    [
        ({"state": "reconnect"}, False),
        ({"state": "disconnected"}, False),
        ({"paused_until": LATER}, False),
        ({"paused_until": START}, True),
        ({"lease_until": START}, True),
    ],
)
def test_a_connection_is_free_when_it_is_alive_and_does_not_pause(
    memory_store: Database, clock: StoppedClock, values: dict[str, object], free: bool
) -> None:
    assert (take(rows.connection(**values), clock) is not None) == free


def test_a_renewed_lease_lasts_on_and_says_so(memory_store: Database, clock: StoppedClock) -> None:
    connection, renewals = rows.connection(), []
    held = lease.take(connection.id, seconds=90, clock=clock, renewed=lambda: renewals.append(clock()))
    assert held is not None

    clock.advance(seconds=60)
    held.renew()

    assert until(connection) == clock() + timedelta(seconds=90)
    assert renewals == [clock()]


def test_a_lease_that_another_took_over_cannot_be_renewed(
    memory_store: Database, clock: StoppedClock
) -> None:
    connection = rows.connection()
    orphan = take(connection, clock)
    clock.advance(seconds=91)
    heir = take(connection, clock)
    assert orphan is not None
    assert heir is not None

    with pytest.raises(LeaseLost):
        orphan.renew()
    orphan.release()

    assert heir.number == orphan.number + 1
    assert until(connection) is not None


def test_a_lease_that_ran_out_and_nobody_took_can_still_be_renewed(
    memory_store: Database, clock: StoppedClock
) -> None:
    held = take(rows.connection(), clock)
    assert held is not None
    clock.advance(hours=1)

    held.renew()


def test_a_released_lease_is_free_at_once(memory_store: Database, clock: StoppedClock) -> None:
    connection = rows.connection()
    held = take(connection, clock)
    assert held is not None

    held.release()

    assert until(connection) is None
    assert take(connection, clock) is not None
