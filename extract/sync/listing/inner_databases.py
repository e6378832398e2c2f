"""The databases of a tree or a workspace: which of them belong to it, where they are now, what they contain.

Databases are known from the bodies that contain them, and their data sources from search and from the databases.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from peewee import JOIN

from extract.discovery.arrivals import store_table
from extract.discovery.subpages import rows_of
from extract.errors import NotFound
from extract.membership.documents import members_of
from extract.membership.holding import end_memberships
from extract.rules.changes import schema_digest
from extract.rules.timing import Rank
from extract.store.db import batches
from extract.store.models import WITHOUT_CONTENT, Child, DataSource, Document, Membership, Source
from extract.sync.listing.comparing import list_rows
from extract.sync.listing.run import ListingRun
from extract.values import DatabaseContainer, Stub
from extract.worklist import documents
from extract.worklist.documents import request_read, request_reads


def list_inner_databases(run: ListingRun, *, everything: bool) -> None:
    """Fetch the databases that are new or may have moved, then query the data sources that are not listed yet."""
    _fetch_containers(run, everything=everything)
    for table in DataSource.select().where((DataSource.source == run.source.id) & ~DataSource.listed):
        try:
            list_rows(run, table)
        except NotFound:
            # A data source that is not shown proves nothing about its rows: each of them is checked.
            with run.commit():
                _check_rows(run, [table])


def store_schema(run: ListingRun, schema: Stub, *, name: str | None = None) -> None:
    """Store the schema of a data source. A renamed or retyped column changes each of its rows."""
    source = run.source
    this = (DataSource.source == source.id) & (DataSource.notion_id == schema.id)
    before = DataSource.get_or_none(this)
    store_table(source.id, schema, name=name)
    if before is None or schema_digest(before.properties) == schema_digest(schema.properties):
        return
    ids = rows_of(source.id, [schema.id])
    for batch in batches(ids):
        request_reads(batch, now=run.now(), rank=Rank.EDIT)


def _fetch_containers(run: ListingRun, *, everything: bool) -> None:
    source = run.source
    in_bodies = _databases_in_bodies(source)
    tables = DataSource.select(DataSource.database_id, DataSource.listed).where(
        (DataSource.source == source.id) & DataSource.database_id.is_null(False)
    )
    known = set(tables.tuples().iterator())
    due = {database_id for database_id, listed in known if everything or not listed}
    if source.kind == "workspace" and source.listing_open:
        due = set()  # the walk has just shown them
    for database_id in sorted(due | (in_bodies - {database_id for database_id, _ in known})):
        try:
            container = run.ask(partial(run.client.get_database, database_id))
        except NotFound:
            with run.commit():
                _check_rows(run, _tables_in(source, database_id))
            continue
        _update_container(run, container, in_body=database_id in in_bodies)


def _update_container(run: ListingRun, container: DatabaseContainer, *, in_body: bool) -> None:
    if container.in_trash:
        with run.commit():
            _request_rows(run, container.id)
        return
    if not _belongs(run.source, container, in_body=in_body):
        with run.commit():
            _remove_database(run, container.id)
        return
    schemas = [run.ask(partial(run.client.get_data_source, ref.id)) for ref in container.data_sources]
    names = {ref.id: ref.name for ref in container.data_sources}
    with run.commit():
        for schema in schemas:
            store_schema(run, schema, name=names.get(schema.id))


def _belongs(source: Source, container: DatabaseContainer, *, in_body: bool) -> bool:
    """Return True if the database is in the tree, as its parent says, or as a body does if the parent is a block."""
    if source.kind == "workspace":
        return True
    if container.parent.kind == "page_id":
        above = container.parent.id or ""
        return (source.id, above) in members_of({source.id}, [above])
    return in_body and container.parent.kind != "workspace"


def _databases_in_bodies(source: Source) -> set[str]:
    rows = (
        Child.select(Child.notion_id)
        .join(Membership, JOIN.INNER, on=(Membership.document == Child.document))
        .where((Membership.source == source.id) & (Child.kind == "database"))
        .distinct()
    )
    return {notion_id for (notion_id,) in rows.tuples().iterator()}


def _check_rows(run: ListingRun, tables: Sequence[DataSource]) -> None:
    """Make the routine checks of all rows due: what Notion does not show may still be there for each row."""
    ids = rows_of(run.source.id, [table.notion_id for table in tables])
    for batch in batches(ids):
        documents.check_at(Document.id.in_(batch), run.now())
    _mark_listed(tables)


def _request_rows(run: ListingRun, database_id: str) -> None:
    """Request each row of a database in the trash: the rows are in the trash, too, unless they were moved before."""
    tables = _tables_in(run.source, database_id)
    ids = rows_of(run.source.id, [table.notion_id for table in tables])
    for batch in batches(ids):
        for row in Document.select(*WITHOUT_CONTENT).where(Document.id.in_(batch)):
            request_read(row, now=run.now(), rank=Rank.SCHEDULE)
    _mark_listed(tables)


def _remove_database(run: ListingRun, database_id: str) -> None:
    """End the memberships of the rows of a database that has left the tree, and forget the database."""
    tables = _tables_in(run.source, database_id)
    ids = rows_of(run.source.id, [table.notion_id for table in tables], tombstones=True)
    DataSource.delete().where(DataSource.id.in_([table.id for table in tables])).execute()
    end_memberships(run.source.id, ids)
    run.session.run_log.count([run.source.id], removed=len(ids))


def _tables_in(source: Source, database_id: str) -> list[DataSource]:
    return list(
        DataSource.select().where((DataSource.source == source.id) & (DataSource.database_id == database_id))
    )


def _mark_listed(tables: Sequence[DataSource]) -> None:
    DataSource.update(listed=True).where(DataSource.id.in_([table.id for table in tables])).execute()
