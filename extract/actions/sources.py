"""Actions on sources: retrain, stop, resume, schedule, columns, sub-pages, delete."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from extract import jobs
from extract.actions import stopping
from extract.actions.importing import check_schedule, resume_following, rewind_watermark, widen_or_narrow
from extract.errors import Refused
from extract.membership.columns import columns_of, request_where_columns_are_hidden
from extract.membership.holding import delete_unheld
from extract.removal import brake
from extract.rules.timing import Rank, next_sync
from extract.runtime import Runtime
from extract.store.db import database, is_postgres
from extract.store.models import Document, Membership, Source
from extract.worklist.documents import request_reads
from extract.worklist.sources import request_listing, show_waiting


def retrain(runtime: Runtime, sources: Sequence[Source], *, full: bool) -> None:
    """Request a sync of these sources now, and resume those that were stopped.

    Raises Refused, and requests nothing, if a connection is not alive.
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
    """Stop syncing these sources until somebody resumes them. Their content stays searchable."""
    with database.atomic():
        stopping.stop([source for source in sources if source.stopped_at is None], now=runtime.clock())


def resume(runtime: Runtime, sources: Sequence[Source]) -> None:
    """Resume stopped sources. Raises Refused, and resumes none, if the connection of one is not alive."""
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
    """Include everything below a page, or no longer, and request its listing. Return False if that was set already.

    The listing removes what no longer belongs to the source. Raises Refused.
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
    """Set auto-retrain; `on` means weekly. Requests no sync. Raises Refused for an unknown schedule."""
    chosen = check_schedule("weekly" if schedule == "on" else schedule)
    with database.atomic():
        if chosen == "live" and source.auto_retrain != "live" and source.last_synced_at:
            # One longer sweep finds the edits that were not followed.
            rewind_watermark(source.connection_id, source.last_synced_at)
        source.auto_retrain = chosen
        source.next_sync_at = next_sync(chosen, now=runtime.clock())
        source.save(only=[Source.auto_retrain, Source.next_sync_at])


def set_columns(runtime: Runtime, source: Source, hidden_ids: Collection[str]) -> bool:
    """Hide these columns of a database, show the others, and request its rows. Return False if that was set already.

    Each row keeps its old content until it is read again. Raises Refused.
    """
    if source.kind != "database":
        raise Refused("Only a database has columns.")
    _check_changeable(source, "The columns")
    columns = {column.id: column for column in columns_of(source)}
    if any(columns[column_id].kind == "title" for column_id in hidden_ids if column_id in columns):
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
        if is_postgres():  # lock the rows, so that no other process adds a document to these sources
            list(Source.select(Source.id).where(Source.id.in_(ids)).order_by(Source.id).for_update())
        documents = [
            row.document_id
            for row in Membership.select(Membership.document).where(Membership.source.in_(ids)).distinct()
        ]
        Source.delete().where(Source.id.in_(ids)).execute()
        delete_unheld(documents)
        request_where_columns_are_hidden(documents, now=runtime.clock())
        for connection_id in sorted({source.connection_id for source in sources}):
            brake.release_if_over(connection_id, now=runtime.clock())


def _check_changeable(source: Source, what: str) -> None:
    """Raise Refused if the source is stopped or its connection not alive, since the change could not be synced."""
    if source.stopped_at is not None:
        raise Refused(f"{what} of “{source.title}” cannot be changed while it is stopped. Resume it first.")
    if source.connection.state != "alive":
        raise Refused(
            f"{what} of “{source.title}” cannot be changed: its connection to Notion is not active. "
            "Reconnect first."
        )
