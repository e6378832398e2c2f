"""What every listing does with the pages that Notion shows, and with those that it does not show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from extract.discovery.changes_listed import request_if_changed
from extract.membership.documents import add_document, documents_of, members_of
from extract.rules.timing import Rank, next_check_at, reread_due
from extract.store.models import DataSource, Document, Membership, Source
from extract.sync.listing.run import ListingRun
from extract.values import Stub
from extract.worklist import documents, sources
from extract.worklist.documents import request_read


def open_listing(source: Source) -> None:
    """Begin a listing of everything, unless one that was interrupted goes on. Unsaved."""
    if not source.listing_open:
        source.listing += 1
        source.listing_open = True
        DataSource.update(listed=False, listed_to=None).where(DataSource.source == source.id).execute()


def list_rows(run: ListingRun, table: DataSource) -> None:
    """Query a data source from where its listing stopped, and compare its rows with what is held."""
    # The first query counts as sync, so that a small share of checks gets beyond it; the pages count as checks.
    run.client.use_lane("checks" if run.rank is Rank.CHECK else "sync")
    pages = run.client.query(table.notion_id, created_on_or_after=table.listed_to)
    while (stubs := run.next_of(pages)) is not None:
        with run.commit():
            compare(run, stubs)
            created = [stub.created_at for stub in stubs if stub.created_at is not None]
            table.listed_to = max(created, default=table.listed_to)
            table.save(only=[DataSource.listed_to])
    with run.commit():
        table.listed = True
        table.save(only=[DataSource.listed])


def compare(run: ListingRun, stubs: Sequence[Stub]) -> None:
    """Request what a page of the listing shows to be new or changed. Call inside a transaction."""
    source, rank, now, hours = run.source, run.rank, run.now(), run.verify_hours
    _mark_seen(source, stubs, now=now, hours=hours)
    if rank is Rank.CHECK and source.auto_retrain != "live":
        return  # its edits are not followed: the listing only finds out what left
    known = documents_of(source.chatbot_id, [stub.id for stub in stubs])
    members = members_of({source.id}, set(known))
    for stub in stubs:
        if stub.partial:
            continue
        document = known.get(stub.id)
        if document is None:
            add_document(source, stub.id, stub=stub, now=now, rank=rank, verify_hours=hours)
            continue
        if source.full_requested or document.recheck_at is not None or _is_reread_due(run, document, now=now):
            request_read(document, now=now, rank=rank, stub=stub)
        else:
            request_if_changed(document, stub, now=now, rank=rank, thorough=True)
        if (source.id, stub.id) not in members or document.connection_id != source.connection_id:
            add_document(source, stub.id, stub=stub, now=now, rank=rank, verify_hours=hours)


def check_missing(run: ListingRun, missing: Iterable[Document]) -> None:
    """Fetch each document that the listing did not show: it may be archived, moved, in the trash or gone.

    A daily listing only makes their routine checks due: archived rows are missing every day.
    """
    now = run.now()
    for document in missing:
        if run.rank is Rank.CHECK and document.requested_at is None:
            documents.check_at(Document.id == document.id, now)
        else:
            request_read(document, now=now, rank=run.rank)


def complete_listing(source: Source, *, now: datetime) -> None:
    """Record that the listing is complete."""
    source.listed_at = now
    source.save(only=[Source.listed_at])
    sources.complete(source)


def _is_reread_due(run: ListingRun, document: Document, *, now: datetime) -> bool:
    watch = run.session.config.watch
    return document.removed_at is None and reread_due(
        document.notion_id,
        synced_at=document.synced_at,
        now=now,
        days=watch.reread_days,
        hours=watch.verify_hours,
    )


def _mark_seen(source: Source, stubs: Sequence[Stub], *, now: datetime, hours: float) -> None:
    """Note which members the listing has shown, and move their routine checks behind the next listing."""
    shown = Document.select(Document.id).where(
        (Document.chatbot == source.chatbot_id) & Document.notion_id.in_([stub.id for stub in stubs])
    )
    Membership.update(listing=source.listing).where(
        (Membership.source == source.id) & Membership.document.in_(shown)
    ).execute()
    later = next_check_at(stubs[0].id, now=now, hours=hours * 1.5, first=False)
    documents.check_at(Document.id.in_(shown), later)
    # A tombstone among them has come back: it is fetched, even where nobody follows its edits.
    documents.check_at(Document.id.in_(shown) & Document.removed_at.is_null(False), now)
