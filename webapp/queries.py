"""Selects that pages, the retrieval API and the command line share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from extract.search import index
from extract.store.db import batches
from extract.store.models import Connection, Document, Source


def sources_with_connection() -> Any:
    """A select of sources with their connections (without tokens)."""
    about = (
        Connection.id, Connection.state, Connection.workspace_name, Connection.organisation,
        Connection.workspace_id, Connection.paused_until, Connection.error,
    )  # fmt: skip
    return Source.select(Source, *about).join(Connection)


def counts_of(source_ids: Sequence[int]) -> dict[int, index.Counts]:
    """Source id -> documents, chunks and bytes, for any number of ids."""
    counts: dict[int, index.Counts] = {}
    for batch in batches(source_ids):
        counts.update(index.counts(batch))
    return counts


def readable_documents(chatbot_id: int) -> Any:
    """A select of the documents that the chatbot answers from: read at least once, and not removed."""
    return Document.select().where(
        Document.chatbot == chatbot_id, Document.removed_at.is_null(), Document.hash != ""
    )


def document_ids_by_notion_id(document: Document) -> Mapping[str | None, int]:
    """Notion id -> id of the documents of the same chatbot that `document` links to at present."""
    wanted = {link["notion_id"] for link in document.links if link.get("notion_id")}
    if not wanted:
        return {}
    rows = (
        readable_documents(document.chatbot_id)
        .select(Document.notion_id, Document.id)
        .where(Document.notion_id.in_(wanted))
    )
    return dict(rows.tuples())
