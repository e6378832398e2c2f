"""Writes a page that Notion returned: one decision, then one write of document, passages and memberships.

The usual case, a stored page that was edited, is `write` → `_index`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from extract.config.load import Config
from extract.connections.serving import reassign, unserved
from extract.discovery import renames, subpages
from extract.membership import placement
from extract.membership.holding import is_held
from extract.removal import brake
from extract.rules.answers import Decision, decide, title_change
from extract.rules.timing import Rank, next_check_at
from extract.search import index
from extract.store.models import Document, Source
from extract.sync.claims import Claimed
from extract.sync.compose import compose
from extract.sync.removing import remove
from extract.sync.runs import RunLog
from extract.sync.task import Fetched
from extract.values import Stub
from extract.worklist import documents
from extract.worklist.facts import is_in_doubt, rank_of

IN_TRASH = "This page is in Notion's trash. Restore it there and it answers again by itself."


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes what fetches brought. Call `write` inside a transaction that checked the lease."""

    config: Config
    run_log: RunLog

    def write(self, claimed: Claimed, fetched: Fetched, *, now: datetime) -> None:
        """Index the page, confirm that it did not change, or remove it because it is in the trash."""
        document, stub = claimed.row, fetched.stub
        decision = decide(
            stub,
            known_as=(document.title, document.url, document.icon),
            body_read=fetched.tree is not None,
            read_at=fetched.read_at or now,
            skew=fetched.skew,
        )
        if fetched.asked_page and not self._stays(claimed, fetched, now=now):
            return
        if decision.action == "remove":
            remove(self.config, self.run_log, claimed, IN_TRASH, because="trash", now=now)
            return
        if decision.action == "index":
            self._index(claimed, fetched, decision, now=now)
        else:
            self.run_log.count(claimed.source_ids, unchanged=1)
        if decision.renamed:
            _rename_source(document, stub)
        if is_in_doubt(document):  # one page came back: it may not be the only one
            brake.retry_doubted(Document.connection == document.connection_id, now=now)
        hours = self.config.watch.verify_hours
        documents.confirm(
            document, check_at=next_check_at(document.notion_id, now=now, hours=hours, first=False)
        )
        self.run_log.mark_touched(claimed.source_ids)

    def _index(self, claimed: Claimed, fetched: Fetched, decision: Decision, *, now: datetime) -> None:
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
        change = title_change(
            held_title=document.title, title=page.reading.title, read_before=bool(document.hash)
        )
        if change is not None:
            renames.request_citing_pages(document, change, now=now)
        if put.came or put.went:
            subpages.apply_body_children(
                document, put, rank=rank, now=now, verify_hours=self.config.watch.verify_hours
            )
        documents.note_read(
            document,
            edited_at=fetched.stub.edited_at,
            read_at=fetched.read_at or now,
            recheck_at=decision.recheck_at,
        )
        if put.changed or rank is not Rank.CHECK:
            self.run_log.open(claimed.source_ids, rank=Rank.EDIT if rank is Rank.CHECK else rank, now=now)
        self.run_log.count_put(claimed.source_ids, page.reading, put)

    def _stays(self, claimed: Claimed, fetched: Fetched, *, now: datetime) -> bool:
        """Store what the page object says, and update who holds the page. Return False if no source does any more."""
        document = claimed.row
        overtaken = documents.is_overtaken(document)
        documents.store_stub(document, fetched.stub)
        if not overtaken:
            document.save(only=documents.LISTED if fetched.tree is not None else documents.PLACE)
        left = placement.update_memberships(document, fetched.stub, now=now)
        self.run_log.count(left, removed=1)
        for source_id in left:
            self.run_log.count([source_id], removed=placement.remove_descendants(source_id, document))
        if left and not is_held(document):
            self.run_log.mark_touched(claimed.source_ids)
            index.drop([document.id])
            return False
        if left:  # the connection that serves it may have held it through those sources only
            reassign(unserved([document.id]))
        return True


def _rename_source(document: Document, stub: Stub) -> None:
    """Give a source that is this page the page's name."""
    Source.update(title=stub.title, url=stub.url, icon=stub.icon).where(
        (Source.chatbot == document.chatbot_id) & (Source.notion_id == document.notion_id)
    ).execute()
