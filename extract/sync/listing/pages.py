"""Listing one source: what belongs to it now, compared with what we hold. Marks documents; reads no body.

A listing goes on where a killed or paused one stopped: each data source remembers up to which creation time it was
listed, each membership in which listing it was last seen. What a complete listing did not show is asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar, cast

import structlog

from extract.config.load import Config
from extract.discovery.arrivals import keep_table
from extract.discovery.changes_listed import request_if_changed
from extract.errors import HilalError, NotFound, Transient
from extract.membership.holding import end_memberships
from extract.notion.client import NotionClient
from extract.removal import brake, database_gone
from extract.rules.changes import schema_digest
from extract.rules.timing import Rank, doubt_pause, next_check_at, pause_after, reread_due
from extract.store.models import DataSource, Document, Membership, Source
from extract.sync.runs import RunLog, show_listing
from extract.values import Clock, DatabaseContainer, Stub
from extract.worklist.requests import add_document, documents_of, members_of, request_read

log = structlog.get_logger(__name__)

_Answer = TypeVar("_Answer")

DATABASE_GONE = (
    "Notion no longer shares this database with the integration, or it was deleted. "
    "Share it again in Notion, or delete this source."
)
DATABASE_IN_TRASH = "This database is in Notion's trash. Restore it there and it answers again by itself."
LINKED = (
    "This is a linked view of another database, which Notion does not let us read. "
    "Import the original database instead."
)


@dataclass(frozen=True, slots=True)
class Lister:
    """Lists sources for one drain.

    `ask` runs a request elsewhere while the lease is kept; `commit` is a transaction that has checked the lease.
    """

    config: Config
    client: NotionClient
    clock: Clock
    ask: Callable[[Callable[[], object]], object]
    commit: Callable[[], AbstractContextManager[object]]
    run_log: RunLog

    def list(self, source: Source) -> None:
        """Bring the documents and marks of `source` up to what Notion lists. Raises NotionError when to stop."""
        rank = Rank(source.request_rank)
        with self.commit():
            if rank is not Rank.CHECK:
                self.run_log.open([source.id], rank=rank, now=self.clock())
                show_listing(source)
        if source.kind == "page" and not source.with_subpages:
            self._page(source, rank)
            return
        before = (self.client.requests, self.client.retries)
        try:
            self._many(source, rank)
        finally:
            requests, retries = self.client.requests - before[0], self.client.retries - before[1]
            with self.commit():
                self.run_log.count([source.id], requests=requests, retries=retries)
                self.run_log.mark_touched([source.id])

    def _many(self, source: Source, rank: Rank) -> None:
        """A source that may hold many documents."""
        self._database(source, rank)

    def put_off(self, tried: Source, error: HilalError) -> None:
        """The listing failed: say so, keep what we hold, try again later. A first 404 proves nothing."""
        now = self.clock()
        with self.commit():
            source = Source.get_or_none(Source.id == tried.id)
            if source is None or source.requested_at != tried.requested_at:
                return  # deleted meanwhile, or wanted anew: that wish has its own first attempt
            if isinstance(error, NotFound):
                pause = doubt_pause(self.config.watch.poll_seconds)
                if database_gone.is_confirmed(source, pause=pause, now=now):
                    because = "confirmed" if brake.was_confirmed(source) else "database"
                    self._gone(source, DATABASE_GONE, because=because, now=now)
                    return
                database_gone.doubt(source, DATABASE_GONE, pause=pause, now=now)
            else:
                source.attempts += 1
                source.retry_after = now + pause_after(source.attempts)
                source.error = error.sentence
            source.save(only=[Source.attempts, Source.retry_after, Source.error, Source.doubted_at])
            self.run_log.mark_touched([source.id])

    def _page(self, source: Source, rank: Rank) -> None:
        """A page is its own listing: its document is marked, and asked for title and time when it is fetched."""
        with self.commit():
            now = self.clock()
            document = add_document(
                source,
                source.notion_id,
                stub=None,
                now=now,
                rank=rank,
                verify_hours=self.config.watch.verify_hours,
            )
            # A full pass reads the body whatever the time says; a scheduled one compares first.
            request_read(
                document, now=now, rank=Rank.EDIT if source.full_requested and rank > Rank.EDIT else rank
            )
            self._only_root(source)
            self._listed(source, now=now)
            self.run_log.mark_touched([source.id])

    def _only_root(self, source: Source) -> None:
        """A tree that was narrowed to its root lets go of the rest."""
        rest = (
            Membership.select(Membership.document)
            .join(Document)
            .where((Membership.source == source.id) & (Document.notion_id != source.notion_id))
        )
        end_memberships(source.id, [row.document_id for row in rest])
        DataSource.delete().where(DataSource.source == source.id).execute()

    def _database(self, source: Source, rank: Rank) -> None:
        container = self._asked(lambda: self.client.get_database(source.notion_id))
        if container.in_trash:
            with self.commit():
                self._gone(source, DATABASE_IN_TRASH, because="trash", now=self.clock())
            return
        if not container.data_sources:
            with self.commit():
                self._listed(source, now=self.clock())
                self.run_log.close(source, outcome="failed", sentence=LINKED, now=self.clock())
            return
        try:
            self._tables(source, container, rank)
        except NotFound as error:
            # The database itself is there: a table that is not proves nothing about its rows.
            raise Transient(status=error.status, code=error.code, request_id=error.request_id) from error
        with self.commit():
            self._finish(source, rank)

    def _tables(self, source: Source, container: DatabaseContainer, rank: Rank) -> None:
        schemas = [
            self._asked(partial(self.client.get_data_source, ref.id)) for ref in container.data_sources
        ]
        with self.commit():
            self._begin(source, container, schemas)
        for table in DataSource.select().where((DataSource.source == source.id) & ~DataSource.listed):
            self._rows(source, table, rank)

    def _asked(self, request: Callable[[], _Answer]) -> _Answer:
        # `ask` answers what the request answers; a field cannot be generic, so its type does not say so.
        return cast(_Answer, self.ask(request))

    def _begin(self, source: Source, container: DatabaseContainer, schemas: Sequence[Stub]) -> None:
        source.title, source.url, source.icon = container.title, container.url, container.icon
        if not source.listing_open:
            source.listing += 1
            source.listing_open = True
            DataSource.update(listed=False, listed_to=None).where(DataSource.source == source.id).execute()
        source.doubted_at = None
        source.save(
            only=[
                Source.title,
                Source.url,
                Source.icon,
                Source.listing,
                Source.listing_open,
                Source.doubted_at,
            ]
        )
        names = {ref.id: ref.name for ref in container.data_sources}
        DataSource.delete().where(
            (DataSource.source == source.id) & DataSource.notion_id.not_in(list(names))
        ).execute()
        for schema in schemas:
            this = (DataSource.source == source.id) & (DataSource.notion_id == schema.id)
            before = DataSource.get_or_none(this)
            if before is not None and schema_digest(before.properties) != schema_digest(schema.properties):
                source.full_requested = True  # a retyped column moves no row's time
                Source.update(full_requested=True).where(Source.id == source.id).execute()
            keep_table(source.id, schema, name=names.get(schema.id))

    def _rows(self, source: Source, table: DataSource, rank: Rank) -> None:
        # Opening a listing is work, lest a small share never gets beyond it; its pages are what looks may use.
        self.client.ask_for("looks" if rank is Rank.CHECK else "work")
        pages: Iterator[tuple[Stub, ...]] = self.client.query(
            table.notion_id, created_on_or_after=table.listed_to
        )
        while (stubs := self._asked(lambda: next(pages, None))) is not None:
            with self.commit():
                self._compare(source, stubs, rank)
                created = [stub.created_at for stub in stubs if stub.created_at is not None]
                table.listed_to = max(created, default=table.listed_to)
                table.save(only=[DataSource.listed_to])
        with self.commit():
            table.listed = True
            table.save(only=[DataSource.listed])

    def _compare(self, source: Source, stubs: Sequence[Stub], rank: Rank) -> None:
        now, hours = self.clock(), self.config.watch.verify_hours
        self._seen(source, stubs, now=now, hours=hours)
        if rank is Rank.CHECK and source.auto_retrain != "live":
            return  # nobody asked for its edits: only what left is looked for
        known = documents_of(source.chatbot_id, [stub.id for stub in stubs])
        members = members_of({source.id}, set(known))
        for stub in stubs:
            if stub.partial:
                continue
            document = known.get(stub.id)
            if document is None:
                add_document(source, stub.id, stub=stub, now=now, rank=rank, verify_hours=hours)
                continue
            if source.full_requested or document.recheck_at is not None or self._reread(document, now=now):
                request_read(document, now=now, rank=rank, stub=stub)
            else:
                request_if_changed(document, stub, now=now, rank=rank, thorough=True)
            if (source.id, stub.id) not in members or document.connection_id != source.connection_id:
                add_document(source, stub.id, stub=stub, now=now, rank=rank, verify_hours=hours)

    def _reread(self, document: Document, *, now: datetime) -> bool:
        watch = self.config.watch
        return document.removed_at is None and reread_due(
            document.notion_id,
            synced_at=document.synced_at,
            now=now,
            days=watch.reread_days,
            hours=watch.verify_hours,
        )

    def _seen(self, source: Source, stubs: Sequence[Stub], *, now: datetime, hours: float) -> None:
        """What the listing showed is verified by it: the daily look of its own moves behind the next listing."""
        shown = Document.select(Document.id).where(
            (Document.chatbot == source.chatbot_id) & Document.notion_id.in_([stub.id for stub in stubs])
        )
        Membership.update(listing=source.listing).where(
            (Membership.source == source.id) & Membership.document.in_(shown)
        ).execute()
        later = next_check_at(stubs[0].id, now=now, hours=hours * 1.5, first=False)
        Document.update(check_at=later).where(Document.id.in_(shown)).execute()
        # A tombstone among them has come back: it is asked itself, even where nobody follows its edits.
        Document.update(check_at=now).where(
            Document.id.in_(shown) & Document.removed_at.is_null(False)
        ).execute()

    def _finish(self, source: Source, rank: Rank) -> None:
        """The listing is complete. Rows it did not show may be archived, moved, in the trash or gone: ask each."""
        now = self.clock()
        missing = (
            Document.select()
            .join(Membership)
            .where(
                (Membership.source == source.id)
                & (Membership.listing < source.listing)
                & Document.removed_at.is_null()
            )
        )
        for document in missing:
            self._ask_itself(document, rank, now=now)
        source.listing_open = False
        source.save(only=[Source.listing_open])
        self._listed(source, now=now)

    def _ask_itself(self, document: Document, rank: Rank, *, now: datetime) -> None:
        """A daily listing asks for no more than a look: archived rows and what search leaves out are there each day."""
        if rank is Rank.CHECK and document.requested_at is None:
            Document.update(check_at=now).where(Document.id == document.id).execute()
        else:
            request_read(document, now=now, rank=rank)

    def _listed(self, source: Source, *, now: datetime) -> None:
        """The listing is complete."""
        source.listed_at = now
        source.save(only=[Source.listed_at])
        self._fulfilled(source)

    def _fulfilled(self, source: Source) -> None:
        """The wish that began this listing is fulfilled; one made meanwhile stays."""
        source.error = None
        source.attempts = 0
        source.retry_after = None
        source.save(only=[Source.error, Source.attempts, Source.retry_after])
        Source.update(requested_at=None, full_requested=False).where(
            (Source.id == source.id) & (Source.requested_at == source.requested_at)
        ).execute()

    def _gone(self, source: Source, sentence: str, *, because: str, now: datetime) -> None:
        """The database itself has left: its rows go out of the index, and wait as tombstones for its return."""
        removed = database_gone.take_out(source, sentence, because=because, now=now)
        self.run_log.count([source.id], removed=removed)
        self._listed(source, now=now)
        source.doubted_at = now
        source.listing_open = False
        source.save(only=[Source.doubted_at, Source.listing_open])
        self.run_log.close(source, outcome="empty", sentence=sentence, now=now)
        log.info("source_gone", source_id=source.id, documents=removed)
