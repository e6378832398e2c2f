"""All records of a world, the indexes over them, and the listeners to changes."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from sandbox.state.ids import IdMint
from sandbox.state.ordering import OrderedIds
from sandbox.state.records import Change, Database, DataSource, Grant, Page, PendingCode, User, Workspace
from sandbox.state.rich_text import plain_text
from sandbox.state.search_index import Entry, SearchIndex
from sandbox.state.times import minute_number

Clock = Callable[[], datetime]


def real_time() -> datetime:
    """The time of this machine, in UTC."""
    return datetime.now(UTC)


class RowOrder:
    """The rows of one data source by creation and by edit, and the archived ones by creation."""

    def __init__(self) -> None:
        self.created = OrderedIds()
        self.edited = OrderedIds()
        self.archived = OrderedIds()


class State:
    """The records and their indexes. Whoever changes a record holds the lock and calls `changed` afterwards."""

    def __init__(self, clock: Clock | None = None, seed: int | str | None = None) -> None:
        self.clock: Clock = clock or real_time
        self.lock = threading.RLock()
        self.mint = IdMint(seed)
        self.search_lag_seconds: float = 0
        self.users: dict[str, User] = {}
        self.workspaces: dict[str, Workspace] = {}
        self.pages: dict[str, Page] = {}
        self.databases: dict[str, Database] = {}
        self.data_sources: dict[str, DataSource] = {}
        self.grants: dict[str, Grant] = {}
        self.codes: dict[str, PendingCode] = {}
        self.page_of_block: dict[str, str] = {}
        self.children: dict[str, dict[str, None]] = {}
        self.rows: dict[str, RowOrder] = {}
        self.search: dict[str, SearchIndex] = {}
        self.access_version = 0
        self.dirty: set[tuple[str, str]] = set()
        self._listeners: list[Callable[[Change], None]] = []
        self._sequence = 0

    def now(self) -> datetime:
        """The present time of the world, in UTC."""
        return self.clock().astimezone(UTC)

    def on_change(self, callback: Callable[[Change], None]) -> None:
        """Call back after each change, in the thread that made it."""
        self._listeners.append(callback)

    # Finding things

    def parent_of(self, identifier: str) -> str | None:
        """The id of the parent; None for a workspace and for what does not exist."""
        page = self.pages.get(identifier)
        if page is not None:
            return page.parent_id
        source = self.data_sources.get(identifier)
        if source is not None:
            return source.database_id
        database = self.databases.get(identifier)
        return database.parent_id if database is not None else None

    def kind_of(self, identifier: str) -> str | None:
        """page, database, data_source or block; None for what does not exist."""
        for kind, records in (
            ("page", self.pages),
            ("database", self.databases),
            ("data_source", self.data_sources),
            ("block", self.page_of_block),
        ):
            if identifier in records:
                return kind
        return None

    def node(self, identifier: str) -> Page | Database | DataSource | None:
        """The page, database or data source with this id."""
        return (
            self.pages.get(identifier) or self.databases.get(identifier) or self.data_sources.get(identifier)
        )

    def title_of(self, identifier: str) -> str:
        """The title of a page, database or data source; empty if it does not exist."""
        found = self.node(identifier)
        return plain_text(found.title) if found else ""

    def descendants(self, identifier: str) -> Iterator[str]:
        """The ids of everything below, this id included."""
        waiting = [identifier]
        while waiting:
            current = waiting.pop()
            yield current
            waiting.extend(self.children.get(current, ()))

    def lineage(self, identifier: str) -> Iterator[str]:
        """This id, then its ancestors up to the workspace."""
        current: str | None = identifier
        while current is not None:
            yield current
            current = self.parent_of(current)

    # Keeping indexes

    def index_for(self, workspace_id: str) -> SearchIndex:
        """The search index of a workspace."""
        if workspace_id not in self.search:
            self.search[workspace_id] = SearchIndex(self._search_entry)
        return self.search[workspace_id]

    def attach(self, parent_id: str, child_id: str) -> None:
        """Note a child below its parent."""
        self.children.setdefault(parent_id, {})[child_id] = None

    def detach(self, parent_id: str, child_id: str) -> None:
        """Remove a child from below its parent."""
        self.children.get(parent_id, {}).pop(child_id, None)

    def changed(self, kind: str, identifier: str, action: str) -> None:
        """Update the indexes after a change, mark the record to be saved, and call the listeners."""
        self.dirty.add((kind, identifier))
        now = self.now()
        if kind in ("page", "data_source"):
            self.reindex(kind, identifier, now)
        if self._listeners:
            change = Change(kind, identifier, action, now)
            for listener in self._listeners:
                listener(change)

    def reindex(self, kind: str, identifier: str, now: datetime) -> None:
        """Bring a record up to date in the search index and in the order of its rows."""
        record = self.pages.get(identifier) if kind == "page" else self.data_sources.get(identifier)
        if record is not None:
            self.index_for(record.workspace_id).touch(identifier, now, self.search_lag_seconds)
        if isinstance(record, Page) and record.parent_type == "data_source":
            self._order_row(record)

    def forget_row(self, data_source_id: str, page_id: str) -> None:
        """Take a row out of its data source's order."""
        order = self.rows.get(data_source_id)
        if order is not None:
            for ids in (order.created, order.edited, order.archived):
                ids.drop(page_id)

    def _order_row(self, page: Page) -> None:
        order = self.rows.setdefault(page.parent_id, RowOrder())
        self._sequence += 1
        if page.in_trash:
            self.forget_row(page.parent_id, page.id)
        elif page.archived:
            self.forget_row(page.parent_id, page.id)
            order.archived.put(page.id, minute_number(page.created), self._sequence)
        else:
            order.archived.drop(page.id)
            if page.id not in order.created:
                order.created.put(page.id, minute_number(page.created), self._sequence)
            order.edited.put(page.id, minute_number(page.edited), self._sequence)

    def _search_entry(self, identifier: str) -> Entry | None:
        page = self.pages.get(identifier)
        if page is not None:
            return Entry("page", plain_text(page.title), minute_number(page.edited), page.in_trash)
        source = self.data_sources.get(identifier)
        if source is not None:
            return Entry(
                "data_source", plain_text(source.title), minute_number(source.edited), source.in_trash
            )
        return None
