"""Lists a tree (a page with its sub-pages) or a whole workspace, whose pages are known from search and from bodies.

A listing that an edit requested only updates the databases that are new or may have moved.
"""

from __future__ import annotations

from extract.rules.timing import Rank
from extract.store.models import WITHOUT_CONTENT, Document, Membership, Source
from extract.sync.listing.comparing import check_missing, complete_listing, open_listing
from extract.sync.listing.inner_databases import list_inner_databases
from extract.sync.listing.run import ListingRun
from extract.sync.listing.tree import hold_children, list_tree_pages
from extract.sync.listing.workspace import walk_workspace
from extract.worklist import sources

WALK_DONE = "walked"
"""In `Source.walk_cursor`: the walk of the open listing is over."""


def list_tree_or_workspace(run: ListingRun) -> None:
    """Compare pages, sub-pages and databases with what is held. Raises NotionError, Stopped."""
    source = run.source
    everything = run.rank is not Rank.EDIT or source.listed_at is None or source.listing_open
    if everything:
        _list_pages(run)
    if source.with_subpages:
        with run.commit():
            hold_children(run)
    list_inner_databases(run, everything=everything and source.kind != "workspace")
    with run.commit():
        if everything:
            _finish(run)
        else:
            sources.complete(source)


def _list_pages(run: ListingRun) -> None:
    source = run.source
    with run.commit():
        _open(source)
    if source.walk_cursor == WALK_DONE:
        return
    if source.kind == "workspace":
        walk_workspace(run)
    else:
        list_tree_pages(run)
    with run.commit():
        source.walk_cursor = WALK_DONE
        source.save(only=[Source.walk_cursor])


def _open(source: Source) -> None:
    if not source.listing_open:
        source.walk_cursor, source.walked = None, 0
    open_listing(source)
    source.save(only=[Source.listing, Source.listing_open, Source.walk_cursor, Source.walked])


def _finish(run: ListingRun) -> None:
    """Complete the listing, and check what it should have shown and did not."""
    source = run.source
    unseen = (Membership.source == source.id) & (Membership.listing < source.listing)
    if source.kind != "workspace":
        unseen &= Document.data_source_id.is_null(False)
    missing = Document.select(*WITHOUT_CONTENT).join(Membership).where(unseen & Document.removed_at.is_null())
    check_missing(run, missing)
    source.listing_open, source.walk_cursor = False, None
    source.save(only=[Source.listing_open, Source.walk_cursor])
    complete_listing(source, now=run.now())
