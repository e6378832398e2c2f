"""What people may ask of connections: confirm a removal, disconnect, take up again after a new consent."""

from __future__ import annotations

from datetime import datetime

from extract import connections, jobs
from extract.errors import Refused
from extract.removal import brake
from extract.rules.timing import Rank
from extract.runtime import Runtime
from extract.store.db import database
from extract.store.models import Connection, Document, Run, Source
from extract.worklist.documents import request_reads
from extract.worklist.sources import request_listing, show_idle


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
        request_reads(Document.select(Document.id).where(ours), now=now, rank=Rank.PERSON)
        for source in Source.select().where(
            (Source.connection == connection.id)
            & Source.requested_at.is_null(False)
            & (Source.doubted_at <= until)
        ):
            request_listing(source, now=now, rank=Rank.PERSON, full=False)
    jobs.wake(runtime, connection.id)


def disconnect(runtime: Runtime, connection: Connection) -> None:
    """Revoke at Notion, delete both tokens here. Sources and what they hold stay and go on answering."""
    connections.forget_tokens(runtime, connection)
    now = runtime.clock()
    ours = Source.select(Source.id).where(Source.connection == connection.id)
    with database.atomic():
        Run.update(outcome="cancelled", finished_at=now).where(
            Run.source.in_(ours) & Run.finished_at.is_null()
        ).execute()
        show_idle(Source.connection == connection.id)


def consented_again(runtime: Runtime, connection: Connection) -> None:
    """A person has been through Notion's consent once more: what they shared there is looked for at once."""
    wholes = Source.select().where(
        (Source.connection == connection.id) & (Source.kind == "workspace") & Source.stopped_at.is_null()
    )
    with database.atomic():
        for source in wholes:
            request_listing(source, now=runtime.clock(), rank=Rank.SCHEDULE, full=False)
    jobs.wake(runtime, connection.id)
