"""Updates trees after a page was read or removed: new sub-pages join, and those that left the body are fetched.

Sub-pages are known from the bodies that contain them and from their own `parent`, so no tree is walked. A page that
disappeared from a body is fetched before its membership of any source ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from extract.discovery.arrivals import notice_arrivals, relist_tables
from extract.membership.documents import add_document, documents_of, members_of
from extract.membership.holding import holders_of
from extract.rules.timing import Rank
from extract.search.index import Put
from extract.store.models import Document, Membership, Source
from extract.values import BodyChild, Stub
from extract.worklist.documents import request_read


def apply_body_children(
    document: Document, put: Put, *, rank: Rank, now: datetime, verify_hours: float
) -> None:
    """Update the trees that hold `document` after its body was read: `put` says which children came and went.

    Call inside a transaction.
    """
    if not put.came and not put.went:
        return
    rank = min(rank, Rank.SCHEDULE)  # what a routine check finds is added as a scheduled sync would
    for source in holders_of(document):
        if source.kind == "workspace" or source.with_subpages:
            _add_pages(source, document, put.came, rank=rank, now=now, verify_hours=verify_hours)
            _request_databases(source, [*put.came, *put.went], now=now)
    _request_pages(document.chatbot_id, _page_ids(put.went), now=now)


def adopt_listed(
    sources: Sequence[Source], listed: Sequence[Stub], *, now: datetime, verify_hours: float
) -> None:
    """Add to new trees what the picker listed below their roots a moment ago, so that it need not be listed again.

    Call inside a transaction.
    """
    ids = {source.id for source in sources}
    for connection_id in {source.connection_id for source in sources}:
        notice_arrivals(
            connection_id,
            listed,
            takes=lambda source: source.id in ids,
            rank=Rank.PERSON,
            now=now,
            verify_hours=verify_hours,
        )


def recheck_descendants(document: Document, *, now: datetime) -> None:
    """Request the pages right below one that is being removed, and the databases in its body: they may be gone, too."""
    children = [BodyChild(row.kind, row.notion_id, "") for row in document.children]
    with_this_parent = (
        Document.select(Document.notion_id)
        .where(
            (Document.chatbot == document.chatbot_id)
            & (Document.parent_page_id == document.notion_id)
            & Document.removed_at.is_null()
        )
        .tuples()
        .iterator()
    )
    below = {*_page_ids(children), *(notion_id for (notion_id,) in with_this_parent)}
    _request_pages(document.chatbot_id, below, now=now)
    for source in holders_of(document):
        if source.kind == "workspace" or source.with_subpages:
            _request_databases(source, children, now=now)


def _add_pages(
    source: Source,
    document: Document,
    came: Sequence[BodyChild],
    *,
    rank: Rank,
    now: datetime,
    verify_hours: float,
) -> None:
    """Add the pages that came into the body, unless the page object of one names another parent."""
    titles = {child.notion_id: child.title for child in came if child.kind == "page"}
    known = documents_of(source.chatbot_id, list(titles))
    members = members_of({source.id}, titles)
    for notion_id, title in titles.items():
        held = known.get(notion_id)
        elsewhere = held is not None and held.parent_page_id not in (None, document.notion_id)
        if held is not None and (elsewhere or held.removed_at is not None):
            # It may have been moved here, or have come back: the page object says where it is.
            request_read(held, now=now, rank=Rank.SCHEDULE)
        if (source.id, notion_id) not in members and not elsewhere:
            add_document(
                source, notion_id, stub=None, title=title, now=now, rank=rank, verify_hours=verify_hours
            )


def _request_databases(source: Source, children: Iterable[BodyChild], *, now: datetime) -> None:
    """Request a listing that fetches the databases among `children`, which came into a body or left it."""
    databases = [child.notion_id for child in children if child.kind == "database"]
    if databases:
        relist_tables(source, databases, now=now)


def _request_pages(chatbot_id: int, notion_ids: Iterable[str], *, now: datetime) -> None:
    """Request these pages. Their bodies are read only if the page objects show a change."""
    for document in documents_of(chatbot_id, sorted(notion_ids)).values():
        if document.removed_at is None:
            request_read(document, now=now, rank=Rank.SCHEDULE)


def _page_ids(children: Iterable[BodyChild]) -> set[str]:
    return {child.notion_id for child in children if child.kind == "page"}


def rows_of(source_id: int, data_source_ids: Sequence[str], *, tombstones: bool = False) -> list[int]:
    """Return the ids of the documents that a source holds as rows of these data sources.

    Removed ones are included with `tombstones` only.
    """
    rows = (
        Membership.select(Membership.document)
        .join(Document)
        .where((Membership.source == source_id) & Document.data_source_id.in_(list(data_source_ids)))
    )
    if not tombstones:
        rows = rows.where(Document.removed_at.is_null())
    return [row.document_id for row in rows]
