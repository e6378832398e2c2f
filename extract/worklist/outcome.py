"""Queries: what is left to do for a source, and how many of its documents are readable, have text or failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peewee import SQL, Case, Expression, Function, fn

from extract.store.models import Chunk, Connection, Document, Membership, Source


@dataclass(frozen=True, slots=True)
class DocumentCounts:
    """How many documents of one source are readable, have text, and failed."""

    readable: int
    with_text: int
    failed: int


def has_outstanding(source: Source) -> bool:
    """Return True if a document of the source is requested and has not failed since."""
    return bool(outstanding(source.id).exists())


def outstanding(source_id: object) -> Any:
    """Select the documents of a source that are requested and have not failed since.

    Documents that another connection serves are included; those of a connection that is not alive are not.
    """
    server = Connection.alias()
    waiting = Document.requested_at.is_null(False) & Document.error.is_null()
    return (
        Document.select(SQL("1"))
        .join(Membership)
        .switch(Document)
        .join(server)
        .where((Membership.source == source_id) & (server.state == "alive") & waiting)
    )


def count_documents(source_id: int) -> DocumentCounts:
    """Count the documents of a source: readable, with text, failed."""
    present = Document.removed_at.is_null()
    [counts] = (
        Document.select(
            _count(present & Document.synced_at.is_null(False)),
            _count(present & fn.EXISTS(Chunk.select(SQL("1")).where(Chunk.document == Document.id))),
            _count(present & Document.error.is_null(False)),
        )
        .join(Membership)
        .where(Membership.source == source_id)
        .tuples()
        .iterator()
    )
    readable, with_text, failed = (int(count or 0) for count in counts)
    return DocumentCounts(readable=readable, with_text=with_text, failed=failed)


def _count(condition: Expression) -> Function:
    return fn.SUM(Case(None, ((condition, 1),), 0))
