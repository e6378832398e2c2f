"""Continues a search in Notion for the picker, within a bounded number of requests, and caches the result."""

from __future__ import annotations

from extract.connections import client_for, http_for
from extract.errors import InvalidRequest, WrongKind
from extract.notion.client import NotionClient
from extract.notion.stubs import SearchPage
from extract.runtime import Runtime
from extract.store.models import Connection
from extract.values import Stub
from webapp.picker.cache import PickerCache
from webapp.picker.listing import SCREENFUL, KindFilter, PickerListing, SearchProgress, new_listing

MOST_REQUESTS = 5


def load(
    runtime: Runtime, connection: Connection, *, query: str, only: KindFilter, count: int, cache: PickerCache
) -> PickerListing:
    """At least `count` rows of the search, if Notion has them and `MOST_REQUESTS` requests find them.

    A typed search stops after the first request that finds a row; *Load more* continues it. Raises NotionError.
    """
    now = runtime.clock()
    listing = cache.listing(query, only, now)
    if listing is None:
        listing = new_listing(query, only, now)
        if query:
            listing.add_rows(cache.matching(query, only, now))
    enough = 1 if query and count <= SCREENFUL else count
    if _is_enough(listing, enough):
        return listing
    stubs: list[Stub] = []
    try:
        with http_for(runtime) as http:
            client = client_for(runtime, connection, http=http, lane="people")
            for _ in range(MOST_REQUESTS):
                search = listing.next_pass()
                if search is None or _is_enough(listing, enough):
                    break
                page = _request(client, query, search)
                listing.add_page(search, page)
                stubs.extend(page.stubs)
            if not _is_enough(listing, enough):
                listing.release_all()
    finally:
        if stubs:
            cache.keep(query, only, listing, stubs)
    return listing


def _is_enough(listing: PickerListing, enough: int) -> bool:
    all_begun = all(search.frontier is not None for search in listing.passes)
    return listing.is_complete or (all_begun and len(listing.rows) >= enough)


def _request(client: NotionClient, query: str, search: SearchProgress) -> SearchPage:
    """The next page of a pass; if Notion no longer knows its cursor, the first page again. Rows are shown once."""
    try:
        return client.search(query, kind=search.kind, cursor=search.cursor)
    except WrongKind:
        raise
    except InvalidRequest:
        if search.cursor is None:
            raise
        search.cursor = None
        return client.search(query, kind=search.kind)
