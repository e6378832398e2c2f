"""A page says where it sits: what it left no longer holds it, nor what lies below it; where it came to does."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from peewee import SQL, fn

from extract.membership.documents import relist_children
from extract.membership.holding import end_memberships, hold
from extract.store.db import batches
from extract.store.models import Child, DataSource, Document, Membership, Source
from extract.values import Stub


def update_memberships(document: Document, stub: Stub, *, now: datetime) -> list[int]:
    """Let the sources of the chatbot hold `document` where `stub`, the page's own word, says; answers who lost it.

    A page in the trash keeps its place, for it may come back. An archived row sits in no database: Notion does not
    list it there.
    """
    if stub.in_trash:
        return []
    holding = Membership.select(Membership.source).where(Membership.document == document.id).tuples()
    held_by = {source_id for (source_id,) in holding}
    tables = _with_table(document.chatbot_id, stub)
    left = []
    for source in _placed(document.chatbot_id, held_by | tables):
        belongs = _belongs(source, document, stub, in_table=source.id in tables)
        if belongs and source.id not in held_by:
            hold(source.id, document)
            relist_children(source, document, now=now)
        if belongs is False and source.id in held_by:
            left.append(source.id)
    if left:
        Membership.delete().where(
            (Membership.document == document.id) & Membership.source.in_(left)
        ).execute()
    return left


def remove_descendants(source_id: int, document: Document) -> int:
    """A page has left a tree: what lies below it leaves with it, tables too; answers how many documents did."""
    if not Source.select(SQL("1")).where((Source.id == source_id) & Source.with_subpages).exists():
        return 0
    ids = below(source_id, document)
    hanging = Child.select(Child.notion_id).where(Child.kind == "database")
    gone = [document.id, *ids]
    for some in batches(gone):
        in_these = hanging.where(Child.document.in_(some))
        DataSource.delete().where(
            (DataSource.source == source_id) & DataSource.database_id.in_(in_these)
        ).execute()
    end_memberships(source_id, ids)
    return len(ids)


def unplaced(document_ids: Iterable[int]) -> set[int]:
    """Documents of trees that hang in no body we hold: when they sit in a block, its page has to be asked for."""
    other = Membership.alias()
    hangs = (
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
            & ~fn.EXISTS(hangs)
        )
        .tuples()
    )
    return {document_id for (document_id,) in rows}


def below(source_id: int, document: Document) -> list[int]:
    """The documents of a tree that sit below `document`, by their own word or by the bodies they hang in."""
    found: dict[int, str] = {}
    front = {document.id: document.notion_id}
    while front:
        under = [_directly_below(source_id, dict(some)) for some in batches(list(front.items()))]
        front = {each: notion_id for part in under for each, notion_id in part.items() if each not in found}
        found.update(front)
    found.pop(document.id, None)
    return sorted(found)


def _placed(chatbot_id: int, these: Collection[int]) -> list[Source]:
    """Sources of a chatbot for which it matters where a page sits: of the databases only `these`, and all others."""
    databases = (Source.kind == "database") & Source.id.in_(list(these))
    chosen = databases | (Source.kind == "workspace") | Source.with_subpages
    return list(Source.select().where((Source.chatbot == chatbot_id) & chosen).order_by(Source.id))


def _with_table(chatbot_id: int, stub: Stub) -> set[int]:
    """The sources that hold the table whose row the page is."""
    if stub.parent.kind != "data_source_id":
        return set()
    rows = DataSource.select(DataSource.source).join(Source)
    rows = rows.where((DataSource.notion_id == stub.parent.id) & (Source.chatbot == chatbot_id))
    return {source_id for (source_id,) in rows.tuples()}


def _belongs(source: Source, document: Document, stub: Stub, *, in_table: bool) -> bool | None:
    """Whether a page belongs to a source; None when its word does not tell, so that everything stays."""
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
    return True if _hangs_in(source.id, document.notion_id) else None


def _holds(source_id: int, notion_id: str) -> bool:
    rows = Membership.select(SQL("1")).join(Document)
    return bool(rows.where((Membership.source == source_id) & (Document.notion_id == notion_id)).exists())


def _hangs_in(source_id: int, notion_id: str) -> bool:
    """Whether the body of a page that the source holds has it."""
    rows = Child.select(SQL("1")).join(Membership, on=(Membership.document == Child.document))
    return bool(rows.where((Membership.source == source_id) & (Child.notion_id == notion_id)).exists())


def _directly_below(source_id: int, above: dict[int, str]) -> dict[int, str]:
    """Document id -> Notion id of what sits right below these: sub-pages, and rows of databases in their bodies."""
    hanging = list(Child.select(Child.notion_id, Child.kind).where(Child.document.in_(list(above))).tuples())
    pages = [notion_id for notion_id, kind in hanging if kind == "page"]
    databases = [notion_id for notion_id, kind in hanging if kind == "database"]
    tables = DataSource.select(DataSource.notion_id).where(
        (DataSource.source == source_id) & DataSource.database_id.in_(databases)
    )
    nowhere_else = Document.notion_id.in_(pages) & Document.parent_page_id.is_null()
    rows = (
        Document.select(Document.id, Document.notion_id)
        .join(Membership)
        .where(
            (Membership.source == source_id)
            & (
                Document.parent_page_id.in_(list(above.values()))
                | nowhere_else
                | Document.data_source_id.in_(tables)
            )
        )
        .tuples()
    )
    return dict(rows)
