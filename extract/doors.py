"""What may be asked for: import, retrain, stop, schedule, delete, disconnect. Each marks rows and wakes a worker."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from . import brake, connections, jobs, stopping, trees
from .columns import columns_of
from .db import database, is_postgres
from .errors import NotFound, Refused
from .holding import drop_unheld
from .models import Chatbot, Connection, Document, Membership, Run, Source
from .notice import add_document, mark, want_again, want_listing
from .runtime import Runtime
from .shapes import SCHEDULES, DatabaseContainer, Schedule, SourceKind, Stub
from .watch import AT_WORK, FRESH_STUB, OVERLAP, Rank, next_sync


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
    _check_schedule(schedule)
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
                _resume(source, now=now)
            if is_new or source.status in ("empty", "failed"):
                _want_first_read(runtime, source, pick, now=now)
            if not is_new and pick.with_subpages and not source.with_subpages:
                _set_subpages(source, True, now=now)
                widened.append(source)
        moments = [pick.listed_at or now for pick in picks]
        if listed and listed_at is not None and now - listed_at <= FRESH_STUB:
            grown = [source for source in (*created, *widened) if source.with_subpages]
            trees.plant(grown, listed, now=now, verify_hours=runtime.config.watch.verify_hours)
            moments.append(listed_at)
        _look_back(connection.id, min(moments, default=now))
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


def retrain(runtime: Runtime, sources: Sequence[Source], *, full: bool) -> None:
    """Want these sources synced now; one that was stopped goes on. Raises Refused, with nothing marked, when a
    connection is not alive.
    """
    for source in sources:
        if source.connection.state != "alive":
            raise Refused(
                f"“{source.title}” cannot be retrained: its connection to Notion is not active. Reconnect first."
            )
    now = runtime.clock()
    with database.atomic():
        for source in sources:
            if source.stopped_at is not None:
                _resume(source, now=now)
            want_listing(source, now=now, rank=Rank.PERSON, full=full or source.kind == "page")
            source.status = "re-training" if source.last_synced_at else "pending"
            source.error = None
            source.save(only=[Source.status, Source.error])
    for connection_id in sorted({source.connection_id for source in sources}):
        jobs.wake(runtime, connection_id)


def stop(runtime: Runtime, sources: Sequence[Source]) -> None:
    """Leave these sources alone until somebody resumes them: no run, no look, no edit is followed. They answer on."""
    with database.atomic():
        stopping.stop([source for source in sources if source.stopped_at is None], now=runtime.clock())


def resume(runtime: Runtime, sources: Sequence[Source]) -> None:
    """Let stopped sources go on where they were. Raises Refused when one's connection is not alive: nothing is done."""
    stopped = [source for source in sources if source.stopped_at is not None]
    for source in stopped:
        if source.connection.state != "alive":
            raise Refused(
                f"“{source.title}” cannot go on: its connection to Notion is not active. Reconnect first."
            )
    with database.atomic():
        for source in stopped:
            _resume(source, now=runtime.clock())
    for connection_id in sorted({source.connection_id for source in stopped}):
        jobs.wake(runtime, connection_id)


def set_subpages(runtime: Runtime, source: Source, with_subpages: bool) -> bool:
    """Take everything below a page as well, or no longer; it is listed anew. Answers whether anything changed.

    What is no longer held leaves with that listing. Raises Refused.
    """
    if source.kind != "page":
        raise Refused("Only a page can be taken with or without its sub-pages.")
    if source.with_subpages == with_subpages:
        return False
    _check_changeable(source, "The sub-pages")
    with database.atomic():
        _set_subpages(source, with_subpages, now=runtime.clock())
    jobs.wake(runtime, source.connection_id)
    return True


