"""A database that Notion no longer shows, or that is in the trash: when that counts, and what goes with it."""

from __future__ import annotations

from datetime import datetime, timedelta

from peewee import SQL, fn

from extract.removal import brake
from extract.search import index
from extract.store.db import batches
from extract.store.models import Document, Membership, Source
from extract.worklist import documents


def is_confirmed(source: Source, *, pause: timedelta, now: datetime) -> bool:
    """Whether a further 404, `pause` after the first one, means that the database is gone.

    It is one object, but its rows are many pages, and the brake counts those; it has none when gone already.
    """
    if source.doubted_at is None or now - source.doubted_at < pause:
        return False
    return not (_rows_only_of(source) and brake.stops(source, now=now))


def take_out(source: Source, sentence: str, *, because: str, now: datetime) -> int:
    """Its rows leave the index, kept as tombstones until it returns, unless another source holds them; how many."""
    only_here = _rows_only_of(source)
    for batch in batches(only_here):
        index.remove(batch)
        documents.remove_with_database(batch, sentence, because=because, now=now)
    return len(only_here)


def _rows_only_of(source: Source) -> list[int]:
    """The documents that are present and that no other source holds."""
    other = Membership.alias()
    elsewhere = other.select(SQL("1")).where((other.document == Document.id) & (other.source != source.id))
    rows = (
        Document.select(Document.id)
        .join(Membership)
        .where((Membership.source == source.id) & Document.removed_at.is_null() & ~fn.EXISTS(elsewhere))
        .order_by(Document.id)
    )
    return [document_id for (document_id,) in rows.tuples()]
