"""Stores Notion's webhook events and turns them into requests to read pages again. Sends Notion nothing.

An event is a hint: the page it names is read again as it is now, so the order of events does not matter, and a lost
event costs freshness only. `notion.events` and `rules.changes` decide what an event asks for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import structlog
from peewee import Expression, InterfaceError, OperationalError

from extract.discovery.arrivals import relist_tables
from extract.discovery.changes_listed import Noticed
from extract.membership.documents import add_document, documents_by_page
from extract.membership.queries import followed
from extract.notion.events import Event, event_of, trimmed
from extract.rules.changes import compare_event
from extract.rules.timing import CLOCKS_DIFFER, Rank, believable, is_recent, relist_pause, was_missed
from extract.store.db import database, is_postgres
from extract.store.models import Connection, DataSource, Document, Membership, Source, WebhookEvent
from extract.values import Json
from extract.worklist.documents import request_read
from extract.worklist.facts import follows
from extract.worklist.sources import request_listing

log = structlog.get_logger(__name__)

KEPT = timedelta(hours=48)
"""How long a processed event is kept: longer than Notion repeats one."""

BATCH = 200


@dataclass(frozen=True, slots=True)
class EntityHint:
    """What all waiting events say of one entity, for one connection. `latest` is the newest of the events.

    `rows_only`: they only say that rows of a database were added or removed. `gone`: they only say that the page left.
    """

    connection_id: int
    latest: Event
    rows_only: bool
    gone: bool


def store(event_id: str, body: Mapping[str, Json], *, now: datetime) -> None:
    """Store an event until it is processed. One that is stored already is not changed."""
    WebhookEvent.insert(event_id=event_id, body=trimmed(body), received_at=now).on_conflict_ignore().execute()


def process_pending(now: datetime, *, verify_hours: float) -> int:
    """Process the stored events, each in one process only, and request reads of what they name.

    Return how many events were processed.
    """
    if not _waiting().exists():  # the usual case takes no lock
        return 0
    with database.atomic():
        rows = list(_locked(_waiting()))
        if not rows:
            return 0
        events = [(event_of(row.body), row.received_at) for row in rows]
        routes = _routes(event for event, _ in events)
        _prove_alive(events, routes, now=now)
        for hint in group_by_entity((event for event, _ in events), routes):
            _apply(hint, now=now, verify_hours=verify_hours)
        WebhookEvent.update(processed_at=now).where(WebhookEvent.id.in_([row.id for row in rows])).execute()
    unknown = Counter(event.type for event, _ in events if event.meaning == "unknown")
    log.info("events_taken", events=len(rows), unknown=dict(unknown))
    return len(rows)


def prune(now: datetime) -> None:
    """Delete processed events that Notion does not repeat any more: about once an hour, however often it is called."""
    oldest = (
        WebhookEvent.select(WebhookEvent.received_at)
        .where(WebhookEvent.processed_at.is_null(False))
        .order_by(WebhookEvent.received_at)
        .first()
    )
    if oldest is not None and now - oldest.received_at > KEPT + timedelta(hours=1):
        WebhookEvent.delete().where(
            WebhookEvent.processed_at.is_null(False) & (WebhookEvent.received_at < now - KEPT)
        ).execute()


def last_event_at() -> datetime | None:
    """Return when the newest stored event arrived; None if there is none."""
    row = WebhookEvent.select(WebhookEvent.received_at).order_by(WebhookEvent.received_at.desc()).first()
    return row.received_at if row else None


def note_missed(connection: Connection, noticed: Noticed, *, now: datetime, poll_at: datetime) -> bool:
    """Poll the connection at the usual rate again if a poll found an edit that an event should have reported.

    Return True if it did. `poll_at` is the time of the next poll at the usual rate.
    """
    if connection.event_at is None:
        return False
    missed = [
        edited for edited in noticed.untold if was_missed(edited, polled_at=connection.polled_at, now=now)
    ]
    if missed:
        log.info("events_missed", connection_id=connection.id, edits=len(missed))
        Connection.update(event_missed_at=now, poll_at=poll_at).where(
            Connection.id == connection.id
        ).execute()
    return bool(missed)


def group_by_entity(events: Iterable[Event], routes: Mapping[Event, Sequence[int]]) -> list[EntityHint]:
    """Return one hint for each entity and connection, in the order of their first events. Pure."""
    groups: dict[tuple[int, str | None], list[Event]] = {}
    for event in events:
        for connection_id in routes.get(event, ()):
            groups.setdefault((connection_id, event.entity_id), []).append(event)
    return [
        EntityHint(
            connection_id,
            latest=max(group, key=lambda event: (event.at is None, event.at)),
            rows_only=all(event.meaning == "rows" for event in group),
            gone=all(event.meaning == "gone" for event in group),
        )
        for (connection_id, _), group in groups.items()
    ]


def _waiting() -> Any:
    """Select the oldest events that are not processed."""
    return (
        WebhookEvent.select()
        .where(WebhookEvent.processed_at.is_null())
        .order_by(WebhookEvent.id)
        .limit(BATCH)
    )


def _locked(query: Any) -> Any:
    """Lock the rows, so that another daemon skips them. On SQLite the transaction locks the whole database."""
    return query.for_update("FOR UPDATE SKIP LOCKED") if is_postgres() else query


def _routes(events: Iterable[Event]) -> dict[Event, list[int]]:
    """Return event -> the alive connections it concerns: those that it names, else those of its workspace."""
    meaningful = [event for event in events if event.meaning not in ("nothing", "unknown")]
    bots = set(chain.from_iterable(event.bots for event in meaningful))
    workspaces = {event.workspace_id for event in meaningful if event.workspace_id}
    alive = list(
        Connection.select(Connection.id, Connection.bot_id, Connection.workspace_id)
        .where(
            (Connection.state == "alive")
            & (Connection.bot_id.in_(list(bots)) | Connection.workspace_id.in_(list(workspaces)))
        )
        .order_by(Connection.id)
    )
    routes: dict[Event, list[int]] = {}
    for event in meaningful:
        named = [row.id for row in alive if row.bot_id in event.bots]
        routes[event] = named or [row.id for row in alive if row.workspace_id == event.workspace_id]
    return routes


def _prove_alive(
    events: Sequence[tuple[Event, datetime]], routes: Mapping[Event, Sequence[int]], *, now: datetime
) -> None:
    latest: dict[int, datetime] = {}
    for event, received_at in events:
        for connection_id in routes.get(event, ()):
            latest[connection_id] = max(latest.get(connection_id, received_at), received_at)
    wrong = Connection.event_at > now + CLOCKS_DIFFER
    for connection_id, at in latest.items():
        earlier = Connection.event_at.is_null() | (Connection.event_at < at) | wrong
        Connection.update(event_at=at).where((Connection.id == connection_id) & earlier).execute()


def _apply(hint: EntityHint, *, now: datetime, verify_hours: float) -> None:
    """Request what one hint is about. A bug that it meets is logged, so that the other hints are applied."""
    try:
        with database.atomic():
            if hint.latest.meaning in ("page", "gone"):
                _apply_to_page(hint, now=now, verify_hours=verify_hours)
            else:
                _apply_to_table(hint, now=now)
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # whatever it is: the events of one page must not hold up those of all others
        log.exception("event_broken", connection_id=hint.connection_id, notion_id=hint.latest.entity_id)


def _apply_to_page(hint: EntityHint, *, now: datetime, verify_hours: float) -> None:
    """Add the page to the sources it now belongs to, and request its documents."""
    page_id, event = str(hint.latest.entity_id), hint.latest
    if not hint.gone:
        for source in _sources_to_join(hint.connection_id, event):
            add_document(
                source, page_id, stub=None, title="", now=now, rank=Rank.EDIT, verify_hours=verify_hours
            )
    documents = documents_by_page(hint.connection_id, [page_id]).get(page_id, [])
    live = followed(document.id for document in documents)
    for document in documents:
        if document.id in live and not (hint.gone and document.removed_at is not None):
            _request_if_unread(document, event.at, now=now)


def _request_if_unread(document: Document, at: datetime | None, *, now: datetime) -> None:
    """Request the document, unless what is read or due already covers an event of the time `at`."""
    fetches_page_object = (
        document.requested_at is not None
        and document.request_rank <= Rank.EDIT
        and document.stub is None
        and document.error is None
    )
    read_at = document.synced_at
    verdict = compare_event(
        at,
        synced_at=read_at if read_at is not None and believable(read_at, now=now) else None,
        recheck_at=document.recheck_at,
        requested_at=document.requested_at if fetches_page_object else None,
    )
    if verdict == "read":
        request_read(document, now=now, rank=Rank.EDIT)
    elif verdict == "check":
        Document.update(stub=None).where(
            (Document.id == document.id) & Document.requested_at.is_null()
        ).execute()


def _sources_to_join(connection_id: int, event: Event) -> list[Source]:
    """Return the sources that follow edits, that a page with this parent belongs to, and that do not hold it yet."""
    parent = event.parent
    chosen = Source.kind == "workspace"
    if parent.kind in ("data_source_id", "database_id") and parent.id:
        chosen |= _has_table(parent.id)
    if parent.kind == "page_id":
        above = Membership.select(Membership.source).join(Document).where(Document.notion_id == parent.id)
        chosen |= Source.with_subpages & ((Source.notion_id == parent.id) | Source.id.in_(above))
    holders = Membership.select(Membership.source).join(Document).where(Document.notion_id == event.entity_id)
    return list(
        Source.select()
        .where((Source.connection == connection_id) & follows() & chosen & Source.id.not_in(holders))
        .order_by(Source.id)
    )


def _has_table(notion_id: str) -> Expression:
    """The condition that a source has the database or data source with this id."""
    tables = DataSource.select(DataSource.source).where(
        (DataSource.notion_id == notion_id) | (DataSource.database_id == notion_id)
    )
    return ((Source.kind == "database") & (Source.notion_id == notion_id)) | Source.id.in_(tables)


def _apply_to_table(hint: EntityHint, *, now: datetime) -> None:
    """Request a listing of the sources that have the database or data source.

    It is not requested twice. For events that only concern rows, it is not requested either if the source was listed
    lately or is no ticked database, since Notion sends an event for each row as well.
    """
    entity_id, parent = str(hint.latest.entity_id), hint.latest.parent
    has_table = _has_table(entity_id)
    if parent.kind == "database_id" and parent.id:  # a data source that is new to its database
        has_table |= _has_table(parent.id)
    sources = Source.select().where(
        (Source.connection == hint.connection_id)
        & follows()
        & (Source.requested_at.is_null() | Source.listing_open)
        & has_table
    )
    for source in sources:
        if source.kind != "database" and hint.rows_only:
            continue
        rows = Membership.select().where(Membership.source == source.id).count()
        if hint.rows_only and is_recent(source.listed_at, now=now, within=relist_pause(rows)):
            continue
        if source.kind != "database":
            relist_tables(
                source, [entity_id, parent.id] if parent.kind == "database_id" else [entity_id], now=now
            )
        else:
            request_listing(source, now=now, rank=Rank.EDIT, full=False)
