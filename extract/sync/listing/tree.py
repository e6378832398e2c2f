"""The pages of a tree: known from the bodies that were read, compared with what search shows or fetched one by one."""

from __future__ import annotations

from collections.abc import Sequence

from peewee import SQL, fn

from extract.discovery.arrivals import notice_arrivals
from extract.discovery.changes_listed import request_if_changed
from extract.membership.documents import add_document, documents_of, members_of
from extract.rules.timing import OVERLAP, SEARCH_LAG, Rank
from extract.store.models import WITHOUT_CONTENT, Child, Document, Membership, Source
from extract.sync.listing.run import ListingRun
from extract.worklist.documents import raise_rank, request_read
from extract.worklist.facts import is_waiting

_FEW = 20  # as many pages are fetched one by one rather than looked for in search


def list_tree_pages(run: ListingRun) -> None:
    """Request what changed in the tree, or every page of it when everything is to be read."""
    source = run.source
    with run.commit():
        if source.notion_id not in _members(source, [source.notion_id]):
            _add(run, source.notion_id)
    if source.full_requested or source.listed_at is None:
        _request_members(run)
    elif run.rank is not Rank.CHECK:
        _catch_up(run)


def hold_children(run: ListingRun) -> None:
    """Add the sub-pages in the bodies of its pages, which were read before it was a tree or for another source."""
    while children := _children_to_add(run.source):
        for notion_id in children:
            _add(run, notion_id, title="")


def _add(run: ListingRun, notion_id: str, *, title: str | None = None) -> None:
    add_document(
        run.source,
        notion_id,
        stub=None,
        title=title,
        now=run.now(),
        rank=run.rank,
        verify_hours=run.verify_hours,
    )


def _children_to_add(source: Source) -> list[str]:
    """Return the pages in bodies of the tree that are no members yet and do not say that they are elsewhere."""
    above, known = Document.alias(), Document.alias()
    elsewhere = known.select(SQL("1")).where(
        (known.chatbot == source.chatbot_id)
        & (known.notion_id == Child.notion_id)
        & (known.parent_page_id != above.notion_id)
    )
    rows = (
        Child.select(Child.notion_id)
        .join(Membership, on=(Membership.document == Child.document))
        .join(above, on=(above.id == Child.document))
        .where((Membership.source == source.id) & (Child.kind == "page") & ~fn.EXISTS(elsewhere))
        .distinct()
    )
    children = [notion_id for (notion_id,) in rows.tuples()]
    members = members_of({source.id}, children)
    return [notion_id for notion_id in children if (source.id, notion_id) not in members]


def _request_members(run: ListingRun) -> None:
    """Request every page of the tree, with the stubs of search as long as searching is cheaper than fetching."""
    rank = min(run.rank, Rank.EDIT)
    left = _members(run.source)
    with run.commit():
        for document in [document for document in left.values() if is_waiting(document)]:
            del left[document.notion_id]  # requested already, with all that was listed of it
            raise_rank(document, rank)
    pages, asked = run.client.walk_search(kind="page"), 0
    while len(left) >= _FEW and asked * 4 < len(left) and (page := run.next_of(pages)) is not None:
        asked += 1
        with run.commit():
            for stub in page.stubs:
                if stub.id in left and not stub.partial and not stub.in_trash:
                    request_read(left.pop(stub.id), now=run.now(), rank=rank, stub=stub)
    with run.commit():
        for document in left.values():
            request_read(document, now=run.now(), rank=rank)


def _catch_up(run: ListingRun) -> None:
    """Request what search shows to have changed since the last listing."""
    source, rank = run.source, run.rank
    floor = source.listed_at - SEARCH_LAG - OVERLAP
    pages = run.client.walk_search()
    while (page := run.next_of(pages)) is not None:
        with run.commit():
            now = run.now()
            known = documents_of(source.chatbot_id, [stub.id for stub in page.stubs])
            members = _members(source, list(known))
            for stub in page.stubs:
                if stub.id in members and not stub.partial:
                    request_if_changed(members[stub.id], stub, now=now, rank=rank)
            notice_arrivals(
                source.connection_id,
                page.stubs,
                takes=lambda candidate: candidate.id == source.id,
                rank=rank,
                now=now,
                verify_hours=run.verify_hours,
            )
        times = [stub.edited_at for stub in page.stubs if stub.edited_at is not None]
        if times and min(times) < floor:
            return


def _members(source: Source, notion_ids: Sequence[str] | None = None) -> dict[str, Document]:
    """Notion id -> document of the pages that a tree holds, without the rows of its databases."""
    rows = (
        Document.select(*WITHOUT_CONTENT)
        .join(Membership)
        .where(
            (Membership.source == source.id)
            & (Document.data_source_id.is_null() | (Document.notion_id == source.notion_id))
        )
    )
    if notion_ids is not None:
        rows = rows.where(Document.notion_id.in_(list(notion_ids)))
    return {row.notion_id: row for row in rows}
