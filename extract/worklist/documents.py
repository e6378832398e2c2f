"""The states of documents: the only writer of what is requested, claimed, in doubt, removed and due again.

Each function is one transition of the diagram in `docs/data-model.md`. Those that take a row update the row as well.
Call them inside a transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from peewee import Expression, Field

from extract.rules.changes import computed_digest_of, digest_of
from extract.rules.timing import Rank, not_ahead, pause_after
from extract.store.models import Document
from extract.values import RemovalReason, Stub

_NO_RETRY: dict[str, Any] = {"retry_after": None, "attempts": 0}


def request_read(document: Document, *, now: datetime, rank: Rank, stub: Stub | None = None) -> None:
    """Request that this document is read again: because of a listing, an event or a person's action.

    With `stub`, the page object need not be fetched for title and properties. A request that is already there keeps the
    more urgent rank; a failure is cleared.
    """
    already = document.requested_at is not None and document.error is None
    if stub is None and document.requested_at is not None and document.stub is not None:
        # The listed properties were never read, so the next listing must not match them.
        document.stub_digest = ""
    document.request_rank = min(rank, document.request_rank) if already else rank
    document.requested_at = now
    document.retry_after = None
    document.attempts = 0
    document.error = None
    store_stub(document, stub)
    document.save(only=[*_REQUEST, Document.error, *LISTED])


def request_reads(chosen: Any, *, now: datetime, rank: Rank) -> int:
    """Request the present documents among `chosen`, a list or a select of ids, with their stubs. Return how many."""
    return _update(
        Document.id.in_(chosen) & Document.removed_at.is_null(),
        requested_at=now,
        request_rank=rank,
        error=None,
        **_NO_RETRY,
    )


def request_checks(ids: Sequence[int], *, now: datetime) -> None:
    """Request these at the lowest rank. A request that is already there keeps its rank and gets the later time, so
    that a fetch under way does not complete it.
    """
    chosen = Document.id.in_(ids)
    _update(chosen & Document.requested_at.is_null(False) & Document.error.is_null(), requested_at=now)
    _update(chosen & Document.requested_at.is_null(), requested_at=now, request_rank=Rank.CHECK, **_NO_RETRY)


def raise_rank(document: Document, rank: Rank) -> None:
    """Make a request that is already there at least as urgent as `rank`."""
    _update(Document.id == document.id, request_rank=min(rank, document.request_rank))


def withdraw(chosen: Expression) -> None:
    """Drop the requests of the chosen documents.

    The stub of a document that was read before is cleared, so that the next listing finds the unread edit again.
    """
    waiting = chosen & Document.requested_at.is_null(False)
    _update(waiting & (Document.hash != ""), requested_at=None, stub=None, stub_digest="", **_NO_RETRY)
    _update(waiting, requested_at=None, **_NO_RETRY)


def complete(document: Document) -> None:
    """Record that the claimed request was carried out. A request that was made in the meantime stays."""
    if document.requested_at is not None:
        _update(
            (Document.id == document.id) & (Document.requested_at == document.requested_at), requested_at=None
        )


def is_overtaken(document: Document) -> bool:
    """Return True if somebody requested the document again since this row was read: the row in the table is newer."""
    row = Document.select(Document.requested_at).where(Document.id == document.id).first()
    return row is not None and row.requested_at != document.requested_at


def claim(documents: Sequence[Document], *, now: datetime) -> None:
    """Count an attempt and schedule its retry before it begins, so that a crash delays the document."""
    for attempts in sorted({document.attempts for document in documents}):
        ids = [document.id for document in documents if document.attempts == attempts]
        _update(Document.id.in_(ids), attempts=attempts + 1, retry_after=now + pause_after(attempts + 1))
    for document in documents:
        document.attempts += 1


def release(ids: Sequence[int]) -> None:
    """Take back the claim of documents that were not fetched: they did not fail."""
    _update(
        Document.id.in_(list(ids)) & (Document.attempts > 0), attempts=Document.attempts - 1, retry_after=None
    )


def defer(document: Document, sentence: str, *, now: datetime, attempts: int = 1) -> None:
    """Record a failure and schedule the retry: as after `attempts` failures, or later. Existing content stays.

    A routine check that failed becomes a request of the lowest rank.
    """
    if document.requested_at is None:
        _request_at_lowest_rank(document, now=now)
        document.recheck_at = None
    document.attempts = max(document.attempts, attempts)
    document.retry_after = now + pause_after(document.attempts)
    document.error = sentence
    document.save(only=_STATE)


def doubt(document: Document, sentence: str, *, until: datetime, now: datetime) -> None:
    """Record that Notion answered 404, and schedule another attempt at `until`. Existing content stays."""
    if document.requested_at is None:
        _request_at_lowest_rank(document, now=now)
    document.doubted_at = not_ahead(document.doubted_at or now, now=now)
    document.error = sentence
    document.retry_after = until
    document.recheck_at = None
    document.save(only=_STATE)


def note_read(
    document: Document, *, edited_at: datetime | None, read_at: datetime, recheck_at: datetime | None
) -> None:
    """Note on the row that the body was read at `read_at` and is rechecked at `recheck_at`. `confirm` saves it."""
    document.edited_at, document.synced_at, document.recheck_at = edited_at, read_at, recheck_at


def confirm(document: Document, *, check_at: datetime) -> None:
    """Record that Notion shows the page: no failure, no doubt, not removed. Its next routine check is at `check_at`."""
    document.doubted_at = document.removed_at = document.removed_because = None
    document.error = document.retry_after = None
    document.attempts = 0
    document.check_at = check_at
    complete(document)
    document.save(only=_STATE)


def remove(
    document: Document, sentence: str, *, because: RemovalReason | None, check_at: datetime, now: datetime
) -> None:
    """Make the document a tombstone. It is checked at `check_at` and later, since the page may come back."""
    document.removed_at = not_ahead(document.removed_at or now, now=now)
    document.removed_because = because
    document.error = sentence
    document.retry_after = document.recheck_at = document.doubted_at = None
    document.attempts = 0
    document.stub = None
    document.check_at = check_at
    complete(document)
    document.save(only=[*_STATE, Document.stub])


def remove_with_database(ids: Sequence[int], sentence: str, *, because: RemovalReason, now: datetime) -> None:
    """Make rows of a database that is gone tombstones. The database is checked for all of them."""
    _update(
        Document.id.in_(list(ids)),
        removed_at=now,
        removed_because=because,
        error=sentence,
        requested_at=None,
        doubted_at=None,
        recheck_at=None,
        check_at=None,
        stub=None,
    )


def mark_confirmed_by_person(chosen: Expression) -> None:
    """Record that a person confirmed the removal of these tombstones."""
    _update(chosen, removed_because="confirmed")


def end_doubts(chosen: Expression) -> None:
    """End every doubt about the chosen documents: a person who reconnected may have shared the pages again."""
    _update(chosen & Document.doubted_at.is_null(False), doubted_at=None, stub=None, error=None, **_NO_RETRY)


def give_up(chosen: Expression) -> None:
    """Drop request, doubt and failure of documents that no connection can read for now. Existing content stays."""
    _update(chosen, doubted_at=None, requested_at=None, error=None, **_NO_RETRY)


def retry_now(chosen: Expression) -> int:
    """Try the chosen documents at once, as if they had not failed. Return how many."""
    return _update(chosen, **_NO_RETRY)


def clear_retry(chosen: Expression) -> int:
    """Try the chosen documents at once; their failures still count. Return how many."""
    return _update(chosen, retry_after=None)


def check_at(chosen: Expression, at: datetime) -> int:
    """Set the next routine check of the chosen documents to `at`. Return how many."""
    return _update(chosen, check_at=at)


def check_again_now(chosen: Expression, field: Field, *, now: datetime) -> int:
    """Make `field`, which is `recheck_at` or `check_at`, due now. Return how many documents were changed."""
    changed: int = Document.update({field: now}).where(chosen).execute()
    return changed


def store_stub(document: Document, stub: Stub | None) -> None:
    """Set a listed page's properties on the row, unsaved. None clears them, so that the page object is fetched."""
    if stub is None:
        document.stub = None
        return
    document.stub = {
        "title": stub.title,
        "url": stub.url,
        "icon": stub.icon,
        "properties": dict(stub.properties),
    }
    document.stub_digest = digest_of(stub)
    document.computed_digest = computed_digest_of(stub)
    document.noticed_at = stub.edited_at
    document.data_source_id = stub.parent.id if stub.parent.kind == "data_source_id" else None
    document.parent_page_id = stub.parent.id if stub.parent.kind == "page_id" else None


def _request_at_lowest_rank(document: Document, *, now: datetime) -> None:
    document.requested_at, document.request_rank = now, Rank.CHECK
    document.save(only=[Document.requested_at, Document.request_rank])


def _update(chosen: Expression, **values: Any) -> int:
    changed: int = Document.update(**values).where(chosen).execute()
    return changed


PLACE = (Document.data_source_id, Document.parent_page_id)
LISTED = (Document.stub, Document.stub_digest, Document.computed_digest, Document.noticed_at, *PLACE)
"""The columns that `store_stub` writes."""

_REQUEST = (Document.requested_at, Document.request_rank, Document.retry_after, Document.attempts)
_STATE = (
    Document.edited_at,
    Document.synced_at,
    Document.retry_after,
    Document.attempts,
    Document.error,
    Document.recheck_at,
    Document.check_at,
    Document.doubted_at,
    Document.removed_at,
    Document.removed_because,
)
