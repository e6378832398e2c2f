"""Who holds what, and how it counts: the queries that nothing is due by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import SQL, Case, Expression, fn

from extract.store.db import batches
from extract.store.models import Chunk, Connection, DataSource, Document, Membership, Source


def sources_holding(document_ids: Sequence[int]) -> dict[int, list[int]]:
    """Document id -> ids of the sources that hold it."""
    held: dict[int, list[int]] = {document_id: [] for document_id in document_ids}
    rows = (
        Membership.select(Membership.document, Membership.source)
        .where(Membership.document.in_(list(document_ids)))
        .order_by(Membership.source)
        .tuples()
    )
    for document_id, source_id in rows:
        held[document_id].append(source_id)
    return held


def hidden_columns(document_ids: Sequence[int]) -> dict[int, frozenset[str]]:
    """Document id -> ids of the columns that every database holding it has switched off."""
    hidden: dict[int, frozenset[str]] = {}
    rows = (
        Membership.select(Membership.document, Source.hidden_columns)
        .join(Source)
        .where(Membership.document.in_(list(document_ids)) & (Source.kind == "database"))
        .tuples()
    )
    for document_id, columns in rows:
        off = frozenset(columns)
        hidden[document_id] = hidden.get(document_id, off) & off
    return hidden


def gone() -> Expression:
    """Of a source: its database has left, and so have its rows, until it is listed again. As `is_gone`."""
    return Source.doubted_at.is_null(False) & (Source.listed_at >= Source.doubted_at)


def is_gone(source: Source) -> bool:
    """Whether a listing has confirmed that the database of a source left, and none has shown it since."""
    return bool(source.doubted_at and source.listed_at and source.listed_at >= source.doubted_at)


def follows() -> Expression:
    """That a source follows edits: live, not stopped, and not gone."""
    return (Source.auto_retrain == "live") & Source.stopped_at.is_null() & ~gone()


def followed(document_ids: Iterable[int]) -> Collection[int]:
    """Those among the documents that at least one source holds which follows edits.

    A database that has left Notion's sight holds its rows as tombstones only, also those that are shared by themselves.
    """
    ids = list(document_ids)
    found: set[int] = set()
    for some in batches(ids):
        rows = (
            Membership.select(Membership.document)
            .join(Source)
            .where(Membership.document.in_(some) & follows())
            .tuples()
        )
        found.update(document_id for (document_id,) in rows)
    return found


@dataclass(frozen=True, slots=True)
class DocumentCounts:
    """How the documents of one source stand."""

    readable: int
    with_text: int
    failed: int


def has_outstanding(source: Source) -> bool:
    """Whether a document of the source is wanted and has not failed since."""
    return bool(outstanding(source.id).exists())


def outstanding(source_id: object) -> Any:
    """A select of the documents of a source that are wanted and have not failed since.

    Also those that another connection serves; nobody waits for one that is not alive.
    """
    server = Connection.alias()
    wanted = Document.requested_at.is_null(False) & Document.error.is_null()
    return (
        Document.select(SQL("1"))
        .join(Membership)
        .switch(Document)
        .join(server)
        .where((Membership.source == source_id) & (server.state == "alive") & wanted)
    )


def count_documents(source_id: int) -> DocumentCounts:
    """Count the documents of a source: readable, with text, failed."""
    live = Document.removed_at.is_null()
    counts = (
        Document.select(
            _count(live & Document.synced_at.is_null(False)),
            _count(live & fn.EXISTS(Chunk.select(SQL("1")).where(Chunk.document == Document.id))),
            _count(live & Document.error.is_null(False)),
        )
        .join(Membership)
        .where(Membership.source == source_id)
        .tuples()
        .get()
    )
    readable, with_text, failed = (int(count or 0) for count in counts)
    return DocumentCounts(readable=readable, with_text=with_text, failed=failed)


def _count(condition: Expression) -> Expression:
    return fn.SUM(Case(None, ((condition, 1),), 0))


def data_sources_of(connection_id: int, notion_ids: Sequence[str]) -> list[DataSource]:
    """The data sources among `notion_ids` that running sources of this connection hold, each with its source."""
    return list(
        DataSource.select(DataSource, Source)
        .join(Source)
        .where(
            (Source.connection == connection_id)
            & DataSource.notion_id.in_(list(notion_ids))
            & Source.stopped_at.is_null()
        )
        .order_by(DataSource.id)
    )


def titles_held(chatbot_id: int, notion_ids: Sequence[str]) -> dict[str, str]:
    """Notion id -> title of those pages that this knowledge base holds."""
    if not notion_ids:
        return {}
    rows = (
        Document.select(Document.notion_id, Document.title)
        .where((Document.chatbot == chatbot_id) & Document.notion_id.in_(list(notion_ids)[:400]))
        .tuples()
    )
    return dict(rows)
