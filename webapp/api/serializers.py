"""The JSON objects of the contract: one shape for the retrieval API and for the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from peewee import fn

from extract.search import index
from extract.store.db import batches
from extract.store.models import Chatbot, Connection, Document, Membership, Organisation, Run, Source
from extract.values import Hit
from webapp import formats

JsonObject = dict[str, Any]


def iso(moment: datetime | None) -> str | None:
    """`2026-11-22T09:00:00Z`, whole seconds; None stays None."""
    return formats.iso(moment) if moment else None


def sources_with_connection() -> Any:
    """A select of sources, each with what its connection says of itself (never its tokens)."""
    about = (
        Connection.id, Connection.state, Connection.workspace_name, Connection.organisation,
        Connection.workspace_id, Connection.paused_until, Connection.error,
    )  # fmt: skip
    return Source.select(Source, *about).join(Connection)


def source_objects(sources: Sequence[Source]) -> list[JsonObject]:
    """The rows of `sources_with_connection` as the contract writes them, counts in one query a batch."""
    counts = counts_of([source.id for source in sources])
    return [source_object(source, counts.get(source.id)) for source in sources]


def counts_of(source_ids: Sequence[int]) -> dict[int, index.Counts]:
    """Documents, chunks and bytes of each source, however many are asked for."""
    found: dict[int, index.Counts] = {}
    for some in batches(source_ids):
        found.update(index.counts(some))
    return found


def source_object(source: Source, counts: index.Counts | None) -> JsonObject:
    return {
        "id": source.id,
        "chatbot_id": source.chatbot_id,
        "connection_id": source.connection_id,
        "kind": source.kind,
        "with_subpages": source.with_subpages,
        "notion_id": source.notion_id,
        "title": source.title,
        "url": source.url,
        "status": source.status,
        "stopped": source.stopped_at is not None,
        "connection_state": source.connection.state,
        "documents": counts.documents if counts else 0,
        "chunks": counts.chunks if counts else 0,
        "bytes": counts.bytes if counts else 0,
        "auto_retrain": source.auto_retrain,
        "last_synced_at": iso(source.last_synced_at),
        "next_sync_at": iso(source.next_sync_at) if source.stopped_at is None else None,
        "error": source.error,
    }


def run_object(run: Run) -> JsonObject:
    return {
        "id": run.id,
        "trigger": run.trigger,
        "outcome": run.outcome,
        "started_at": iso(run.started_at),
        "finished_at": iso(run.finished_at),
        "requests": run.requests,
        "retries": run.retries,
        "waits": run.waits,
        "waited_seconds": run.waited_seconds,
        "fetched": run.fetched,
        "changed": run.changed,
        "unchanged": run.unchanged,
        "removed": run.removed,
        "failed": run.failed,
        "chunks_added": run.chunks_added,
        "chunks_kept": run.chunks_kept,
        "chunks_removed": run.chunks_removed,
        "unread_blocks": run.unread_blocks,
        "unknown_tags": run.unknown_tags,
        "error": run.error,
    }


def chatbot_object(chatbot: Chatbot) -> JsonObject:
    return {
        "id": chatbot.id,
        "organisation_id": chatbot.organisation_id,
        "organisation": chatbot.organisation.name,
        "name": chatbot.name,
    }


def connection_object(connection: Connection, sources: int) -> JsonObject:
    return {
        "id": connection.id,
        "organisation_id": connection.organisation_id,
        "workspace_id": connection.workspace_id,
        "workspace_name": connection.workspace_name,
        "bot_id": connection.bot_id,
        "state": connection.state,
        "sources": sources,
        "created_at": iso(connection.created_at),
    }


def all_chatbots() -> list[JsonObject]:
    rows = Chatbot.select(Chatbot, Organisation).join(Organisation).order_by(Chatbot.id)
    return [chatbot_object(chatbot) for chatbot in rows]


def all_connections() -> list[JsonObject]:
    count = Source.select(Source.connection, fn.COUNT(Source.id)).group_by(Source.connection).tuples()
    sources = dict(count)
    rows = Connection.select().order_by(Connection.id)
    return [connection_object(connection, sources.get(connection.id, 0)) for connection in rows]


def readable_documents(chatbot_id: int) -> Any:
    """A select of the documents that the chatbot answers from: read at least once, and not removed."""
    return Document.select().where(
        Document.chatbot == chatbot_id, Document.removed_at.is_null(), Document.hash != ""
    )


def document_objects(documents: Sequence[Document]) -> list[JsonObject]:
    """What `readable_documents` found as the contract writes it, with the ids of the sources that hold each."""
    holders = source_ids_of([document.id for document in documents])
    return [document_object(document, holders.get(document.id, [])) for document in documents]


def source_ids_of(document_ids: Sequence[int]) -> dict[int, list[int]]:
    """Which sources hold which document, in one query."""
    rows = (
        Membership.select(Membership.document, Membership.source)
        .where(Membership.document.in_(document_ids))
        .order_by(Membership.source)
        .tuples()
    )
    holders: dict[int, list[int]] = {}
    for document_id, source_id in rows:
        holders.setdefault(document_id, []).append(source_id)
    return holders


def document_object(document: Document, source_ids: Iterable[int]) -> JsonObject:
    return {
        "id": document.id,
        "source_ids": list(source_ids),
        "notion_id": document.notion_id,
        "title": document.title,
        "url": document.url,
        "bytes": document.bytes,
        "last_edited_at": iso(document.edited_at),
        "last_synced_at": iso(document.synced_at),
        "hash": document.hash,
    }


def whole_document_object(document: Document) -> JsonObject:
    """A document with its text, properties and links; links into the same chatbot name their document."""
    here = document_ids_by_notion_id(document)
    links = [
        {
            "text": link.get("text", ""),
            "url": link.get("url", ""),
            "notion_id": link.get("notion_id"),
            "document_id": here.get(link.get("notion_id")),
        }
        for link in document.links
    ]
    listed = document_object(document, source_ids_of([document.id]).get(document.id, []))
    return {**listed, "text": document.text, "properties": document.properties, "links": links}


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


def hit_object(hit: Hit) -> JsonObject:
    return {
        "text": hit.text,
        "title": hit.title,
        "heading_path": list(hit.heading_path),
        "url": hit.url,
        "score": round(hit.score, 4),
        "source_id": hit.source_id,
        "document_id": hit.document_id,
        "chunk_id": hit.chunk_id,
        "last_edited_at": iso(hit.last_edited_at),
        "last_synced_at": iso(hit.last_synced_at),
    }
