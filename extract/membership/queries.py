"""Read-only queries: which sources hold a document, what they hide or follow, and which titles are known."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from extract.store.db import batches
from extract.store.models import DataSource, Document, Membership, Source
from extract.worklist.facts import follows


def sources_holding(document_ids: Sequence[int]) -> dict[int, list[int]]:
    """Return document id -> ids of the sources that hold it."""
    held: dict[int, list[int]] = {document_id: [] for document_id in document_ids}
    rows = (
        Membership.select(Membership.document, Membership.source)
        .where(Membership.document.in_(list(document_ids)))
        .order_by(Membership.source)
        .tuples()
        .iterator()
    )
    for document_id, source_id in rows:
        held[document_id].append(source_id)
    return held


def hidden_columns(document_ids: Sequence[int]) -> dict[int, frozenset[str]]:
    """Return document id -> ids of the columns that are switched off in every database source that holds it."""
    hidden: dict[int, frozenset[str]] = {}
    rows = (
        Membership.select(Membership.document, Source.hidden_columns)
        .join(Source)
        .where(Membership.document.in_(list(document_ids)) & (Source.kind == "database"))
        .tuples()
        .iterator()
    )
    for document_id, columns in rows:
        off = frozenset(columns)
        hidden[document_id] = hidden.get(document_id, off) & off
    return hidden


def followed(document_ids: Iterable[int]) -> Collection[int]:
    """Return those of the documents that a source holds which follows edits.

    A database that is gone does not count: its rows stay tombstones until it is listed again, even if Notion shows one.
    """
    ids = list(document_ids)
    found: set[int] = set()
    for batch in batches(ids):
        rows = (
            Membership.select(Membership.document)
            .join(Source)
            .where(Membership.document.in_(batch) & follows())
            .tuples()
            .iterator()
        )
        found.update(document_id for (document_id,) in rows)
    return found


def data_sources_of(connection_id: int, notion_ids: Sequence[str]) -> list[DataSource]:
    """Return the data sources with these ids in sources of this connection that are not stopped, with their sources."""
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
    """Return Notion id -> title of those pages that this knowledge base holds; at most the first 400 are looked up."""
    if not notion_ids:
        return {}
    rows = (
        Document.select(Document.notion_id, Document.title)
        .where((Document.chatbot == chatbot_id) & Document.notion_id.in_(list(notion_ids)[:400]))
        .tuples()
        .iterator()
    )
    return dict(rows)
