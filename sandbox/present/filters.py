"""Compiles the filter of a data source query to a test on rows."""

from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.present.errors import validation_error
from sandbox.state.times import read_moment

Values = Callable[[str], Any]  # property name or id → the comparable value of one row
Test = Callable[[Values], bool]

_RELATIVE_DAYS = {"today": 0, "yesterday": -1, "tomorrow": 1, "one_week_ago": -7, "one_week_from_now": 7}
_TEXTS = ("title", "rich_text", "url", "email", "phone_number", "select", "status", "string")
_LISTS = ("multi_select", "people", "relation", "created_by", "last_edited_by")
_DATES = ("date", "created_time", "last_edited_time")


def compile_filter(given: Any, now: datetime, depth: int = 0) -> Test:
    """A test for rows. Raises ApiError for a filter that Notion refuses."""
    if not isinstance(given, dict):
        raise validation_error("body failed validation: body.filter should be an object.")
    for word, combine in (("and", all), ("or", any)):
        if word in given:
            if depth >= 2:
                raise validation_error(
                    "body failed validation: body.filter is nested more than two levels deep."
                )
            tests = [compile_filter(part, now, depth + 1) for part in given[word]]
            return lambda values, tests=tests, combine=combine: combine(test(values) for test in tests)  # type: ignore[misc]
    if "timestamp" in given:
        name = given["timestamp"]
        if name not in ("created_time", "last_edited_time") or name not in given:
            raise validation_error(
                "body failed validation: body.filter.timestamp should name its own condition."
            )
        return _condition(f"@{name}", name, given[name], now)
    if "property" not in given:
        raise validation_error(
            "body failed validation: body.filter should have a property, a timestamp, and or or."
        )
    kinds = [key for key in given if key not in ("property", "type")]
    if len(kinds) != 1:
        raise validation_error("body failed validation: body.filter should have exactly one condition.")
    kind = kinds[0]
    if kind == "formula":
        kind, condition = next(iter(given["formula"].items()))
        return _condition(given["property"], "string" if kind == "string" else kind, condition, now)
    return _condition(given["property"], kind, given[kind], now)


def _condition(name: str, kind: str, condition: Any, now: datetime) -> Test:
    if not isinstance(condition, dict) or not condition:
        raise validation_error(
            f"body failed validation: body.filter.{kind} should be an object with an operator."
        )
    tests = [_operator(kind, operator, wanted, now) for operator, wanted in condition.items()]
    return lambda values: all(test(values(name)) for test in tests)


def _operator(kind: str, operator: str, wanted: Any, now: datetime) -> Callable[[Any], bool]:
    if operator in ("is_empty", "is_not_empty"):
        expected = (operator == "is_empty") == bool(wanted)
        return lambda value: (value in (None, "", [])) == expected
    found: Callable[[Any], bool] | None = None
    if kind in _DATES:
        found = _date_operator(operator, wanted, now)
    elif kind in _TEXTS:
        found = _text_operator(kind, operator, wanted)
    elif kind in ("number", "unique_id"):
        found = _number_operator(operator, wanted)
    elif kind in _LISTS:
        listed = wanted if isinstance(wanted, list) else [wanted]
        if operator == "contains":
            found = lambda value: any(item in (value or []) for item in listed)  # noqa: E731
        elif operator == "does_not_contain":
            found = lambda value: not any(item in (value or []) for item in listed)  # noqa: E731
    elif kind in ("checkbox", "boolean") and operator in ("equals", "does_not_equal"):
        found = lambda value: (bool(value) == bool(wanted)) == (operator == "equals")  # noqa: E731
    elif kind == "files":
        found = None
    if found is None:
        raise validation_error(
            f"body failed validation: body.filter.{kind}.{operator} is not a known condition."
        )
    return found


def _text_operator(kind: str, operator: str, wanted: Any) -> Callable[[Any], bool] | None:
    if kind in ("select", "status"):
        names = {str(name) for name in (wanted if isinstance(wanted, list) else [wanted])}
        return {
            "equals": lambda value: value in names,
            "does_not_equal": lambda value: value not in names,
        }.get(operator)
    sought = str(wanted).lower()
    return {
        "equals": lambda value: (value or "").lower() == sought,
        "does_not_equal": lambda value: (value or "").lower() != sought,
        "contains": lambda value: sought in (value or "").lower(),
        "does_not_contain": lambda value: sought not in (value or "").lower(),
        "starts_with": lambda value: (value or "").lower().startswith(sought),
        "ends_with": lambda value: (value or "").lower().endswith(sought),
    }.get(operator)


def _number_operator(operator: str, wanted: Any) -> Callable[[Any], bool] | None:
    return {
        "equals": lambda value: value == wanted,
        "does_not_equal": lambda value: value != wanted,
        "greater_than": lambda value: value is not None and value > wanted,
        "less_than": lambda value: value is not None and value < wanted,
        "greater_than_or_equal_to": lambda value: value is not None and value >= wanted,
        "less_than_or_equal_to": lambda value: value is not None and value <= wanted,
    }.get(operator)


def _date_operator(operator: str, wanted: Any, now: datetime) -> Callable[[Any], bool] | None:
    span = relative_span(operator, now)
    if span is not None:
        return lambda value: value is not None and span[0] <= value < span[1]
    if operator not in ("equals", "before", "after", "on_or_before", "on_or_after"):
        return None
    low, high = moment_span(wanted, now)
    return {
        "equals": lambda value: value is not None and low <= value <= high,
        "before": lambda value: value is not None and value < low,
        "after": lambda value: value is not None and value > high,
        "on_or_before": lambda value: value is not None and value <= high,
        "on_or_after": lambda value: value is not None and value >= low,
    }[operator]


def moment_span(wanted: Any, now: datetime) -> tuple[datetime, datetime]:
    """First and last moment that a filter value means: a whole day for a date, one moment for a time."""
    text = str(wanted)
    if text in _RELATIVE_DAYS:
        low = _midnight(now) + timedelta(days=_RELATIVE_DAYS[text])
        return low, low + timedelta(days=1, microseconds=-1)
    if text in ("one_month_ago", "one_month_from_now"):
        low = _midnight(_months(now, -1 if text.endswith("ago") else 1))
        return low, low + timedelta(days=1, microseconds=-1)
    try:
        low = read_moment(text)
    except ValueError:
        raise validation_error(
            f"body failed validation: `{text}` should be a valid ISO 8601 date string."
        ) from None
    return low, low + timedelta(days=1, microseconds=-1) if len(text) == 10 else low


def relative_span(operator: str, now: datetime) -> tuple[datetime, datetime] | None:
    """The time span of an operator such as past_week, its end exclusive; None for any other operator."""
    today = _midnight(now)
    monday = today - timedelta(days=today.weekday())
    tomorrow = today + timedelta(days=1)
    spans = {
        "this_week": (monday, monday + timedelta(days=7)),
        "past_week": (today - timedelta(days=7), tomorrow),
        "past_month": (_months(today, -1), tomorrow),
        "past_year": (_months(today, -12), tomorrow),
        "next_week": (today, today + timedelta(days=8)),
        "next_month": (today, _months(tomorrow, 1)),
        "next_year": (today, _months(tomorrow, 12)),
    }
    return spans.get(operator)


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _months(moment: datetime, count: int) -> datetime:
    month = moment.month - 1 + count
    year, month = moment.year + month // 12, month % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))
