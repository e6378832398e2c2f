"""Fields of JSON that Notion wrote: what does not fit counts as missing."""

from __future__ import annotations

import re
from collections.abc import Mapping

from extract.values import Json

_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)


def mapping(value: Json) -> Mapping[str, Json]:
    """Return the value if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def text(value: Json) -> str | None:
    """Return the value if it is a string, else None."""
    return value if isinstance(value, str) else None


def identifier(value: Json) -> str | None:
    """Return an id in the spelling that we store; None for what is no string, or empty."""
    return dashed(value) if isinstance(value, str) and value else None


def dashed(given: str) -> str:
    """Return a UUID in the one spelling that we store, dashed and lower-case; anything else as it is."""
    if not _UUID.fullmatch(given):
        return given
    digits = given.replace("-", "").lower()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
