"""Which connection serves a page that several hold: another takes over when the serving one no longer can."""

from __future__ import annotations

import structlog
from peewee import SQL, Expression, fn

from extract.store.models import Connection, Document, Membership, Source
from extract.worklist import documents

log = structlog.get_logger(__name__)


def reassign(chosen: Expression) -> int:
    """Assign the chosen documents to another alive connection with a source that holds them. Return how many.

    Documents that no other alive connection holds stay where they are.
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
    """Assign a page that this connection no longer shows to one that holds it and is not alive. Return True if one did.

    A 404 for one connection says nothing about another: the page stays searchable until that one is reconnected.
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
    """The condition that a document is one of these and no source of its own connection holds it any more."""
    own = (
        Source.select(SQL("1"))
        .join(Membership)
        .where((Membership.document == Document.id) & (Source.connection == Document.connection))
    )
    not_held: Expression = ~fn.EXISTS(own)
    return Document.id.in_(document_ids) & not_held
