"""Property values of a page as `Name: value`. https://developers.notion.com/reference/page-property-values"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from extract.reading.clean import one_line
from extract.reading.dates import date_text, moment
from extract.reading.links import notion_id_of
from extract.reading.properties.numbers import number_text
from extract.reading.rich_text import mapping, plain_text, string
from extract.values import Json, Property

VOLATILE = frozenset({"last_edited_time", "last_edited_by", "last_visited_time"})
UNAVAILABLE = "not available through Notion's API"
_MAX_NESTING = 8


def read_properties(
    properties: Mapping[str, Json],
    *,
    schema: Mapping[str, Json] | None,
    titles: Mapping[str, str],
    completed: Mapping[str, Sequence[Json]] | None = None,
) -> tuple[Property, ...]:
    """The properties of a page in a stable order: the schema's, then by name. No title, no empty values.

    `schema` is the `properties` of the data source, for number formats. `titles` maps notion ids to titles,
    for relations; a relation to a page unknown here is left out. `completed` maps property ids to the full
    list of
    their property items, for lists that Notion capped. Raises nothing.
    """
    schema = schema or {}
    place = {name: at for at, name in enumerate(schema)}
    names = sorted((str(name) for name in properties), key=lambda name: (place.get(name, len(place)), name))
    reader = _Values({_key(notion_id): title for notion_id, title in titles.items()})
    out: list[Property] = []
    for name in names:
        value = mapping(properties.get(name))
        kind = str(value.get("type") or "")
        if kind in ("title", "button", ""):
            continue
        full = (completed or {}).get(str(value.get("id"))) if completed else None
        if full is not None:
            value = completed_value(value, full)
        described = mapping(schema.get(name))
        text = one_line(
            reader.text(value, string(mapping(described.get("number")).get("format")) or "number")
        )
        if text:
            out.append(Property(one_line(name), kind, text, kind in VOLATILE))
    return tuple(out)


def completed_value(value: Mapping[str, Json], items: Sequence[Json]) -> Mapping[str, Json]:
    """A property value with the list that the property endpoint gave in full, one item an element."""
    kind = str(value.get("type"))
    gathered: list[Json] = []
    for item in items:
        if not isinstance(item, Mapping):
            continue
        inner = item.get(kind) if kind in item else item.get(str(item.get("type")), item)
        gathered.extend(inner if isinstance(inner, list) else [inner])
    if kind == "rollup":
        rollup = mapping(value.get("rollup"))
        if rollup.get("type") != "array":
            return value
        typed = [item for item in items if isinstance(item, Mapping)]
        return {**value, "rollup": {**rollup, "array": typed}}
    return {**value, kind: gathered, "has_more": False}


class _Values:
    """Renders values by type; knows the titles of related pages."""

    __slots__ = ("_titles",)

    def __init__(self, titles: Mapping[str, str]) -> None:
        self._titles = titles

    def text(self, value: Mapping[str, Json], number_format: str = "number", depth: int = 0) -> str:
        """The text of one `{"type": t, t: …}`; of an unknown type, its name or words if there are any."""
        if depth > _MAX_NESTING:
            return ""
        kind = str(value.get("type") or "")
        inner = value.get(kind)
        if kind == "number":
            return number_text(inner, number_format)
        if kind == "relation":
            return self._relation(inner)
        if kind == "formula":
            return self._formula(mapping(inner), number_format, depth)
        if kind == "rollup":
            return self._rollup(mapping(inner), number_format, depth)
        return _TEXTS.get(kind, _generic)(inner)

    def _relation(self, inner: object) -> str:
        related = inner if isinstance(inner, list) else [inner]
        found = [self._titles.get(_key(string(mapping(page).get("id"))), "") for page in related]
        return _joined(title for title in found)

    def _formula(self, formula: Mapping[str, Json], number_format: str, depth: int) -> str:
        if formula.get("type") == "unsupported":
            return UNAVAILABLE
        return self.text(formula, number_format, depth + 1)

    def _rollup(self, rollup: Mapping[str, Json], number_format: str, depth: int) -> str:
        kind = rollup.get("type")
        if kind in ("unsupported", "incomplete"):
            return UNAVAILABLE
        if kind == "array":
            array = rollup.get("array")
            if not isinstance(array, list):
                return ""
            return _joined(self.text(mapping(value), number_format, depth + 1) for value in array)
        function = str(rollup.get("function") or "")
        return self.text(rollup, "percent" if function.startswith("percent") else number_format, depth + 1)


def _key(notion_id: str) -> str:
    return notion_id_of(notion_id) or notion_id


def _joined(texts: Iterable[str]) -> str:
    parts = [one_line(text) for text in texts]
    return ", ".join([part for part in parts if part])


def _names(inner: object) -> list[str]:
    many = inner if isinstance(inner, list) else [inner]
    return [string(mapping(option).get("name")) for option in many]


def _unique_id(inner: Json) -> str:
    unique = mapping(inner)
    number = unique.get("number")
    if isinstance(number, bool) or not isinstance(number, int):
        return ""
    prefix = string(unique.get("prefix"))
    return f"{prefix}-{number}" if prefix else str(number)


def _verification(inner: Json) -> str:
    verification = mapping(inner)
    state = string(verification.get("state"))
    details = [date_text(verification.get("date"))] if state and state != "unverified" else []
    by = string(mapping(verification.get("verified_by")).get("name"))
    if by and details:
        details.append(f"by {by}")
    return f"{state} ({', '.join(text for text in details if text)})" if any(details) else state


def _place(inner: object) -> str:
    place = mapping(inner)
    name, address = string(place.get("name")), string(place.get("address"))
    if name and address and address != name and name not in address:
        return f"{name}, {address}"
    if address or name:
        return address or name
    latitude, longitude = number_text(place.get("lat")), number_text(place.get("lon"))
    return f"{latitude}, {longitude}" if latitude and longitude else ""


def _generic(inner: object) -> str:
    if isinstance(inner, str):
        return string(inner)
    if isinstance(inner, int | float) and not isinstance(inner, bool):
        return number_text(inner)
    if isinstance(inner, list):
        return plain_text(inner) or _joined(_names(inner))
    value = mapping(inner)
    return string(value.get("name")) or (date_text(value) if value.get("start") else "")


def _rich_text(inner: Json) -> str:
    return plain_text(inner if inner is not None else ())


def _joined_names(inner: Json) -> str:
    return _joined(_names(inner))


def _yes_or_no(inner: Json) -> str:
    return "Yes" if inner is True else "No" if inner is False else ""


def _nothing(inner: Json) -> str:
    return ""


def _unavailable(inner: Json) -> str:
    return UNAVAILABLE


_TEXTS: Mapping[str, Callable[[Json], str]] = {
    "title": _rich_text,
    "rich_text": _rich_text,
    "select": _joined_names,
    "status": _joined_names,
    "multi_select": _joined_names,
    "people": _joined_names,
    "person": _joined_names,
    "user": _joined_names,
    "created_by": _joined_names,
    "last_edited_by": _joined_names,
    "files": _joined_names,
    "date": date_text,
    "created_time": moment,
    "last_edited_time": moment,
    "last_visited_time": moment,
    "checkbox": _yes_or_no,
    "boolean": _yes_or_no,
    "url": string,
    "email": string,
    "phone_number": string,
    "string": string,
    "unique_id": _unique_id,
    "verification": _verification,
    "place": _place,
    "location": _place,
    "button": _nothing,
    "unsupported": _unavailable,
}
"""How each type of value is written, apart from those that hold others.

https://developers.notion.com/reference/page-property-values
"""
