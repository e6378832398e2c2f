"""Importing what was ticked: each pick becomes a source, and is wanted. Finding what a pasted link leads to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from extract import connections, jobs
from extract.actions import stopping
from extract.discovery import subpages
from extract.errors import NotFound, Refused
from extract.membership.documents import add_document
from extract.rules.timing import FRESH_STUB, OVERLAP, Rank, is_recent, next_sync
from extract.runtime import Runtime
from extract.store.db import database
from extract.store.models import Chatbot, Connection, Document, Membership, Source
from extract.values import SCHEDULES, DatabaseContainer, Schedule, SourceKind, Stub
from extract.worklist.documents import request_read
from extract.worklist.sources import request_listing, show, show_waiting


@dataclass(frozen=True, slots=True)
class Pick:
    """One ticked item of the picker. `notion_id` is the page's, the database's (the container's) or the workspace's.

    `with_subpages`: of a page, everything below it too. `stub` and `listed_at` are what a listing said and when; a
    fresh one saves asking the page again.
    """

    kind: SourceKind
    notion_id: str
    title: str
    url: str
    icon: str | None = None
    parent_label: str = ""
    stub: Stub | None = None
    listed_at: datetime | None = None
    with_subpages: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """The rows that an import made, and those that were there already; of these, the pages now with their sub-pages."""

    created: tuple[Source, ...]
    known: tuple[Source, ...]
    widened: tuple[Source, ...] = ()


def import_picks(
    runtime: Runtime,
    *,
    chatbot: Chatbot,
    connection: Connection,
    picks: Sequence[Pick],
    schedule: Schedule,
    listed: Sequence[Stub] = (),
    listed_at: datetime | None = None,
) -> Imported:
    """Make one source of each pick and want it read. Raises Refused when the connection is not alive.

    A page that is a source already and is picked with its sub-pages is widened. `listed` is what else the picker listed
    of the connection, none of it before `listed_at`: what a tree or a workspace takes of it need not be asked again.
    """
    if connection.organisation_id != chatbot.organisation_id:
        raise Refused("This Notion connection belongs to another organisation.")
    if connection.state != "alive":
        raise Refused("This Notion connection is not active. Reconnect to Notion, then import.")
    check_schedule(schedule)
    now = runtime.clock()
    created: list[Source] = []
    known: list[Source] = []
    widened: list[Source] = []
    with database.atomic():
        for pick in picks:
            source, is_new = _source_for(
                pick, chatbot=chatbot, connection=connection, schedule=schedule, now=now
            )
            (created if is_new else known).append(source)
            if source.stopped_at is not None:
                resume_following(source, now=now)
            if is_new or source.status in ("empty", "failed"):
                _request_first_read(runtime, source, pick, now=now)
            if not is_new and pick.with_subpages and not source.with_subpages:
                widen_or_narrow(source, True, now=now)
                widened.append(source)
        moments = [pick.listed_at or now for pick in picks]
        if listed and listed_at is not None and is_recent(listed_at, now=now, within=FRESH_STUB):
            grown = [source for source in (*created, *widened) if source.with_subpages]
            subpages.adopt_listed(grown, listed, now=now, verify_hours=runtime.config.watch.verify_hours)
            moments.append(listed_at)
        rewind_watermark(connection.id, min(moments, default=now))
    jobs.wake(runtime, connection.id)
    return Imported(created=tuple(created), known=tuple(known), widened=tuple(widened))


def find_pick(runtime: Runtime, connection: Connection, link_or_id: str) -> Pick:
    """What a pasted Notion link or id points to, as Notion sees it. Raises Refused with a sentence, NotionError."""
    with connections.http_for(runtime) as http:
        client = connections.client_for(runtime, connection, http=http, lane="people")
        try:
            found = client.resolve(link_or_id)
        except NotFound as error:
            raise Refused(
                "Notion does not show this page to us. Share it with the integration in Notion "
                "(page menu, Connections), or check the link."
            ) from error
    if isinstance(found, DatabaseContainer):
        return Pick(kind="database", notion_id=found.id, title=found.title, url=found.url, icon=found.icon)
    if found.in_trash:
        raise Refused(f"“{found.title}” is in Notion's trash. Restore it there first.")
    if found.kind == "data_source":
        return Pick(
            kind="database",
            notion_id=found.database_id or found.id,
            title=found.title,
            url=found.url,
            icon=found.icon,
        )
    return Pick(
        kind="page",
        notion_id=found.id,
        title=found.title,
        url=found.url,
        icon=found.icon,
        stub=found,
        listed_at=runtime.clock(),
    )


def workspace_pick(connection: Connection) -> Pick:
    """Everything that the integration is shared with, now and later."""
    return Pick(
        kind="workspace",
        notion_id=connection.workspace_id,
        title=connection.workspace_name or "Notion workspace",
        url="",
        icon=connection.workspace_icon,
    )


def _source_for(
    pick: Pick, *, chatbot: Chatbot, connection: Connection, schedule: Schedule, now: datetime
) -> tuple[Source, bool]:
    source, created = Source.get_or_create(
        chatbot=chatbot.id,
        notion_id=pick.notion_id,
        defaults={
            "connection": connection.id,
            "kind": pick.kind,
            "title": pick.title,
            "url": pick.url,
            "icon": pick.icon,
            "parent_label": pick.parent_label,
            "with_subpages": pick.with_subpages,
            "auto_retrain": schedule,
            "next_sync_at": next_sync(schedule, now=now),
            "created_at": now,
        },
    )
    if not created and source.connection_id != connection.id and source.connection.state != "alive":
        source.connection = connection
        source.save(only=[Source.connection])
        held = Membership.select(Membership.document).where(Membership.source == source.id)
        Document.update(connection=connection.id).where(Document.id.in_(held)).execute()
        # What moved while nobody followed it is found by one comparison.
        request_listing(source, now=now, rank=Rank.PERSON, full=False)
    return source, created


def _request_first_read(runtime: Runtime, source: Source, pick: Pick, *, now: datetime) -> None:
    """A page with a fresh stub needs one request, its body; anything else is listed first."""
    show(source, "pending", None)
    fresh = pick.stub is not None and is_recent(pick.listed_at, now=now, within=FRESH_STUB)
    if pick.kind == "page" and fresh and pick.stub is not None and not pick.stub.in_trash:
        document = add_document(
            source,
            pick.notion_id,
            stub=pick.stub,
            now=now,
            rank=Rank.PERSON,
            verify_hours=runtime.config.watch.verify_hours,
        )
        request_read(document, now=now, rank=Rank.PERSON, stub=pick.stub)
        if not source.with_subpages:
            return
    request_listing(source, now=now, rank=Rank.PERSON, full=True)


def rewind_watermark(connection_id: int, to: datetime) -> None:
    """Let the next sweep begin no later than `to`: what was listed then may have moved before we held it."""
    start = to - OVERLAP
    Connection.update(edits_seen_to=start).where(
        (Connection.id == connection_id)
        & (Connection.edits_seen_to.is_null() | (Connection.edits_seen_to > start))
    ).execute()


def check_schedule(schedule: str) -> None:
    """Raise Refused for a word that is no schedule."""
    if schedule not in SCHEDULES:
        raise Refused(f"Auto-retrain can be {', '.join(SCHEDULES)}; “{schedule}” is none of them.")


def widen_or_narrow(source: Source, with_subpages: bool, *, now: datetime) -> None:
    """Make a page a tree, or a tree a page again, and want it listed as such. Call inside a transaction."""
    source.with_subpages = with_subpages
    source.listed_at = None  # as a tree it has never been listed
    source.save(only=[Source.with_subpages, Source.listed_at])
    show_waiting(source)
    request_listing(source, now=now, rank=Rank.PERSON, full=False)


def resume_following(source: Source, *, now: datetime) -> None:
    """A stopped source goes on: what moved since it was stopped is looked for. Call inside a transaction."""
    rewind_watermark(source.connection_id, source.stopped_at)
    stopping.resume(source, now=now)
