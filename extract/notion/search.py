"""What a search asks of Notion, and what its answer holds.

https://developers.notion.com/reference/post-search
"""

from __future__ import annotations

from dataclasses import dataclass

from extract.notion.pagination import Listed
from extract.notion.stubs import SearchPage, stub_of
from extract.values import Json, ObjectKind

SEARCH_PATH = "/v1/search"


@dataclass(frozen=True, slots=True)
class Search:
    """One search, latest edit first. An empty `query` finds everything; `kind` None finds both kinds."""

    query: str = ""
    kind: ObjectKind | None = None
    in_trash: bool = False
    page_size: int = 100

    def body(self, cursor: str | None) -> dict[str, Json]:
        """Return the body of the request for the page at `cursor`."""
        body: dict[str, Json] = {
            "page_size": self.page_size,
            "sort": {"timestamp": "last_edited_time", "direction": "descending"},
        }
        wanted: dict[str, Json] = {"property": "object", "value": self.kind} if self.kind else {}
        if self.in_trash:
            wanted["in_trash"] = True
        if wanted:
            body["filter"] = wanted
        if self.query:
            body["query"] = self.query
        if cursor is not None:
            body["start_cursor"] = cursor
        return body


def search_page(page: Listed) -> SearchPage:
    """Return the pages and data sources of one page of results."""
    stubs = (stub_of(item) for item in page.results)
    return SearchPage(
        stubs=tuple(stub for stub in stubs if stub is not None),
        next_cursor=page.next_cursor,
        incomplete=page.capped or page.broken,
    )
