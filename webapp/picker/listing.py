"""The rows that the picker shows of Notion's search: two passes merged by last edit. Pure.

Rows of databases are left out, and data sources are shown as their database. A pass lists newest first, so a row may
be shown once no open pass can still return a newer one. When a load has used up its requests, all rows are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from extract.notion.stubs import SearchPage
from extract.values import ObjectKind, SourceKind, Stub
from webapp.formats import parse_iso

SCREENFUL = 25
KindFilter = Literal["all", "page", "database"]
FILTERS: tuple[KindFilter, ...] = ("all", "page", "database")

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PickerRow:
    """One line of the picker: a page, or a database (the container of its data sources)."""

    kind: SourceKind
    notion_id: str
    title: str
    url: str
    icon: str | None
    edited_at: datetime | None
    parent_id: str | None

    def to_json(self) -> dict[str, Any]:
        """A value that `json.dumps` takes."""
        return asdict(self) | {"edited_at": self.edited_at.isoformat() if self.edited_at else None}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> PickerRow:
        """The row of which `to_json` made `value`."""
        return cls(**{**value, "edited_at": parse_iso(value["edited_at"])})


@dataclass(slots=True)
class SearchProgress:
    """One search and how far it was read. `frontier` is the edit time of its last entry; None before any request."""

    kind: ObjectKind | None
    cursor: str | None = None
    done: bool = False
    frontier: datetime | None = None


@dataclass(slots=True)
class PickerListing:
    """One search as far as it was listed.

    `rows` are in the order shown; `held` rows wait until no pass can return a newer one. `looked_at` counts entries.
    """

    passes: list[SearchProgress]
    listed_at: datetime
    rows: list[PickerRow] = field(default_factory=list)
    held: list[PickerRow] = field(default_factory=list)
    looked_at: int = 0

    @property
    def is_complete(self) -> bool:
        """True if Notion has nothing more to list."""
        return all(search.done for search in self.passes)

    def next_pass(self) -> SearchProgress | None:
        """The pass to continue: the one that has come least far into the past, so that most rows can be shown."""
        unfinished = [search for search in self.passes if not search.done]
        return max(unfinished, key=_frontier, default=None)

    def add_page(self, search: SearchProgress, page: SearchPage) -> None:
        """Add a page of results of `search`, then show the rows that can be shown."""
        self.looked_at += len(page.stubs)
        for stub in page.stubs:
            row = row_of(stub)
            if row is not None:
                self._hold(row)
        edits = [stub.edited_at for stub in page.stubs if stub.edited_at]
        search.frontier = min(edits) if edits else search.frontier or _LONG_AGO
        search.done = page.next_cursor is None or page.next_cursor == search.cursor
        search.cursor = page.next_cursor
        self._release(
            max((_frontier(search) for search in self.passes if not search.done), default=_LONG_AGO)
        )

    def add_rows(self, rows: Iterable[PickerRow]) -> None:
        """Add rows that an earlier listing found."""
        for row in rows:
            self._hold(row)

    def release_all(self) -> None:
        """Show all rows, though a pass may still return a newer one."""
        self._release(_LONG_AGO)

    def _hold(self, row: PickerRow) -> None:
        """Hold a row. Several data sources of one database become one row."""
        for rows in (self.rows, self.held):
            for index, known in enumerate(rows):
                if known.notion_id == row.notion_id:
                    titles = known.title.split(" · ")
                    if row.kind == "database" and row.title not in titles:
                        rows[index] = replace(known, title=" · ".join([*titles, row.title]))
                    return
        self.held.append(row)

    def _release(self, newest_to_come: datetime) -> None:
        ready = [row for row in self.held if _edited(row) >= newest_to_come]
        ready.sort(key=_edited, reverse=True)
        self.rows.extend(ready)
        shown = {row.notion_id for row in ready}
        self.held = [row for row in self.held if row.notion_id not in shown]

    def to_json(self) -> dict[str, Any]:
        """A value that `json.dumps` takes."""
        return {
            "passes": [
                [
                    search.kind,
                    search.cursor,
                    search.done,
                    search.frontier.isoformat() if search.frontier else None,
                ]
                for search in self.passes
            ],
            "listed_at": self.listed_at.isoformat(),
            "rows": [row.to_json() for row in self.rows],
            "held": [row.to_json() for row in self.held],
            "looked_at": self.looked_at,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> PickerListing:
        """The listing of which `to_json` made `value`."""
        return cls(
            passes=[
                SearchProgress(kind, cursor, done, parse_iso(frontier))
                for kind, cursor, done, frontier in value["passes"]
            ],
            listed_at=datetime.fromisoformat(value["listed_at"]),
            rows=[PickerRow.from_json(row) for row in value["rows"]],
            held=[PickerRow.from_json(row) for row in value["held"]],
            looked_at=value["looked_at"],
        )


def new_listing(query: str, only: KindFilter, now: datetime) -> PickerListing:
    """A listing before its first request.

    Pages and databases are two passes, so that the many rows do not hide the databases; a typed search is one.
    """
    kinds: list[ObjectKind | None]
    if only == "all":
        kinds = [None] if query else ["page", "data_source"]
    else:
        kinds = ["page" if only == "page" else "data_source"]
    return PickerListing(passes=[SearchProgress(kind) for kind in kinds], listed_at=now)


def row_of(stub: Stub) -> PickerRow | None:
    """The row for what search found; None for a row of a database, which is imported with its database."""
    if stub.in_trash or stub.partial:
        return None
    if stub.kind == "page" and (stub.database_id or stub.parent.kind in ("data_source_id", "database_id")):
        return None
    is_page = stub.kind == "page"
    return PickerRow(
        kind="page" if is_page else "database",
        notion_id=stub.id if is_page else stub.database_id or stub.id,
        title=stub.title,
        url=stub.url,
        icon=stub.icon,
        edited_at=stub.edited_at,
        parent_id=stub.parent.id if stub.parent.kind in ("page_id", "database_id") else None,
    )


def _frontier(search: SearchProgress) -> datetime:
    """A pass before its first request may still return anything."""
    return datetime.max.replace(tzinfo=UTC) if search.frontier is None else search.frontier


def _edited(row: PickerRow) -> datetime:
    return row.edited_at or _LONG_AGO
