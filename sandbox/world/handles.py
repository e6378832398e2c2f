"""Handles: pages, rows and databases with the verbs that a person has in Notion."""

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.content.simple_source import write_simple
from sandbox.editing import databases as database_verbs
from sandbox.editing import pages as page_verbs
from sandbox.state.ids import page_url
from sandbox.state.records import Block, Database, DataSource, Json, Page
from sandbox.state.rich_text import plain_text
from sandbox.state.state import State
from sandbox.state.times import print_minute


class Handle:
    """Anything with an id in a world. Two handles of the same thing are equal."""

    def __init__(self, state: State, identifier: str) -> None:
        self._state = state
        self.id = identifier

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Handle) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._state.title_of(self.id)!r}, {self.id})"


class PageHandle(Handle):
    """A page, or a row of a database."""

    @property
    def record(self) -> Page:
        """The record behind the handle."""
        return self._state.pages[self.id]

    @property
    def title(self) -> str:
        """The title without marks."""
        return plain_text(self.record.title)

    @property
    def url(self) -> str:
        """The address at which Notion shows the page."""
        return page_url(self.id, self.title)

    @property
    def last_edited_time(self) -> str:
        """The time as the API prints it, in whole minutes."""
        return print_minute(self.record.edited)

    @property
    def in_trash(self) -> bool:
        """Whether the page is in the trash."""
        return self.record.in_trash

    @property
    def blocks(self) -> list[Block]:
        """The body as block JSON."""
        with self._state.lock:
            return page_verbs.blocks_of(self._state, self.record)

    @property
    def source(self) -> str:
        """The body as simple markdown."""
        with self._state.lock:
            return write_simple(page_verbs.blocks_of(self._state, self.record), self._state.title_of)

    def edit(self, text: str) -> "PageHandle":
        """Replace the body by simple markdown."""
        with self._state.lock:
            page_verbs.write_text(self._state, self.record, text)
        return self

    def append(self, text: str) -> "PageHandle":
        """Add simple markdown at the end of the body."""
        with self._state.lock:
            page_verbs.append_text(self._state, self.record, text)
        return self

    def set_blocks(self, blocks: Iterable[Mapping[str, Any]]) -> "PageHandle":
        """Replace the body by the API's block JSON, nested under "children"."""
        with self._state.lock:
            page_verbs.write_blocks(self._state, self.record, blocks)
        return self

    def rename(self, title: str) -> "PageHandle":
        """Give the page another title."""
        with self._state.lock:
            page_verbs.rename(self._state, self.record, title)
        return self

    def set(self, values: Mapping[str, Any]) -> "PageHandle":
        """Set properties of a row by name; None empties one."""
        with self._state.lock:
            database_verbs.set_row_values(self._state, self.record, values)
        return self

    def set_icon(self, emoji: str | None) -> "PageHandle":
        """Give the page an emoji as its icon, or (None) none."""
        with self._state.lock:
            page_verbs.set_icon(self._state, self.record, emoji)
        return self

    def trash(self) -> "PageHandle":
        """Move to the trash, with everything below."""
        with self._state.lock:
            page_verbs.trash(self._state, self.record)
        return self

    def restore(self) -> "PageHandle":
        """Take out of the trash."""
        with self._state.lock:
            page_verbs.restore(self._state, self.record)
        return self

    def archive(self) -> "PageHandle":
        """Archive the page."""
        with self._state.lock:
            page_verbs.set_archived(self._state, self.record, True)
        return self

    def unarchive(self) -> "PageHandle":
        """Take out of the archive."""
        with self._state.lock:
            page_verbs.set_archived(self._state, self.record, False)
        return self

    def move(self, target: "PageHandle | DatabaseHandle | DataSourceHandle | None") -> "PageHandle":
        """Below a page, into a database, or (None) to the top of the workspace."""
        with self._state.lock:
            place: Page | DataSource | None
            if isinstance(target, DatabaseHandle):
                place = target.data_source.record
            else:
                place = target.record if target is not None else None
            page_verbs.move(self._state, self.record, place)
        return self

    def purge(self) -> None:
        """Delete for good: nobody finds it any more."""
        with self._state.lock:
            page_verbs.purge(self._state, self.record)


