"""The title index of one workspace, which search reads. Changes reach it after a delay if one is set."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.state.ordering import Key, OrderedIds


@dataclass(frozen=True, slots=True)
class Entry:
    """The entry of a page or data source."""

    kind: str  # page | data_source
    title: str
    minute: int
    in_trash: bool


class SearchIndex:
    """Ids by kind, trash and last edit, with lower-case titles."""

    def __init__(self, look: Callable[[str], Entry | None]) -> None:
        self._look = look
        self._sequence = 0
        self._due: deque[tuple[datetime, str]] = deque()
        self._home: dict[str, OrderedIds] = {}
        self._lists: dict[tuple[str, bool], OrderedIds] = {
            (kind, trashed): OrderedIds() for kind in ("page", "data_source") for trashed in (False, True)
        }
        self.titles: dict[str, str] = {}
        self.hidden: set[str] = set()

    def touch(self, identifier: str, now: datetime, lag_seconds: float) -> None:
        """Note a change; it becomes visible after the lag."""
        if lag_seconds <= 0 and not self._due:
            self._apply(identifier)
        else:
            self._due.append((now + timedelta(seconds=lag_seconds), identifier))

    def catch_up(self, now: datetime) -> None:
        """Apply the changes whose lag is over."""
        while self._due and self._due[0][0] <= now:
            self._apply(self._due.popleft()[1])

    def lists(self, kind: str | None, in_trash: bool) -> list[OrderedIds]:
        """The sorted ids of one kind, or of both, in or out of the trash."""
        kinds = (kind,) if kind else ("page", "data_source")
        return [self._lists[kind, in_trash] for kind in kinds]

    def keys_of(self, identifiers: Iterable[str], kind: str | None, in_trash: bool) -> list[Key]:
        """The keys of these ids in the lists of a kind, oldest first; ids that are in no list are left out."""
        lists = self.lists(kind, in_trash)
        return sorted(
            key for identifier in identifiers for ids in lists if (key := ids.key(identifier)) is not None
        )

    def _apply(self, identifier: str) -> None:
        entry = self._look(identifier)
        home = self._home.pop(identifier, None)
        if home is not None:
            home.drop(identifier)
        if entry is None:
            self.titles.pop(identifier, None)
            return
        self._sequence += 1
        target = self._lists[entry.kind, entry.in_trash]
        target.put(identifier, entry.minute, self._sequence)
        self._home[identifier] = target
        self.titles[identifier] = entry.title.lower()
