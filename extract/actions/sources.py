"""What people may ask of sources: retrain, stop, resume, schedule, columns, sub-pages, delete."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from extract import jobs
from extract.actions import stopping
from extract.actions.importing import check_schedule, resume_following, rewind_watermark, widen_or_narrow
from extract.errors import Refused
from extract.membership.columns import columns_of
from extract.membership.holding import delete_unheld
from extract.removal import brake
from extract.rules.timing import Rank, next_sync
from extract.runtime import Runtime
from extract.store.db import batches, database, is_postgres
from extract.store.models import Document, Membership, Source
from extract.worklist.documents import request_reads
from extract.worklist.sources import request_listing, show_waiting


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
                resume_following(source, now=now)
            request_listing(source, now=now, rank=Rank.PERSON, full=full or source.kind == "page")
            show_waiting(source)
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
            resume_following(source, now=runtime.clock())
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
            rewind_watermark(source.connection_id, source.last_synced_at)
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
        if request_reads(rows, now=runtime.clock(), rank=Rank.PERSON):
            show_waiting(source)
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
        delete_unheld(documents)
        _hide_again(documents, now=runtime.clock())
        for connection_id in sorted({source.connection_id for source in sources}):
            brake.release_if_over(connection_id, now=runtime.clock())


def _hide_again(document_ids: Sequence[int], *, now: datetime) -> None:
    """A column may have been shown only for the sake of a database that is gone: such rows are read again."""
    rows = Source.select(Source.id, Source.hidden_columns).where(Source.kind == "database")
    hiding = [source.id for source in rows if source.hidden_columns]
    for some in batches(document_ids) if hiding else ():
        held = Membership.source.in_(hiding) & Membership.document.in_(some)
        request_reads(Membership.select(Membership.document).where(held), now=now, rank=Rank.EDIT)


def _check_changeable(source: Source, what: str) -> None:
    """Such a change is read at once, so nothing may be in its way."""
    if source.stopped_at is not None:
        raise Refused(f"{what} of “{source.title}” cannot be changed while it is stopped. Resume it first.")
    if source.connection.state != "alive":
        raise Refused(
            f"{what} of “{source.title}” cannot be changed: its connection to Notion is not active. "
            "Reconnect first."
        )
