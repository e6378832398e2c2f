"""Stubs and picks as the compressed JSON that the picker caches in Redis, and back."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict
from datetime import datetime
from typing import Any, cast

from extract.actions import Pick
from extract.values import Parent, Stub
from webapp.formats import parse_iso
from webapp.picker.listing import PickerRow


def packed(value: dict[str, Any]) -> bytes:
    """`value` as compressed JSON."""
    return zlib.compress(json.dumps(value).encode())


def unpacked(kept: bytes) -> dict[str, Any]:
    """The value that `packed` wrote."""
    return cast("dict[str, Any]", json.loads(zlib.decompress(kept)))


def stub_to_bytes(stub: Stub, listed_at: datetime) -> bytes:
    """A stub and when it was listed, packed."""
    return packed({"stub": _plain(stub), "listed_at": listed_at.isoformat()})


def _plain(stub: Stub) -> dict[str, Any]:
    times = {name: getattr(stub, name) for name in ("edited_at", "created_at")}
    return asdict(stub) | {name: moment.isoformat() if moment else None for name, moment in times.items()}


def stub_from_json(value: dict[str, Any]) -> Stub:
    """The stub in a value that `unpacked` returned."""
    times = {name: parse_iso(value[name]) for name in ("edited_at", "created_at")}
    return Stub(**{**value, **times, "parent": Parent(**value["parent"])})


def pick_of(row: PickerRow, label: str, value: dict[str, Any]) -> Pick:
    """What to import for a row; `value` is its unpacked stub, `label` its breadcrumb."""
    return Pick(
        kind=row.kind,
        notion_id=row.notion_id,
        title=row.title,
        url=row.url,
        icon=row.icon,
        parent_label=label,
        stub=stub_from_json(value["stub"]) if row.kind == "page" and value.get("stub") else None,
        listed_at=parse_iso(value.get("listed_at")),
    )


def pick_to_json(pick: Pick) -> dict[str, Any]:
    """A value that `json.dumps` takes."""
    return {
        "kind": pick.kind,
        "notion_id": pick.notion_id,
        "title": pick.title,
        "url": pick.url,
        "icon": pick.icon,
        "parent_label": pick.parent_label,
        "stub": _plain(pick.stub) if pick.stub else None,
        "listed_at": pick.listed_at.isoformat() if pick.listed_at else None,
    }


def pick_from_json(value: dict[str, Any]) -> Pick:
    """The pick of which `pick_to_json` made `value`."""
    stub = stub_from_json(value["stub"]) if value["stub"] else None
    return Pick(**{**value, "stub": stub, "listed_at": parse_iso(value["listed_at"])})
