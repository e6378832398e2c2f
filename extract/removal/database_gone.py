"""Databases that Notion no longer shows: when one counts as gone, and the removal of its rows."""

from __future__ import annotations

from datetime import datetime, timedelta

from peewee import SQL, fn

from extract.removal import brake
from extract.search import index
from extract.store.db import batches
from extract.store.models import Document, Membership, Source
from extract.values import RemovalReason
from extract.worklist import documents


def is_confirmed(source: Source, *, pause: timedelta, now: datetime) -> bool:
    """Return True if a 404 for the database, at least `pause` after the first one, means that it is gone.

    The brake may keep it, unless all its rows are removed already or held by another source.
    """
    if source.doubted_at is None or now - source.doubted_at < pause:
        return False
    return not (_rows_only_of(source) and brake.stops(source, now=now))


def remove_rows(source: Source, sentence: str, *, because: RemovalReason, now: datetime) -> int:
    """Remove the rows that no other source holds; they stay as tombstones. Return how many."""
    only_here = _rows_only_of(source)
    for batch in batches(only_here):
        index.remove(batch)
        documents.remove_with_database(batch, sentence, because=because, now=now)
    return len(only_here)


def _rows_only_of(source: Source) -> list[int]:
    """Return the documents that are not removed and that no other source holds."""
    other = Membership.alias()
    elsewhere = other.select(SQL("1")).where((other.document == Document.id) & (other.source != source.id))
    rows = (
        Document.select(Document.id)
        .join(Membership)
        .where((Membership.source == source.id) & Document.removed_at.is_null() & ~fn.EXISTS(elsewhere))
        .order_by(Document.id)
    )
    return [document_id for (document_id,) in rows.tuples().iterator()]
