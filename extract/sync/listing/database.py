"""Lists a database that was ticked: its data sources, their schemas, and the rows of each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import structlog

from extract.discovery.arrivals import store_table
from extract.errors import NotFound, Transient
from extract.removal import database_gone
from extract.rules.changes import schema_digest
from extract.store.models import DataSource, Document, Membership, Source
from extract.sync.listing.comparing import check_missing, complete_listing, list_rows, open_listing
from extract.sync.listing.run import ListingRun
from extract.sync.runs import RunLog
from extract.values import DatabaseContainer, RemovalReason, Stub
from extract.worklist import sources

log = structlog.get_logger(__name__)

DATABASE_GONE = (
    "Notion no longer shares this database with the integration, or it was deleted. "
    "Share it again in Notion, or delete this source."
)
DATABASE_IN_TRASH = "This database is in Notion's trash. Restore it there and it answers again by itself."
LINKED = (
    "This is a linked view of another database, which Notion does not let us read. "
    "Import the original database instead."
)


def list_database(run: ListingRun) -> None:
    """Compare all rows of the database with what is held. Raises NotionError, Stopped."""
    source, run_log = run.source, run.session.run_log
    container = run.ask(lambda: run.client.get_database(source.notion_id))
    if container.in_trash:
        with run.commit():
            mark_gone(run_log, source, DATABASE_IN_TRASH, because="trash", now=run.now())
        return
    if not container.data_sources:
        with run.commit():
            complete_listing(source, now=run.now())
            run_log.close(source, outcome="failed", sentence=LINKED, now=run.now())
        return
    try:
        _list_tables(run, container)
    except NotFound as error:
        # The database is there, so a data source that is not proves nothing about its rows.
        raise Transient(status=error.status, code=error.code, request_id=error.request_id) from error
    with run.commit():
        _finish(run)


def mark_gone(
    run_log: RunLog, source: Source, sentence: str, *, because: RemovalReason, now: datetime
) -> None:
    """Remove the rows of a database that is gone; they are kept as tombstones for its return."""
    removed = database_gone.remove_rows(source, sentence, because=because, now=now)
    run_log.count([source.id], removed=removed)
    complete_listing(source, now=now)
    sources.mark_gone(source, now=now)
    source.listing_open = False
    source.save(only=[Source.listing_open])
    run_log.close(source, outcome="empty", sentence=sentence, now=now)
    log.info("source_gone", source_id=source.id, documents=removed)


def _list_tables(run: ListingRun, container: DatabaseContainer) -> None:
    schemas = [run.ask(partial(run.client.get_data_source, ref.id)) for ref in container.data_sources]
    with run.commit():
        _begin(run.source, container, schemas)
    for table in DataSource.select().where((DataSource.source == run.source.id) & ~DataSource.listed):
        list_rows(run, table)


def _begin(source: Source, container: DatabaseContainer, schemas: Sequence[Stub]) -> None:
    """Store name and schemas of the database, which Notion has just shown."""
    source.title, source.url, source.icon = container.title, container.url, container.icon
    open_listing(source)
    source.save(only=[Source.title, Source.url, Source.icon, Source.listing, Source.listing_open])
    sources.end_doubt(source)
    names = {ref.id: ref.name for ref in container.data_sources}
    DataSource.delete().where(
        (DataSource.source == source.id) & DataSource.notion_id.not_in(list(names))
    ).execute()
    for schema in schemas:
        this = (DataSource.source == source.id) & (DataSource.notion_id == schema.id)
        before = DataSource.get_or_none(this)
        if before is not None and schema_digest(before.properties) != schema_digest(schema.properties):
            sources.read_everything(source)
        store_table(source.id, schema, name=names.get(schema.id))


def _finish(run: ListingRun) -> None:
    """Complete the listing, and check the rows that it did not show."""
    source = run.source
    missing = (
        Document.select()
        .join(Membership)
        .where(
            (Membership.source == source.id)
            & (Membership.listing < source.listing)
            & Document.removed_at.is_null()
        )
    )
    check_missing(run, missing)
    source.listing_open = False
    source.save(only=[Source.listing_open])
    complete_listing(source, now=run.now())
