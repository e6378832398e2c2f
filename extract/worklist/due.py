"""Queries: what is due for one connection, and which connections have something due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from peewee import SQL, Expression, Field, Function, fn

from extract.rules.timing import AT_WORK, Rank, few_of_each
from extract.store.db import batches
from extract.store.models import WITHOUT_CONTENT, Connection, Document, Membership, Source
from extract.worklist.outcome import outstanding


def ready(table: type[Source] | type[Document], now: datetime) -> Expression:
    """The condition that a row is requested and its retry is not later than `now`."""
    return table.requested_at.is_null(False) & (table.retry_after.is_null() | (table.retry_after <= now))


def next_source(connection_id: int, *, now: datetime, checks: bool = True) -> Source | None:
    """Return the source whose listing comes first, or None. Without `checks`, routine listings are left out."""
    chosen = (Source.connection == connection_id) & ready(Source, now) & Source.stopped_at.is_null()
    if not checks:
        chosen &= Source.request_rank < Rank.CHECK
    found: Source | None = (
        Source.select().where(chosen).order_by(Source.request_rank, Source.requested_at, Source.id).first()
    )
    return found


def sources_due(
    condition: Expression, due_at: Field, *, rank: Rank, now: datetime, most: int
) -> list[Source]:
    """Return sources of alive connections that are due by `condition`, smallest `due_at` first, a few per connection.

    With those of this `rank` that are requested already, a connection has at most `most` of them.
    """
    due = (
        Source.select(Source.id, Source.connection)
        .join(Connection)
        .where(condition & (Connection.state == "alive"))
        .order_by(due_at, Source.id)
        .tuples()
        .iterator()
    )
    pairs = list(due)
    if not pairs:
        return []
    waiting = (
        Source.select(Source.connection, fn.COUNT(Source.id))
        .where(ready(Source, now) & (Source.request_rank == rank))
        .group_by(Source.connection)
        .tuples()
        .iterator()
    )
    ids = few_of_each(pairs, waiting=dict(waiting), most=most)
    return [source for batch in batches(ids) for source in _in_order(batch)]


def _in_order(ids: Sequence[int]) -> list[Source]:
    rows = {row.id: row for row in Source.select().where(Source.id.in_(list(ids)))}
    return [rows[source_id] for source_id in ids if source_id in rows]


def next_documents(
    connection_id: int, *, now: datetime, limit: int, exclude: Sequence[int] = (), checks: bool = True
) -> list[Document]:
    """Return the requested documents that come first: the most urgent rank, then the newest request. Without text.

    Without `checks`, those requests are left out that only ask whether the page changed or is there.
    """
    chosen = (Document.connection == connection_id) & ready(Document, now) & not_stopped()
    if exclude:
        chosen &= Document.id.not_in(list(exclude))
    if not checks:
        chosen &= ~_only_a_check()
    return list(
        Document.select(*WITHOUT_CONTENT)
        .where(chosen)
        .order_by(Document.request_rank, Document.requested_at.desc(), Document.id)
        .limit(limit)
    )


def next_rechecks(
    connection_id: int, *, now: datetime, limit: int, exclude: Sequence[int] = ()
) -> list[Document]:
    """Return documents whose recheck is due, since the minute of their last edit has closed; longest due first."""
    return _next_unrequested(connection_id, Document.recheck_at, now=now, limit=limit, exclude=exclude)


def next_checks(
    connection_id: int, *, now: datetime, limit: int, exclude: Sequence[int] = ()
) -> list[Document]:
    """Return documents that are not requested and whose routine check is due; longest due first."""
    return _next_unrequested(connection_id, Document.check_at, now=now, limit=limit, exclude=exclude)


def _next_unrequested(
    connection_id: int, due_at: Field, *, now: datetime, limit: int, exclude: Sequence[int]
) -> list[Document]:
    chosen = (Document.connection == connection_id) & _due_unrequested(due_at, now) & not_stopped()
    if exclude:
        chosen &= Document.id.not_in(list(exclude))
    return list(Document.select(*WITHOUT_CONTENT).where(chosen).order_by(due_at, Document.id).limit(limit))


def _due_unrequested(due_at: Field, now: datetime) -> Expression:
    """The condition that `due_at` has come, the document is not requested, and no claim delays it.

    A claim is left behind by a drain that ended before it wrote the document.
    """
    claimed = Document.retry_after.is_null(False) & (Document.retry_after > now)
    free: Expression = ~claimed
    return (due_at <= now) & Document.requested_at.is_null() & free


def not_stopped() -> Expression:
    """The condition that a source that is not stopped holds the document.

    If no source at all is stopped, the database finds that out once and not for each document.
    """
    stopped, holder = Source.alias(), Source.alias()
    running = (
        Membership.select(SQL("1"))
        .join(holder)
        .where((Membership.document == Document.id) & holder.stopped_at.is_null())
    )
    none_stopped: Expression = ~fn.EXISTS(stopped.select(SQL("1")).where(stopped.stopped_at.is_null(False)))
    return none_stopped | fn.EXISTS(running)


def is_stopped(source_id: int) -> bool:
    """Return True if a person has stopped the source by now."""
    return bool(Source.select().where((Source.id == source_id) & Source.stopped_at.is_null(False)).exists())


def connections_with_work(*, now: datetime) -> list[int]:
    """Return the alive connections that have something due, are not paused, and that no drain works on."""
    free = (
        (Connection.state == "alive")
        & (Connection.lease_until.is_null() | (Connection.lease_until <= now))
        & (Connection.paused_until.is_null() | (Connection.paused_until <= now))
    )
    checks = Connection.checks_paused_until.is_null() | (Connection.checks_paused_until <= now)
    runs = Source.stopped_at.is_null()
    source = _has(Source, runs & ready(Source, now) & ((Source.request_rank < Rank.CHECK) | checks))
    document = _has(Document, ready(Document, now) & (~_only_a_check() | checks) & not_stopped())
    # A source that shows work and has nothing left to try, now or later: only its run has to be closed.
    unsettled = fn.EXISTS(
        Source.select(SQL("1")).where(
            (Source.connection == Connection.id)
            & Source.status.in_(AT_WORK)
            & (Source.requested_at.is_null() | Source.error.is_null(False))
            & ~fn.EXISTS(outstanding(Source.id))
        )
    )
    recheck = _has(Document, _due_unrequested(Document.recheck_at, now) & not_stopped())
    check = checks & _has(Document, _due_unrequested(Document.check_at, now) & not_stopped())
    query = (
        Connection.select(Connection.id)
        .where(free & (source | document | unsettled | recheck | check))
        .order_by(Connection.id)
    )
    return [row.id for row in query]


def _only_a_check() -> Expression:
    """The condition that a request of the lowest rank only asks whether the page changed or is there."""
    unknown = (
        Document.stub.is_null() | Document.doubted_at.is_null(False) | Document.removed_at.is_null(False)
    )
    return (Document.request_rank == Rank.CHECK) & unknown


def _has(table: type[Source] | type[Document], condition: Expression) -> Function:
    """The condition that the connection of the outer query has such a row."""
    return fn.EXISTS(table.select(SQL("1")).where((table.connection == Connection.id) & condition))


def sources_at_work(connection_id: int) -> list[int]:
    """Return the sources of a connection whose status says that their sync is waiting or running."""
    query = Source.select(Source.id).where((Source.connection == connection_id) & Source.status.in_(AT_WORK))
    return [row.id for row in query]
