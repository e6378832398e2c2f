"""Checks of an answer against what was asked for, and ids as parts of a path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar
from urllib.parse import quote

from extract.errors import InvalidRequest, Transient
from extract.values import Json, ObjectKind, Stub

_Shape = TypeVar("_Shape")


def once(items: Iterator[Json]) -> tuple[Json, ...]:
    """Blocks by id, each once: a listing that was started again repeats itself."""
    blocks = (item for item in items if isinstance(item, Mapping) and "id" in item)
    return tuple({str(block["id"]): block for block in blocks}.values())


def fitting(value: _Shape | None, path: str) -> _Shape:
    """`value`, unless the answer was no such object: then something between us and Notion answered."""
    if value is None:
        raise Transient(code="unexpected_object", endpoint=path)
    return value


def of_kind(kind: ObjectKind, stub: Stub | None, path: str) -> Stub:
    """Return `stub` if it is of this kind. Raises Transient."""
    return fitting(stub if stub is not None and stub.kind == kind else None, path)


def segment(identifier: str, *, encoded: bool = False) -> str:
    """`identifier` as one segment of a path, whatever is in it. `encoded`: its per cent signs are meant."""
    quoted = quote(identifier, safe="%" if encoded else "")
    if quoted in ("", ".", ".."):
        raise InvalidRequest(code="not_an_id")
    return quoted
