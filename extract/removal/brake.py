"""The brake: when many pages of a connection go missing within a day, removal stops and a person is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from peewee import SQL, Expression, fn

from extract.rules.timing import CLOCKS_DIFFER, Rank, too_many_gone
from extract.store.models import Connection, Document, Membership, Source
from extract.worklist import documents, sources

log = structlog.get_logger(__name__)

DAY = timedelta(hours=24)
"""Routine checks are spread over a day, so pages that went missing together are found missing within one."""

FAR = timedelta(minutes=10)
"""A retry that is due within this time is not moved up."""

SENTENCE = (
    "Notion stopped showing many pages of this workspace within a day, so this one was kept. If they were taken away "
    "on purpose, an admin can remove them on Sync health; otherwise share them again in Notion."
)


@dataclass(frozen=True, slots=True)
class Missing:
    """Counts of a connection: documents in doubt, removed within a day without confirmation, and not removed."""

    doubted: int
    removed: int
    live: int

    @property
    def too_many(self) -> bool:
        """True if the brake has to hold."""
        return too_many_gone(doubted=self.doubted, removed=self.removed, live=self.live)


def stops(row: Document | Source, *, now: datetime) -> bool:
    """Return True if `row` has to stay although it is confirmed missing, and set the brake if it does not hold yet.

    A request of a person that was made after the brake was set is the answer to its question: then the row may go.
    """
    brake_at = _brake_at(row.connection_id)
    if _answers(row, brake_at):
        return False
    missing = _missing(row.connection_id, brake_at=brake_at, now=now)
    if not missing.too_many:
        return False
    if brake_at is None:
        Connection.update(brake_at=now).where(Connection.id == row.connection_id).execute()
        log.warning(
            "brake_holds",
            connection_id=row.connection_id,
            doubted=missing.doubted,
            removed=missing.removed,
            live=missing.live,
        )
    return True


def was_confirmed(row: Document | Source) -> bool:
    """Return True if a person has confirmed the removal of this row since the brake was set."""
    return _answers(row, _brake_at(row.connection_id))


def release_if_over(connection_id: int, *, now: datetime) -> bool:
    """Release the brake if nothing is in doubt any more, or not too much is missing. Return True if it was released.

    Time alone does not release it: removals are counted from a day before it was set.
    """
    brake_at = _brake_at(connection_id)
    if brake_at is None:
        return False
    missing = _missing(connection_id, brake_at=brake_at, now=now)
    if missing.doubted and missing.too_many:
        return False
    Connection.update(brake_at=None).where(Connection.id == connection_id).execute()
    retry_doubted(Document.connection == connection_id, now=now)
    sources.clear_retry(
        (Source.connection == connection_id)
        & Source.requested_at.is_null(False)
        & Source.doubted_at.is_null(False)
    )
    log.info("brake_lifted", connection_id=connection_id, doubted=missing.doubted)
    return True


def retry_doubted(chosen: Expression, *, now: datetime) -> None:
    """Retry at once those of the chosen documents in doubt whose retry is more than `FAR` away."""
    documents.retry_now(
        chosen
        & Document.requested_at.is_null(False)
        & Document.doubted_at.is_null(False)
        & (Document.retry_after > now + FAR)
    )


def in_doubt(connection_id: int) -> Expression:
    """The condition that a document of the connection is in doubt: itself, or every source that holds it."""
    ours = Document.connection == connection_id
    # Every row in doubt is requested as well, and `requested_at` is indexed.
    doubted = Document.requested_at.is_null(False) & Document.doubted_at.is_null(False)
    gone = Source.requested_at.is_null(False) & Source.doubted_at.is_null(False)
    if not Source.select(SQL("1")).where((Source.connection == connection_id) & gone).exists():
        return ours & doubted
    holders = Membership.select(SQL("1")).join(Source).where(Membership.document == Document.id)
    only_gone: Expression = fn.EXISTS(holders.where(gone)) & ~fn.EXISTS(holders.where(~gone))
    return ours & (doubted | (Document.removed_at.is_null() & only_gone))


def asked_about(connection: Connection) -> Expression:
    """The condition that the question of the brake is about a document: in doubt, and not confirmed by a person."""
    answered = Membership.select(SQL("1")).join(Source)
    by_source = answered.where((Membership.document == Document.id) & _answered(Source, connection.brake_at))
    unanswered: Expression = ~_answered(Document, connection.brake_at) & ~fn.EXISTS(by_source)
    return in_doubt(connection.id) & unanswered


def pages_asked_about(connection: Connection) -> int:
    """Return how many Notion pages the question is about, each counted once; 0 if there is no question."""
    if connection.state != "alive" or connection.brake_at is None:
        return 0
    pages = fn.COUNT(fn.DISTINCT(Document.notion_id))
    return int(Document.select(pages).where(asked_about(connection)).scalar() or 0)


def _answered(table: type[Document] | type[Source], brake_at: datetime | None) -> Expression:
    """The condition that a person requested the row since the brake was set, as `_answers` tests on a row."""
    by_person = table.requested_at.is_null(False) & (table.request_rank == Rank.PERSON)
    return by_person & (table.requested_at >= brake_at)


def count_as_confirmed(connection: Connection, *, now: datetime) -> None:
    """Count what was removed before the brake was set as confirmed, so that it does not set the brake again."""
    unconfirmed = _removed_unconfirmed(connection.id, since=(connection.brake_at or now) - DAY, now=now)
    documents.mark_confirmed_by_person(unconfirmed)


def _removed_unconfirmed(connection_id: int, *, since: datetime, now: datetime) -> Expression:
    unconfirmed = Document.removed_because.in_(("missing", "database"))
    lately = (Document.removed_at > since) & (Document.removed_at <= now + CLOCKS_DIFFER)
    return (Document.connection == connection_id) & lately & unconfirmed


def _missing(connection_id: int, *, brake_at: datetime | None, now: datetime) -> Missing:
    ours = Document.connection == connection_id
    removed = _removed_unconfirmed(connection_id, since=(brake_at or now) - DAY, now=now)
    return Missing(
        doubted=Document.select().where(in_doubt(connection_id)).count(),
        removed=Document.select().where(removed).count(),
        live=Document.select().where(ours & Document.removed_at.is_null()).count(),
    )


def _answers(row: Document | Source, brake_at: datetime | None) -> bool:
    if row.requested_at is None or brake_at is None:
        return False
    return row.request_rank == Rank.PERSON and row.requested_at >= brake_at


def _brake_at(connection_id: int) -> datetime | None:
    row = Connection.select(Connection.brake_at).where(Connection.id == connection_id).first()
    return None if row is None else row.brake_at
