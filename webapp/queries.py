"""Selects that pages, the retrieval API and the command line share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from extract.search import index
from extract.store.db import batches
from extract.store.models import Connection, Document, Source


def sources_with_connection() -> Any:
    """A select of sources, each with what its connection says of itself (never its tokens)."""
    about = (
        Connection.id, Connection.state, Connection.workspace_name, Connection.organisation,
        Connection.workspace_id, Connection.rest_until, Connection.error,
    )  # fmt: skip
    return Source.select(Source, *about).join(Connection)


def counts_of(source_ids: Sequence[int]) -> dict[int, index.Counts]:
    """Documents, chunks and bytes of each source, however many are asked for."""
    found: dict[int, index.Counts] = {}
    for some in batches(source_ids):
        found.update(index.counts(some))
    return found


def readable_documents(chatbot_id: int) -> Any:
    """A select of the documents that the chatbot answers from: read at least once, and not removed."""
    return Document.select().where(
        Document.chatbot == chatbot_id, Document.removed_at.is_null(), Document.hash != ""
    )


def document_ids_by_notion_id(document: Document) -> Mapping[str | None, int]:
    """The documents of the same chatbot that `document` links to, looked up at the time of reading."""
    wanted = {link["notion_id"] for link in document.links if link.get("notion_id")}
    if not wanted:
        return {}
    rows = (
        readable_documents(document.chatbot_id)
        .select(Document.notion_id, Document.id)
        .where(Document.notion_id.in_(wanted))
    )
    return dict(rows.tuples())
