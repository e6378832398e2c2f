"""GET /v1/pages/{id}, its markdown and its property items."""

from typing import Any
from urllib.parse import quote

from flask import Blueprint, request

from sandbox.api.checks import visible_id
from sandbox.api.context import current_world
from sandbox.api.endpoint import endpoint
from sandbox.api.paging import list_body, slice_list
from sandbox.markdown.body import Body
from sandbox.markdown.v1 import render_v1
from sandbox.markdown.v2 import render_v2
from sandbox.present.errors import ApiError, validation_error
from sandbox.present.objects import present_page
from sandbox.present.values import LISTED, bare_value, present_value, related_ids, rolled_values, rollup_value
from sandbox.present.viewer import Viewer
from sandbox.state.records import DataSource, Json, Page, Property

_RENDER = {"v1": render_v1, "v2": render_v2}


blueprint = Blueprint("pages", __name__)


@blueprint.get("/v1/pages/<page_id>")
@endpoint("page")
def page(viewer: Viewer, page_id: str) -> Json:
    """One page with its property values."""
    found = viewer.state.pages[visible_id(viewer, "page", page_id)]
    return present_page(viewer, found, wanted_properties(viewer, found))


@blueprint.get("/v1/pages/<page_id>/markdown")
@endpoint("markdown")
def markdown(viewer: Viewer, page_id: str) -> Json:
    """The body of a page, or of one block, as markdown v1 or v2."""
    version = request.args.get("markdown_version", "v1")
    if version not in _RENDER:
        raise validation_error(
            "query failed validation: query.markdown_version should be "
            f'`"v1"` or `"v2"`, instead was `"{version}"`.'
        )
    transcript = read_bool("include_transcript")
    identifier = _page_or_block(viewer, page_id)
    body = Body(current_world(), viewer, identifier, transcript)
    return {
        "object": "page_markdown",
        "id": identifier,
        "markdown": _RENDER[version](body.blocks, body.context),
        "truncated": body.truncated,
        "unknown_block_ids": body.unknown_ids,
    }


@blueprint.get("/v1/pages/<page_id>/properties/<path:property_id>")
@endpoint("property")
def property_item(viewer: Viewer, page_id: str, property_id: str) -> Json:
    """One property value in full, in pages where it is a list."""
    found = viewer.state.pages[visible_id(viewer, "page", page_id)]
    source = viewer.state.data_sources.get(found.parent_id)
    prop = source.schema.get(property_id) if source else Property("title", "title", "title")
    if prop is None or (source is None and property_id != "title"):
        raise ApiError(404, "object_not_found", f"Could not find property with ID: {property_id}.")
    if prop.type not in LISTED or source is None and prop.type != "title":
        assert source is not None
        return {"object": "property_item", **present_value(viewer, found, source, prop)}
    return _property_list(viewer, found, source, prop)


def read_bool(name: str) -> bool:
    """A query parameter that is true or false. Raises ApiError for anything else."""
    given = request.args.get(name, "false")
    if given not in ("true", "false"):
        raise validation_error(
            f'query failed validation: query.{name} should be a boolean, instead was `"{given}"`.'
        )
    return given == "true"


def wanted_properties(viewer: Viewer, page: Page) -> set[str] | None:
    """The ids of the properties of this page that filter_properties names; None if it is not used."""
    return chosen_properties(viewer.state.data_sources.get(page.parent_id))


def chosen_properties(source: DataSource | None) -> set[str] | None:
    """The ids that filter_properties names, by id or name; None if it is not used. Raises ApiError for others."""
    asked = [*request.args.getlist("filter_properties"), *request.args.getlist("filter_properties[]")]
    if not asked:
        return None
    props = list(source.schema.values()) if source else [Property("title", "title", "title")]
    chosen = set()
    for name in asked:
        prop = next((prop for prop in props if name in (prop.id, prop.name)), None)
        if prop is None:
            raise validation_error(f"Could not find property with name or id: {name}")
        chosen.add(prop.id)
    return chosen


def _page_or_block(viewer: Viewer, given: str) -> str:
    """The markdown path takes a page, or a block that an earlier answer left out."""
    identifier = given.replace("-", "").lower()
    dashed = f"{identifier[:8]}-{identifier[8:12]}-{identifier[12:16]}-{identifier[16:20]}-{identifier[20:]}"
    if viewer.state.kind_of(dashed) == "block":
        return visible_id(viewer, "block", given)
    return visible_id(viewer, "page", given)


def _property_list(viewer: Viewer, page: Page, source: DataSource | None, prop: Property) -> Json:
    kind = prop.type
    shown_id = quote(prop.id, safe="")
    if kind == "title":
        values: list[Any] = list(viewer.rich_text(page.title))
    elif kind == "relation":
        values = [{"id": row_id} for row_id in related_ids(viewer, page, prop)]
    elif kind == "rollup" and source is not None:
        values = rolled_values(viewer, page, source, prop)
    else:
        assert source is not None
        values = list(bare_value(viewer, page, source, prop))
    piece, cursor = slice_list(f"property:{page.id}:{prop.id}", values, request.args)
    if kind == "rollup":
        results = [{"object": "property_item", "id": shown_id, **value} for value in piece]
    else:
        results = [{"object": "property_item", "type": kind, "id": shown_id, kind: value} for value in piece]
    summary: Json = {}
    if kind == "rollup" and source is not None:
        summary = rollup_value(viewer, page, source, prop)
        if summary["type"] == "array":
            summary = {**summary, "array": []}
        if cursor:
            summary = {"type": "incomplete", "incomplete": {}, "function": summary["function"]}
    listing = list_body("property_item", results, cursor)
    base = f"https://api.notion.com/v1/pages/{page.id}/properties/{shown_id}"
    listing["property_item"] = {
        "id": shown_id,
        "next_url": f"{base}?start_cursor={cursor}" if cursor else None,
        "type": kind,
        kind: summary,
    }
    return listing
