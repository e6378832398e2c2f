"""Makes rows directly, as a sync would have left them."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from extract.search import index
from extract.store.models import Chatbot, Connection, Document, Membership, Source
from extract.store.vault import Vault
from extract.values import Link, Passage, Property, Reading
from tests.conftest import FERNET_KEY

_made = {"rows": 0}


def notion_id() -> str:
    """An id that no other row of this run has."""
    _made["rows"] += 1
    return str(UUID(int=_made["rows"] + (7 << 100)))


def make_connection(
    organisation: Any, now: datetime, *, name: str = "Acme", state: str = "alive"
) -> Connection:
    return Connection.create(
        organisation=organisation,
        bot_id=notion_id(),
        workspace_id=notion_id(),
        workspace_name=name,
        state=state,
        created_at=now,
        access_token=Vault([FERNET_KEY]).seal("a token") if state == "alive" else None,
    )


def make_source(chatbot: Chatbot, connection: Connection, title: str, now: datetime, **values: Any) -> Source:
    given = {
        "kind": "page",
        "status": "trained",
        "created_at": now,
        "last_synced_at": now,
        "notion_id": notion_id(),
    }
    given["url"] = "https://www.notion.so/a-page"
    return Source.create(chatbot=chatbot, connection=connection, title=title, **(given | values))


def make_document(
    source: Source,
    title: str,
    now: datetime,
    *passages: str,
    heading_path: tuple[str, ...] = (),
    links: tuple[Link, ...] = (),
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
        text = f"# {title}\n\n" + "\n\n".join(passages)
        reading = Reading(
            title=title,
            text=text,
            digest=sha256(text.encode()).hexdigest(),
            properties=properties,
            links=links,
            passages=tuple(
                Passage(passage, heading_path, sha256(f"{title}{passage}".encode()).hexdigest())
                for passage in passages
            ),
        )
        index.put(document.id, reading, url=f"https://www.notion.so/{document.notion_id}", now=now)
    return Document.get_by_id(document.id)