class DataSourceHandle(Handle):
    """One table of a database."""

    @property
    def record(self) -> DataSource:
        """The record behind the handle."""
        return self._state.data_sources[self.id]

    @property
    def title(self) -> str:
        """The title without marks."""
        return plain_text(self.record.title)

    def row(self, title: str, values: Mapping[str, Any] | None = None, body: str = "") -> PageHandle:
        """A new row with values by property name and a body in simple markdown."""
        with self._state.lock:
            return PageHandle(
                self._state, database_verbs.create_row(self._state, self.record, title, values or {}, body).id
            )

    @property
    def rows(self) -> list[PageHandle]:
        """All rows, trashed ones included, in the order they were made."""
        with self._state.lock:
            return [PageHandle(self._state, row_id) for row_id in self._state.children.get(self.id, ())]

    def change_schema(self, schema: Mapping[str, Any]) -> "DataSourceHandle":
        """Add properties, or (None) remove them."""
        with self._state.lock:
            database_verbs.change_schema(self._state, self.record, schema)
        return self

    def rename_property(self, name: str, new_name: str) -> "DataSourceHandle":
        """Give a property another name."""
        with self._state.lock:
            database_verbs.rename_property(self._state, self.record, name, new_name)
        return self


class DatabaseHandle(Handle):
    """A database; most have one data source and its rows."""

    @property
    def record(self) -> Database:
        """The record behind the handle."""
        return self._state.databases[self.id]

    @property
    def title(self) -> str:
        """The title without marks."""
        return plain_text(self.record.title)

    @property
    def url(self) -> str:
        """The address at which Notion shows the database."""
        return page_url(self.id)

    @property
    def data_source(self) -> DataSourceHandle:
        """The first data source."""
        return self.data_sources[0]

    @property
    def data_sources(self) -> list[DataSourceHandle]:
        """All data sources."""
        return [DataSourceHandle(self._state, source_id) for source_id in self.record.data_source_ids]

    def add_data_source(self, title: str, schema: Mapping[str, Any]) -> DataSourceHandle:
        """Add another data source."""
        with self._state.lock:
            made = database_verbs.add_data_source(self._state, self.record, title, schema)
            return DataSourceHandle(self._state, made.id)

    def row(self, title: str, values: Mapping[str, Any] | None = None, body: str = "") -> PageHandle:
        """A new row of the first data source."""
        return self.data_source.row(title, values, body)

    @property
    def rows(self) -> list[PageHandle]:
        """The rows of the first data source."""
        return self.data_source.rows

    def rename(self, title: str) -> "DatabaseHandle":
        """Rename the database, and its data source if it has only one."""
        with self._state.lock:
            database_verbs.rename_database(self._state, self.record, title)
        return self

    def describe(self, text: str, icon: Json | None = None) -> "DatabaseHandle":
        """Give the database a description, and an icon if there is one."""
        with self._state.lock:
            database_verbs.describe_database(self._state, self.record, text, icon)
        return self

    def trash(self) -> "DatabaseHandle":
        """Move to the trash, with everything below."""
        with self._state.lock:
            page_verbs.trash(self._state, self.record)
        return self

    def restore(self) -> "DatabaseHandle":
        """Take out of the trash."""
        with self._state.lock:
            page_verbs.restore(self._state, self.record)
        return self

    def move(self, target: PageHandle | None) -> "DatabaseHandle":
        """Move below a page, or (None) to the top of the workspace."""
        with self._state.lock:
            page_verbs.move(self._state, self.record, target.record if target else None)
        return self

    def purge(self) -> None:
        """Delete for good."""
        with self._state.lock:
            page_verbs.purge(self._state, self.record)
