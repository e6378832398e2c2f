"""How stubs and picks are written for the picker's memory, and read back."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict
from datetime import datetime
from typing import Any, cast

from extract.actions import Pick
from extract.values import Parent, Stub
from webapp.picker.listing import Row


def moment(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def packed(value: dict[str, Any]) -> bytes:
    return zlib.compress(json.dumps(value).encode())


def unpacked(kept: bytes) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(zlib.decompress(kept)))


def stub_to_bytes(stub: Stub, listed_at: datetime) -> bytes:
    return packed({"stub": _plain(stub), "listed_at": listed_at.isoformat()})


def _plain(stub: Stub) -> dict[str, Any]:
    times = {name: getattr(stub, name) for name in ("edited_at", "created_at")}
    return asdict(stub) | {name: time.isoformat() if time else None for name, time in times.items()}


def stub_from_json(value: dict[str, Any]) -> Stub:
    times = {name: moment(value[name]) for name in ("edited_at", "created_at")}
    return Stub(**{**value, **times, "parent": Parent(**value["parent"])})


def pick_of(row: Row, label: str, value: dict[str, Any]) -> Pick:
    return Pick(
        kind=row.kind,
        notion_id=row.notion_id,
        title=row.title,
        url=row.url,
        icon=row.icon,
        parent_label=label,
        stub=stub_from_json(value["stub"]) if row.kind == "page" and value.get("stub") else None,
        listed_at=moment(value.get("listed_at")),
    )


def pick_to_json(pick: Pick) -> dict[str, Any]:
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
    stub = stub_from_json(value["stub"]) if value["stub"] else None
    return Pick(**{**value, "stub": stub, "listed_at": moment(value["listed_at"])})
