"""The JSON objects of the retrieval API, which the command line prints as well."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from peewee import fn

from extract.membership.queries import sources_holding
from extract.search import index
from extract.store.models import Chatbot, Connection, Document, Organisation, Run, Source
from extract.values import Hit
from webapp import formats
from webapp.queries import counts_of, document_ids_by_notion_id

JsonObject = dict[str, Any]


def iso(moment: datetime | None) -> str | None:
    """`2026-11-22T09:00:00Z`, whole seconds; None stays None."""
    return formats.iso(moment) if moment else None


def source_objects(sources: Sequence[Source]) -> list[JsonObject]:
    """The rows of `sources_with_connection` as JSON objects, with one query of counts for a batch."""
    counts = counts_of([source.id for source in sources])
    return [source_object(source, counts.get(source.id)) for source in sources]


def source_object(source: Source, counts: index.Counts | None) -> JsonObject:
    """A source with its counts, as the API and the command line show it."""
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
    """One run of a source."""
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
    """A chatbot with the name of its organisation."""
    return {
        "id": chatbot.id,
        "organisation_id": chatbot.organisation_id,
        "organisation": chatbot.organisation.name,
        "name": chatbot.name,
    }


def connection_object(connection: Connection, sources: int) -> JsonObject:
    """A connection with the number of its sources; no tokens."""
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
    """Every chatbot of the installation, by id."""
    rows = Chatbot.select(Chatbot, Organisation).join(Organisation).order_by(Chatbot.id)
    return [chatbot_object(chatbot) for chatbot in rows]


def all_connections() -> list[JsonObject]:
    """Every connection of the installation, by id."""
    count = Source.select(Source.connection, fn.COUNT(Source.id)).group_by(Source.connection).tuples()
    sources = dict(count)
    rows = Connection.select().order_by(Connection.id)
    return [connection_object(connection, sources.get(connection.id, 0)) for connection in rows]


def document_objects(documents: Sequence[Document]) -> list[JsonObject]:
    """Rows of `readable_documents` as JSON objects, each with the ids of the sources that hold it."""
    holders = sources_holding([document.id for document in documents])
    return [document_object(document, holders[document.id]) for document in documents]


def document_object(document: Document, source_ids: Iterable[int]) -> JsonObject:
    """A document without its text."""
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
    listed = document_object(document, sources_holding([document.id])[document.id])
    return {**listed, "text": document.text, "properties": document.properties, "links": links}


def hit_object(hit: Hit) -> JsonObject:
    """One answer of a search."""
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
