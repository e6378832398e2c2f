"""Ids kept sorted by time, so that a listing by time need not sort all of them."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator

Key = tuple[int, int, str]  # minute, sequence of the touch, id


class OrderedIds:
    """A sorted list of ids, each with a key. A change costs a binary search and a shift of the list."""

    def __init__(self) -> None:
        self._keys: list[Key] = []
        self._key_of: dict[str, Key] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, identifier: str) -> bool:
        return identifier in self._key_of

    def key(self, identifier: str) -> Key | None:
        """The key of an id; None if it is not in the list."""
        return self._key_of.get(identifier)

    def put(self, identifier: str, minute: int, sequence: int) -> None:
        """Add an id, or move it, to this minute and sequence."""
        self.drop(identifier)
        key = (minute, sequence, identifier)
        self._key_of[identifier] = key
        if not self._keys or key > self._keys[-1]:
            self._keys.append(key)
        else:
            insort(self._keys, key)

    def drop(self, identifier: str) -> None:
        """Remove an id if it is in the list."""
        key = self._key_of.pop(identifier, None)
        if key is not None:
            del self._keys[bisect_left(self._keys, key)]

    def ascending(self, after: Key | None = None) -> Iterator[Key]:
        """Keys from the oldest on, those after `after`."""
        start = 0 if after is None else bisect_right(self._keys, after)
        for position in range(start, len(self._keys)):
            yield self._keys[position]

    def descending(self, before: Key | None = None) -> Iterator[Key]:
        """Keys from the newest on, those before `before`."""
        stop = len(self._keys) if before is None else bisect_left(self._keys, before)
        for position in range(stop - 1, -1, -1):
            yield self._keys[position]

    def between(self, first_minute: int | None, last_minute: int | None) -> list[str]:
        """Ids whose minute lies within both bounds, oldest first."""
        low = 0 if first_minute is None else bisect_left(self._keys, (first_minute, -1, ""))
        high = len(self._keys) if last_minute is None else bisect_left(self._keys, (last_minute + 1, -1, ""))
        return [key[2] for key in self._keys[low:high]]
