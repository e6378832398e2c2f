"""What is written of one page's answer: put, doubted, put off, removed. Asking is `claims` and `fetch`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from extract.config.load import Config
from extract.connections.serving import assign_to_absent, reassign, unserved
from extract.discovery import renames, subpages
from extract.errors import AnswerTooLarge, NotFound, NotionError
from extract.membership import placement
from extract.membership.holding import is_held
from extract.removal import brake
from extract.rules.changes import recheck_time
from extract.rules.timing import (
    ATTEMPTS_TO_LONGEST_PAUSE,
    Rank,
    doubt_pause,
    next_check_at,
    not_ahead,
    pause_after,
)
from extract.search import index
from extract.store.models import Document, Membership, Source
from extract.sync.claims import Claimed
from extract.sync.compose import compose
from extract.sync.fetch import Fetched
from extract.sync.runs import RunLog
from extract.values import Stub
from extract.worklist.due import rank_of
from extract.worklist.requests import store_stub

log = structlog.get_logger(__name__)

IN_TRASH = "This page is in Notion's trash. Restore it there and it answers again by itself."
FORGOTTEN = timedelta(days=60)
"""How long a tombstone is looked at; what returns later comes as new, by the listing that shows it."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes what a fetch brought. Every method is called inside a transaction that checked the lease."""

    config: Config
    run_log: RunLog

    def put(self, claimed: Claimed, fetched: Fetched, *, now: datetime) -> None:
        """The page was read: index it, or see that it did not move, or take it out because it is in the trash."""
        document = claimed.row
        known_as = (document.title, document.url, document.icon)
        if fetched.asked_page:
            overtaken = _overtaken(document)
            store_stub(document, fetched.stub)
            if not overtaken:
                document.save(only=_LISTED if fetched.tree is not None else _PLACE)
            if not self._sits(claimed, fetched, now=now):
                return
        if fetched.stub.in_trash:
            self._remove(claimed, IN_TRASH, because="trash", now=now)
            return
        if fetched.tree is not None:
            self._index(claimed, fetched, now=now)
        else:
            self.run_log.count(claimed.source_ids, unchanged=1)
        if (fetched.stub.title, fetched.stub.url, fetched.stub.icon) != known_as:
            _name_source(document, fetched.stub)
        if document.doubted_at is not None:  # one came back: it may not be the only one
            brake.retry_doubted(Document.connection == document.connection_id, now=now)
        document.doubted_at = document.removed_at = document.removed_because = None
        document.error = document.retry_after = None
        document.attempts = 0
        self._verified(document, now=now)
        self._fulfilled(document)
        document.save(only=_STATE)
        self.run_log.mark_touched(claimed.source_ids)

    def _index(self, claimed: Claimed, fetched: Fetched, *, now: datetime) -> None:
        document, rank = claimed.row, rank_of(claimed.row)
        page = compose(self.config, document, fetched, hidden=claimed.task.hidden)
        put = index.put(
            document.id,
            page.reading,
            url=fetched.stub.url,
            icon=fetched.stub.icon,
            related=page.related,
            keep_previous=page.keep_previous,
            now=now,
        )
        change = renames.title_change(
            held_title=document.title, title=page.reading.title, read_before=bool(document.hash)
        )
        if change is not None:
            renames.request_citing_pages(document, change, now=now)
        subpages.apply_body_children(
            document, put, rank=rank, now=now, verify_hours=self.config.watch.verify_hours
        )
        read_at = fetched.read_at or now
        document.edited_at = fetched.stub.edited_at
        document.synced_at = read_at
        recheck_at = recheck_time(fetched.stub.edited_at, read_at=read_at + fetched.skew)
        document.recheck_at = recheck_at - fetched.skew if recheck_at else None
        if put.changed or rank is not Rank.CHECK:
            self.run_log.open(claimed.source_ids, rank=Rank.EDIT if rank is Rank.CHECK else rank, now=now)
        self.run_log.count_put(claimed.source_ids, page.reading, put)

    def _fulfilled(self, document: Document) -> None:
        """The wish that was claimed is fulfilled; one made meanwhile stays."""
        if document.requested_at is not None:
            Document.update(requested_at=None).where(
                (Document.id == document.id) & (Document.requested_at == document.requested_at)
            ).execute()

    def _verified(self, document: Document, *, now: datetime) -> None:
        hours = self.config.watch.verify_hours
        document.check_at = next_check_at(document.notion_id, now=now, hours=hours, first=False)

    def fail(self, claimed: Claimed, error: NotionError, *, now: datetime) -> None:
        """The page could not be read. What we hold keeps answering; a second 404 in a row takes it out."""
        self.run_log.count(claimed.source_ids, failed=1)
        if isinstance(error, NotFound):
            self._doubt(claimed, now=now)
        elif isinstance(error, AnswerTooLarge):
            # Every attempt costs as much as reading it would; an edit of the page lets it be tried at once.
            self.put_off(claimed, error.sentence, now=now, attempts=ATTEMPTS_TO_LONGEST_PAUSE)
        else:
            self.put_off(claimed, error.sentence, now=now)

    def put_off(self, claimed: Claimed, sentence: str, *, now: datetime, attempts: int = 1) -> None:
        """Keep what we hold, try later, show the sentence. The pause is as after `attempts` failures, or longer."""
        document = claimed.row
        self.run_log.mark_touched(claimed.source_ids)
        if _overtaken(document):
            return
        if document.requested_at is None:
            _want(document, now=now)
            document.recheck_at = None
        document.attempts = max(document.attempts, attempts)
        document.retry_after = now + pause_after(document.attempts)
        document.error = sentence
        document.save(only=_STATE)

    def _doubt(self, claimed: Claimed, *, now: datetime) -> None:
        """A first 404 proves nothing; a second one, later, takes the page out, unless the brake holds."""
        document = claimed.row
        if _overtaken(document):
            self.run_log.mark_touched(claimed.source_ids)
            return
        pause = doubt_pause(self.config.watch.poll_seconds)
        if document.removed_at is not None:
            reassign(Document.id == document.id)  # another may see it by the next daily look
            sentence = document.error or NotFound.sentence
            self._remove(claimed, sentence, because=document.removed_because, now=now)
            return
        if document.doubted_at is not None:
            document.doubted_at = not_ahead(document.doubted_at, now=now)
        if document.doubted_at is not None and now - document.doubted_at >= pause:
            if assign_to_absent(document):
                self.run_log.mark_touched(claimed.source_ids)
                return
            if brake.stops(document, now=now):
                self.put_off(claimed, brake.SENTENCE, now=now)
                return
            because = "confirmed" if brake.was_confirmed(document) else "missing"
            self._remove(claimed, NotFound.sentence, because=because, now=now)
            return
        if document.requested_at is None:
            _want(document, now=now)
        if document.doubted_at is None:
            reassign(Document.id == document.id)  # who else reaches the page is asked next
        document.doubted_at = document.doubted_at or now
        document.error = NotFound.sentence
        document.retry_after = now + pause
        document.recheck_at = None
        document.save(only=_STATE)
        self.run_log.mark_touched(claimed.source_ids)

    def _remove(self, claimed: Claimed, sentence: str, *, because: str | None, now: datetime) -> None:
        """Out of the index, kept as a tombstone that is looked at daily for a time, so that it can come back."""
        document = claimed.row
        if _forgotten(document, now=now):
            index.drop([document.id])
            log.info("tombstone_dropped", document_id=document.id, notion_id=document.notion_id)
            self.run_log.mark_touched(claimed.source_ids)
            return
        if document.removed_at is None:
            self.run_log.open(claimed.source_ids, rank=rank_of(document), now=now)
            subpages.recheck_descendants(document, now=now)
            index.remove([document.id])
            self.run_log.count(claimed.source_ids, removed=1)
            log.info("document_removed", document_id=document.id, notion_id=document.notion_id)
        document.removed_at = not_ahead(document.removed_at or now, now=now)
        document.removed_because = because
        document.error = sentence
        document.retry_after = document.recheck_at = document.doubted_at = None
        document.attempts = 0
        document.stub = None
        self._verified(document, now=now)
        self._fulfilled(document)
        document.save(only=[*_STATE, Document.stub])
        self.run_log.mark_touched(claimed.source_ids)

    def _sits(self, claimed: Claimed, fetched: Fetched, *, now: datetime) -> bool:
        """The page itself has said where it sits; False when no source holds it there, and it is dropped."""
        document = claimed.row
        left = placement.update_memberships(document, fetched.stub, now=now)
        self.run_log.count(left, removed=1)
        for source_id in left:
            self.run_log.count([source_id], removed=placement.remove_descendants(source_id, document))
        if left and not is_held(document):
            self.run_log.mark_touched(claimed.source_ids)
            index.drop([document.id])
            return False
        if left:  # its own connection may have held it there only; who asks from now on holds it still
            reassign(unserved([document.id]))
        return True


