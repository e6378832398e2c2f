"""Makes the schema of a data source from what a caller writes: "number", {"select": [names]} and so on."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from sandbox.state.ids import IdMint
from sandbox.state.records import Json, Property

OPTION_COLORS = ("gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red", "default")
_STATUS_GROUPS = (
    ("To-do", "gray", ("Not started",)),
    ("In progress", "blue", ("In progress",)),
    ("Complete", "green", ("Done",)),
)


def make_schema(mint: IdMint, wanted: Mapping[str, Any]) -> dict[str, Property]:
    """Properties by id. A title property is added when none is named, since every data source has one."""
    schema: dict[str, Property] = {}
    for name, given in wanted.items():
        kind, config = read_kind(given)
        made = Property("title" if kind == "title" else new_property_id(mint, schema), name, kind, {})
        made.config = make_config(mint, kind, config)
        schema[made.id] = made
    if "title" not in schema:
        schema = {"title": Property("title", "Name", "title", {}), **schema}
    return schema


def read_kind(given: Any) -> tuple[str, Json]:
    """Type and configuration of a property as a caller writes it. Raises ValueError for anything else."""
    if isinstance(given, str):
        return given, {}
    if isinstance(given, Mapping) and given:
        kind = next(iter(given))
        return str(kind), dict(given[kind] or {}) if isinstance(given[kind], Mapping) else {
            "options": given[kind]
        }
    raise ValueError(f"A property is a type name or {{type: configuration}}, not {given!r}.")


def new_property_id(mint: IdMint, schema: Mapping[str, Property]) -> str:
    """A property id that this schema does not use yet."""
    while (made := mint.short()) in schema:
        pass
    return made


def make_config(mint: IdMint, kind: str, config: Json) -> Json:
    """The configuration that a property of this type has, options and groups with their ids."""
    config = deepcopy({key: getattr(value, "id", value) for key, value in config.items()})
    if kind == "number":
        return {"format": "number", **config}
    if kind in ("select", "multi_select"):
        return {
            "options": [make_option(mint, option, i) for i, option in enumerate(config.get("options", []))]
        }
    if kind == "status":
        return _status(mint, config)
    if kind == "unique_id":
        return {"prefix": config.get("prefix")}
    return config


def make_option(mint: IdMint, option: Any, position: int) -> Json:
    """An option of a select, with an id and the colour of its position."""
    given = _named(option)
    return {
        "id": given.get("id") or mint.new(),
        "name": given["name"],
        "color": given.get("color") or OPTION_COLORS[position % len(OPTION_COLORS)],
        "description": given.get("description"),
    }


def _status(mint: IdMint, config: Json) -> Json:
    names = config.get("options") or [name for _, _, group in _STATUS_GROUPS for name in group]
    options = [
        make_option(
            mint, {"color": _STATUS_GROUPS[_third(position, len(names))][1], **_named(option)}, position
        )
        for position, option in enumerate(names)
    ]
    groups = config.get("groups") or [
        {
            "id": mint.new(),
            "name": name,
            "color": color,
            "option_ids": [
                option["id"]
                for position, option in enumerate(options)
                if _third(position, len(options)) == index
            ],
        }
        for index, (name, color, _) in enumerate(_STATUS_GROUPS)
    ]
    return {"options": options, "groups": groups}


def _named(option: Any) -> Json:
    return {"name": option} if isinstance(option, str) else dict(option)


def _third(position: int, count: int) -> int:
    return 0 if position == 0 and count > 1 else 2 if position == count - 1 else 1


def option_named(mint: IdMint, prop: Property, name: str) -> str:
    """The id of the option with this name; a new option when there is none."""
    options: list[Json] = prop.config.setdefault("options", [])
    for option in options:
        if name in (option["name"], option["id"]):
            return str(option["id"])
    made = make_option(mint, name, len(options))
    options.append(made)
    if prop.type == "status" and prop.config.get("groups"):
        prop.config["groups"][-1]["option_ids"].append(made["id"])
    return str(made["id"])
