"""What is due for one connection, and which connections have something due: the queries behind `watch`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from peewee import SQL, Expression, Field, fn

from extract.rules.timing import AT_WORK, Rank, few_of_each
from extract.store.db import batches
from extract.store.models import WITHOUT_CONTENT, Connection, Document, Membership, Source
from extract.worklist.outcome import outstanding


def ready(table: type[Source] | type[Document], now: datetime) -> Expression:
    """Wanted, and not put off beyond `now`."""
    return table.requested_at.is_null(False) & (table.retry_after.is_null() | (table.retry_after <= now))


def next_source(connection_id: int, *, now: datetime, checks: bool = True) -> Source | None:
    """The source whose listing comes first, or None; without `checks`, one that somebody requested."""
    wanted = (Source.connection == connection_id) & ready(Source, now) & Source.stopped_at.is_null()
    if not checks:
        wanted &= Source.request_rank < Rank.CHECK
    found: Source | None = (
        Source.select().where(wanted).order_by(Source.request_rank, Source.requested_at, Source.id).first()
    )
    return found


def sources_due(
    condition: Expression, due_at: Field, *, rank: Rank, now: datetime, most: int
) -> list[Source]:
    """Sources of alive connections that are due by `condition`, smallest `due_at` first, a few of each connection.

    `most` counts those of this rank that already wait to be worked.
    """
    due = (
        Source.select(Source.id, Source.connection)
        .join(Connection)
        .where(condition & (Connection.state == "alive"))
        .order_by(due_at, Source.id)
        .tuples()
    )
    pairs = list(due)
    if not pairs:
        return []
    waiting = (
        Source.select(Source.connection, fn.COUNT(Source.id))
        .where(ready(Source, now) & (Source.request_rank == rank))
        .group_by(Source.connection)
        .tuples()
    )
    ids = few_of_each(pairs, waiting=dict(waiting), most=most)
    return [row for some in batches(ids) for row in _in_order(some)]


def _in_order(ids: Sequence[int]) -> list[Source]:
    rows = {row.id: row for row in Source.select().where(Source.id.in_(list(ids)))}
    return [rows[each] for each in ids if each in rows]


def next_documents(
    connection_id: int, *, now: datetime, limit: int, exclude: Sequence[int] = (), checks: bool = True
) -> list[Document]:
    """The wanted documents that come first: what a person asked for, then newest wish first. Without text.

    Without `checks`, only those that somebody requested or that a listing showed to have changed.
    """
    wanted = (Document.connection == connection_id) & ready(Document, now) & not_stopped()
    if exclude:
        wanted &= Document.id.not_in(list(exclude))
    if not checks:
        wanted &= ~_only_a_check()
    return list(
        Document.select(*WITHOUT_CONTENT)
        .where(wanted)
        .order_by(Document.request_rank, Document.requested_at.desc(), Document.id)
        .limit(limit)
    )


def next_rechecks(
    connection_id: int, *, now: datetime, limit: int, exclude: Sequence[int] = ()
) -> list[Document]:
    """Documents to be read once more because the minute of their last edit has closed; longest due first."""
    return _next_unwanted(connection_id, Document.recheck_at, now=now, limit=limit, exclude=exclude)


def next_checks(
    connection_id: int, *, now: datetime, limit: int, exclude: Sequence[int] = ()
) -> list[Document]:
    """Documents whose daily look is due although nobody wants them; longest due first, so that none starves."""
    return _next_unwanted(connection_id, Document.check_at, now=now, limit=limit, exclude=exclude)


def _next_unwanted(
    connection_id: int, due_at: Field, *, now: datetime, limit: int, exclude: Sequence[int]
) -> list[Document]:
    chosen = (Document.connection == connection_id) & _unwanted(due_at, now) & not_stopped()
    if exclude:
        chosen &= Document.id.not_in(list(exclude))
    return list(Document.select(*WITHOUT_CONTENT).where(chosen).order_by(due_at, Document.id).limit(limit))


def _unwanted(due_at: Field, now: datetime) -> Expression:
    """Due at its own time, not wanted, and not claimed for later by somebody who did not come to its end."""
    claimed = Document.retry_after.is_null(False) & (Document.retry_after > now)
    return (due_at <= now) & Document.requested_at.is_null() & ~claimed


def not_stopped() -> Expression:
    """Not a document that only stopped sources hold. Where nothing is stopped, that is asked once and not of each."""
    stopped, holder = Source.alias(), Source.alias()
    running = (
        Membership.select(SQL("1"))
        .join(holder)
        .where((Membership.document == Document.id) & holder.stopped_at.is_null())
    )
    none_stopped = ~fn.EXISTS(stopped.select(SQL("1")).where(stopped.stopped_at.is_null(False)))
    return none_stopped | fn.EXISTS(running)


def is_stopped(source_id: int) -> bool:
    """Whether a person has stopped the source by now."""
    return bool(Source.select().where((Source.id == source_id) & Source.stopped_at.is_null(False)).exists())


def connections_with_work(*, now: datetime) -> list[int]:
    """The alive connections that have something due and that nobody works or rests."""
    free = (
        (Connection.state == "alive")
        & (Connection.lease_until.is_null() | (Connection.lease_until <= now))
        & (Connection.paused_until.is_null() | (Connection.paused_until <= now))
    )
    checks = Connection.checks_paused_until.is_null() | (Connection.checks_paused_until <= now)
    runs = Source.stopped_at.is_null()
    source = _has(Source, runs & ready(Source, now) & ((Source.request_rank < Rank.CHECK) | checks))
    document = _has(Document, ready(Document, now) & (~_only_a_check() | checks) & not_stopped())
    # What is at work and has nothing left to try, now or later, only wants settling.
    unsettled = fn.EXISTS(
        Source.select(SQL("1")).where(
            (Source.connection == Connection.id)
            & Source.status.in_(AT_WORK)
            & (Source.requested_at.is_null() | Source.error.is_null(False))
            & ~fn.EXISTS(outstanding(Source.id))
        )
    )
    closing = _has(Document, _unwanted(Document.recheck_at, now) & not_stopped())
    check = checks & _has(Document, _unwanted(Document.check_at, now) & not_stopped())
    query = (
        Connection.select(Connection.id)
        .where(free & (source | document | unsettled | closing | check))
        .order_by(Connection.id)
    )
    return [row.id for row in query]


def _only_a_check() -> Expression:
    """A wish of the lowest rank whose page has yet to be asked whether it moved, or is there, at all."""
    unknown = (
        Document.stub.is_null() | Document.doubted_at.is_null(False) | Document.removed_at.is_null(False)
    )
    return (Document.request_rank == Rank.CHECK) & unknown


def _has(table: type[Source] | type[Document], condition: Expression) -> Expression:
    """That the connection of the outer query has such a row."""
    return fn.EXISTS(table.select(SQL("1")).where((table.connection == Connection.id) & condition))


def sources_at_work(connection_id: int) -> list[int]:
    """Sources of a connection that show a person that they are at work."""
    query = Source.select(Source.id).where((Source.connection == connection_id) & Source.status.in_(AT_WORK))
    return [row.id for row in query]
