"""Walks through everything that search shows of a workspace, a hundred objects a request."""

from __future__ import annotations

from extract.rules.timing import Rank
from extract.store.models import Source
from extract.sync.listing.comparing import compare
from extract.sync.listing.inner_databases import store_schema
from extract.sync.listing.run import ListingRun


def walk_workspace(run: ListingRun) -> None:
    """Compare all that search shows with what is held. A walk that was interrupted goes on where it stopped."""
    source = run.source
    run.client.use_lane("checks" if run.rank is Rank.CHECK else "sync")
    pages = run.client.walk_search(cursor=source.walk_cursor)
    while (page := run.next_of(pages)) is not None:
        with run.commit():
            shown = [stub for stub in page.stubs if not stub.in_trash]
            for stub in shown:
                if stub.kind == "data_source" and not stub.partial:
                    store_schema(run, stub)
            stubs = tuple(stub for stub in shown if stub.kind == "page")
            if stubs:
                compare(run, stubs)
            source.walked += len(page.stubs)
            source.walk_cursor = page.next_cursor or source.walk_cursor
            source.save(only=[Source.walked, Source.walk_cursor])
