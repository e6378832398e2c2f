"""What is due for one connection, and which connections have something due: the queries behind `watch`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import JOIN, SQL, Case, Expression, fn

from .models import Chunk, Connection, DataSource, Document, Membership, Run, Source
from .watch import AT_WORK, Rank

_BATCH = 400  # below SQLite's limit of variables in one statement


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the running sync of a source has come: `done` of `total` documents."""

    done: int
    total: int


def ripe(table: type[Source] | type[Document], now: datetime) -> Expression:
    """Wanted, and not put off beyond `now`."""
    return table.wanted_at.is_null(False) & (table.try_after.is_null() | (table.try_after <= now))


def next_source(connection_id: int, *, now: datetime) -> Source | None:
    """The source whose listing comes first, or None."""
    found: Source | None = (
        Source.select()
        .where((Source.connection == connection_id) & ripe(Source, now))
        .order_by(Source.wanted_rank, Source.wanted_at, Source.id)
        .first()
    )
    return found


def next_documents(
    connection_id: int, *, now: datetime, limit: int, but: Sequence[int] = ()
) -> list[Document]:
    """The wanted documents that come first: what a person asked for, then newest wish first. Without text."""
    wanted = (Document.connection == connection_id) & ripe(Document, now)
    if but:
        wanted &= Document.id.not_in(list(but))
    return list(
        Document.select(*_LIGHT)
        .where(wanted)
        .order_by(Document.wanted_rank, Document.wanted_at.desc(), Document.id)
        .limit(limit)
    )


def next_looks(connection_id: int, *, now: datetime, limit: int, but: Sequence[int] = ()) -> list[Document]:
    """Documents to look at although nobody wants them now: a minute has closed, or the daily look is due."""
    looks = (Document.connection == connection_id) & _to_look_at(now)
    if but:
        looks &= Document.id.not_in(list(but))
    due_at = fn.COALESCE(Document.look_at, Document.verify_at)
    return list(Document.select(*_LIGHT).where(looks).order_by(due_at, Document.id).limit(limit))


_HEAVY = ("text", "previous_text", "links", "properties")


def _to_look_at(now: datetime) -> Expression:
    """Not wanted, but a look is due, and was not booked for later by somebody who did not come to its end."""
    due_now = (Document.look_at <= now) | (Document.verify_at <= now)
    booked = Document.try_after.is_null(False) & (Document.try_after > now)
    return Document.wanted_at.is_null() & due_now & ~booked


_LIGHT = [field for field in Document._meta.sorted_fields if field.name not in _HEAVY]


def connections_with_work(*, now: datetime) -> list[int]:
    """The alive connections that have something due and that nobody works or rests."""
    free = (
        (Connection.state == "alive")
        & (Connection.lease_until.is_null() | (Connection.lease_until <= now))
        & (Connection.rest_until.is_null() | (Connection.rest_until <= now))
    )
    source = fn.EXISTS(
        Source.select(SQL("1")).where((Source.connection == Connection.id) & ripe(Source, now))
    )
    document = fn.EXISTS(
        Document.select(SQL("1")).where((Document.connection == Connection.id) & ripe(Document, now))
    )
    # What is at work and has nothing left to try, now or later, only wants settling.
    unsettled = fn.EXISTS(
        Source.select(SQL("1")).where(
            (Source.connection == Connection.id)
            & Source.status.in_(AT_WORK)
            & (Source.wanted_at.is_null() | Source.error.is_null(False))
            & ~fn.EXISTS(_outstanding(Source.id))
        )
    )
    look = fn.EXISTS(
        Document.select(SQL("1")).where((Document.connection == Connection.id) & _to_look_at(now))
    )
    query = (
        Connection.select(Connection.id)
        .where(free & (source | document | unsettled | look))
        .order_by(Connection.id)
    )
    return [row.id for row in query]


def sources_at_work(connection_id: int) -> list[int]:
    """Sources of a connection that show a person that they are at work."""
    query = Source.select(Source.id).where((Source.connection == connection_id) & Source.status.in_(AT_WORK))
    return [row.id for row in query]


def sources_holding(document_ids: Sequence[int]) -> dict[int, list[int]]:
    """Document id -> ids of the sources that hold it."""
    held: dict[int, list[int]] = {document_id: [] for document_id in document_ids}
    rows = (
        Membership.select(Membership.document, Membership.source)
        .where(Membership.document.in_(list(document_ids)))
        .order_by(Membership.source)
        .tuples()
    )
    for document_id, source_id in rows:
        held[document_id].append(source_id)
    return held


