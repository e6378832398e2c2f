"""Properties and sharing as the practice pages show them, and the values that a form changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.content.simple_inline import write_inline
from sandbox.editing.values import COMPUTED, read_value
from sandbox.state.records import DataSource, Json, Page, Property
from sandbox.state.rich_text import plain_text
from sandbox.state.times import print_minute
from sandbox.world.world import World

_UNEDITABLE = (*COMPUTED, "formula", "rollup", "unique_id", "files", "verification", "place")


@dataclass(frozen=True, slots=True)
class Cell:
    """A property value to read: text, or coloured tags."""

    name: str
    kind: str
    text: str
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """A property value to edit, as text."""

    id: str
    name: str
    kind: str
    value: str
    options: tuple[str, ...] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Sharing:
    """Whether one grant sees a page or database."""

    bot_id: str
    integration: str
    person: str
    shared: bool
    through_parent: bool


_HINTS = {
    "multi_select": "separated by commas",
    "people": "names, separated by commas",
    "relation": "page titles, separated by commas",
    "date": "2026-11-22, or 2026-11-22 → 2026-11-25",
}


def row_cells(world: World, page: Page) -> list[Cell]:
    """The properties of a row but its title; none for a page that is no row."""
    source = world.data_sources.get(page.parent_id)
    if source is None:
        return []
    return [_cell(world, page, prop) for prop in source.schema.values() if prop.type != "title"]


def _cell(world: World, page: Page, prop: Property) -> Cell:
    if prop.type in ("select", "status", "multi_select"):
        return Cell(prop.name, prop.type, "", tuple(_options(page, prop)))
    return Cell(prop.name, prop.type, value_text(world, page, prop, plain=True))


def _options(page: Page, prop: Property) -> list[tuple[str, str]]:
    stored = page.values.get(prop.id) or []
    chosen = [stored] if isinstance(stored, str) else stored
    options = {option["id"]: option for option in prop.config.get("options", ())}
    return [(options[option]["name"], options[option]["color"]) for option in chosen if option in options]


def value_text(world: World, page: Page, prop: Property, plain: bool = False) -> str:
    """One value as text: to read (plain), or as a person types it."""
    stored = page.values.get(prop.id)
    kind = prop.type
    if kind in ("created_time", "last_edited_time"):
        moment = page.created if kind == "created_time" else page.edited
        return print_minute(moment)[:16].replace("T", " ")
    if kind in ("created_by", "last_edited_by"):
        return world.users[page.created_by if kind == "created_by" else page.edited_by].name
    if stored is None:
        return ""
    if kind == "rich_text":
        return plain_text(stored) if plain else write_inline(stored, world.title_of)
    if kind in ("select", "status", "multi_select"):
        return ", ".join(name for name, _ in _options(page, prop))
    if kind == "date":
        if plain:
            return _spoken_date(stored)
        return f"{stored['start']} → {stored['end']}" if stored.get("end") else str(stored.get("start") or "")
    if kind == "people":
        return ", ".join(world.users[person["id"]].name for person in stored if person["id"] in world.users)
    if kind == "relation":
        return ", ".join(
            world.title_of(related) or "Untitled" for related in stored if related in world.pages
        )
    return _other_text(kind, prop, stored, plain)


def _spoken_date(stored: Json) -> str:
    start, end = (str(stored.get(edge) or "")[:16].replace("T", " ") for edge in ("start", "end"))
    if not end:
        return start
    return f"{start} → {end[11:] if start[:10] == end[:10] and end[11:] else end}"


def _other_text(kind: str, prop: Property, stored: Any, plain: bool) -> str:
    if kind == "number" and plain and prop.config.get("format") == "percent":
        return f"{stored * 100:g}%"
    if kind == "checkbox":
        return "Yes" if stored else ""
    if kind == "files":
        return ", ".join(file.get("name", "") for file in stored)
    if kind == "unique_id":
        prefix = prop.config.get("prefix")
        return f"{prefix}-{stored}" if prefix else str(stored)
    if isinstance(stored, dict):
        inner = stored.get(stored.get("type", ""), "")
        return "" if isinstance(inner, dict) else str(inner)
    return f"{stored:g}" if isinstance(stored, float) else str(stored)


def fields_of(world: World, page: Page) -> list[Field]:
    """The properties of a row that a person may fill in."""
    source = world.data_sources.get(page.parent_id)
    if source is None:
        return []
    return [
        Field(
            prop.id,
            prop.name,
            prop.type,
            value_text(world, page, prop),
            tuple(option["name"] for option in prop.config.get("options", ())),
            _HINTS.get(prop.type, ""),
        )
        for prop in source.schema.values()
        if prop.type != "title" and prop.type not in _UNEDITABLE
    ]


def edited_values(world: World, page: Page, form: Mapping[str, str]) -> dict[str, Any]:
    """The values that a form changes, by property name. Raises KeyError or ValueError for one that cannot be read."""
    source = world.data_sources.get(page.parent_id)
    changed: dict[str, Any] = {}
    if source is None:
        return changed
    for field in fields_of(world, page):
        if field.kind == "checkbox":
            given = "Yes" if form.get(f"prop-{field.id}") else ""
        else:
            given = form.get(f"prop-{field.id}", field.value).strip()
        if given != field.value:
            changed[field.name] = _typed(field, given)
            read_value(world, source, _copy(source, field.id), changed[field.name])
    return changed


def _copy(source: DataSource, identifier: str) -> Property:
    """A copy of a property, so that checking a value does not add an option."""
    prop = source.schema[identifier]
    return Property(prop.id, prop.name, prop.type, {"options": list(prop.config.get("options", ()))})


def _typed(field: Field, given: str) -> Any:
    if field.kind == "checkbox":
        return bool(given)
    if not given:
        return None
    if field.kind == "number":
        try:
            return float(given) if "." in given else int(given)
        except ValueError:
            raise ValueError(f"{field.name}: “{given}” is not a number.") from None
    return given


def sharing_of(world: World, identifier: str, workspace_id: str) -> list[Sharing]:
    """Which grants see a page or database, and whether it is shared itself or through a parent."""
    return [
        Sharing(
            grant.bot_id,
            world.integration_name,
            world.users[grant.user_id].name,
            world.access.can_see(grant, identifier),
            identifier not in grant.shares,
        )
        for grant in world.grants.values()
        if grant.workspace_id == workspace_id and not grant.revoked
    ]
