"""The calls of Notion's API that a sync and a picker need, typed; each goes through the one door.

Nothing else in the product speaks HTTP to Notion, apart from the token endpoint in `oauth`.
https://developers.notion.com/reference/intro
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from extract.errors import InvalidRequest, NotFound, Refused, WrongKind
from extract.notion.answers import fitting, of_kind, once, segment
from extract.notion.door import Access, Door, TokenSource
from extract.notion.http import CONNECT_SECONDS, http_client
from extract.notion.limits.lanes import Lane
from extract.notion.limits.room import Share
from extract.notion.pagination import Listed, listed, walk
from extract.notion.rows import all_rows
from extract.notion.search import SEARCH_PATH, Search, search_page
from extract.notion.stubs import Bot, SearchPage, bot_of, database_of, markdown_of, parent_of, stub_of
from extract.reading import notion_id_of
from extract.values import DatabaseContainer, Json, ObjectKind, PageMarkdown, Parent, Stub

__all__ = ["Access", "NotionClient", "TokenSource", "http_client", "longest_flight"]

MARKDOWN_SECONDS = 70.0
"""Notion itself gives up on a large page after about 60 s; answering that late is no failure."""

_DEEPEST = 20  # blocks in blocks that are walked up

NO_LINK = "This is not a link to a Notion page or database. In Notion, use “Copy link” and paste it here."


def longest_flight(timeout_seconds: float) -> float:
    """No request takes longer than this from its permit to its answer: what the budget waits for a lost one."""
    return 3 * max(timeout_seconds, MARKDOWN_SECONDS) + 3 * CONNECT_SECONDS


class NotionClient:
    """Notion as one connection sees it. Safe to use from several threads.

    Every call may raise the errors below `NotionError`; `verdict` says which answer means which.
    """

    def __init__(self, access: Access, lane: Lane = "sync") -> None:
        self._door = Door(access, lane)
        self._asks_for_v2 = True

    @property
    def requests(self) -> int:
        """Requests spent so far; every attempt counts, as Notion counts it."""
        return self._door.requests

    @property
    def retries(self) -> int:
        """Requests that were sent again after a failure that passes."""
        return self._door.retries

    @property
    def skew(self) -> timedelta:
        """How far Notion's clock is ahead of ours, by its last answer."""
        return self._door.skew

    def use_lane(self, lane: Lane) -> None:
        """Whom the requests from here on are for. A client whose lane changes serves one task alone."""
        self._door.lane = lane

    def use_share(self, share: Share) -> None:
        """Count the bytes of all answers from here on against `share`. Such a client serves one task alone."""
        self._door.share = share

    def me(self) -> Bot:
        """The bot behind the token: the cheapest way to ask whether the token still works."""
        path = "/v1/users/me"
        return fitting(bot_of(self._door.get(path)), path)

    def get_page(self, page_id: str) -> Stub:
        """Return a page with its properties. https://developers.notion.com/reference/retrieve-a-page"""
        path = f"/v1/pages/{segment(page_id)}"
        return of_kind("page", stub_of(self._door.get(path)), path)

    def get_data_source(self, data_source_id: str) -> Stub:
        """A data source with its schema in `properties`."""
        path = f"/v1/data_sources/{segment(data_source_id)}"
        return of_kind("data_source", stub_of(self._door.get(path)), path)

    def get_database(self, database_id: str) -> DatabaseContainer:
        """A container; without data sources when it is a linked view of a database elsewhere."""
        path = f"/v1/databases/{segment(database_id)}"
        return fitting(database_of(self._door.get(path)), path)

    def get_markdown(self, page_or_block_id: str) -> PageMarkdown:
        """The body of a page, or of a subtree that was cut off. Takes seconds for large pages.

        https://developers.notion.com/reference/retrieve-page-markdown
        """
        path = f"/v1/pages/{segment(page_or_block_id)}/markdown"
        asked = self._asks_for_v2
        try:
            body = self._markdown(path, v2=asked)
        except WrongKind:
            raise
        except InvalidRequest as error:
            if not asked or error.code != "validation_error":
                raise
            # An older deployment that does not know the parameter; the reader accepts both forms.
            body = self._markdown(path, v2=False)
            self._asks_for_v2 = False
        return fitting(markdown_of(body, page_or_block_id), path)

    def _markdown(self, path: str, *, v2: bool) -> dict[str, Json]:
        params = {"include_transcript": "true"} | ({"markdown_version": "v2"} if v2 else {})
        return self._door.get(path, params, timeout_seconds=MARKDOWN_SECONDS)

    def get_block(self, block_id: str) -> Json:
        """Return a block as it came. https://developers.notion.com/reference/retrieve-a-block"""
        path = f"/v1/blocks/{segment(block_id)}"
        body = self._door.get(path)
        return fitting(body if body.get("object") == "block" else None, path)

    def place_of_block(self, block_id: str) -> Parent:
        """The page or workspace that a block sits in; unknown where Notion does not show it to us."""
        place = Parent("block_id", block_id)
        for _ in range(_DEEPEST):
            if place.kind != "block_id" or place.id is None:
                return place
            try:
                place = parent_of(self.get_block(place.id).get("parent"))
            except (NotFound, InvalidRequest):
                break
        return Parent("unknown")

    def list_children(self, block_or_page_id: str) -> tuple[Json, ...]:
        """The direct children, all of them that are shared with us."""
        path = f"/v1/blocks/{segment(block_or_page_id)}/children"
        return once(item for page in self._pages(path) for item in page.results)

    def property_items(self, page_id: str, property_id: str) -> tuple[Json, ...]:
        """Every value of a property that a page answer cuts at 25; one item for those that are no list.

        `property_id` is already encoded as Notion gives it (`M%3BBw`).
        https://developers.notion.com/reference/retrieve-a-page-property
        """
        path = f"/v1/pages/{segment(page_id)}/properties/{segment(property_id, encoded=True)}"
        first = self._door.get(path, {"page_size": 100})
        if first.get("object") == "property_item":
            return (first,)
        # Equal items cannot be told apart (a text may say the same twice), so this list is not started again.
        pages = self._pages(path, first=listed(first, path), restarts=0)
        return tuple(item for page in pages for item in page.results)

    def search(
        self,
        query: str = "",
        *,
        kind: ObjectKind | None = None,
        in_trash: bool = False,
        cursor: str | None = None,
        page_size: int = 100,
    ) -> SearchPage:
        """One page of what is shared with us by title, latest edit first; neither complete nor immediate.

        https://developers.notion.com/reference/search-optimizations-and-limitations
        """
        return search_page(self._search(Search(query, kind, in_trash, page_size), cursor))

    def walk_search(
        self,
        query: str = "",
        *,
        kind: ObjectKind | None = None,
        in_trash: bool = False,
        cursor: str | None = None,
        page_size: int = 100,
    ) -> Iterator[SearchPage]:
        """All pages of a search, each object once. Raises Transient at the end when the search broke off.

        `cursor` goes on where an earlier walk stopped; one that Notion has forgotten begins from the top.
        """
        seen: set[str] = set()
        wanted = Search(query, kind, in_trash, page_size)
        for page in walk(lambda at: self._search(wanted, at), f"POST {SEARCH_PATH}", cursor=cursor):
            found = search_page(page)
            fresh = tuple({stub.id: stub for stub in found.stubs if stub.id not in seen}.values())
            seen.update(stub.id for stub in fresh)
            yield SearchPage(fresh, found.next_cursor, found.incomplete)

    def query(
        self,
        data_source_id: str,
        *,
        created_on_or_after: datetime | None = None,
        page_size: int = 100,
    ) -> Iterator[tuple[Stub, ...]]:
        """All rows of a data source in pages, each once, beyond the 10,000 that Notion lists at a time.

        Oldest creation first, so that a listing that was interrupted goes on with `created_on_or_after`.
        """
        path = f"/v1/data_sources/{segment(data_source_id)}/query"
        return all_rows(
            lambda body: listed(self._door.post(path, body), path),
            created_on_or_after=created_on_or_after,
            page_size=page_size,
            endpoint=f"POST {path}",
        )

    def resolve(self, link_or_id: str) -> Stub | DatabaseContainer:
        """What a pasted link or id leads to: a page, a database or a data source.

        Raises Refused when it is no link of Notion's, NotFound when nothing there is shared with us.
        """
        identifier = notion_id_of(link_or_id)
        if identifier is None:
            raise Refused(NO_LINK)
        missing: NotFound | WrongKind | None = None
        asks: tuple[Callable[[str], Stub | DatabaseContainer], ...]
        asks = (self.get_page, self.get_database, self.get_data_source)
        for ask in asks:
            try:
                return ask(identifier)
            except (NotFound, WrongKind) as error:
                missing = error if missing is None or isinstance(error, NotFound) else missing
        raise missing if isinstance(missing, NotFound) else NotFound() from missing

    def _search(self, wanted: Search, cursor: str | None) -> Listed:
        return listed(self._door.post(SEARCH_PATH, wanted.body(cursor)), f"POST {SEARCH_PATH}")

    def _pages(self, path: str, *, first: Listed | None = None, restarts: int = 1) -> Iterator[Listed]:
        """The pages of a GET list; `first` when the first one is already there."""

        def ask(cursor: str | None) -> Listed:
            nonlocal first
            if cursor is None and first is not None:
                page, first = first, None
                return page
            params: dict[str, str | int] = {"page_size": 100}
            if cursor is not None:
                params["start_cursor"] = cursor
            return listed(self._door.get(path, params), path)

        return walk(ask, f"GET {path}", restarts=restarts)
