"""Names that other pages show: who points to a page that was renamed, or has just arrived, is to be read again."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import structlog
from peewee import SQL, fn

from extract.store.models import Document, Link, Membership, Source
from extract.worklist.documents import request_checks

log = structlog.get_logger(__name__)

MOST = 300
"""How many pages one new name may cause to be read again; the others follow with their next edit or full pass."""

TitleChange = Literal["renamed", "arrived"]


def title_change(*, held_title: str, title: str, read_before: bool) -> TitleChange | None:
    """What a page that was just read means for those that point to it. The same name again means nothing. Pure."""
    if held_title.split() != title.split():
        return "renamed"
    return None if read_before else "arrived"


def request_citing_pages(document: Document, change: TitleChange, *, now: datetime) -> int:
    """Want the pages of the same chatbot that point to `document` read again; answers how many.

    Their kept stubs stay, so each costs one request. What was read since the page was first known has its name already.
    Call inside a transaction.
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
    """A source that holds the document and is synced by itself."""
    return (
        Source.select(SQL("1"))
        .join(Membership)
        .where(
            (Membership.document == Document.id)
            & (Source.auto_retrain != "off")
            & Source.stopped_at.is_null()
        )
    )
