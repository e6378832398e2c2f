"""The states of sources: the only writer of what is requested, stopped, in doubt and shown as status.

Each function is one transition of the diagram in `docs/data-model.md`. Call them inside a transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from peewee import Case, Expression

from extract.rules.timing import AT_WORK, Rank, not_ahead, pause_after
from extract.store.models import Source

_NO_RETRY: dict[str, Any] = {"retry_after": None, "attempts": 0}


def request_listing(source: Source, *, now: datetime, rank: Rank, full: bool) -> None:
    """Request that this source is listed and compared; with `full`, every body is read again as well."""
    # One statement: a person and the daemon may request it at the same moment, and neither may lower the other.
    already = Source.requested_at.is_null(False)
    more_urgent = already & (Source.request_rank < rank)
    _update(
        Source.id == source.id,
        requested_at=now,
        request_rank=Case(None, ((more_urgent, Source.request_rank),), int(rank)),
        full_requested=Case(None, ((already & Source.full_requested, True),), full),
        **_NO_RETRY,
    )


def request_missing(chosen: Expression, *, now: datetime) -> None:
    """End the doubts about the chosen sources, and list those again that are gone."""
    missing = chosen & Source.doubted_at.is_null(False)
    _update(missing & Source.requested_at.is_null(False), doubted_at=None, error=None, **_NO_RETRY)
    _update(missing, requested_at=now, **_NO_RETRY)


def read_everything(source: Source) -> None:
    """Let the listing under way read every body, because a column was renamed or retyped, which moves no time."""
    source.full_requested = True
    _update(Source.id == source.id, full_requested=True)


def complete(source: Source) -> None:
    """The listing that was requested is complete. A request that was made in the meantime stays."""
    source.error = source.retry_after = None
    source.attempts = 0
    source.save(only=[Source.error, Source.retry_after, Source.attempts])
    _update(
        (Source.id == source.id) & (Source.requested_at == source.requested_at),
        requested_at=None,
        full_requested=False,
    )


def defer(source: Source, sentence: str, *, now: datetime) -> None:
    """Record that a listing failed and schedule the retry. Existing content stays."""
    source.attempts += 1
    source.retry_after = now + pause_after(source.attempts)
    source.error = sentence
    source.save(only=[Source.attempts, Source.retry_after, Source.error])


def doubt(source: Source, sentence: str, *, pause: timedelta, now: datetime) -> None:
    """Notion does not show the database: ask again after `pause`, then ever more rarely. Its rows keep answering."""
    if source.doubted_at is not None:
        source.attempts += 1
        pause = max(pause, pause_after(source.attempts))
    source.retry_after = now + pause
    source.doubted_at = not_ahead(source.doubted_at or now, now=now)
    source.error = sentence
    source.save(only=[Source.attempts, Source.retry_after, Source.error, Source.doubted_at])


def end_doubt(source: Source) -> None:
    """Notion shows the database."""
    source.doubted_at = None
    source.save(only=[Source.doubted_at])


def mark_gone(source: Source, *, now: datetime) -> None:
    """The database is gone; a later listing may show it again."""
    source.doubted_at = now
    source.save(only=[Source.doubted_at])


def clear_retry(chosen: Expression) -> int:
    """Try the chosen sources at once; their failures still count. Return how many."""
    return _update(chosen, retry_after=None)


def stop(sources: Sequence[Source], *, now: datetime) -> None:
    """Drop the requests of these sources and work on none of them until they are resumed."""
    _update(
        Source.id.in_([source.id for source in sources]),
        stopped_at=now,
        requested_at=None,
        full_requested=False,
        **_NO_RETRY,
    )
    for source in sources:
        source.stopped_at = now


def resume(source: Source) -> None:
    """Let a stopped source be worked on again. The caller requests its listing."""
    source.stopped_at = None
    source.save(only=[Source.stopped_at])
    show_waiting(source)


def show(source: Source, status: str, sentence: str | None) -> None:
    """Show a person this status and this sentence."""
    source.status, source.error = status, sentence
    source.save(only=[Source.status, Source.error])


def show_status(source: Source, status: str) -> None:
    """Show a person this status; the sentence beside it stays."""
    if source.status != status:
        source.status = status
        source.save(only=[Source.status])


def show_waiting(source: Source) -> None:
    """Show that the source waits for a worker: for the first time, or again."""
    show(source, "re-training" if source.last_synced_at else "pending", None)


def show_idle(chosen: Expression) -> None:
    """Those of the chosen sources that are at work are not any more: their connection was disconnected."""
    at_work = chosen & Source.status.in_(AT_WORK)
    _update(at_work & Source.last_synced_at.is_null(False), status="trained")
    _update(at_work & Source.last_synced_at.is_null(), status="pending")


def _update(chosen: Expression, **values: Any) -> int:
    changed: int = Source.update(**values).where(chosen).execute()
    return changed
