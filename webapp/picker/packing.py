"""Stubs and picks as the compressed JSON that the picker caches in Redis, and back."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import msgspec

from extract.actions import Pick
from extract.values import Stub
from webapp.picker.listing import PickerRow

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class CachedItem:
    """What is cached under one Notion id: the stub that a search returned at `listed_at`, or a pasted link's pick."""

    stub: Stub | None = None
    listed_at: datetime | None = None
    pick: Pick | None = None


def packed(value: object) -> bytes:
    """A dataclass as compressed JSON."""
    return zlib.compress(msgspec.json.encode(value))


def unpacked(kept: bytes, kind: type[_Value]) -> _Value:
    """The value that `packed` wrote, as a `kind`. Raises msgspec.ValidationError if it is none."""
    return msgspec.json.decode(zlib.decompress(kept), type=kind)


def pick_of(row: PickerRow, label: str, item: CachedItem) -> Pick:
    """What to import for a row; `item` is what is cached under its id, `label` its breadcrumb."""
    return Pick(
        kind=row.kind,
        notion_id=row.notion_id,
        title=row.title,
        url=row.url,
        icon=row.icon,
        parent_label=label,
        stub=item.stub if row.kind == "page" else None,
        listed_at=item.listed_at,
    )
