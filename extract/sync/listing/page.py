"""Lists a page without its sub-pages: its document is requested, and fetched with title and time."""

from __future__ import annotations

from extract.membership.documents import add_document
from extract.membership.holding import end_memberships
from extract.rules.timing import Rank
from extract.store.models import DataSource, Document, Membership, Source
from extract.sync.listing.comparing import complete_listing
from extract.sync.listing.run import ListingRun
from extract.worklist.documents import request_read


def list_page(run: ListingRun) -> None:
    """Request the page, and end the memberships of what was below it when it was a tree."""
    source = run.source
    with run.commit():
        now = run.now()
        document = add_document(
            source, source.notion_id, stub=None, now=now, rank=run.rank, verify_hours=run.verify_hours
        )
        # A full pass reads the body whatever the time says; a scheduled one compares first.
        rank = min(run.rank, Rank.EDIT) if source.full_requested else run.rank
        request_read(document, now=now, rank=rank)
        _keep_only_root(source)
        complete_listing(source, now=now)
        run.session.run_log.mark_touched([source.id])


def _keep_only_root(source: Source) -> None:
    others = (
        Membership.select(Membership.document)
        .join(Document)
        .where((Membership.source == source.id) & (Document.notion_id != source.notion_id))
    )
    end_memberships(source.id, [row.document_id for row in others])
    DataSource.delete().where(DataSource.source == source.id).execute()
