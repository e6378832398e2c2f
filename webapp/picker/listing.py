"""What the picker shows of Notion's search: two passes merged by last edit, rows hidden, data sources as databases.

Pure: it takes what a search answered and says which pass to ask next. A pass lists newest first, so a row may be
shown once no open pass can still bring a newer one; when the requests of a load are used up, everything is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from extract.notion.stubs import SearchPage
from extract.values import ObjectKind, SourceKind, Stub

SCREENFUL = 25
Filter = Literal["all", "page", "database"]
FILTERS: tuple[Filter, ...] = ("all", "page", "database")

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the picker: a page, or a database (the container of its data sources)."""

    kind: SourceKind
    notion_id: str
    title: str
    url: str
    icon: str | None
    edited_at: datetime | None
    parent_id: str | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"edited_at": self.edited_at.isoformat() if self.edited_at else None}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Row:
        edited = value["edited_at"]
        return cls(**{**value, "edited_at": datetime.fromisoformat(edited) if edited else None})


@dataclass(slots=True)
class Pass:
    """How far one search has been followed. `frontier` is the edit time of its last entry."""

    kind: ObjectKind | None
    cursor: str | None = None
    done: bool = False
    frontier: datetime | None = None  # None: not asked yet


@dataclass(slots=True)
class Listing:
    """One search as far as it was listed: `rows` in the order shown, `held` until nothing newer can come."""

    passes: list[Pass]
    listed_at: datetime
    rows: list[Row] = field(default_factory=list)
    held: list[Row] = field(default_factory=list)
    looked_at: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether Notion has nothing more to list."""
        return all(each.done for each in self.passes)

    def next_pass(self) -> Pass | None:
        """The pass whose answer lets most rows be shown: the one that is still nearest to the present."""
        waiting = [each for each in self.passes if not each.done]
        return max(waiting, key=_nearness, default=None)

    def absorb(self, asked: Pass, page: SearchPage) -> None:
        """Take in an answer of `asked`, then show what can be shown."""
        self.looked_at += len(page.stubs)
        for stub in page.stubs:
            row = row_of(stub)
            if row is not None:
                self._hold(row)
        edits = [stub.edited_at for stub in page.stubs if stub.edited_at]
        asked.frontier = min(edits) if edits else asked.frontier or _LONG_AGO
        asked.done = page.next_cursor is None or page.next_cursor == asked.cursor
        asked.cursor = page.next_cursor
        self._release(max((_frontier(each) for each in self.passes if not each.done), default=_LONG_AGO))

    def seed(self, rows: Iterable[Row]) -> None:
        """Rows known from elsewhere that belong in this listing too."""
        for row in rows:
            self._hold(row)

    def release_all(self) -> None:
        """Show everything that is known, though something newer may still come."""
        self._release(_LONG_AGO)

    def _hold(self, row: Row) -> None:
        """Several data sources of one database are one row."""
        for place in (self.rows, self.held):
            for index, known in enumerate(place):
                if known.notion_id == row.notion_id:
                    titles = known.title.split(" · ")
                    if row.kind == "database" and row.title not in titles:
                        place[index] = replace(known, title=" · ".join([*titles, row.title]))
                    return
        self.held.append(row)

    def _release(self, newest_to_come: datetime) -> None:
        ready = [row for row in self.held if _edited(row) >= newest_to_come]
        ready.sort(key=_edited, reverse=True)
        self.rows.extend(ready)
        shown = {row.notion_id for row in ready}
        self.held = [row for row in self.held if row.notion_id not in shown]

    def to_json(self) -> dict[str, Any]:
        return {
            "passes": [
                [each.kind, each.cursor, each.done, each.frontier.isoformat() if each.frontier else None]
                for each in self.passes
            ],
            "listed_at": self.listed_at.isoformat(),
            "rows": [row.to_json() for row in self.rows],
            "held": [row.to_json() for row in self.held],
            "looked_at": self.looked_at,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Listing:
        return cls(
            passes=[
                Pass(kind, cursor, done, datetime.fromisoformat(frontier) if frontier else None)
                for kind, cursor, done, frontier in value["passes"]
            ],
            listed_at=datetime.fromisoformat(value["listed_at"]),
            rows=[Row.from_json(row) for row in value["rows"]],
            held=[Row.from_json(row) for row in value["held"]],
            looked_at=value["looked_at"],
        )


def new_listing(query: str, only: Filter, now: datetime) -> Listing:
    """Nothing asked yet. Everything is two passes, so that rows do not drown databases; a typed search is one."""
    kinds: list[ObjectKind | None]
    if only == "all":
        kinds = [None] if query else ["page", "data_source"]
    else:
        kinds = ["page" if only == "page" else "data_source"]
    return Listing(passes=[Pass(kind) for kind in kinds], listed_at=now)


def row_of(stub: Stub) -> Row | None:
    """The picker's row for what search found. None for rows of databases, which come with their database."""
    if stub.in_trash or stub.partial:
        return None
    if stub.kind == "page" and (stub.database_id or stub.parent.kind in ("data_source_id", "database_id")):
        return None
    is_page = stub.kind == "page"
    return Row(
        kind="page" if is_page else "database",
        notion_id=stub.id if is_page else stub.database_id or stub.id,
        title=stub.title,
        url=stub.url,
        icon=stub.icon,
        edited_at=stub.edited_at,
        parent_id=stub.parent.id if stub.parent.kind in ("page_id", "database_id") else None,
    )


def _nearness(each: Pass) -> tuple[bool, datetime]:
    return (each.frontier is None, each.frontier or _LONG_AGO)


def _frontier(each: Pass) -> datetime:
    """A pass that was not asked yet may bring anything."""
    return datetime.max.replace(tzinfo=UTC) if each.frontier is None else each.frontier


def _edited(row: Row) -> datetime:
    return row.edited_at or _LONG_AGO
