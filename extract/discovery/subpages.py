"""Updates trees after a page was read or removed: sub-pages join, and those that left the body are fetched.

Sub-pages are known from the bodies that contain them and from their own `parent`, so no tree is walked. A page that
disappeared from a body is fetched itself before any source lets go of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from extract.discovery.arrivals import ask_tables, notice_arrivals
from extract.membership.documents import add_document, documents_of, members_of
from extract.membership.holding import holders_of
from extract.rules.timing import Rank
from extract.search.index import Put
from extract.store.models import Document, Membership, Source
from extract.values import Child, Stub
from extract.worklist.documents import request_read


def apply_body_children(
    document: Document, put: Put, *, rank: Rank, now: datetime, verify_hours: float
) -> None:
    """The body of `document` was read: let the trees that hold it follow what came into it and what went.

    Call inside a transaction.
    """
    if not put.came and not put.went:
        return
    wanted = min(rank, Rank.SCHEDULE)  # a mere look brings in what it finds as a schedule would
    for source in holders_of(document):
        if source.kind == "workspace" or source.with_subpages:
            _pages_came(source, document, put.came, rank=wanted, now=now, verify_hours=verify_hours)
            _tables_moved(source, [*put.came, *put.went], now=now)
    _ask(document.chatbot_id, _pages(put.went), now=now)


def adopt_listed(
    sources: Sequence[Source], listed: Sequence[Stub], *, now: datetime, verify_hours: float
) -> None:
    """Let new trees hold what was listed below their roots a moment ago, so that it need not be asked again.

    The trees are of one connection. Call inside a transaction.
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
    """The page has left: those right below it, and the databases in its body, have probably left with it. Ask them."""
    hanging = [Child(row.kind, row.notion_id, "") for row in document.children]
    own_word = (
        Document.select(Document.notion_id)
        .where(
            (Document.chatbot == document.chatbot_id)
            & (Document.parent_page_id == document.notion_id)
            & Document.removed_at.is_null()
        )
        .tuples()
    )
    _ask(document.chatbot_id, {*_pages(hanging), *(notion_id for (notion_id,) in own_word)}, now=now)
    for source in holders_of(document):
        if source.kind == "workspace" or source.with_subpages:
            _tables_moved(source, hanging, now=now)


def _pages_came(
    source: Source,
    document: Document,
    came: Sequence[Child],
    *,
    rank: Rank,
    now: datetime,
    verify_hours: float,
) -> None:
    titles = {child.notion_id: child.title for child in came if child.kind == "page"}
    known = documents_of(source.chatbot_id, list(titles))
    members = members_of({source.id}, titles)
    for notion_id, title in titles.items():
        held = known.get(notion_id)
        elsewhere = held is not None and held.parent_page_id not in (None, document.notion_id)
        if held is not None and (elsewhere or held.removed_at is not None):
            request_read(
                held, now=now, rank=Rank.SCHEDULE
            )  # it may have moved, or come back: its own word decides
        if (source.id, notion_id) not in members and not elsewhere:
            add_document(
                source, notion_id, stub=None, title=title, now=now, rank=rank, verify_hours=verify_hours
            )


def _tables_moved(source: Source, children: Iterable[Child], *, now: datetime) -> None:
    """Databases that came into a body or left it: their containers are asked with the next listing."""
    databases = [child.notion_id for child in children if child.kind == "database"]
    if databases:
        ask_tables(source, databases, now=now)


def _ask(chatbot_id: int, notion_ids: Iterable[str], *, now: datetime) -> None:
    """Let these pages be asked themselves; their bodies are read only if they moved."""
    for document in documents_of(chatbot_id, sorted(notion_ids)).values():
        if document.removed_at is None:
            request_read(document, now=now, rank=Rank.SCHEDULE)


def _pages(children: Iterable[Child]) -> set[str]:
    return {child.notion_id for child in children if child.kind == "page"}


def rows_of(source_id: int, data_source_ids: Sequence[str], *, tombstones: bool = False) -> list[int]:
    """Ids of the documents that a source holds as rows of these tables; with `tombstones`, of the removed ones too."""
    rows = (
        Membership.select(Membership.document)
        .join(Document)
        .where((Membership.source == source_id) & Document.data_source_id.in_(list(data_source_ids)))
    )
    if not tombstones:
        rows = rows.where(Document.removed_at.is_null())
    return [row.document_id for row in rows]
