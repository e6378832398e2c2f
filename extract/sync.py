"""One document: what is asked of Notion, and what is written of the answer. The fetch itself is `fetch`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from . import index, runs
from .config import Config
from .due import rank_of, sources_holding
from .errors import NotFound, NotionError
from .fetch import Fetched, Task
from .models import DataSource, Document, Membership, Source
from .notice import held, keep_stub, kept_stub
from .reading import Chunking, read_page, read_properties, relation_ids
from .shapes import Json, Reading, Stub
from .watch import Rank, judge, look_again_at, pause_after, too_many_gone, verify_at

log = structlog.get_logger(__name__)

IN_TRASH = "This page is in Notion's trash. Restore it there and it answers again by itself."
BRAKE = (
    "Notion stopped showing many pages of this workspace at once, so nothing was removed. "
    "If they were taken away on purpose, press Retrain on the source; otherwise share them again in Notion."
)


def task_for(document: Document, *, now: datetime) -> Task:
    """What to fetch for a document that is due. A wish reads the body; a mere look reads it only if it moved."""
    stub = kept_stub(document)
    if document.wanted_at is not None:
        return Task(document.id, document.notion_id, document.wanted_at, stub)
    if document.look_at is not None and document.look_at <= now:
        return Task(document.id, document.notion_id, None, stub)
    facts = held(document)
    return Task(
        document.id, document.notion_id, None, None, only_if=lambda seen: judge(seen, facts) == "stale"
    )


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes what a fetch brought. Every method is called inside a transaction that checked the lease."""

    config: Config

    def put(self, document: Document, task: Task, fetched: Fetched, *, now: datetime) -> None:
        """The page was read: index it, or see that it did not move, or take it out because it is in the trash."""
        if fetched.asked_page:
            keep_stub(document, fetched.stub)
            self._settle_memberships(document, fetched.stub, now=now)
        if fetched.stub.in_trash:
            self._remove(document, IN_TRASH, requests=fetched.requests, now=now)
            return
        rank = rank_of(document)
        document.doubted_at = None
        document.removed_at = None
        document.error = None
        document.attempts = 0
        document.try_after = None
        document.verify_at = verify_at(
            document.notion_id, now=now, hours=self.config.watch.verify_hours, first=False
        )
        sources = sources_holding([document.id])[document.id]
        if fetched.tree is not None:
            self._index(document, fetched, sources, rank=rank, now=now)
            self._name_source(document, fetched.stub)
        if document.wanted_at == task.wanted_at:
            document.wanted_at = None
        document.save(only=_STATE)
        settle_sources(sources, now=now)

    def _index(
        self, document: Document, fetched: Fetched, source_ids: list[int], *, rank: Rank, now: datetime
    ) -> None:
        reading = self._read(document, fetched)
        put = index.put(document.id, reading, url=fetched.stub.url, icon=fetched.stub.icon, now=now)
        read_at = fetched.read_at or now
        document.edited_at = fetched.stub.edited_at
        document.synced_at = now
        document.look_at = look_again_at(fetched.stub.edited_at, read_at=read_at)
        if put.changed or rank is not Rank.VERIFY:
            for source in Source.select().where(Source.id.in_(source_ids)):
                runs.open_run(source, rank=Rank.EDIT if rank is Rank.VERIFY else rank, now=now)
        runs.count_fetch(
            runs.open_runs(source_ids),
            requests=fetched.requests,
            put=put,
            unread=reading.unread_blocks,
            tags=reading.unknown_tags,
        )

    def _name_source(self, document: Document, stub: Stub) -> None:
        """A source that is this page carries the page's own name."""
        Source.update(title=stub.title, url=stub.url, icon=stub.icon).where(
            (Source.chatbot == document.chatbot_id) & (Source.notion_id == document.notion_id)
        ).execute()

    def _read(self, document: Document, fetched: Fetched) -> Reading:
        raw = fetched.stub.properties
        properties = read_properties(
            raw,
            schema=_schema_of(document),
            titles=_titles(document.chatbot_id, relation_ids(raw)),
            completed=fetched.completed,
        )
        chunking = Chunking(
            target=self.config.reading.chunk_characters, overlap=self.config.reading.chunk_overlap
        )
        assert fetched.tree is not None
        return read_page(
            title=fetched.stub.title,
            url=fetched.stub.url,
            properties=properties,
            tree=fetched.tree,
            unread_blocks=fetched.unread_blocks,
            chunking=chunking,
        )

    def fail(self, document: Document, task: Task, error: NotionError, *, now: datetime) -> None:
        """The page could not be read. What we hold keeps answering; a second 404 in a row takes it out."""
        sources = sources_holding([document.id])[document.id]
        runs.count(runs.open_runs(sources), failed=1, requests=1)
        if isinstance(error, NotFound):
            self._doubt(document, now=now)
        else:
            self._put_off(document, error.sentence, now=now)
        settle_sources(sources, now=now)

    def put_off(self, document: Document, sentence: str, *, now: datetime) -> None:
        """Something of ours broke on this page: keep what we hold, try later, show the sentence."""
        sources = sources_holding([document.id])[document.id]
        self._put_off(document, sentence, now=now)
        settle_sources(sources, now=now)

    def _put_off(self, document: Document, sentence: str, *, now: datetime) -> None:
        if document.wanted_at is None:
            document.wanted_at, document.wanted_rank = now, Rank.VERIFY
            document.look_at = None
        document.attempts = max(document.attempts, 1)
        document.try_after = now + pause_after(document.attempts)
        document.error = sentence
        document.save(only=_STATE)

    def _doubt(self, document: Document, *, now: datetime) -> None:
        """A first 404 proves nothing; a second one, later, takes the page out, unless too many vanish at once."""
        asked_by_person = document.wanted_at is not None and document.wanted_rank == Rank.PERSON
        pause = timedelta(seconds=max(15.0, self.config.watch.poll_seconds))
        if document.removed_at is not None:
            self._remove(document, document.error or NotFound.sentence, requests=0, now=now)
            return
        if document.doubted_at is not None and now - document.doubted_at >= pause:
            if not asked_by_person and self._vanished_at_once(document):
                document.connection.error = BRAKE
                document.connection.save(only=["error"])
                self._put_off(document, BRAKE, now=now)
                return
            self._remove(document, NotFound.sentence, requests=0, now=now)
            return
        if document.wanted_at is None:
            document.wanted_at, document.wanted_rank = now, Rank.VERIFY
        document.doubted_at = document.doubted_at or now
        document.error = NotFound.sentence
        document.try_after = now + pause
        document.look_at = None
        document.save(only=_STATE)

    def _vanished_at_once(self, document: Document) -> bool:
        ours = (Document.connection == document.connection_id) & Document.removed_at.is_null()
        doubted = Document.select().where(ours & Document.doubted_at.is_null(False)).count()
        return too_many_gone(doubted=doubted, live=Document.select().where(ours).count())

    def _remove(self, document: Document, sentence: str, *, requests: int, now: datetime) -> None:
        """Out of the index, kept as a tombstone that is still looked at daily, so that it can come back."""
        sources = sources_holding([document.id])[document.id]
        if document.removed_at is None:
            index.remove([document.id])
            for source in Source.select().where(Source.id.in_(sources)):
                runs.open_run(source, rank=rank_of(document), now=now)
            runs.count(runs.open_runs(sources), removed=1, requests=requests)
            log.info("document_removed", document_id=document.id, notion_id=document.notion_id)
        document.removed_at = document.removed_at or now
        document.error = sentence
        document.wanted_at = document.try_after = document.look_at = document.doubted_at = None
        document.stub = None
        document.attempts = 0
        document.verify_at = verify_at(
            document.notion_id, now=now, hours=self.config.watch.verify_hours, first=False
        )
        document.save(only=_STATE)
        settle_sources(sources, now=now)

    def _settle_memberships(self, document: Document, stub: Stub, *, now: datetime) -> None:
        """The page itself has said where it sits: databases that it left no longer hold it."""
        parent = stub.parent.id if stub.parent.kind == "data_source_id" else None
        held_by = (
            Source.select(Source)
            .join(Membership)
            .where((Membership.document == document.id) & (Source.kind == "database"))
        )
        for source in held_by:
            tables = {row.notion_id for row in DataSource.select().where(DataSource.source == source.id)}
            if tables and parent not in tables:
                Membership.delete().where(
                    (Membership.source == source.id) & (Membership.document == document.id)
                ).execute()
                runs.count(runs.open_runs([source.id]), removed=1)
                settle_sources([source.id], now=now)


