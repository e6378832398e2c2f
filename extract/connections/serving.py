"""Which connection serves a page that several could reach: another takes it over where its own cannot any more."""

from __future__ import annotations

import structlog
from peewee import SQL, Expression, fn

from extract.store.models import Connection, Document, Membership, Source
from extract.worklist import documents

log = structlog.get_logger(__name__)


def reassign(chosen: Expression) -> int:
    """Give the chosen documents to another alive connection with a source that holds them; answers how many.

    Documents that no other connection holds stay where they are.
    """
    other = (
        Source.select(Source.connection)
        .join(Membership)
        .switch(Source)
        .join(Connection)
        .where(
            (Membership.document == Document.id)
            & (Source.connection != Document.connection)
            & (Connection.state == "alive")
        )
        .order_by(Source.id)
        .limit(1)
    )
    taken: int = Document.update(connection=other).where(chosen & fn.EXISTS(other)).execute()
    if taken:
        log.info("documents_handed_over", documents=taken)
    return taken


def assign_to_absent(document: Document) -> bool:
    """Give a page that this connection no longer shows to one that waits for its person and holds it, too.

    What Notion answers one connection says nothing of what it would answer another: until that is reconnected, the
    page goes on answering as it is. Answers whether there was one.
    """
    absent = (
        Source.select(Source.connection)
        .join(Membership)
        .switch(Source)
        .join(Connection)
        .where(
            (Membership.document == document.id)
            & (Source.connection != document.connection_id)
            & (Connection.state != "alive")
        )
        .order_by(Source.id)
        .limit(1)
    )
    this = Document.id == document.id
    given: int = Document.update(connection=absent).where(this & fn.EXISTS(absent)).execute()
    if given:
        documents.give_up(this)
    return given == 1


def unserved(document_ids: list[int]) -> Expression:
    """Those among the documents that no source of their own connection holds any more."""
    own = (
        Source.select(SQL("1"))
        .join(Membership)
        .where((Membership.document == Document.id) & (Source.connection == Document.connection))
    )
    return Document.id.in_(document_ids) & ~fn.EXISTS(own)
