"""Who holds what, and how it counts: the queries that nothing is due by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from extract.store.db import batches
from extract.store.models import DataSource, Document, Membership, Source
from extract.worklist.facts import follows


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
