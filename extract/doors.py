"""What may be asked for: import, retrain, stop, schedule, delete, disconnect. Each marks rows and wakes a worker."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from . import brake, connections, jobs, stopping
from .columns import columns_of
from .db import batches, database, is_postgres
from .errors import Refused
from .holding import drop_unheld
from .importing import (
    Imported,
    Pick,
    check_schedule,
    find_pick,
    import_picks,
    let_go_on,
    look_back,
    widen_or_narrow,
    workspace_pick,
)
from .marks import want_again, want_listing
from .models import Connection, Document, Membership, Run, Source
from .runtime import Runtime
from .watch import AT_WORK, Rank, next_sync

__all__ = [
    "Imported",
    "Pick",
    "confirm_removal",
    "consented_again",
    "delete",
    "disconnect",
    "find_pick",
    "import_picks",
    "resume",
    "retrain",
    "set_columns",
    "set_schedule",
    "set_subpages",
    "stop",
    "workspace_pick",
]


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
                let_go_on(source, now=now)
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
            let_go_on(source, now=runtime.clock())
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
        widen_or_narrow(source, with_subpages, now=runtime.clock())
    jobs.wake(runtime, source.connection_id)
    return True


def set_schedule(runtime: Runtime, source: Source, schedule: str) -> None:
    """Set auto-retrain; `on` means weekly. Starts no run by itself. Raises Refused for an unknown word."""
    chosen = "weekly" if schedule == "on" else schedule
    check_schedule(chosen)
    with database.atomic():
        if chosen == "live" and source.auto_retrain != "live" and source.last_synced_at:
            # What moved while nobody followed is found by one longer look back.
            look_back(source.connection_id, source.last_synced_at)
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
    for some in batches(document_ids) if hiding else ():
        held = Membership.source.in_(hiding) & Membership.document.in_(some)
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


def _check_changeable(source: Source, what: str) -> None:
    """Such a change is read at once, so nothing may be in its way."""
    if source.stopped_at is not None:
        raise Refused(f"{what} of “{source.title}” cannot be changed while it is stopped. Resume it first.")
    if source.connection.state != "alive":
        raise Refused(
            f"{what} of “{source.title}” cannot be changed: its connection to Notion is not active. "
            "Reconnect first."
        )
