"""Requests the pages that point to a page whose title is new, since their text shows that title."""

from __future__ import annotations

from datetime import datetime

import structlog
from peewee import SQL, fn

from extract.rules.answers import TitleChange
from extract.store.models import Document, Link, Membership, Source
from extract.worklist.documents import request_checks

log = structlog.get_logger(__name__)

MOST = 300
"""How many pages one new title may cause to be read again; the others follow with their next edit or full pass."""


def request_citing_pages(document: Document, change: TitleChange, *, now: datetime) -> int:
    """Request the pages of the same chatbot that point to `document`. Return how many.

    Their stored stubs stay, so each costs one request. For a page that `arrived`, those that were read since it was
    added are left out, as they have its title already. Call inside a transaction.
    """
    pointing = (
        (Link.notion_id == document.notion_id)
        & (Document.chatbot == document.chatbot_id)
        & (Document.connection == document.connection_id)
        & (Document.id != document.id)
        & (Document.hash != "")
        & Document.removed_at.is_null()
        & fn.EXISTS(_followed())
    )
    if change == "arrived":
        pointing &= Document.synced_at < document.created_at
    rows = Document.select(Document.id).join(Link).where(pointing).order_by(Document.id).limit(MOST + 1)
    ids = [row.id for row in rows]
    if len(ids) > MOST:
        log.info("renames_cut_short", document_id=document.id, most=MOST)
        ids = ids[:MOST]
    if ids:
        request_checks(ids, now=now)
    return len(ids)


def _followed() -> object:
    """Select the sources that hold the document, follow a schedule or edits, and are not stopped."""
    return (
        Source.select(SQL("1"))
        .join(Membership)
        .where(
            (Membership.document == Document.id)
            & (Source.auto_retrain != "off")
            & Source.stopped_at.is_null()
        )
    )
