"""Lists one source of any kind: compares what belongs to it now with what is held, and requests reads. Reads no body.

A page is its own listing. A database is queried; a tree and a workspace are known from search, bodies and databases.
"""

from __future__ import annotations

from extract.errors import HilalError, NotFound, Transient
from extract.removal import brake, database_gone
from extract.rules.timing import Rank, doubt_pause
from extract.store.models import Source
from extract.sync.listing.database import DATABASE_GONE, list_database, mark_gone
from extract.sync.listing.page import list_page
from extract.sync.listing.run import ListingRun
from extract.sync.listing.tree_or_workspace import list_tree_or_workspace
from extract.sync.runs import show_listing
from extract.values import RemovalReason
from extract.worklist import sources


def list_source(run: ListingRun) -> None:
    """Bring the documents of the source up to what Notion lists. Raises NotionError and Stopped."""
    source, log = run.source, run.session.run_log
    with run.commit():
        if run.rank is not Rank.CHECK:
            log.open([source.id], rank=run.rank, now=run.now())
            show_listing(source)
    if source.kind == "page" and not source.with_subpages:
        list_page(run)
        return
    before = (run.client.requests, run.client.retries)
    try:
        if source.kind == "database":
            list_database(run)
        else:
            _list_whole(run)
    finally:
        requests, retries = run.client.requests - before[0], run.client.retries - before[1]
        with run.commit():
            log.count([source.id], requests=requests, retries=retries)
            log.mark_touched([source.id])


def listing_failed(run: ListingRun, error: HilalError) -> None:
    """Record the failure and schedule a retry; existing content stays. A first 404 proves nothing."""
    now, log = run.now(), run.session.run_log
    with run.commit():
        source = Source.get_or_none(Source.id == run.source.id)
        if source is None or source.requested_at != run.source.requested_at:
            return  # deleted, or requested again in the meantime: that request has its own first attempt
        log.mark_touched([source.id])
        if not isinstance(error, NotFound):
            sources.defer(source, error.sentence, now=now)
            return
        pause = doubt_pause(run.session.config.watch.poll_seconds)
        if database_gone.is_confirmed(source, pause=pause, now=now):
            because: RemovalReason = "confirmed" if brake.was_confirmed(source) else "database"
            mark_gone(log, source, DATABASE_GONE, because=because, now=now)
        else:
            sources.doubt(source, DATABASE_GONE, pause=pause, now=now)


def _list_whole(run: ListingRun) -> None:
    try:
        list_tree_or_workspace(run)
    except NotFound as error:
        # For a tree or a workspace a 404 proves nothing: each page is checked by itself.
        raise Transient(status=error.status, code=error.code, request_id=error.request_id) from error
