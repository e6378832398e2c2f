"""All rows of a data source, however many: windows by creation time beyond Notion's cap of 10,000 a query.

https://developers.notion.com/guides/data-apis/query-large-data-sources
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from extract.errors import InvalidRequest, Transient, WrongKind
from extract.notion.pagination import Listed
from extract.notion.stubs import stub_of
from extract.values import Json, Stub

SMALLEST_PAGE = 10

Ask = Callable[[Mapping[str, Json]], Listed]
"""Sends one query body."""


class _RowsRead:
    """What has been read of one data source so far."""

    def __init__(self, window_start: datetime | None) -> None:
        self.seen: set[str] = set()
        self.cursors: set[str] = set()
        self.newest: datetime | None = None
        self.window_start = window_start

    def fresh(self, page: Listed) -> tuple[Stub, ...]:
        """The rows of `page` not seen before. A wiki also lists data sources; those are no rows."""
        rows = []
        for stub in map(stub_of, page.results):
            if stub is None or stub.kind != "page":
                continue
            if stub.created_at is not None:
                self.newest = max(stub.created_at, self.newest or stub.created_at)
            if stub.id not in self.seen:
                self.seen.add(stub.id)
                rows.append(stub)
        return tuple(rows)

    def next_window(self) -> bool:
        """Start again at the newest row's minute; False when that is where the last window began."""
        if self.newest is None or self.newest == self.window_start:
            return False
        self.window_start = self.newest
        self.cursors.clear()
        return True


def all_rows(
    ask: Ask,
    *,
    created_on_or_after: datetime | None = None,
    page_size: int,
    endpoint: str,
) -> Iterator[tuple[Stub, ...]]:
    """The rows in pages, each row once, oldest creation first.

    Raises InvalidRequest when one minute holds more rows than Notion lists, Transient when it breaks off.
    """
    reading = _RowsRead(created_on_or_after)
    cursor: str | None = None
    while True:
        body = _body(reading.window_start, page_size, cursor)
        try:
            page = ask(body)
        except WrongKind:
            raise
        except InvalidRequest:
            # Cursors end with a session of Notion's; the next window begins where this one got to.
            if cursor is None or not reading.next_window():
                raise
            cursor = None
            continue
        except Transient as error:
            # https://developers.notion.com/reference/query-a-data-source: back off, reduce page_size
            if error.status != 503 or page_size <= SMALLEST_PAGE:
                raise
            page_size = max(page_size // 2, SMALLEST_PAGE)
            continue
        fresh = reading.fresh(page)
        if fresh:
            yield fresh
        lost = page.broken or page.next_cursor in reading.cursors
        if page.next_cursor is not None and not lost:
            cursor = page.next_cursor
            reading.cursors.add(cursor)
            continue
        if not page.capped and not lost:
            return
        if not reading.next_window():
            if lost:
                raise Transient(code="listing_broke_off", endpoint=endpoint)
            raise InvalidRequest(
                "This database holds more than 10,000 rows made in the same minute; "
                "Notion does not list the others, so they were not imported.",
                code="query_result_limit_reached",
                endpoint=endpoint,
            )
        cursor = None


def _body(
    created_on_or_after: datetime | None,
    page_size: int,
    cursor: str | None,
) -> dict[str, Json]:
    body: dict[str, Json] = {
        "page_size": page_size,
        # Without sorts the order is not guaranteed; creation times do not move while we read.
        "sorts": [{"timestamp": "created_time", "direction": "ascending"}],
    }
    if created_on_or_after is not None:
        after = {"on_or_after": _iso(created_on_or_after)}
        body["filter"] = {"and": [{"timestamp": "created_time", "created_time": after}]}
    if cursor is not None:
        body["start_cursor"] = cursor
    return body


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
