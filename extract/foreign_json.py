"""Parses JSON from outside, without the values that a database cannot store."""

from __future__ import annotations

import json
import re
from math import isfinite
from typing import Any

from extract.values import Json

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL and lone surrogates: PostgreSQL refuses both, and UTF-8 cannot encode the second.

https://www.postgresql.org/docs/current/datatype-character.html
"""


def parse_json(raw: bytes | bytearray) -> Json:
    """Return the value in `raw`, with `UNSTORABLE` removed from every text. NaN and infinite numbers become None.

    Raises ValueError for anything that is not JSON, or is nested too deeply.
    """
    try:
        text = raw.decode("utf-8", "replace")  # from bytes, `json.loads` would accept encoded lone surrogates
        value: Any = json.loads(text, parse_constant=lambda _: None, parse_float=_finite)
        return _storable(value) if b"\\u" in raw else value  # only an escape can contain them now
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _finite(text: str) -> float | None:
    number = float(text)
    return number if isfinite(number) else None


def _storable(value: Json) -> Json:
    if isinstance(value, str):
        return UNSTORABLE.sub("", value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return value
