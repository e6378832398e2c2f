"""Dates and ranges as a person writes them: ISO days, minutes, the zone as Notion gave it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from extract.reading.clean import one_line
from extract.values import Json

_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(?::(\d{2})(?:\.(\d+))?)?\s*(Z|[+-]\d{2}:?\d{2})?", re.IGNORECASE
)


def moment(value: object) -> str:
    """`2026-09-15` as it is, `2026-09-15T09:00:00.000+02:00` as `2026-09-15 09:00 +02:00`, else as given."""
    if not isinstance(value, str):
        return ""
    match = _MOMENT.fullmatch(value.strip())
    if match is None:
        return one_line(value)
    day, minutes, seconds, _, zone = match.groups()
    text = f"{day} {minutes}" + (f":{seconds}" if seconds and seconds != "00" else "")
    if zone:
        text += " UTC" if zone in "Zz" else f" {zone}"
    return text


def span(start: str, end: str = "", zone: str = "") -> str:
    """`start → end zone`, without what is missing."""
    text = f"{start} → {end}" if start and end else start or end
    return f"{text} {zone}" if text and zone else text


def date_text(date: Json) -> str:
    """The text of a `{start, end, time_zone}` object of the API; empty for anything else."""
    if not isinstance(date, Mapping):
        return ""
    zone = date.get("time_zone")
    return span(
        moment(date.get("start")), moment(date.get("end")), one_line(zone) if isinstance(zone, str) else ""
    )


def mention_text(attrs: Mapping[str, str]) -> str:
    """The text of `<mention-date start startTime …/>` (v1) or `<date start start-time …/>` (v2)."""
    start = _joined(attrs.get("start", ""), attrs.get("start-time") or attrs.get("starttime", ""))
    end = _joined(attrs.get("end", ""), attrs.get("end-time") or attrs.get("endtime", ""))
    return span(start, end, one_line(attrs.get("time-zone") or attrs.get("timezone", "")))


def _joined(day: str, minutes: str) -> str:
    return " ".join(part for part in (moment(day), one_line(minutes)) if part)
