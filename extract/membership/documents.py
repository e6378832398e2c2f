"""Finds the documents of Notion pages, and adds a page to a source."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from extract.connections.serving import reassign
from extract.membership.columns import request_where_columns_are_hidden
from extract.rules.timing import Rank, next_check_at
from extract.store.db import batches
from extract.store.models import WITHOUT_CONTENT, Child, Document, Membership, Source
from extract.values import Stub
from extract.worklist.documents import request_read
from extract.worklist.sources import request_listing


def add_document(
    source: Source,
    notion_id: str,
    *,
    stub: Stub | None,
    now: datetime,
    rank: Rank,
    verify_hours: float,
    title: str | None = None,
) -> Document:
    """Make a page a member of `source`, and request it if it is new to the chatbot. Return its document, without text.

    Without a stub, a new document is called `title` until it is read. Without both it is the root of the source, and
    gets the title, URL and icon of the source.
    """
    document = documents_of(source.chatbot_id, [notion_id]).get(notion_id)
    is_new = document is None
    if document is None:
        # Another process may insert the same row at this moment: the second of the two reads the row of the first.
        Document.insert(
            chatbot=source.chatbot_id,
            notion_id=notion_id,
            connection=source.connection_id,
            created_at=now,
            title=stub.title if stub else source.title if title is None else title,
            url=stub.url if stub else source.url if title is None else "",
            icon=stub.icon if stub else source.icon if title is None else None,
            check_at=next_check_at(notion_id, now=now, hours=verify_hours, first=True),
        ).on_conflict_ignore().execute()
        document = documents_of(source.chatbot_id, [notion_id])[notion_id]
    joins = not members_of({source.id}, {notion_id})
    Membership.insert(
        source=source.id, document=document.id, listing=source.listing
    ).on_conflict_ignore().execute()
    if not is_new:
        relist_children(source, document, now=now)
        if joins and source.kind == "database":
            request_where_columns_are_hidden([document.id], now=now)
    if is_new:
        request_read(document, now=now, rank=rank, stub=stub)
    elif document.connection_id != source.connection_id and (
        document.removed_at is not None or document.connection.state != "alive"
    ):  # its own connection does not show it; the connection of this source may
        reassign(Document.id == document.id)
    return document


def relist_children(source: Source, document: Document, *, now: datetime) -> None:
    """Request a listing of a tree if a page that joined it has children in its body: the listing adds them."""
    if source.with_subpages and Child.select().where(Child.document == document.id).exists():
        request_listing(source, now=now, rank=Rank.EDIT, full=False)


def documents_of(chatbot_id: int, page_ids: Sequence[str]) -> dict[str, Document]:
    """Return Notion page id -> the chatbot's document of the page, whichever connection serves it. Without text."""
    rows = Document.select(*WITHOUT_CONTENT).where(
        (Document.chatbot == chatbot_id) & Document.notion_id.in_(list(page_ids))
    )
    return {row.notion_id: row for row in rows}


def documents_by_page(connection_id: int, page_ids: Iterable[str]) -> dict[str, list[Document]]:
    """Return Notion page id -> this connection's documents of the page (one per chatbot). Without text."""
    found: dict[str, list[Document]] = {}
    ids = list(page_ids)
    for batch in batches(ids):
        rows = Document.select(*WITHOUT_CONTENT).where(
            (Document.connection == connection_id) & Document.notion_id.in_(batch)
        )
        for row in rows:
            found.setdefault(row.notion_id, []).append(row)
    return found


def members_of(source_ids: Collection[int], page_ids: Collection[str]) -> set[tuple[int, str]]:
    """Return the pairs of source id and Notion page id, among those given, in which the page is a member."""
    if not source_ids or not page_ids:
        return set()
    ids = sorted(page_ids)
    found: set[tuple[int, str]] = set()
    for batch in batches(ids):
        # Two queries, each by an index: one join would read every membership of a large source.
        rows = Document.select(Document.id, Document.notion_id).where(Document.notion_id.in_(batch))
        names: dict[int, str] = dict(rows.tuples().iterator())
        members = Membership.select(Membership.source, Membership.document).where(
            Membership.document.in_(list(names)) & Membership.source.in_(sorted(source_ids))
        )
        found.update(
            (source_id, names[document_id]) for source_id, document_id in members.tuples().iterator()
        )
    return found
