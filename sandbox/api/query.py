"""POST /v1/data_sources/{id}/query: filter, sort, and the cap on results."""

from typing import Any

from flask import Blueprint

from sandbox.api.checks import json_body, visible_id
from sandbox.api.context import current_listings, current_world
from sandbox.api.endpoint import endpoint
from sandbox.api.pages import chosen_properties
from sandbox.api.paging import (
    Listings,
    bad_cursor,
    list_body,
    listing_of,
    make_cursor,
    page_size,
    read_cursor,
)
from sandbox.present.errors import validation_error
from sandbox.present.filters import compile_filter, moment_span
from sandbox.present.objects import present_page
from sandbox.present.row_values import RowValues, sort_rows
from sandbox.present.viewer import Viewer
from sandbox.state.records import DataSource, Json
from sandbox.state.state import RowOrder
from sandbox.state.times import minute_number

_CAPPED = ":capped"


blueprint = Blueprint("query", __name__)


@blueprint.post("/v1/data_sources/<data_source_id>/query")
@endpoint("query")
def query(viewer: Viewer, data_source_id: str) -> Json:
    """The rows of a data source that match a filter, sorted, up to the world's `query_cap`."""
    source = viewer.state.data_sources[visible_id(viewer, "data_source", data_source_id)]
    body = json_body()
    cap, listings = current_world().query_cap, current_listings()
    size = page_size(body.get("page_size"))
    only = chosen_properties(source)
    if body.get("start_cursor") is None:
        name, start = f"query:{viewer.state.mint.new()}", 0
        ids = _matching(viewer, source, body)
        if len(ids) > cap:
            name, ids = name + _CAPPED, ids[:cap]
        listings.keep(name, ids)
    else:
        name, start, ids = _continue(listings, str(body["start_cursor"]))
    return _one_page(viewer, source, name, ids, start, size, only)


def _one_page(
    viewer: Viewer,
    source: DataSource,
    name: str,
    ids: list[str],
    start: int,
    size: int,
    only: set[str] | None,
) -> Json:
    results: list[Json] = []
    cursor = None
    for position in range(start, len(ids)):
        page = viewer.state.pages.get(ids[position])
        if page is None or page.in_trash or page.parent_id != source.id or not viewer.can_see(page.id):
            continue
        if len(results) == size:
            cursor = make_cursor(name, position)
            break
        results.append(present_page(viewer, page, only))
    listing = list_body("page_or_data_source", results, cursor)
    if cursor is None and name.endswith(_CAPPED):
        listing["request_status"] = {
            "type": "incomplete",
            "incomplete_reason": "query_result_limit_reached",
        }
    return listing


def _continue(listings: Listings, cursor: str) -> tuple[str, int, list[str]]:
    name = listing_of(cursor)
    position = read_cursor(name, cursor)
    ids = listings.get(name)
    if ids is None or not isinstance(position, int) or not 0 <= position <= len(ids):
        raise bad_cursor(cursor)
    return name, position, ids


def _matching(viewer: Viewer, source: DataSource, body: Json) -> list[str]:
    """The ids of all matching rows, in order."""
    state = viewer.state
    order = state.rows.get(source.id) or RowOrder()
    sorts = _sorts(body.get("sorts"))
    given = body.get("filter")
    values = RowValues(viewer, source)
    archived = bool(body.get("is_archived", False))
    if archived:
        candidates, sorted_already = order.archived.between(None, None), not sorts
    else:
        candidates, sorted_already = _candidates(order, given, sorts, viewer)
    if sorted_already and sorts and sorts[0].get("direction") == "descending":
        candidates.reverse()
    if given is None and sorted_already:
        return candidates
    rows = [state.pages[row_id] for row_id in candidates]
    if given is not None:
        values.check(given)
        test = compile_filter(given, state.now())
        rows = [row for row in rows if test(values.of(row))]
    if not sorted_already:
        rows = sort_rows(rows, sorts, values)
    return [row.id for row in rows]


def _candidates(order: RowOrder, given: Any, sorts: list[Json], viewer: Viewer) -> tuple[list[str], bool]:
    """Rows in the time range that the filter implies, oldest first; and True if they need no other order."""
    by_time = sorts[0].get("timestamp") if len(sorts) == 1 else None
    for field in dict.fromkeys((by_time or "created_time", "last_edited_time", "created_time")):
        low, high = implied_range(given, field, viewer)
        if low is not None or high is not None:
            index = order.edited if field == "last_edited_time" else order.created
            return index.between(low, high), by_time == field or not sorts
    index = order.edited if by_time == "last_edited_time" else order.created
    return index.between(None, None), by_time is not None or not sorts


def implied_range(given: Any, field: str, viewer: Viewer) -> tuple[int | None, int | None]:
    """The first and last minute in which a row can match, from the timestamp conditions that every match meets."""
    low: int | None = None
    high: int | None = None
    for condition in _conjunction(given):
        if condition.get("timestamp") != field or not isinstance(condition.get(field), dict):
            continue
        for operator, wanted in condition[field].items():
            if operator in ("after", "on_or_after", "equals"):
                first = minute_number(moment_span(wanted, viewer.state.now())[0])
                low = first if low is None else max(low, first)
            if operator in ("before", "on_or_before", "equals"):
                last = minute_number(moment_span(wanted, viewer.state.now())[1])
                high = last if high is None else min(high, last)
    return low, high


def _conjunction(given: Any) -> list[Json]:
    if not isinstance(given, dict):
        return []
    if isinstance(given.get("and"), list):
        return [leaf for part in given["and"] for leaf in _conjunction(part)]
    return [] if "or" in given else [given]


def _sorts(given: Any) -> list[Json]:
    sorts = given or []
    if not isinstance(sorts, list) or not all(isinstance(sort, dict) for sort in sorts):
        raise validation_error("body failed validation: body.sorts should be an array of objects.")
    for sort in sorts:
        if ("property" in sort) == ("timestamp" in sort):
            raise validation_error(
                "body failed validation: body.sorts should have a property or a timestamp."
            )
        if sort.get("timestamp", "created_time") not in ("created_time", "last_edited_time"):
            raise validation_error("body failed validation: body.sorts.timestamp is not a known timestamp.")
        if sort.get("direction", "ascending") not in ("ascending", "descending"):
            raise validation_error("body failed validation: body.sorts.direction is not a known direction.")
    return sorts
