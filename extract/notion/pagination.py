"""Walking a paginated answer of Notion's to its end, and noticing when that end is not the end.

A listing that breaks off is an error, never a short list.
https://developers.notion.com/reference/intro#pagination
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from extract.errors import InvalidRequest, Transient, WrongKind
from extract.values import Json


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of a list. `broken`: there is more, but no cursor. `capped`: Notion leaves the rest out."""

    results: tuple[Json, ...]
    next_cursor: str | None
    broken: bool
    capped: bool


def listed(body: Mapping[str, Json], endpoint: str) -> Listed:
    """`body` as a page of a list. Raises Transient when it is none."""
    results = body.get("results")
    if not isinstance(results, list):
        raise Transient(code="not_a_list", endpoint=endpoint)
    cursor = body.get("next_cursor")
    has_more = body.get("has_more") is True
    request_status = body.get("request_status")
    usable = has_more and isinstance(cursor, str) and bool(cursor)
    return Listed(
        results=tuple(results),
        next_cursor=cursor if usable else None,
        broken=has_more and not usable,
        capped=isinstance(request_status, Mapping) and request_status.get("type") == "incomplete",
    )


def walk(
    ask: Callable[[str | None], Listed], endpoint: str, *, cursor: str | None = None, restarts: int = 1
) -> Iterator[Listed]:
    """Every page of a list, from `cursor` on; the reader drops what it has seen already.

    A cursor that Notion refuses (they are bound to a session of Notion's) starts the list again from the top,
    as often as `restarts` says. Raises Transient after the last page when the list broke off.
    """
    followed: set[str] = set()
    while True:
        try:
            page = ask(cursor)
        except WrongKind:
            raise
        except InvalidRequest:
            if cursor is None or restarts == 0:
                raise
            cursor, restarts = None, restarts - 1
            followed.clear()
            continue
        yield page
        if page.broken or page.next_cursor in followed:
            raise Transient(code="listing_broke_off", endpoint=endpoint)
        if page.next_cursor is None:
            return
        cursor = page.next_cursor
        followed.add(cursor)
