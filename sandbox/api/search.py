"""POST /v1/search: titles of pages and data sources that the grant can see, by last edit."""

from collections.abc import Iterator
from heapq import merge
from typing import Any

from flask import Blueprint

from sandbox.api.checks import json_body
from sandbox.api.endpoint import endpoint
from sandbox.api.paging import bad_cursor, list_body, make_cursor, page_size, read_cursor
from sandbox.present.errors import validation_error
from sandbox.present.objects import present_data_source, present_page
from sandbox.present.viewer import Viewer
from sandbox.state.ordering import Key
from sandbox.state.records import Json

_FEW = 2000


blueprint = Blueprint("search", __name__)


@blueprint.post("/v1/search")
@endpoint("search")
def search(viewer: Viewer) -> Json:
    """Pages and data sources whose title contains the query, the last edited first."""
    body = json_body()
    kind, in_trash = _filter(body.get("filter"))
    descending = _descending(body.get("sort"))
    size = page_size(body.get("page_size"))
    query = str(body.get("query") or "").strip().lower()
    listing = f"search:{query}:{kind}:{in_trash}:{descending}"
    start = _start(listing, body.get("start_cursor"))
    index = viewer.state.index_for(viewer.grant.workspace_id)
    index.catch_up(viewer.state.now())

    results: list[Json] = []
    last: Key | None = None
    for key in _keys(viewer, query, kind, in_trash, descending, start):
        identifier = key[2]
        if identifier in index.hidden or not viewer.can_see(identifier) or not viewer.state.node(identifier):
            continue
        if len(results) == size:
            return list_body("page_or_data_source", results, make_cursor(listing, last))
        page = viewer.state.pages.get(identifier)
        results.append(
            present_page(viewer, page)
            if page is not None
            else present_data_source(viewer, viewer.state.data_sources[identifier])
        )
        last = key
    return list_body("page_or_data_source", results, None)


def _keys(
    viewer: Viewer, query: str, kind: str | None, in_trash: bool, descending: bool, start: Key | None
) -> Iterator[Key]:
    """Keys of candidates in order, after the start. Sorts them if they are few, else reads them from the index."""
    index = viewer.state.index_for(viewer.grant.workspace_id)
    few = _few_in_reach(viewer)
    if query:
        titles = index.titles
        few = [
            identifier
            for identifier in (titles if few is None else few)
            if query in titles.get(identifier, "")
        ]
    if few is not None:
        keys = index.keys_of(few, kind, in_trash)
        if descending:
            return (key for key in reversed(keys) if start is None or key < start)
        return (key for key in keys if start is None or key > start)
    lists = index.lists(kind, in_trash)
    if descending:
        return merge(*(ids.descending(start) for ids in lists), reverse=True)
    return merge(*(ids.ascending(start) for ids in lists))


def _few_in_reach(viewer: Viewer) -> list[str] | None:
    """The ids below what is shared, if they are at most _FEW; else None."""
    if viewer.grant.everything:
        return None
    found: dict[str, None] = {}
    for shared in viewer.grant.shares:
        for identifier in viewer.state.descendants(shared):
            found[identifier] = None
            if len(found) > _FEW:
                return None
    return list(found)


def _filter(given: Any) -> tuple[str | None, bool]:
    if given is None:
        return None, False
    if not isinstance(given, dict):
        raise validation_error("body failed validation: body.filter should be an object.")
    kind = given.get("value")
    if "property" in given and given["property"] != "object":
        raise validation_error('body failed validation: body.filter.property should be `"object"`.')
    if kind not in (None, "page", "data_source"):
        raise validation_error(
            "body failed validation: body.filter.value should be "
            f'`"page"` or `"data_source"`, instead was `"{kind}"`.'
        )
    return kind, bool(given.get("in_trash", False))


def _descending(given: Any) -> bool:
    if given is None or given.get("property") == "relevance":
        return True
    if given.get("timestamp") != "last_edited_time":
        raise validation_error('body failed validation: body.sort.timestamp should be `"last_edited_time"`.')
    if given.get("direction") not in ("ascending", "descending"):
        raise validation_error(
            'body failed validation: body.sort.direction should be `"ascending"` or `"descending"`.'
        )
    return bool(given["direction"] == "descending")


def _start(listing: str, cursor: Any) -> Key | None:
    if cursor is None:
        return None
    position = read_cursor(listing, str(cursor))
    if not (isinstance(position, list) and len(position) == 3):
        raise bad_cursor(cursor)
    return int(position[0]), int(position[1]), str(position[2])
