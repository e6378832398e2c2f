"""Stopping what a person no longer waits for, and letting it go on: a stopped source answers, nothing works it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from peewee import SQL, fn

from extract.rules.timing import Rank
from extract.store.models import Document, Membership, Run, Source
from extract.worklist.progress import Progress, progress
from extract.worklist.requests import request_listing
from extract.worklist.source_state import count_documents


def stop(sources: Sequence[Source], *, now: datetime) -> None:
    """Drop the wishes of these sources, close their runs, say how far they came. What is under way may be written."""
    ids = [source.id for source in sources]
    how_far = progress(ids)
    Source.update(
        stopped_at=now, requested_at=None, full_requested=False, retry_after=None, attempts=0
    ).where(Source.id.in_(ids)).execute()
    _drop_wishes(ids)
    for source in sources:
        answers = count_documents(source.id).with_text > 0
        sentence = stopped_sentence(how_far.get(source.id), answers=answers)
        Run.update(outcome="cancelled", finished_at=now, error=sentence).where(
            (Run.source == source.id) & Run.finished_at.is_null()
        ).execute()
        source.stopped_at = now
        source.status = "trained" if answers else "empty"
        source.error = sentence
        source.save(only=[Source.status, Source.error])


def resume(source: Source, *, now: datetime) -> None:
    """Want what was dropped, and a listing for what moved meanwhile."""
    source.stopped_at = None
    source.status = "re-training" if source.last_synced_at else "pending"
    source.error = None
    source.save(only=[Source.stopped_at, Source.status, Source.error])
    dropped = (Document.hash == "") | (Document.stub_digest == "") | Document.error.is_null(False)
    Document.update(
        requested_at=now, request_rank=Rank.PERSON, retry_after=None, attempts=0, error=None
    ).where(Document.id.in_(_held_by([source.id])) & Document.removed_at.is_null() & dropped).execute()
    request_listing(source, now=now, rank=Rank.PERSON, full=False)


def stopped_sentence(how_far: Progress | None, *, answers: bool) -> str:
    """What a person reads beside a stopped source."""
    if not answers:
        return "Stopped before anything was read. Press Resume to go on."
    at = f" at {how_far.done:,} of {how_far.total:,} pages" if how_far and how_far.total else ""
    return f"Stopped{at}. What was read answers; press Resume to go on."


def _drop_wishes(source_ids: Sequence[int]) -> None:
    """No document that only stopped sources hold is wanted any more.

    One that was read forgets its stub, so that the edit which was noticed and not read is found again.
    """
    running = (
        Membership.select(SQL("1"))
        .join(Source)
        .where((Membership.document == Document.id) & Source.stopped_at.is_null())
    )
    chosen = (
        Document.requested_at.is_null(False) & Document.id.in_(_held_by(source_ids)) & ~fn.EXISTS(running)
    )
    put_by = {"requested_at": None, "retry_after": None, "attempts": 0}
    Document.update(**put_by, stub=None, stub_digest="").where(chosen & (Document.hash != "")).execute()
    Document.update(**put_by).where(chosen).execute()


def _held_by(source_ids: Sequence[int]) -> object:
    return Membership.select(Membership.document).where(Membership.source.in_(source_ids))
