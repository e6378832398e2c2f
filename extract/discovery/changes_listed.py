"""Learning that something moved: stubs of a listing become marks on rows. Asks Notion nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from extract.membership.documents import documents_by_page
from extract.membership.queries import data_sources_of, followed
from extract.removal import brake
from extract.rules.changes import compare_listing, schema_digest
from extract.rules.timing import OVERLAP, Rank
from extract.store.models import DataSource, Document, Source
from extract.values import Stub
from extract.worklist.documents import request_read
from extract.worklist.facts import held_facts, is_gone
from extract.worklist.sources import request_listing


@dataclass(frozen=True, slots=True)
class Noticed:
    """What a listing brought: documents that moved, that are new, that must be asked about; sources to list again.

    `untold` are Notion's times of the edits that nobody had told of before.
    """

    stale: int = 0
    new: int = 0
    doubted: int = 0
    relist: int = 0
    untold: tuple[datetime, ...] = ()

    def __add__(self, other: Noticed) -> Noticed:
        return Noticed(
            self.stale + other.stale,
            self.new + other.new,
            self.doubted + other.doubted,
            self.relist + other.relist,
            self.untold + other.untold,
        )

    def __bool__(self) -> bool:
        return bool(self.stale or self.new or self.doubted or self.relist)


def request_if_changed(
    document: Document, stub: Stub, *, now: datetime, rank: Rank, thorough: bool = False
) -> Noticed:
    """Compare what is held with what a listing says, and mark the row when it moved or sits in the trash.

    What would make it leave a source (the trash, the archive, another parent) is asked of the page itself first.
    `thorough` looks at what Notion computes, too.
    """
    verdict = compare_listing(stub, held_facts(document), thorough=thorough)
    untold = _untold(document, stub)
    archived = verdict == "stale" and stub.is_archived
    if verdict == "trashed" or archived or _changed_table(document, stub):
        request_read(document, now=now, rank=rank)
        return Noticed(doubted=1, untold=untold)
    if verdict == "stale":
        request_read(document, now=now, rank=rank, stub=stub)
        return Noticed(stale=1, untold=untold)
    if document.doubted_at is not None:  # in doubt, and here it is listed again
        brake.retry_doubted(Document.id == document.id, now=now)
    return Noticed()


def _untold(document: Document, stub: Stub) -> tuple[datetime, ...]:
    """The edit that `stub` shows, unless it moved no time or the document has been wanted since."""
    edited_at = stub.edited_at
    if edited_at is None or (document.edited_at is not None and edited_at <= document.edited_at):
        return ()
    return () if document.requested_at is not None and document.requested_at >= edited_at else (edited_at,)


def _changed_table(document: Document, stub: Stub) -> bool:
    parent = stub.parent.id if stub.parent.kind == "data_source_id" else None
    return document.removed_at is None and document.data_source_id not in (None, parent)


def notice_held(connection_id: int, stubs: Sequence[Stub], *, now: datetime) -> Noticed:
    """Mark the documents of live sources that a sweep shows to have moved."""
    pages = [stub for stub in stubs if stub.kind == "page" and not stub.partial]
    documents = documents_by_page(connection_id, {stub.id for stub in pages})
    live = followed(document.id for rows in documents.values() for document in rows)
    noticed = Noticed()
    for stub in pages:
        for document in documents.get(stub.id, ()):
            if document.id in live:
                noticed += request_if_changed(document, stub, now=now, rank=Rank.EDIT)
    return noticed


def notice_schemas(connection_id: int, stubs: Sequence[Stub], *, now: datetime) -> Noticed:
    """A renamed or retyped column changes every row of its table: list the source again. A new name is only kept."""
    shown = {stub.id: stub for stub in stubs if stub.kind == "data_source" and not stub.partial}
    noticed = Noticed()
    for table in data_sources_of(connection_id, sorted(shown)):
        stub, source = shown[table.notion_id], table.source
        if source.auto_retrain != "live" or source.stopped_at is not None:
            continue
        if not stub.in_trash and stub.title != table.name:
            _rename(table, stub)
        gone = is_gone(source)
        moved = stub.in_trash or schema_digest(stub.properties) != schema_digest(table.properties)
        if source.kind != "database":
            if moved and table.listed:
                table.listed, table.listed_to = False, None
                table.save(only=[DataSource.listed, DataSource.listed_to])
                request_listing(source, now=now, rank=Rank.EDIT, full=False)
                noticed += Noticed(relist=1)
            continue
        back = gone and not stub.in_trash
        if (back or (moved and not gone)) and source.requested_at is None:
            request_listing(source, now=now, rank=Rank.EDIT, full=not stub.in_trash)
            noticed += Noticed(relist=1)
    return noticed + _notice_tables(connection_id, shown.values(), now=now)


def _rename(table: DataSource, stub: Stub) -> None:
    """A database that is one table carries the table's name."""
    table.name = stub.title
    table.save(only=[DataSource.name])
    alone = DataSource.select().where(DataSource.source == table.source_id).count() == 1
    if alone and table.source.kind == "database":
        Source.update(title=stub.title).where(Source.id == table.source_id).execute()


def _notice_tables(connection_id: int, shown: Iterable[Stub], *, now: datetime) -> Noticed:
    """A data source that is newer than the last listing of its ticked database: list that database again."""
    made = [stub for stub in shown if stub.database_id and stub.created_at and not stub.in_trash]
    noticed = Noticed()
    if not made:
        return noticed
    sources = Source.select().where(
        (Source.connection == connection_id)
        & (Source.kind == "database")
        & (Source.auto_retrain == "live")
        & Source.stopped_at.is_null()
        & Source.requested_at.is_null()
        & Source.notion_id.in_([stub.database_id for stub in made])
        & Source.listed_at.is_null(False)
        & Source.stopped_at.is_null()
    )
    for source in sources:
        newer = {
            stub.id
            for stub in made
            if stub.database_id == source.notion_id and stub.created_at > source.listed_at - OVERLAP
        }
        if newer - {table.notion_id for table in source.data_sources}:
            request_listing(source, now=now, rank=Rank.EDIT, full=False)
            noticed += Noticed(relist=1)
    return noticed
