"""Property values as the API shows them, on pages and as property items."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from sandbox.editing.values import find_property
from sandbox.present.media import signed_file
from sandbox.present.rollups import UNSUPPORTED, roll_up
from sandbox.present.viewer import Viewer
from sandbox.state.records import DataSource, Json, Page, Property
from sandbox.state.times import print_minute

RELATIONS_SHOWN = 25
LISTED = ("title", "rich_text", "people", "relation", "rollup")


def property_id(prop: Property) -> str:
    """Property ids leave the API already URL-encoded."""
    return quote(prop.id, safe="")


def present_properties(viewer: Viewer, page: Page, only: set[str] | None = None) -> Json:
    """All values of a page by property name; `only` keeps those with these property ids."""
    source = viewer.state.data_sources.get(page.parent_id)
    if source is None:
        return {"title": {"id": "title", "type": "title", "title": viewer.rich_text(page.title)}}
    return {
        prop.name: present_value(viewer, page, source, prop)
        for prop in source.schema.values()
        if only is None or prop.id in only
    }


def present_value(viewer: Viewer, page: Page, source: DataSource, prop: Property) -> Json:
    """One property value as pages carry it; lists of people and relations are cut at RELATIONS_SHOWN."""
    shown: Json = {"id": property_id(prop), "type": prop.type, prop.type: None}
    if prop.type == "relation":
        related = related_ids(viewer, page, prop)
        shown["relation"] = [{"id": row_id} for row_id in related[:RELATIONS_SHOWN]]
        shown["has_more"] = len(related) > RELATIONS_SHOWN
    else:
        shown[prop.type] = bare_value(viewer, page, source, prop)
        if prop.type == "people":
            shown["people"] = shown["people"][:RELATIONS_SHOWN]
    return shown


def related_ids(viewer: Viewer, page: Page, prop: Property) -> list[str]:
    """The related rows that the viewer can see and that are not in the trash."""
    pages = viewer.state.pages
    return [
        row_id
        for row_id in page.values.get(prop.id) or ()
        if row_id in pages and not pages[row_id].in_trash and viewer.can_see(row_id)
    ]


def bare_value(viewer: Viewer, page: Page, source: DataSource, prop: Property) -> Any:
    """The value that the API shows under the name of the property's type."""
    stored = page.values.get(prop.id)
    if prop.type == "rollup":
        return rollup_value(viewer, page, source, prop)
    if prop.type in _OF_THE_PAGE:
        return _OF_THE_PAGE[prop.type](viewer, page)
    if prop.type in _STORED:
        return _STORED[prop.type](viewer, page, prop, stored)
    return stored


_OF_THE_PAGE: dict[str, Callable[[Viewer, Page], Any]] = {
    "title": lambda viewer, page: viewer.rich_text(page.title),
    "created_time": lambda _, page: print_minute(page.created),
    "last_edited_time": lambda _, page: print_minute(page.edited),
    "created_by": lambda viewer, page: viewer.user(page.created_by),
    "last_edited_by": lambda viewer, page: viewer.user(page.edited_by),
}


def _relation(viewer: Viewer, page: Page, prop: Property, _stored: Any) -> list[Json]:
    return [{"id": identifier} for identifier in related_ids(viewer, page, prop)]


def _options(_viewer: Viewer, _page: Page, prop: Property, stored: Any) -> list[Json]:
    return [option for identifier in stored or () if (option := _option(prop, identifier))]


def _people(viewer: Viewer, _page: Page, _prop: Property, stored: Any) -> list[Json]:
    return [viewer.user(who["id"]) if who.get("object") == "user" else who for who in stored or ()]


def _files(viewer: Viewer, _page: Page, _prop: Property, stored: Any) -> list[Json]:
    return [signed_file(file, viewer.state.now()) for file in stored or ()]


_STORED: dict[str, Callable[[Viewer, Page, Property, Any], Any]] = {
    "rich_text": lambda viewer, page, prop, stored: viewer.rich_text(stored or []),
    "select": lambda viewer, page, prop, stored: _option(prop, stored),
    "status": lambda viewer, page, prop, stored: _option(prop, stored),
    "multi_select": _options,
    "people": _people,
    "files": _files,
    "checkbox": lambda viewer, page, prop, stored: bool(stored),
    "relation": _relation,
    "formula": lambda viewer, page, prop, stored: stored or {"type": "string", "string": None},
    "unique_id": lambda viewer, page, prop, stored: {"prefix": prop.config.get("prefix"), "number": stored},
    "button": lambda viewer, page, prop, stored: {},
}


def rollup_value(viewer: Viewer, page: Page, source: DataSource, prop: Property) -> Json:
    """A rollup: the stored value if a test set one, else computed from the related rows."""
    stored = page.values.get(prop.id)
    function = prop.config.get("function", "show_original")
    if stored is not None:
        return {"function": function, **stored}
    if function in UNSUPPORTED:
        return roll_up(function, [])
    return roll_up(function, rolled_values(viewer, page, source, prop))


def rolled_values(viewer: Viewer, page: Page, source: DataSource, prop: Property) -> list[Json]:
    """The typed values that a rollup combines, one for each related row that the viewer can see."""
    try:
        relation = find_property(
            source, str(prop.config.get("relation_property_id") or prop.config["relation"])
        )
    except KeyError:
        return []
    wanted = str(prop.config.get("rollup_property_id") or prop.config.get("property") or "title")
    values: list[Json] = []
    for identifier in related_ids(viewer, page, relation):
        row = viewer.state.pages[identifier]
        target = viewer.state.data_sources.get(row.parent_id)
        if target is None:
            continue
        try:
            rolled = find_property(target, wanted)
        except KeyError:
            continue
        if rolled.type != "rollup":
            values.append({"type": rolled.type, rolled.type: bare_value(viewer, row, target, rolled)})
    return values


def _option(prop: Property, identifier: str | None) -> Json | None:
    for option in prop.config.get("options", ()):
        if option["id"] == identifier:
            return {"id": option["id"], "name": option["name"], "color": option["color"]}
    return None