def set_schedule(runtime: Runtime, source: Source, schedule: str) -> None:
    """Set auto-retrain; `on` means weekly. Starts no run by itself. Raises Refused for an unknown word."""
    chosen = "weekly" if schedule == "on" else schedule
    _check_schedule(chosen)
    with database.atomic():
        if chosen == "live" and source.auto_retrain != "live" and source.last_synced_at:
            # What moved while nobody followed is found by one longer look back.
            _look_back(source.connection_id, source.last_synced_at)
        source.auto_retrain = chosen
        source.next_sync_at = next_sync(chosen, now=runtime.clock())
        source.save(only=[Source.auto_retrain, Source.next_sync_at])


def set_columns(runtime: Runtime, source: Source, hidden_ids: Collection[str]) -> bool:
    """Leave these columns out of what the chatbot learns; its rows are read again. Answers whether anything changed.

    The old content answers until each row is read. Raises Refused.
    """
    if source.kind != "database":
        raise Refused("Only a database has columns.")
    _check_changeable(source, "The columns")
    columns = {column.id: column for column in columns_of(source)}
    if any(columns[each].kind == "title" for each in hidden_ids if each in columns):
        raise Refused("The title cannot be switched off.")
    hidden, before = sorted({*hidden_ids} & columns.keys()), set(source.hidden_columns)
    if set(hidden) == before & columns.keys():
        return False
    with database.atomic():
        source.hidden_columns = hidden
        source.save(only=[Source.hidden_columns])
        rows = Membership.select(Membership.document).where(Membership.source == source.id)
        if not set(hidden) <= before:
            Document.update(previous_text=None).where(Document.id.in_(rows)).execute()
        if want_again(rows, now=runtime.clock(), rank=Rank.PERSON):
            source.status = "re-training" if source.last_synced_at else "pending"
            source.error = None
            source.save(only=[Source.status, Source.error])
    jobs.wake(runtime, source.connection_id)
    return True


def delete(runtime: Runtime, sources: Sequence[Source]) -> None:
    """Delete sources with their content; documents that another source holds stay."""
    ids = [source.id for source in sources]
    with database.atomic():
        if is_postgres():  # nobody adds a document to them from here on
            list(Source.select(Source.id).where(Source.id.in_(ids)).order_by(Source.id).for_update())
        documents = [
            row.document_id
            for row in Membership.select(Membership.document).where(Membership.source.in_(ids)).distinct()
        ]
        Source.delete().where(Source.id.in_(ids)).execute()
        drop_unheld(documents)
        _hide_again(documents, now=runtime.clock())
        for connection_id in sorted({source.connection_id for source in sources}):
            brake.lift_if_over(connection_id, now=runtime.clock())


def confirm_removal(runtime: Runtime, connection: Connection, *, shown_at: datetime | None = None) -> None:
    """The answer to the brake: what is in doubt was taken away on purpose.

    Each page is asked for once more, and goes only if Notion still does not show it. What came into doubt after
    `shown_at`, when the person saw the question, stays. Raises Refused.
    """
    now = runtime.clock()
    until = shown_at or now
    with database.atomic():
        row = Connection.get_by_id(connection.id)
        if row.state != "alive":
            raise Refused("This connection to Notion is not active. Reconnect first; nothing was removed.")
        if not brake.pages_asked_about(row):
            raise Refused("There is nothing to remove any more: the pages came back, or are gone already.")
        brake.count_as_confirmed(row, now=now)
        ours = brake.asked_about(row) & (Document.doubted_at <= until)
        want_again(Document.select(Document.id).where(ours), now=now, rank=Rank.PERSON)
        for source in Source.select().where(
            (Source.connection == connection.id)
            & Source.wanted_at.is_null(False)
            & (Source.doubted_at <= until)
        ):
            want_listing(source, now=now, rank=Rank.PERSON, full=False)
    jobs.wake(runtime, connection.id)


def _hide_again(document_ids: Sequence[int], *, now: datetime) -> None:
    """A column may have been shown only for the sake of a database that is gone: such rows are read again."""
    rows = Source.select(Source.id, Source.hidden_columns).where(Source.kind == "database")
    hiding = [source.id for source in rows if source.hidden_columns]
    for start in range(0, len(document_ids) if hiding else 0, 400):
        held = (Membership.source.in_(hiding)) & Membership.document.in_(document_ids[start : start + 400])
        want_again(Membership.select(Membership.document).where(held), now=now, rank=Rank.EDIT)


