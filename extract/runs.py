"""The running account of a source: opening, counting and closing runs, and the status a person sees."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from .due import standing
from .index import Put
from .models import Document, Membership, Run, Source
from .watch import Rank, outcome_of

NOTHING_TO_READ = "There is no text to learn from in this source yet."
NOTHING_READABLE = "None of its pages could be read. "


def open_run(source: Source, *, rank: Rank, now: datetime) -> Run:
    """The run of a source that is at work; the status follows."""
    run = Run.get_or_none((Run.source == source.id) & Run.finished_at.is_null())
    if run is None:
        first = source.last_synced_at is None and rank is Rank.PERSON
        run = Run.create(source=source.id, trigger="import" if first else rank.trigger, started_at=now)
    _show(source, "re-training" if source.last_synced_at else "training")
    return run


def show_listing(source: Source) -> None:
    """A listing has begun."""
    _show(source, "re-training" if source.last_synced_at else "processing")


def _show(source: Source, status: str) -> None:
    if source.status != status:
        source.status = status
        source.save(only=[Source.status])


def count_fetch(
    run_ids: Sequence[int], *, requests: int, put: Put | None, unread: int, tags: Sequence[str]
) -> None:
    """Add one read document to the open runs of its sources."""
    if not run_ids:
        return
    values = {"requests": Run.requests + requests, "fetched": Run.fetched + 1}
    if put is not None:
        values |= {
            "changed": Run.changed + (1 if put.changed else 0),
            "unchanged": Run.unchanged + (0 if put.changed else 1),
            "chunks_added": Run.chunks_added + put.added,
            "chunks_kept": Run.chunks_kept + put.kept,
            "chunks_removed": Run.chunks_removed + put.removed,
            "unread_blocks": Run.unread_blocks + unread,
        }
    Run.update(**values).where(Run.id.in_(list(run_ids))).execute()
    if tags:
        for run in Run.select().where(Run.id.in_(list(run_ids))):
            run.unknown_tags = sorted({*run.unknown_tags, *tags})
            run.save(only=[Run.unknown_tags])


def count(run_ids: Sequence[int], **added: int) -> None:
    """Add to plain counters of runs, e.g. `requests=1`, `failed=1`, `removed=1`."""
    if run_ids:
        values = {name: getattr(Run, name) + number for name, number in added.items()}
        Run.update(**values).where(Run.id.in_(list(run_ids))).execute()


def open_runs(source_ids: Sequence[int]) -> list[int]:
    """Ids of the open runs of these sources."""
    if not source_ids:
        return []
    query = Run.select(Run.id).where(Run.source.in_(list(source_ids)) & Run.finished_at.is_null())
    return [row.id for row in query]


def settle(source: Source, *, now: datetime) -> bool:
    """Close the run and show the outcome once nothing of the source is left to try; answers whether it did.

    Call inside a transaction, with a row read in it.
    """
    if source.wanted_at is not None and source.error is None:
        return False
    stands = standing(source.id)
    if stands.outstanding:
        return False
    listing_failed = source.wanted_at is not None
    outcome = outcome_of(
        readable=stands.readable,
        with_text=stands.with_text,
        failed=stands.failed,
        listing_failed=listing_failed,
    )
    if not listing_failed:
        source.error = _sentence(source, outcome)
        if outcome != "failed":
            source.last_synced_at = now
    source.status = outcome
    source.save(only=[Source.status, Source.error, Source.last_synced_at])
    Run.update(outcome=outcome, finished_at=now, error=source.error).where(
        (Run.source == source.id) & Run.finished_at.is_null()
    ).execute()
    return True


def _sentence(source: Source, outcome: str) -> str | None:
    """What a person reads beside the status; None when there is nothing to say."""
    if outcome == "failed":
        first = (
            Document.select(Document.error)
            .join(Membership)
            .where((Membership.source == source.id) & Document.error.is_null(False))
            .first()
        )
        return NOTHING_READABLE + (first.error if first else "")
    if outcome == "empty":
        if source.doubted_at is not None:  # the database itself is gone, and said so
            return source.error
        gone = (
            Document.select(Document.error)
            .join(Membership)
            .where(
                (Membership.source == source.id)
                & Document.removed_at.is_null(False)
                & Document.error.is_null(False)
            )
            .first()
        )
        return gone.error if gone and source.kind == "page" else NOTHING_TO_READ
    return None


def close(source: Source, *, outcome: str, sentence: str | None, now: datetime) -> None:
    """End the run of a source at once with a known outcome: its root is gone, or cannot be read."""
    source.status, source.error = outcome, sentence
    source.save(only=[Source.status, Source.error])
    Run.update(outcome=outcome, finished_at=now, error=sentence).where(
        (Run.source == source.id) & Run.finished_at.is_null()
    ).execute()
