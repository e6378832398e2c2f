"""What a listing's raw properties tell of a page: its title, whether it changed, what is incomplete."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from extract.reading.clean import clean, one_line
from extract.reading.links import is_notion_media, notion_id_of
from extract.reading.properties.values import VOLATILE
from extract.reading.rich_text import items, mapping, plain_text
from extract.values import Json

UNTITLED = "Untitled"
# Notion gives at most this many people, relations or mentions of one value with the page
_CAP = 25
# what moves without an edit, or is looks only
_MOVING = frozenset(
    {
        "annotations",
        "avatar_url",
        "color",
        "cover",
        "description",
        "expiry_time",
        "has_more",
        "icon",
        "next_url",
        "public_url",
        "request_id",
    }
)
_MAX_NESTING = 12


def page_title(properties: Mapping[str, Json]) -> str:
    """The page's title, from whichever property is of type `title`; "Untitled" when empty or missing."""
    for value in properties.values():
        if mapping(value).get("type") == "title":
            return one_line(plain_text(mapping(value).get("title") or ())) or UNTITLED
    return UNTITLED


def stub_digest(properties: Mapping[str, Json], title: str) -> str:
    """A hash that changes when a person changed the title or a property.

    It stays when only `last_edited_*`, visits, colours, avatars or the signatures of file URLs move.
    """
    kept = {
        str(name): _pruned(value, 0)
        for name, value in properties.items()
        if mapping(value).get("type") not in VOLATILE and mapping(value).get("type") != "button"
    }
    material = json.dumps([clean(title), kept], sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(material.encode()).hexdigest()


def capped_properties(properties: Mapping[str, Json]) -> tuple[str, ...]:
    """The ids of properties whose list Notion may have cut: a relation that says so, 25 people, 25 mentions.

    https://developers.notion.com/reference/retrieve-a-page#limits
    """
    found: list[str] = []
    for value in properties.values():
        value = mapping(value)
        kind = str(value.get("type"))
        inner = value.get(kind)
        property_id = value.get("id")
        if not isinstance(property_id, str) or not isinstance(inner, list | Mapping):
            continue
        if kind == "relation":
            cut = value.get("has_more") is True
        elif kind == "people":
            cut = len(inner) == _CAP
        elif kind in ("rich_text", "title"):
            cut = sum(item.get("type") == "mention" for item in items(inner)) == _CAP
        elif kind == "rollup":
            array = mapping(inner).get("array")
            cut = isinstance(array, list) and len(array) == _CAP
        else:
            cut = False
        if cut:
            found.append(property_id)
    return tuple(found)


def relation_ids(properties: Mapping[str, Json]) -> tuple[str, ...]:
    """The ids of related pages, dashed and lower-case, once each; `read_properties` wants their titles."""
    found: dict[str, None] = {}
    for value in properties.values():
        value = mapping(value)
        values = [value]
        array = mapping(value.get("rollup")).get("array")
        if isinstance(array, list):
            values += [mapping(one) for one in array]
        for one in values:
            related = one.get("relation")
            for target in related if isinstance(related, list) else ():
                notion_id = mapping(target).get("id")
                if isinstance(notion_id, str):
                    found[notion_id_of(notion_id) or notion_id] = None
    return tuple(found)


def _pruned(value: object, depth: int) -> object:
    if depth > _MAX_NESTING:
        return None
    if isinstance(value, Mapping):
        if value.get("object") == "user" and isinstance(value.get("id"), str):
            return value["id"]
        return {str(key): _pruned(inner, depth + 1) for key, inner in value.items() if key not in _MOVING}
    if isinstance(value, list | tuple):
        return [_pruned(inner, depth + 1) for inner in value]
    if isinstance(value, str) and value.startswith("http") and is_notion_media(value):
        return value.partition("?")[0]
    return value
