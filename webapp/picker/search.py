"""Asks Notion for what the picker still lacks, within a bounded number of requests, and remembers the answer."""

from __future__ import annotations

from extract.connections import client_for, http_for
from extract.errors import InvalidRequest, WrongKind
from extract.notion.client import NotionClient
from extract.notion.stubs import SearchPage
from extract.runtime import Runtime
from extract.store.models import Connection
from extract.values import Stub
from webapp.picker.cache import PickerCache
from webapp.picker.listing import SCREENFUL, Filter, Listing, Pass, new_listing

MOST_REQUESTS = 5


def load(
    runtime: Runtime, connection: Connection, *, query: str, only: Filter, count: int, cache: PickerCache
) -> Listing:
    """At least `count` rows of the search if Notion has them and they are found in few requests.

    A typed search is content with one request that finds anything: there is Load more. Raises NotionError.
    """
    now = runtime.clock()
    listing = cache.listing(query, only, now)
    if listing is None:
        listing = new_listing(query, only, now)
        if query:
            listing.seed(cache.matching(query, only, now))
    enough = 1 if query and count <= SCREENFUL else count
    if _is_enough(listing, enough):
        return listing
    stubs: list[Stub] = []
    try:
        with http_for(runtime) as http:
            client = client_for(runtime, connection, http=http, lane="interactive")
            for _ in range(MOST_REQUESTS):
                asked = listing.next_pass()
                if asked is None or _is_enough(listing, enough):
                    break
                page = _ask(client, query, asked)
                listing.absorb(asked, page)
                stubs.extend(page.stubs)
            if not _is_enough(listing, enough):
                listing.release_all()
    finally:
        if stubs:
            cache.keep(query, only, listing, stubs)
    return listing


def _is_enough(listing: Listing, enough: int) -> bool:
    asked = all(each.frontier is not None for each in listing.passes)
    return listing.is_complete or (asked and len(listing.rows) >= enough)


def _ask(client: NotionClient, query: str, asked: Pass) -> SearchPage:
    """The next page of a pass. A cursor that Notion no longer knows starts the pass again; ids are seen once."""
    try:
        return client.search(query, kind=asked.kind, cursor=asked.cursor)
    except WrongKind:
        raise
    except InvalidRequest:
        if asked.cursor is None:
            raise
        asked.cursor = None
        return client.search(query, kind=asked.kind)
