"""Which documents of the same knowledge base a document links to, and which link to it, at present."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peewee import fn

from extract.store.models import Document, Link
from webapp.queries import readable_documents

MOST = 20


@dataclass(frozen=True, slots=True)
class LinkedDocuments:
    """The first documents in one direction; `more` is True if there are others."""

    documents: Sequence[Document]
    more: bool


def linked_to(document: Document) -> LinkedDocuments:
    """The documents that `document` links to, mentions or is related to, if the chatbot answers from them."""
    targets = Link.select(Link.notion_id).where(Link.document == document)
    return _first(document, Document.notion_id.in_(targets))


def linked_from(document: Document) -> LinkedDocuments:
    """The documents that link to, mention or are related to `document`."""
    return _first(
        document, Document.id.in_(Link.select(Link.document).where(Link.notion_id == document.notion_id))
    )


def _first(document: Document, condition: Any) -> LinkedDocuments:
    rows = (
        readable_documents(document.chatbot_id)
        .select(Document.id, Document.title, Document.icon)
        .where(condition, Document.id != document.id)
        .order_by(fn.LOWER(Document.title), Document.id)
        .limit(MOST + 1)
    )
    found = list(rows)
    return LinkedDocuments(found[:MOST], len(found) > MOST)
