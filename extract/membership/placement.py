"""Updates memberships after a page's parent changed; its descendants follow."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from peewee import SQL, fn

from extract.membership.columns import request_where_columns_are_hidden
from extract.membership.documents import relist_children
from extract.membership.holding import end_memberships, hold
from extract.store.db import batches
from extract.store.models import Child, DataSource, Document, Membership, Source
from extract.values import Stub


def update_memberships(document: Document, stub: Stub, *, now: datetime) -> list[int]:
    """Update which sources hold `document`, by the parent in `stub`, the page object. Return the sources it has left.

    A page in the trash keeps its memberships, since it may come back. An archived row belongs to no database, since
    Notion does not list it there.
    """
    if stub.in_trash:
        return []
    holders = Membership.select(Membership.source).where(Membership.document == document.id)
    held_by = {source_id for (source_id,) in holders.tuples().iterator()}
    with_table = _sources_with_table(document.chatbot_id, stub)
    left, columns_may_differ = [], False
    for source in _parent_sensitive(document.chatbot_id, held_by | with_table):
        belongs = _belongs(source, document, stub, in_table=source.id in with_table)
        if belongs and source.id not in held_by:
            hold(source.id, document)
            relist_children(source, document, now=now)
            columns_may_differ |= source.kind == "database"
        if belongs is False and source.id in held_by:
            left.append(source.id)
            columns_may_differ |= source.kind == "database"
    if left:
        Membership.delete().where(
            (Membership.document == document.id) & Membership.source.in_(left)
        ).execute()
    if columns_may_differ:
        request_where_columns_are_hidden([document.id], now=now)
    return left


def remove_descendants(source_id: int, document: Document) -> int:
    """End the memberships of what is below a page that has left a tree, and forget the databases there.

    Return how many documents left. Nothing happens for a source that is no tree.
    """
    if not Source.select(SQL("1")).where((Source.id == source_id) & Source.with_subpages).exists():
        return 0
    ids = below(source_id, document)
    databases = Child.select(Child.notion_id).where(Child.kind == "database")
    left = [document.id, *ids]
    for batch in batches(left):
        in_bodies = databases.where(Child.document.in_(batch))
        DataSource.delete().where(
            (DataSource.source == source_id) & DataSource.database_id.in_(in_bodies)
        ).execute()
    end_memberships(source_id, ids)
    return len(ids)


def unplaced(document_ids: Iterable[int]) -> set[int]:
    """Return those documents of trees that no stored body of the tree contains.

    If the parent of such a page is a block, only Notion can say which page contains the block.
    """
    other = Membership.alias()
    in_a_body = (
        Child.select(SQL("1"))
        .join(other, on=(other.document == Child.document))
        .where((other.source == Membership.source) & (Child.notion_id == Document.notion_id))
    )
    rows = (
        Membership.select(Membership.document)
        .join(Source)
        .switch(Membership)
        .join(Document)
        .where(
            Membership.document.in_(list(document_ids))
            & Source.with_subpages
            & (Source.notion_id != Document.notion_id)
            & ~fn.EXISTS(in_a_body)
        )
        .tuples()
        .iterator()
    )
    return {document_id for (document_id,) in rows}


def below(source_id: int, document: Document) -> list[int]:
    """Return the documents of a tree below `document`, by their parents or by the bodies that contain them."""
    found: dict[int, str] = {}  # document id -> Notion id
    level = {document.id: document.notion_id}
    while level:
        level = {
            document_id: notion_id
            for batch in batches(list(level.items()))
            for document_id, notion_id in _directly_below(source_id, dict(batch)).items()
            if document_id not in found
        }
        found.update(level)
    found.pop(document.id, None)
    return sorted(found)


def _parent_sensitive(chatbot_id: int, database_ids: Collection[int]) -> list[Source]:
    """Return the sources of a chatbot that a page's parent concerns: trees, workspaces, and these of the databases."""
    databases = (Source.kind == "database") & Source.id.in_(list(database_ids))
    chosen = databases | (Source.kind == "workspace") | Source.with_subpages
    return list(Source.select().where((Source.chatbot == chatbot_id) & chosen).order_by(Source.id))


def _sources_with_table(chatbot_id: int, stub: Stub) -> set[int]:
    """Return the ids of the sources that have the data source that the page is a row of."""
    if stub.parent.kind != "data_source_id":
        return set()
    rows = DataSource.select(DataSource.source).join(Source)
    rows = rows.where((DataSource.notion_id == stub.parent.id) & (Source.chatbot == chatbot_id))
    return {source_id for (source_id,) in rows.tuples().iterator()}


def _belongs(source: Source, document: Document, stub: Stub, *, in_table: bool) -> bool | None:
    """Return True if a page belongs to a source, False if not; None if that is unknown, so that nothing changes."""
    parent = stub.parent
    if in_table and not (stub.is_archived and source.kind != "workspace"):
        return True
    if source.kind == "database":
        return False
    if source.kind == "workspace":
        return True if source.connection_id == document.connection_id else None
    if document.notion_id == source.notion_id:
        return True
    if parent.kind in ("data_source_id", "workspace"):
        return False
    if parent.kind == "page_id":
        return _holds(source.id, parent.id or "")
    return True if _is_in_a_body(source.id, document.notion_id) else None


def _holds(source_id: int, notion_id: str) -> bool:
    rows = Membership.select(SQL("1")).join(Document)
    return bool(rows.where((Membership.source == source_id) & (Document.notion_id == notion_id)).exists())


def _is_in_a_body(source_id: int, notion_id: str) -> bool:
    """Return True if the body of a page of the source contains the page."""
    rows = Child.select(SQL("1")).join(Membership, on=(Membership.document == Child.document))
    return bool(rows.where((Membership.source == source_id) & (Child.notion_id == notion_id)).exists())


def _directly_below(source_id: int, above: dict[int, str]) -> dict[int, str]:
    """Return document id -> Notion id of the pages right below `above`: sub-pages, and rows of databases in bodies."""
    contained = Child.select(Child.notion_id, Child.kind).where(Child.document.in_(list(above)))
    children = list(contained.tuples().iterator())
    pages = [notion_id for notion_id, kind in children if kind == "page"]
    databases = [notion_id for notion_id, kind in children if kind == "database"]
    tables = DataSource.select(DataSource.notion_id).where(
        (DataSource.source == source_id) & DataSource.database_id.in_(databases)
    )
    without_page_parent = Document.notion_id.in_(pages) & Document.parent_page_id.is_null()
    rows = (
        Document.select(Document.id, Document.notion_id)
        .join(Membership)
        .where(
            (Membership.source == source_id)
            & (
                Document.parent_page_id.in_(list(above.values()))
                | without_page_parent
                | Document.data_source_id.in_(tables)
            )
        )
        .tuples()
        .iterator()
    )
    return dict(rows)