_PLACE = [Document.data_source_id, Document.parent_page_id]
_LISTED = [Document.stub, Document.stub_digest, Document.computed_digest, Document.noticed_at, *_PLACE]
_STATE = [
    Document.edited_at,
    Document.synced_at,
    Document.retry_after,
    Document.attempts,
    Document.error,
    Document.recheck_at,
    Document.check_at,
    Document.doubted_at,
    Document.removed_at,
    Document.removed_because,
]


def _overtaken(document: Document) -> bool:
    """Whether somebody has marked the document since it was claimed: what that mark wrote on the row is newer."""
    row = Document.select(Document.requested_at).where(Document.id == document.id).first()
    return row is not None and row.requested_at != document.requested_at


def _want(document: Document, *, now: datetime) -> None:
    """A mere look found something to be tried again: from now on it is a wish, of the lowest rank."""
    document.requested_at, document.request_rank = now, Rank.CHECK
    document.save(only=[Document.requested_at, Document.request_rank])


def _forgotten(document: Document, *, now: datetime) -> bool:
    """Whether a tombstone is so old that looking at it ends. A page that is a source by itself is what that shows."""
    if document.removed_at is None or now - document.removed_at < FORGOTTEN or _overtaken(document):
        return False
    own = (
        Membership.select()
        .join(Source)
        .where((Membership.document == document.id) & (Source.notion_id == document.notion_id))
    )
    return not own.exists()


def _name_source(document: Document, stub: Stub) -> None:
    """A source that is this page carries the page's own name."""
    Source.update(title=stub.title, url=stub.url, icon=stub.icon).where(
        (Source.chatbot == document.chatbot_id) & (Source.notion_id == document.notion_id)
    ).execute()
