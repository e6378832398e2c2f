"""Stopping and resuming sources. A stopped source keeps answering, and no worker syncs it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from peewee import SQL, fn

from extract.rules.timing import Rank
from extract.store.models import Document, Membership, Run, Source
from extract.worklist import sources as states
from extract.worklist.documents import request_reads, withdraw
from extract.worklist.outcome import count_documents
from extract.worklist.progress import Progress, progress
from extract.worklist.sources import request_listing


def stop(sources: Sequence[Source], *, now: datetime) -> None:
    """Withdraw the requests of these sources, close their runs and show how far they came.

    A fetch under way may still be written.
    """
    ids = [source.id for source in sources]
    how_far = progress(ids)
    states.stop(sources, now=now)
    _withdraw_requests(ids)
    for source in sources:
        answers = count_documents(source.id).with_text > 0
        sentence = stopped_sentence(how_far.get(source.id), answers=answers)
        Run.update(outcome="cancelled", finished_at=now, error=sentence).where(
            (Run.source == source.id) & Run.finished_at.is_null()
        ).execute()
        states.show(source, "trained" if answers else "empty", sentence)


def resume(source: Source, *, now: datetime) -> None:
    """Request what was withdrawn, and a listing for what changed in the meantime."""
    states.resume(source)
    dropped = (Document.hash == "") | (Document.stub_digest == "") | Document.error.is_null(False)
    unread = Document.select(Document.id).where(Document.id.in_(_held_by([source.id])) & dropped)
    request_reads(unread, now=now, rank=Rank.PERSON)
    request_listing(source, now=now, rank=Rank.PERSON, full=False)


def stopped_sentence(how_far: Progress | None, *, answers: bool) -> str:
    """What a person reads beside a stopped source."""
    if not answers:
        return "Stopped before anything was read. Press Resume to go on."
    at = f" at {how_far.done:,} of {how_far.total:,} pages" if how_far and how_far.total else ""
    return f"Stopped{at}. What was read answers; press Resume to go on."


def _withdraw_requests(source_ids: Sequence[int]) -> None:
    """Withdraw the requests of documents that only stopped sources hold."""
    running = (
        Membership.select(SQL("1"))
        .join(Source)
        .where((Membership.document == Document.id) & Source.stopped_at.is_null())
    )
    withdraw(Document.id.in_(_held_by(source_ids)) & ~fn.EXISTS(running))


def _held_by(source_ids: Sequence[int]) -> object:
    return Membership.select(Membership.document).where(Membership.source.in_(source_ids))
