"""What is left to do for a source, and how many of its documents can be read, have text or failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from peewee import SQL, Case, Expression, fn

from extract.store.models import Chunk, Connection, Document, Membership, Source


@dataclass(frozen=True, slots=True)
class DocumentCounts:
    """How the documents of one source stand."""

    readable: int
    with_text: int
    failed: int


def has_outstanding(source: Source) -> bool:
    """Whether a document of the source is wanted and has not failed since."""
    return bool(outstanding(source.id).exists())


def outstanding(source_id: object) -> Any:
    """A select of the documents of a source that are wanted and have not failed since.

    Also those that another connection serves; nobody waits for one that is not alive.
    """
    server = Connection.alias()
    wanted = Document.requested_at.is_null(False) & Document.error.is_null()
    return (
        Document.select(SQL("1"))
        .join(Membership)
        .switch(Document)
        .join(server)
        .where((Membership.source == source_id) & (server.state == "alive") & wanted)
    )


def count_documents(source_id: int) -> DocumentCounts:
    """Count the documents of a source: readable, with text, failed."""
    live = Document.removed_at.is_null()
    counts = (
        Document.select(
            _count(live & Document.synced_at.is_null(False)),
            _count(live & fn.EXISTS(Chunk.select(SQL("1")).where(Chunk.document == Document.id))),
            _count(live & Document.error.is_null(False)),
        )
        .join(Membership)
        .where(Membership.source == source_id)
        .tuples()
        .get()
    )
    readable, with_text, failed = (int(count or 0) for count in counts)
    return DocumentCounts(readable=readable, with_text=with_text, failed=failed)


def _count(condition: Expression) -> Expression:
    return fn.SUM(Case(None, ((condition, 1),), 0))
