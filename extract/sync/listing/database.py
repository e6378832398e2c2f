"""The tables of a tree or a workspace: which databases belong to it, where they sit now, what they hold.

Databases are known from the bodies they hang in, and their tables from what search and the containers tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from peewee import JOIN

from extract.discovery.arrivals import keep_table
from extract.discovery.subpages import rows_of
from extract.errors import NotFound
from extract.membership.holding import end_memberships
from extract.rules.changes import schema_digest
from extract.rules.timing import Rank
from extract.store.db import batches
from extract.store.models import WITHOUT_CONTENT, Child, DataSource, Document, Membership, Source
from extract.sync.listing.pages import Lister
from extract.values import DatabaseContainer, Stub
from extract.worklist.requests import members_of, request_read, request_reads


class TableLister(Lister):
    """Sees to the tables of a source that holds more than one database."""

    def _members(self, source: Source, notion_ids: Sequence[str] | None = None) -> dict[str, Document]:
        """Notion id -> document of the pages that a tree holds, without the rows of its tables."""
        rows = (
            Document.select(*WITHOUT_CONTENT)
            .join(Membership)
            .where(
                (Membership.source == source.id)
                & (Document.data_source_id.is_null() | (Document.notion_id == source.notion_id))
            )
        )
        if notion_ids is not None:
            rows = rows.where(Document.notion_id.in_(list(notion_ids)))
        return {row.notion_id: row for row in rows}

    def _containers(self, source: Source, *, everything: bool) -> None:
        """Ask the databases whose tables are not known, or may have moved, where they sit and what they hold."""
        hanging = self._hanging(source)
        tables = DataSource.select(DataSource.database_id, DataSource.listed).where(
            (DataSource.source == source.id) & DataSource.database_id.is_null(False)
        )
        known = set(tables.tuples())
        due = {each for each, listed in known if everything or not listed}
        if source.kind == "workspace" and source.listing_open:
            due = set()  # the walk has just shown them
        for database_id in sorted(due | (hanging - {each for each, _ in known})):
            try:
                container = self._asked(partial(self.client.get_database, database_id))
            except NotFound:
                with self.commit():
                    self._look_at_rows(source, database_id)
                continue
            self._container(source, container, hangs=database_id in hanging)

    def _container(self, source: Source, container: DatabaseContainer, *, hangs: bool) -> None:
        if container.in_trash:
            with self.commit():
                self._ask_rows(source, container.id)
            return
        if not self._inside(source, container, hangs=hangs):
            with self.commit():
                self._table_left(source, container.id)
            return
        schemas = [
            self._asked(partial(self.client.get_data_source, each.id)) for each in container.data_sources
        ]
        names = {each.id: each.name for each in container.data_sources}
        with self.commit():
            for schema in schemas:
                self._keep_schema(source, schema, name=names.get(schema.id))

    def _keep_schema(self, source: Source, schema: Stub, *, name: str | None = None) -> None:
        """Keep a table's schema; columns that were renamed or retyped change every row of it."""
        this = (DataSource.source == source.id) & (DataSource.notion_id == schema.id)
        before = DataSource.get_or_none(this)
        keep_table(source.id, schema, name=name)
        if before is None or schema_digest(before.properties) == schema_digest(schema.properties):
            return
        ids = rows_of(source.id, [schema.id])
        for some in batches(ids):
            request_reads(some, now=self.clock(), rank=Rank.EDIT)

    def _inside(self, source: Source, container: DatabaseContainer, *, hangs: bool) -> bool:
        """Whether a database sits in the tree, by its own word; a block that it sits in must be one we know."""
        if source.kind == "workspace":
            return True
        if container.parent.kind == "page_id":
            above = container.parent.id or ""
            return (source.id, above) in members_of({source.id}, [above])
        return hangs and container.parent.kind != "workspace"

    def _hanging(self, source: Source) -> set[str]:
        """The databases in the bodies of the pages that the source holds."""
        rows = (
            Child.select(Child.notion_id)
            .join(Membership, JOIN.INNER, on=(Membership.document == Child.document))
            .where((Membership.source == source.id) & (Child.kind == "database"))
            .distinct()
        )
        return {notion_id for (notion_id,) in rows.tuples()}

    def _rows_of(self, source: Source, table: DataSource, rank: Rank) -> None:
        try:
            self._rows(source, table, rank)
        except NotFound:
            # A table that is not shown proves nothing about its rows: each is asked itself.
            with self.commit():
                self._look(source, [table])

    def _look_at_rows(self, source: Source, database_id: str) -> None:
        """A database that is not shown proves nothing about its rows: each is asked itself."""
        self._look(source, self._tables_in(source, database_id))

    def _look(self, source: Source, tables: Sequence[DataSource]) -> None:
        ids = rows_of(source.id, [table.notion_id for table in tables])
        for some in batches(ids):
            Document.update(check_at=self.clock()).where(Document.id.in_(some)).execute()
        self._settled(tables)

    def _tables_in(self, source: Source, database_id: str) -> list[DataSource]:
        return list(
            DataSource.select().where(
                (DataSource.source == source.id) & (DataSource.database_id == database_id)
            )
        )

    def _settled(self, tables: Sequence[DataSource]) -> None:
        DataSource.update(listed=True).where(DataSource.id.in_([table.id for table in tables])).execute()

    def _ask_rows(self, source: Source, database_id: str) -> None:
        """The database is in the trash, and its rows with it, but for one that was moved before: each is asked."""
        tables = self._tables_in(source, database_id)
        ids = rows_of(source.id, [table.notion_id for table in tables])
        for batch in batches(ids):
            for row in Document.select(*WITHOUT_CONTENT).where(Document.id.in_(batch)):
                request_read(row, now=self.clock(), rank=Rank.SCHEDULE)
        self._settled(tables)

    def _table_left(self, source: Source, database_id: str) -> None:
        tables = self._tables_in(source, database_id)
        ids = rows_of(source.id, [table.notion_id for table in tables], tombstones=True)
        DataSource.delete().where(DataSource.id.in_([table.id for table in tables])).execute()
        end_memberships(source.id, ids)
        self.run_log.count([source.id], removed=len(ids))
