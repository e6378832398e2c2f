"""Takes a document out of the index, and keeps it as a tombstone so that it can come back."""

from __future__ import annotations

from datetime import datetime

import structlog

from extract.config.load import Config
from extract.discovery import subpages
from extract.rules.answers import is_forgotten
from extract.rules.timing import next_check_at
from extract.search import index
from extract.store.models import Document, Membership, Source
from extract.sync.claims import Claimed
from extract.sync.runs import RunLog
from extract.worklist import documents
from extract.worklist.facts import is_present, rank_of

log = structlog.get_logger(__name__)


def remove(
    config: Config, run_log: RunLog, claimed: Claimed, sentence: str, *, because: str | None, now: datetime
) -> None:
    """Remove a document, or check its tombstone once more. One that is older than `FORGOTTEN` is deleted."""
    document = claimed.row
    run_log.mark_touched(claimed.source_ids)
    if is_forgotten(document.removed_at, now=now) and _may_be_deleted(document):
        index.drop([document.id])
        log.info("tombstone_dropped", document_id=document.id, notion_id=document.notion_id)
        return
    if is_present(document):
        run_log.open(claimed.source_ids, rank=rank_of(document), now=now)
        subpages.recheck_descendants(document, now=now)
        index.remove([document.id])
        run_log.count(claimed.source_ids, removed=1)
        log.info("document_removed", document_id=document.id, notion_id=document.notion_id)
    check_at = next_check_at(document.notion_id, now=now, hours=config.watch.verify_hours, first=False)
    documents.remove(document, sentence, because=because, check_at=check_at, now=now)


def _may_be_deleted(document: Document) -> bool:
    """Return False for a page that was requested in the meantime, or that is a source by itself: it shows what left."""
    if documents.is_overtaken(document):
        return False
    own_source = (
        Membership.select()
        .join(Source)
        .where((Membership.document == document.id) & (Source.notion_id == document.notion_id))
    )
    return not own_source.exists()
