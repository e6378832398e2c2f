"""Converts property values from the forms that callers write to the form that rows store."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sandbox.content.simple_inline import parse_inline
from sandbox.editing.names import WorkspaceNames
from sandbox.editing.schema import option_named
from sandbox.state.ids import read_id
from sandbox.state.records import DataSource, Json, Property
from sandbox.state.rich_text import completed
from sandbox.state.state import State
from sandbox.state.times import print_instant

COMPUTED = ("created_time", "created_by", "last_edited_time", "last_edited_by", "button")


def find_property(source: DataSource, name_or_id: str) -> Property:
    """A property by name or id. Raises KeyError, naming those there are."""
    found = source.schema.get(name_or_id) or next(
        (prop for prop in source.schema.values() if prop.name == name_or_id), None
    )
    if found is None:
        known = ", ".join(prop.name for prop in source.schema.values())
        raise KeyError(f"There is no property {name_or_id!r}; there are {known}.")
    return found


def read_value(state: State, source: DataSource, prop: Property, given: Any) -> Any:
    """The stored form of a value; None is empty."""
    kind = prop.type
    if given is None or kind in COMPUTED:
        return None
    if kind in ("title", "rich_text"):
        if isinstance(given, str):
            return parse_inline(given, WorkspaceNames(state, source.workspace_id))
        return completed(given)
    if kind in ("select", "status"):
        return (
            option_named(state.mint, prop, given["name"] if isinstance(given, dict) else str(given))
            if given
            else None
        )
    if kind == "multi_select":
        return [option_named(state.mint, prop, str(name)) for name in _listed(given)]
    if kind == "date":
        return read_date(given)
    if kind == "people":
        return [_person(state, source, person) for person in _listed(given)]
    if kind == "relation":
        return [_related(state, source, page) for page in _listed(given)]
    if kind == "files":
        return [_file(file) for file in _listed(given)]
    if kind in ("formula", "rollup"):
        return _computed(given)
    if kind == "unique_id":
        return int(given)
    return given


def _listed(given: Any) -> Iterable[Any]:
    if isinstance(given, str):
        return [part.strip() for part in given.split(",") if part.strip()]
    return given if isinstance(given, Iterable) and not isinstance(given, dict) else [given]


def read_date(given: Any) -> Json:
    """A date value from ISO text, "start → end", a pair, a date object or the API's own JSON."""
    if isinstance(given, dict):
        return {"start": given.get("start"), "end": given.get("end"), "time_zone": given.get("time_zone")}
    if isinstance(given, str) and ("→" in given or "/" in given):
        given = [part.strip() for part in given.replace("→", "/").split("/")]
    start, end = given if isinstance(given, list | tuple) else (given, None)
    return {"start": _iso(start), "end": _iso(end) if end else None, "time_zone": None}


def _iso(given: Any) -> str:
    if isinstance(given, datetime):
        return print_instant(given) if given.utcoffset() is not None else given.isoformat()
    return given.isoformat() if isinstance(given, date) else str(given)


def _person(state: State, source: DataSource, given: Any) -> Json:
    if isinstance(given, dict):
        return given
    name = str(getattr(given, "id", given))
    user = WorkspaceNames(state, source.workspace_id).person(name)
    if user is None:
        raise KeyError(f"There is nobody called {name!r} in this workspace.")
    return {"object": "user", "id": user.id}


def _related(state: State, source: DataSource, given: Any) -> str:
    if isinstance(given, dict):
        return str(given["id"])
    name = str(getattr(given, "id", given))
    if (identifier := read_id(name)) is not None:
        return identifier
    found = WorkspaceNames(state, source.workspace_id).page_named(name)
    if found is None:
        raise KeyError(f"There is no page called {name!r} to relate to.")
    return found[1]


def _file(given: Any) -> Json:
    if isinstance(given, dict):
        return given
    name, url = given if isinstance(given, tuple) else (str(given).rsplit("/", 1)[-1], str(given))
    if url.startswith(("http://", "https://")):
        return {"name": name, "type": "external", "external": {"url": url}}
    return {"name": name, "type": "file", "file": {"url": url}}


def _computed(given: Any) -> Json:
    if isinstance(given, dict) and "type" in given:
        return given
    if isinstance(given, bool):
        return {"type": "boolean", "boolean": given}
    if isinstance(given, int | float):
        return {"type": "number", "number": given}
    if isinstance(given, date):
        return {"type": "date", "date": read_date(given)}
    return {"type": "string", "string": str(given)}
