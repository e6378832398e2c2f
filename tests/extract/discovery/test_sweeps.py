"""The two sweeps: what they cost when nothing moves, and what they never pass over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from extract.runtime import Runtime
from extract.store.models import Connection
from sandbox import World
from sandbox.world.handles import DatabaseHandle
from tests.clock import StoppedClock
from tests.knowledge import Knowledge, connected


@pytest.fixture
def glossary(world: World, clock: StoppedClock) -> DatabaseHandle:
    return world.workspace("Acme", user="Ada").database("Glossary", {"Term": "title"})


@pytest.fixture
def acme(runtime: Runtime, clock: StoppedClock, world: World, glossary: DatabaseHandle) -> Knowledge:
    grant = world.install(world.workspace_named("Acme"), share=[glossary])
    return connected(runtime, clock, world, grant)


def test_a_crowd_of_rows_made_in_one_minute_costs_two_searches_a_poll_once_it_is_seen(
    acme: Knowledge, glossary: DatabaseHandle
) -> None:
    for number in range(250):
        glossary.row(f"Term {number}")
    acme.tick(glossary.id, schedule="live")
    acme.follow(seconds=15 * 60)
    acme.follow(seconds=60)
    acme.spent()

    acme.clock.advance(seconds=61)
    acme.watch()
    assert acme.spent() == ["search", "search"]


def test_what_comes_on_top_of_a_crowd_is_all_noticed(
    acme: Knowledge, glossary: DatabaseHandle, clock: StoppedClock
) -> None:
    acme.tick(glossary.id)
    acme.work()
    acme.follow(seconds=15 * 60)
    for number in range(150):
        glossary.row(f"Early {number}", body=f"early{number}")
    clock.advance(seconds=61)
    acme.watch()
    for number in range(150):
        glossary.row(f"Late {number}", body=f"late{number}")
    clock.advance(seconds=61)
    acme.watch()
    while acme.work().value in ("slice", "paused"):
        clock.advance(seconds=65)

    assert acme.answers("early0") == ["Early 0"]
    assert acme.answers("late0") == ["Late 0"]
    assert acme.answers("late149") == ["Late 149"]


def test_an_import_makes_the_next_sweep_look_back_however_long_nothing_moved(
    acme: Knowledge, glossary: DatabaseHandle, clock: StoppedClock
) -> None:
    acme.tick(glossary.id)
    acme.work()
    acme.follow(seconds=3600)
    assert Connection.get().edits_seen_to <= clock()
    acme.follow(seconds=3600)
    assert clock() - Connection.get().edits_seen_to <= timedelta(minutes=10)


def test_a_watermark_that_lies_ahead_of_notions_clock_is_set_back_by_a_day(
    acme: Knowledge, glossary: DatabaseHandle, clock: StoppedClock
) -> None:
    acme.tick(glossary.id)
    acme.work()
    acme.follow(seconds=3600)
    for number in range(150):
        glossary.row(f"Term {number}", body=f"word{number}")
    far = clock() + timedelta(days=3650)
    Connection.update(edits_seen_to=far, trash_seen_to=far, poll_at=None).execute()

    acme.follow(seconds=3600)
    while acme.work().value in ("slice", "paused"):
        clock.advance(seconds=65)

    assert (acme.answers("word0"), acme.answers("word149")) == (["Term 0"], ["Term 149"])
    assert Connection.get().edits_seen_to <= clock()
    assert Connection.get().trash_seen_to <= clock()
