"""Several connections are polled at once, none twice; a poll that hangs or fails delays no other."""

from __future__ import annotations

import threading
from functools import partial
from queue import Queue

import pytest
from peewee import Database

from daemon.loop import poll_and_wake, tick
from daemon.polls import Polls
from extract.connections import http_for
from extract.store.models import Connection
from tests.knowledge import Knowledge
from tests.stories.conftest import Notion, acme, notion

__all__ = ["acme", "notion"]

PATIENCE = 20.0


class Notions:
    """Polls that tell when they begin, and end when they are let go; `hanging` ones wait for that."""

    def __init__(self, hanging: set[int]) -> None:
        self.hanging = hanging
        self.begun: Queue[int] = Queue()
        self.ended: Queue[int] = Queue()
        self.end_memberships = threading.Event()

    def __call__(self, connection_id: int) -> None:
        self.begun.put(connection_id)
        if connection_id in self.hanging:
            assert self.end_memberships.wait(PATIENCE)
        self.ended.put(connection_id)


def next_of(queue: Queue[int], count: int) -> list[int]:
    return sorted(queue.get(timeout=PATIENCE) for _ in range(count))


def test_a_connection_that_hangs_keeps_no_other_from_being_polled_at_the_next_tick(store: Database) -> None:
    notions = Notions(hanging={1})
    polls = Polls(notions, parallel=2)

    polls.offer([1, 2, 3])
    assert next_of(notions.ended, 2) == [2, 3]
    polls.offer([1, 4, 5])
    assert next_of(notions.ended, 2) == [4, 5]

    notions.end_memberships.set()
    assert next_of(notions.ended, 1) == [1]
    assert next_of(notions.begun, 5) == [1, 2, 3, 4, 5]  # the one under way was not begun again
    assert notions.begun.empty()


def test_no_more_are_under_way_than_configured(store: Database) -> None:
    notions = Notions(hanging={1, 2, 3, 4})
    polls = Polls(notions, parallel=2)

    polls.offer([1, 2, 3, 4])
    assert next_of(notions.begun, 2) == [1, 2]
    assert notions.begun.empty()

    notions.end_memberships.set()
    assert next_of(notions.ended, 4) == [1, 2, 3, 4]


def test_a_poll_that_breaks_costs_no_place(store: Database) -> None:
    ended: Queue[int] = Queue()

    def poll(connection_id: int) -> None:
        if connection_id < 5:
            raise RuntimeError("a fault")
        ended.put(connection_id)

    Polls(poll, parallel=1).offer([1, 2, 3, 4, 5])

    assert next_of(ended, 1) == [5]


@pytest.mark.parametrize("any_database_url", ["sqlite", "postgres"], indirect=True)
def test_a_tick_leaves_its_polls_to_others_who_use_one_way_to_notion(acme: Knowledge, notion: Notion) -> None:
    acme.tick(notion.handbook.id)
    acme.work()
    acme.clock.advance(seconds=61)
    notion.handbook.edit("Seen by a thread.")
    acme.clock.advance(seconds=61)
    done: Queue[int] = Queue()

    with http_for(acme.runtime) as http:

        def poll(connection_id: int) -> None:
            partial(poll_and_wake, acme.runtime, http=http)(connection_id)
            done.put(connection_id)

        tick(acme.runtime, polls=Polls(poll, parallel=8))
        assert next_of(done, 1) == [acme.connection.id]

    assert Connection.get().polled_at == acme.clock()
    acme.work()
    assert acme.answers("seen by a thread") == ["Handbook"]
