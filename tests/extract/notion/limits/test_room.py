"""How many bytes of answers are held at once: taken, given back, refused, waited for."""

from __future__ import annotations

import threading

import pytest

from extract.errors import AnswerTooLarge, NeedsRoom
from extract.notion.limits.room import Room, Share


def test_room_is_taken_until_there_is_none() -> None:
    room = Room(10)

    assert room.take(7)
    assert not room.take(4)
    assert room.take(3)


def test_what_is_given_back_can_be_taken_again() -> None:
    room = Room(10)
    room.take(10)

    room.give_back(4)

    assert room.take(4)
    assert not room.take(1)


def test_an_answer_without_room_beside_others_is_asked_for_again_alone() -> None:
    room = Room(10)
    first, second = Share(room), Share(room)
    first.take(8)

    with pytest.raises(NeedsRoom):
        second.take(3)

    assert second.most_wanted == 3
    first.release()
    second.take(3)


def test_an_answer_without_room_for_itself_is_too_large() -> None:
    share = Share(Room(10, for_one=True))
    share.take(6)

    with pytest.raises(AnswerTooLarge):
        share.take(5)
    assert share.most_wanted == 11


def test_a_share_gives_back_what_broke_off_and_the_rest_at_its_end() -> None:
    room = Room(10)
    share = Share(room)
    share.take(6)

    share.give_back(4)
    share.release()

    assert room.take(10)


def test_a_task_waits_until_most_of_the_room_is_free() -> None:
    room = Room(8)
    holder = Share(room)
    holder.take(3)
    begun = threading.Event()

    def begin() -> None:
        Share(room).wait()
        begun.set()

    waiting = threading.Thread(target=begin)
    waiting.start()
    assert not begun.is_set()
    holder.give_back(1)  # a quarter is left
    waiting.join(10)

    assert begun.is_set()