def disconnect(runtime: Runtime, connection: Connection) -> None:
    """Revoke at Notion, delete both tokens here. Sources and what they hold stay and go on answering."""
    connections.forget_tokens(runtime, connection)
    now = runtime.clock()
    ours = Source.select(Source.id).where(Source.connection == connection.id)
    with database.atomic():
        Run.update(outcome="cancelled", finished_at=now).where(
            Run.source.in_(ours) & Run.finished_at.is_null()
        ).execute()
        Source.update(status="trained").where(
            (Source.connection == connection.id)
            & Source.status.in_(AT_WORK)
            & Source.last_synced_at.is_null(False)
        ).execute()
        Source.update(status="pending").where(
            (Source.connection == connection.id)
            & Source.status.in_(AT_WORK)
            & Source.last_synced_at.is_null()
        ).execute()


def consented_again(runtime: Runtime, connection: Connection) -> None:
    """A person has been through Notion's consent once more: what they shared there is looked for at once."""
    wholes = Source.select().where(
        (Source.connection == connection.id) & (Source.kind == "workspace") & Source.stopped_at.is_null()
    )
    with database.atomic():
        for source in wholes:
            want_listing(source, now=runtime.clock(), rank=Rank.SCHEDULE, full=False)
    jobs.wake(runtime, connection.id)


def _check_schedule(schedule: str) -> None:
    if schedule not in SCHEDULES:
        raise Refused(f"Auto-retrain can be {', '.join(SCHEDULES)}; “{schedule}” is none of them.")


def _check_changeable(source: Source, what: str) -> None:
    """Such a change is read at once, so nothing may be in its way."""
    if source.stopped_at is not None:
        raise Refused(f"{what} of “{source.title}” cannot be changed while it is stopped. Resume it first.")
    if source.connection.state != "alive":
        raise Refused(
            f"{what} of “{source.title}” cannot be changed: its connection to Notion is not active. "
            "Reconnect first."
        )


def _set_subpages(source: Source, with_subpages: bool, *, now: datetime) -> None:
    source.with_subpages = with_subpages
    source.listed_at = None  # as a tree it has never been listed
    source.status = "re-training" if source.last_synced_at else "pending"
    source.error = None
    source.save(only=[Source.with_subpages, Source.listed_at, Source.status, Source.error])
    want_listing(source, now=now, rank=Rank.PERSON, full=False)


def _resume(source: Source, *, now: datetime) -> None:
    _look_back(source.connection_id, source.stopped_at)
    stopping.resume(source, now=now)


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
        want_listing(source, now=now, rank=Rank.PERSON, full=False)
    return source, created


def _want_first_read(runtime: Runtime, source: Source, pick: Pick, *, now: datetime) -> None:
    """A page with a fresh stub needs one request, its body; anything else is listed first."""
    source.status = "pending"
    source.error = None
    source.save(only=[Source.status, Source.error])
    fresh = pick.stub is not None and pick.listed_at is not None and now - pick.listed_at <= FRESH_STUB
    if pick.kind == "page" and fresh and pick.stub is not None and not pick.stub.in_trash:
        document = add_document(
            source,
            pick.notion_id,
            stub=pick.stub,
            now=now,
            rank=Rank.PERSON,
            verify_hours=runtime.config.watch.verify_hours,
        )
        mark(document, now=now, rank=Rank.PERSON, stub=pick.stub)
        if not source.with_subpages:
            return
    want_listing(source, now=now, rank=Rank.PERSON, full=True)


def _look_back(connection_id: int, to: datetime) -> None:
    """Let the next sweep begin no later than `to`: what was listed then may have moved before we held it."""
    start = to - OVERLAP
    Connection.update(edits_seen_to=start).where(
        (Connection.id == connection_id)
        & (Connection.edits_seen_to.is_null() | (Connection.edits_seen_to > start))
    ).execute()
