"""Computes rollups from the values of the related rows."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sandbox.state.records import Json
from sandbox.state.times import read_moment

UNSUPPORTED = ("show_unique", "unique", "median", "count_per_group", "percent_per_group")
_COUNTS: dict[str, Callable[[Sequence[Json]], float]] = {
    "count": len,
    "count_all": len,
    "count_values": lambda values: sum(1 for value in values if not is_empty(value)),
    "empty": lambda values: sum(1 for value in values if is_empty(value)),
    "not_empty": lambda values: sum(1 for value in values if not is_empty(value)),
    "percent_empty": lambda values: _share(values, True),
    "percent_not_empty": lambda values: _share(values, False),
    "checked": lambda values: sum(1 for value in values if value.get("checkbox") is True),
    "unchecked": lambda values: sum(1 for value in values if value.get("checkbox") is False),
}
_NUMBERS: dict[str, Callable[[list[float]], float]] = {
    "sum": sum,
    "average": lambda numbers: sum(numbers) / len(numbers),
    "min": min,
    "max": max,
    "range": lambda numbers: max(numbers) - min(numbers),
}


def roll_up(function: str, values: Sequence[Json]) -> Json:
    """The rollup JSON for typed values (each with its `type`) of the related rows."""
    if function in UNSUPPORTED:
        return {"type": "unsupported", "unsupported": {}, "function": function}
    if function in _COUNTS:
        return {"type": "number", "number": _COUNTS[function](values), "function": function}
    if function in _NUMBERS:
        numbers = [value["number"] for value in values if isinstance(value.get("number"), int | float)]
        return {
            "type": "number",
            "number": _NUMBERS[function](numbers) if numbers else None,
            "function": function,
        }
    if function in ("earliest_date", "latest_date", "date_range"):
        return _dates(function, values)
    array = [{key: value[key] for key in ("type", value["type"])} for value in values]
    return {"type": "array", "array": array, "function": function}


def is_empty(value: Json) -> bool:
    """Return True if a typed value holds nothing."""
    return value.get(value["type"]) in (None, [], "", {})


def _share(values: Sequence[Json], empty: bool) -> float:
    return sum(1 for value in values if is_empty(value) is empty) / len(values) if values else 0


def _dates(function: str, values: Sequence[Json]) -> Json:
    found: list[tuple[datetime, Any]] = sorted(
        (
            (read_moment(value["date"]["start"]), value["date"]["start"])
            for value in values
            if value.get("type") == "date" and value["date"]
        ),
        key=lambda pair: pair[0],
    )
    if not found:
        return {"type": "date", "date": None, "function": function}
    start, end = found[0][1], None
    if function == "latest_date":
        start = found[-1][1]
    elif function == "date_range":
        end = found[-1][1]
    return {"type": "date", "date": {"start": start, "end": end, "time_zone": None}, "function": function}
