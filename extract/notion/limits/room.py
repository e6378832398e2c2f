"""How many bytes of Notion's answers are held in memory at once, by all requests that share a room."""

from __future__ import annotations

from threading import Condition

from extract.errors import AnswerTooLarge, NeedsRoom

_LONGEST_WAIT = 30.0  # seconds; whoever holds the room may never give it back


class Room:
    """Room for `most` bytes; `for_one`: a single task has all of it. Safe to use from several threads."""

    def __init__(self, most: int, *, for_one: bool = False) -> None:
        self.most = most
        self.for_one = for_one
        self._held = 0
        self._changed = Condition()

    def take(self, count: int) -> bool:
        """Take room for `count` bytes more; False, and nothing taken, when there is not as much."""
        with self._changed:
            if self._held + count > self.most:
                return False
            self._held += count
            return True

    def give_back(self, count: int) -> None:
        """Return room for `count` bytes, and wake those who wait for it."""
        with self._changed:
            self._held -= count
            self._changed.notify_all()

    def wait(self) -> None:
        """Wait until no more than a quarter is taken, but not for long."""
        with self._changed:
            self._changed.wait_for(lambda: self._held * 4 <= self.most, timeout=_LONGEST_WAIT)


class Share:
    """What one task has taken of a room, until `release`. Its task is the only one that uses it."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._held = 0
        self.most_wanted = 0

    def wait(self) -> None:
        """Before the first request: wait for room, so that few answers come for which there is none."""
        self._room.wait()

    def take(self, count: int) -> None:
        """Take room for `count` bytes more.

        Raises NeedsRoom when there is none, AnswerTooLarge when there would be none for this task alone either.
        """
        self.most_wanted = max(self.most_wanted, self._held + count)
        if not self._room.take(count):
            raise AnswerTooLarge(self._room.most) if self._room.for_one else NeedsRoom(code="needs_room")
        self._held += count

    def give_back(self, count: int) -> None:
        """Of an answer that broke off."""
        self._room.give_back(count)
        self._held -= count

    def release(self) -> None:
        """Give back all that was taken."""
        self.give_back(self._held)
