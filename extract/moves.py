"""A page says where it sits: databases that it left no longer hold it, a ticked one that it came to does."""

from __future__ import annotations

from peewee import SQL

from .models import DataSource, Document, Membership, Source
from .shapes import Stub


def follow_parent(document: Document, stub: Stub) -> list[int]:
    """Let the databases of the chatbot hold `document` where `stub`, the page's own word, says; answers who lost it.

    A page in the trash keeps its place, for it may come back. An archived row sits in no database: Notion does not
    list it there.
    """
    if stub.in_trash:
        return []
    parent = stub.parent.id if stub.parent.kind == "data_source_id" and not stub.is_archived else None
    tables = (
        DataSource.select(DataSource.notion_id, Source.id)
        .join(Source)
        .where((Source.chatbot == document.chatbot_id) & (Source.kind == "database"))
    )
    holding = {
        source_id
        for (source_id,) in Membership.select(Membership.source)
        .where(Membership.document == document.id)
        .tuples()
    }
    by_source: dict[int, set[str]] = {}
    for table, source_id in tables.tuples():
        by_source.setdefault(source_id, set()).add(table)
    here = {source_id for source_id, names in by_source.items() if parent in names}
    for source_id in sorted(here - holding):
        _hold(source_id, document)
    left = sorted(holding & by_source.keys() - here)
    if left:
        Membership.delete().where(
            (Membership.document == document.id) & Membership.source.in_(left)
        ).execute()
    return left


def is_held(document: Document) -> bool:
    """Whether any source still holds the document."""
    return bool(Membership.select(SQL("1")).where(Membership.document == document.id).exists())


def _hold(source_id: int, document: Document) -> None:
    """As if the source's listing had shown it; one that is under way has not passed it by."""
    listing = Source.select(Source.listing).where(Source.id == source_id).scalar()
    Membership.create(source=source_id, document=document.id, listing=listing)