_STATE = [
    Document.edited_at,
    Document.synced_at,
    Document.stub,
    Document.stub_digest,
    Document.noticed_at,
    Document.data_source_id,
    Document.wanted_at,
    Document.wanted_rank,
    Document.try_after,
    Document.attempts,
    Document.error,
    Document.look_at,
    Document.verify_at,
    Document.doubted_at,
    Document.removed_at,
]


def settle_sources(source_ids: list[int], *, now: datetime) -> None:
    """Settle those of the sources that are at work and have nothing left to try."""
    for source in Source.select().where(Source.id.in_(source_ids)):
        runs.settle(source, now=now)


def _schema_of(document: Document) -> Mapping[str, Json] | None:
    if document.data_source_id is None:
        return None
    table = (
        DataSource.select(DataSource.properties)
        .where(DataSource.notion_id == document.data_source_id)
        .order_by(DataSource.id.desc())
        .first()
    )
    return table.properties if table else None


def _titles(chatbot_id: int, notion_ids: tuple[str, ...]) -> dict[str, str]:
    """Titles of related pages that this knowledge base holds."""
    if not notion_ids:
        return {}
    rows = (
        Document.select(Document.notion_id, Document.title)
        .where((Document.chatbot == chatbot_id) & Document.notion_id.in_(list(notion_ids)[:400]))
        .tuples()
    )
    return dict(rows)
