"""The brake: when much of a connection vanishes within a day, nothing more is removed and a person is asked."""

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
"""Looks are spread over a day, so what vanished together is noticed within one."""

FAR = timedelta(minutes=10)
"""Who is asked again before that need not be hurried."""

SENTENCE = (
    "Notion stopped showing many pages of this workspace within a day, so this one was kept. If they were taken away "
    "on purpose, an admin can remove them on Sync health; otherwise share them again in Notion."
)


@dataclass(frozen=True, slots=True)
class Missing:
    """Of a connection: documents in doubt, those removed unasked within a day, and all that are held."""

    doubted: int
    removed: int
    live: int

    @property
    def too_many(self) -> bool:
        return too_many_gone(doubted=self.doubted, removed=self.removed, live=self.live)


def stops(row: Document | Source, *, now: datetime) -> bool:
    """Whether `row`, though confirmed missing, has to stay, since too much vanished; a person is asked from then on.

    A person's wish made after the question is the answer to it.
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
    """Whether a person, asked by the brake, has said that this one may go."""
    return _answers(row, _brake_at(row.connection_id))


def release_if_over(connection_id: int, *, now: datetime) -> bool:
    """Let the question go once what it asked about came back, went or was answered; answers whether it went.

    Time alone does not lift it: it counts from the day before it was put.
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
    """Ask at once about those of the chosen documents whose doubt had grown old: there is news of them."""
    documents.retry_now(
        chosen
        & Document.requested_at.is_null(False)
        & Document.doubted_at.is_null(False)
        & (Document.retry_after > now + FAR)
    )


def in_doubt(connection_id: int) -> Expression:
    """The documents that Notion did not show when last asked: themselves, or every database that holds them."""
    ours = Document.connection == connection_id
    # What is in doubt is wanted, too, which the index knows.
    doubted = Document.requested_at.is_null(False) & Document.doubted_at.is_null(False)
    gone = Source.requested_at.is_null(False) & Source.doubted_at.is_null(False)
    if not Source.select(SQL("1")).where((Source.connection == connection_id) & gone).exists():
        return ours & doubted
    holders = Membership.select(SQL("1")).join(Source).where(Membership.document == Document.id)
    only_gone = fn.EXISTS(holders.where(gone)) & ~fn.EXISTS(holders.where(~gone))
    return ours & (doubted | (Document.removed_at.is_null() & only_gone))


def asked_about(connection: Connection) -> Expression:
    """The documents that the question of a connection, whose brake holds, is about: in doubt, and not answered yet."""
    answered = Membership.select(SQL("1")).join(Source)
    by_source = answered.where((Membership.document == Document.id) & _answered(Source, connection.brake_at))
    return in_doubt(connection.id) & ~_answered(Document, connection.brake_at) & ~fn.EXISTS(by_source)


def pages_asked_about(connection: Connection) -> int:
    """How many Notion pages the question is about, however many knowledge bases hold them; 0: there is none."""
    if connection.state != "alive" or connection.brake_at is None:
        return 0
    pages = fn.COUNT(fn.DISTINCT(Document.notion_id))
    return int(Document.select(pages).where(asked_about(connection)).scalar() or 0)


def _answered(table: type[Document] | type[Source], brake_at: datetime | None) -> Expression:
    wanted = table.requested_at.is_null(False) & (table.request_rank == Rank.PERSON)
    return wanted & (table.requested_at >= brake_at)


def count_as_confirmed(connection: Connection, *, now: datetime) -> None:
    """The answer is also about what went before anybody was asked: it weighs no more on what vanishes next."""
    gone = _went_unasked(connection.id, since=(connection.brake_at or now) - DAY, now=now)
    documents.mark_confirmed_by_person(gone)


def _went_unasked(connection_id: int, *, since: datetime, now: datetime) -> Expression:
    unasked = Document.removed_because.in_(("missing", "database"))
    lately = (Document.removed_at > since) & (Document.removed_at <= now + CLOCKS_DIFFER)
    return (Document.connection == connection_id) & lately & unasked


def _missing(connection_id: int, *, brake_at: datetime | None, now: datetime) -> Missing:
    ours = Document.connection == connection_id
    went = _went_unasked(connection_id, since=(brake_at or now) - DAY, now=now)
    return Missing(
        doubted=Document.select().where(in_doubt(connection_id)).count(),
        removed=Document.select().where(went).count(),
        live=Document.select().where(ours & Document.removed_at.is_null()).count(),
    )


def _answers(row: Document | Source, brake_at: datetime | None) -> bool:
    asked_by_person = row.requested_at is not None and row.request_rank == Rank.PERSON
    return bool(asked_by_person and brake_at is not None and row.requested_at >= brake_at)


def _brake_at(connection_id: int) -> datetime | None:
    row = Connection.select(Connection.brake_at).where(Connection.id == connection_id).first()
    return None if row is None else row.brake_at