def hidden_columns(document_ids: Sequence[int]) -> dict[int, frozenset[str]]:
    """Document id -> ids of the columns that every database holding it has switched off."""
    hidden: dict[int, frozenset[str]] = {}
    rows = (
        Membership.select(Membership.document, Source.hidden_columns)
        .join(Source)
        .where(Membership.document.in_(list(document_ids)) & (Source.kind == "database"))
        .tuples()
    )
    for document_id, columns in rows:
        off = frozenset(columns)
        hidden[document_id] = hidden.get(document_id, off) & off
    return hidden


def gone() -> Expression:
    """Of a source: its database has left, and so have its rows, until it is listed again. As `is_gone`."""
    return Source.doubted_at.is_null(False) & (Source.listed_at >= Source.doubted_at)


def is_gone(source: Source) -> bool:
    """Whether a listing has confirmed that the database of a source left, and none has shown it since."""
    return bool(source.doubted_at and source.listed_at and source.listed_at >= source.doubted_at)


def followed(document_ids: Iterable[int]) -> Collection[int]:
    """Those among the documents that at least one source with auto-retrain `live` holds.

    A database that has left Notion's sight holds its rows as tombstones only, also those that are shared by themselves.
    """
    ids = list(document_ids)
    found: set[int] = set()
    for start in range(0, len(ids), _BATCH):
        rows = (
            Membership.select(Membership.document)
            .join(Source)
            .where(
                Membership.document.in_(ids[start : start + _BATCH])
                & (Source.auto_retrain == "live")
                & ~gone()
            )
            .tuples()
        )
        found.update(document_id for (document_id,) in rows)
    return found


@dataclass(frozen=True, slots=True)
class Standing:
    """How the documents of one source stand."""

    readable: int
    with_text: int
    failed: int


def has_outstanding(source: Source) -> bool:
    """Whether a document of the source is wanted and has not failed since."""
    return bool(_outstanding(source.id).exists())


def _outstanding(source_id: object) -> Any:
    """Also those that another connection serves; nobody waits for one that is not alive."""
    server = Connection.alias()
    wanted = Document.wanted_at.is_null(False) & Document.error.is_null()
    return (
        Document.select(SQL("1"))
        .join(Membership)
        .switch(Document)
        .join(server)
        .where((Membership.source == source_id) & (server.state == "alive") & wanted)
    )


def standing(source_id: int) -> Standing:
    """Count the documents of a source: readable, with text, failed."""
    live = Document.removed_at.is_null()
    counts = (
        Document.select(
            _count(live & Document.synced_at.is_null(False)),
            _count(live & fn.EXISTS(Chunk.select(SQL("1")).where(Chunk.document == Document.id))),
            _count(live & Document.error.is_null(False)),
        )
        .join(Membership)
        .where(Membership.source == source_id)
        .tuples()
        .get()
    )
    readable, with_text, failed = (int(count or 0) for count in counts)
    return Standing(readable=readable, with_text=with_text, failed=failed)


def _count(condition: Expression) -> Expression:
    return fn.SUM(Case(None, ((condition, 1),), 0))


def progress(source_ids: Sequence[int]) -> Mapping[int, Progress]:
    """How far each source that is at work has come; sources without an open run are left out."""
    if not source_ids:
        return {}
    waiting = (
        Run.select(
            Run.source, Run.fetched, _count(Document.wanted_at.is_null(False) & Document.error.is_null())
        )
        .join(Source)
        .join(Membership, JOIN.LEFT_OUTER)
        .join(Document, JOIN.LEFT_OUTER)
        .where(Run.source.in_(list(source_ids)) & Run.finished_at.is_null())
        .group_by(Run.id, Run.source, Run.fetched)
        .order_by(Run.id)
        .tuples()
    )
    return {
        source_id: Progress(done=fetched, total=fetched + int(left or 0))
        for source_id, fetched, left in waiting
    }


def data_sources_of(connection_id: int, notion_ids: Sequence[str]) -> list[DataSource]:
    """The data sources among `notion_ids` that sources of this connection hold, each with its source."""
    return list(
        DataSource.select(DataSource, Source)
        .join(Source)
        .where((Source.connection == connection_id) & DataSource.notion_id.in_(list(notion_ids)))
        .order_by(DataSource.id)
    )


def rank_of(document: Document) -> Rank:
    """The rank a document is worked under: its wish, else a mere look."""
    return Rank(document.wanted_rank) if document.wanted_at is not None else Rank.VERIFY


def titles_held(chatbot_id: int, notion_ids: Sequence[str]) -> dict[str, str]:
    """Notion id -> title of those pages that this knowledge base holds."""
    if not notion_ids:
        return {}
    rows = (
        Document.select(Document.notion_id, Document.title)
        .where((Document.chatbot == chatbot_id) & Document.notion_id.in_(list(notion_ids)[:400]))
        .tuples()
    )
    return dict(rows)
