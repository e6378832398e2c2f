"""Makes the rows that the pages of `webapp` show, as a sync would have left them; see `tests/rows.py`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from extract.search import index
from extract.store.models import Chatbot, Connection, Document, Membership, Source
from extract.values import PageLink, Property
from tests import rows
from tests.rows import notion_id

__all__ = ["make_connection", "make_document", "make_source", "notion_id"]


def make_connection(
    organisation: Any, now: datetime, *, name: str = "Acme", state: str = "alive"
) -> Connection:
    return rows.connection(organisation, now=now, workspace_name=name, state=state)


def make_source(chatbot: Chatbot, connection: Connection, title: str, now: datetime, **values: Any) -> Source:
    return rows.source(chatbot, connection, now=now, title=title, **values)


def make_document(
    source: Source,
    title: str,
    now: datetime,
    *passages: str,
    heading_path: tuple[str, ...] = (),
    links: tuple[PageLink, ...] = (),
    properties: tuple[Property, ...] = (),
    **values: Any,
) -> Document:
    """A document of `source`; with passages, one that was read."""
    given: dict[str, Any] = {
        "notion_id": notion_id(),
        "edited_at": now - timedelta(hours=1),
        "created_at": now,
    }
    document = Document.create(
        chatbot=source.chatbot_id, connection=source.connection_id, title=title, **(given | values)
    )
    Membership.create(source=source, document=document)
    if passages:
        reading = rows.reading(
            title, *passages, heading_path=heading_path, links=links, properties=properties
        )
        index.put(document.id, reading, url=f"https://www.notion.so/{document.notion_id}", now=now)
    return rows.fresh(document)
