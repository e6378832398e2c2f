"""Pages of listings: page sizes, and opaque cursors that are valid for their own listing only."""

import base64
import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.present.errors import ApiError, validation_error
from sandbox.state.records import Json

LARGEST = 100
_KEPT_LISTINGS = 512


def page_size(given: Any) -> int:
    """The page size that a request asks for, 100 by default. Raises ApiError outside 1 to 100."""
    if given is None:
        return LARGEST
    try:
        size = int(given)
    except (TypeError, ValueError):
        raise validation_error(
            f"body failed validation: body.page_size should be a number, instead was `{given!r}`."
        ) from None
    if not 1 <= size <= LARGEST:
        raise validation_error(
            f"body failed validation: body.page_size should be ≤ `{LARGEST}`, instead was `{size}`."
        )
    return size


def bad_cursor(cursor: object) -> ApiError:
    """The error for a cursor that the API did not hand out for this listing."""
    return validation_error(f"The start_cursor provided is invalid: {cursor}")


def make_cursor(listing: str, position: Any) -> str:
    """An opaque cursor for a position in a listing."""
    return base64.urlsafe_b64encode(json.dumps([listing, position]).encode()).decode().rstrip("=")


def read_cursor(listing: str, cursor: str) -> Any:
    """The position that a cursor encodes. Raises ApiError for a cursor of another listing."""
    found, position = _open(cursor)
    if found != listing:
        raise bad_cursor(cursor)
    return position


def listing_of(cursor: str) -> str:
    """The listing that a cursor belongs to."""
    return str(_open(cursor)[0])


def _open(cursor: str) -> tuple[Any, Any]:
    try:
        listing, position = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError):
        raise bad_cursor(cursor) from None
    return listing, position


def list_body(kind: str, results: Sequence[Json], next_cursor: str | None) -> Json:
    """The JSON of one page of a listing."""
    return {
        "object": "list",
        "results": list(results),
        "next_cursor": next_cursor,
        "has_more": next_cursor is not None,
        "type": kind,
        kind: {},
    }


def slice_list(listing: str, items: Sequence[Any], given: Mapping[str, Any]) -> tuple[list[Any], str | None]:
    """One page of a complete list, and the cursor of the next page if there is one."""
    size = page_size(given.get("page_size"))
    cursor = given.get("start_cursor")
    start = 0 if cursor is None else read_cursor(listing, str(cursor))
    if not isinstance(start, int) or not 0 <= start <= len(items):
        raise bad_cursor(cursor)
    end = start + size
    return list(items[start:end]), make_cursor(listing, end) if end < len(items) else None


class Listings:
    """Results of queries kept for their cursors, the oldest forgotten first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, list[str]] = OrderedDict()

    def keep(self, name: str, ids: list[str]) -> None:
        """Keep the ids that a query found; cursors refer to them by name."""
        self._kept[name] = ids
        while len(self._kept) > _KEPT_LISTINGS:
            self._kept.popitem(last=False)

    def get(self, name: str) -> list[str] | None:
        """The ids kept under this name; None when they are forgotten."""
        return self._kept.get(name)
