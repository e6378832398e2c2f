"""Which sources hold a document, and the end of one that none holds any more."""

from __future__ import annotations

from collections.abc import Sequence

from peewee import SQL

from extract.connections.serving import reassign, unserved
from extract.search import index
from extract.store.db import batches
from extract.store.models import Document, Membership, Source


def is_held(document: Document) -> bool:
    """Whether any source still holds the document."""
    return bool(Membership.select(SQL("1")).where(Membership.document == document.id).exists())


def holders_of(document: Document) -> list[Source]:
    """The sources that hold a document."""
    return list(
        Source.select().join(Membership).where(Membership.document == document.id).order_by(Source.id)
    )


def hold(source_id: int, document: Document) -> None:
    """As if the source's listing had shown it; one that is under way has not passed it by."""
    listing = Source.select(Source.listing).where(Source.id == source_id).scalar()
    Membership.insert(source=source_id, document=document.id, listing=listing).on_conflict_ignore().execute()


def end_memberships(source_id: int, document_ids: Sequence[int]) -> None:
    """The source holds these no longer; those that no other source holds are dropped. Call inside a transaction."""
    for batch in batches(document_ids):
        Membership.delete().where((Membership.source == source_id) & Membership.document.in_(batch)).execute()
    delete_unheld(document_ids)


def delete_unheld(document_ids: Sequence[int]) -> None:
    """Drop those of the documents that no source holds any more. Call inside a transaction."""
    for batch in batches(document_ids):
        still = {
            row.document_id
            for row in Membership.select(Membership.document).where(Membership.document.in_(batch)).distinct()
        }
        index.drop([document_id for document_id in batch if document_id not in still])
        if still:
            reassign(unserved(sorted(still)))
