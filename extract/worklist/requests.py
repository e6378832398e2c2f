"""Marks on rows: what is wanted, what a listing said of it, who holds it. What all doors and listings share."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from peewee import Case

from extract.connections.serving import reassign
from extract.rules.changes import Held, computed_digest_of, digest_of
from extract.rules.timing import Rank, next_check_at
from extract.store.db import batches
from extract.store.models import WITHOUT_CONTENT, Child, Document, Membership, Source
from extract.values import Parent, Stub


def request_read(document: Document, *, now: datetime, rank: Rank, stub: Stub | None = None) -> None:
    """Want this document read again; with `stub`, its page need not be asked for title and properties."""
    already = document.requested_at is not None and document.error is None
    if stub is None and document.requested_at is not None and document.stub is not None:
        document.stub_digest = ""  # what that stub told was never read: comparing must not take it for known
    document.request_rank = min(rank, document.request_rank) if already else rank
    document.requested_at = now
    document.retry_after = None
    document.attempts = 0
    document.error = None
    store_stub(document, stub)
    document.save(only=_MARKS)


def request_reads(chosen: Any, *, now: datetime, rank: Rank) -> int:
    """Want all documents of a select of ids read again, with the stubs they have; answers how many."""
    wanted: int = (
        Document.update(requested_at=now, request_rank=rank, retry_after=None, attempts=0, error=None)
        .where(Document.id.in_(chosen) & Document.removed_at.is_null())
        .execute()
    )
    return wanted


def store_stub(document: Document, stub: Stub | None) -> None:
    """Put what the listing said onto the row (unsaved); None forgets it, so that the page itself is asked."""
    if stub is None:
        document.stub = None
        return
    document.stub = {
        "title": stub.title,
        "url": stub.url,
        "icon": stub.icon,
        "properties": dict(stub.properties),
    }
    document.stub_digest = digest_of(stub)
    document.computed_digest = computed_digest_of(stub)
    document.noticed_at = stub.edited_at
    document.data_source_id = stub.parent.id if stub.parent.kind == "data_source_id" else None
    document.parent_page_id = stub.parent.id if stub.parent.kind == "page_id" else None


def stored_stub(document: Document) -> Stub | None:
    """What the newest listing said, as kept on the row; None when the page itself has to be asked."""
    if document.stub is None or document.doubted_at is not None or document.removed_at is not None:
        return None
    table, page = document.data_source_id, document.parent_page_id
    place = (
        Parent("data_source_id", table) if table else Parent("page_id", page) if page else Parent("unknown")
    )
    return Stub(
        kind="page",
        id=document.notion_id,
        title=document.stub["title"],
        url=document.stub["url"],
        icon=document.stub["icon"],
        parent=place,
        edited_at=document.noticed_at,
        created_at=None,
        in_trash=False,
        is_archived=False,
        properties=document.stub["properties"],
    )


_MARKS = [
    Document.requested_at,
    Document.request_rank,
    Document.retry_after,
    Document.attempts,
    Document.error,
    Document.stub,
    Document.stub_digest,
    Document.computed_digest,
    Document.noticed_at,
    Document.data_source_id,
    Document.parent_page_id,
]


def held_facts(document: Document) -> Held:
    """The facts of a row that `judging.compare_listing` decides on."""
    return Held(
        edited_at=document.edited_at,
        noticed_at=document.noticed_at,
        stub_digest=document.stub_digest,
        wanted=document.requested_at is not None,
        removed=document.removed_at is not None,
        computed_digest=document.computed_digest,
    )


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
    """The chatbot's document for a Notion page, held by `source` from now on; new ones are wanted. Without text.

    Without a stub it is called `title` until it is read, or else as the source, whose root it is then.
    """
    document = documents_of(source.chatbot_id, [notion_id]).get(notion_id)
    is_new = document is None
    if document is None:
        # Another process may be making the same row at this moment: whoever is second finds it.
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
    Membership.insert(
        source=source.id, document=document.id, listing=source.listing
    ).on_conflict_ignore().execute()
    if not is_new:
        relist_children(source, document, now=now)
    if is_new:
        request_read(document, now=now, rank=rank, stub=stub)
    elif document.connection_id != source.connection_id and (
        document.removed_at is not None or document.connection.state != "alive"
    ):  # its own connection cannot show it; the one that it is held through now may
        reassign(Document.id == document.id)
    return document


def relist_children(source: Source, document: Document, *, now: datetime) -> None:
    """A page that was read before has joined a tree: what hangs in its body is brought in by a listing."""
    if source.with_subpages and Child.select().where(Child.document == document.id).exists():
        request_listing(source, now=now, rank=Rank.EDIT, full=False)


def documents_of(chatbot_id: int, page_ids: Sequence[str]) -> dict[str, Document]:
    """Notion page id -> this chatbot's document of it, whichever connection serves it. Without text."""
    rows = Document.select(*WITHOUT_CONTENT).where(
        (Document.chatbot == chatbot_id) & Document.notion_id.in_(list(page_ids))
    )
    return {row.notion_id: row for row in rows}


def documents_by_page(connection_id: int, page_ids: Iterable[str]) -> dict[str, list[Document]]:
    """Notion page id -> this connection's documents of it (one per chatbot). Without text."""
    found: dict[str, list[Document]] = {}
    ids = list(page_ids)
    for some in batches(ids):
        rows = Document.select(*WITHOUT_CONTENT).where(
            (Document.connection == connection_id) & Document.notion_id.in_(some)
        )
        for row in rows:
            found.setdefault(row.notion_id, []).append(row)
    return found


def members_of(source_ids: Collection[int], page_ids: Collection[str]) -> set[tuple[int, str]]:
    """The pairs of source and Notion page, among those named, in which the source holds the page."""
    if not source_ids or not page_ids:
        return set()
    ids = sorted(page_ids)
    found: set[tuple[int, str]] = set()
    for some in batches(ids):
        # In two steps, each by its index: together they would read every membership of a large source.
        rows = Document.select(Document.id, Document.notion_id).where(Document.notion_id.in_(some))
        names: dict[int, str] = dict(rows.tuples())
        members = Membership.select(Membership.source, Membership.document).where(
            Membership.document.in_(list(names)) & Membership.source.in_(sorted(source_ids))
        )
        found.update((source_id, names[document_id]) for source_id, document_id in members.tuples())
    return found


def request_listing(source: Source, *, now: datetime, rank: Rank, full: bool) -> None:
    """Want this source listed and compared; with `full`, every body is read again as well."""
    # In one statement: a person's wish and the daemon's may come at the same moment, and neither may lower the other.
    already = Source.requested_at.is_null(False)
    Source.update(
        requested_at=now,
        request_rank=Case(None, ((already & (Source.request_rank < rank), Source.request_rank),), int(rank)),
        full_requested=Case(None, ((already & Source.full_requested, True),), full),
        retry_after=None,
        attempts=0,
    ).where(Source.id == source.id).execute()
