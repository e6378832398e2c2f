"""Remembers for ten minutes what the picker listed of a connection, so that typing and importing ask Notion less.

Titles are content: they go when the connection is disconnected, and with the ten minutes. Redis may be empty or
gone at any time; then Notion is asked again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar, cast

import redis
from redis.exceptions import RedisError

from extract.doors import Pick
from extract.shapes import Parent, Stub

from .picker_listing import Filter, Listing, Row, row_of

KEPT = timedelta(minutes=10)
_LEVELS = 3
_Answer = TypeVar("_Answer")
log = logging.getLogger(__name__)


class PickerCache:
    """What was listed of one connection: listings, the things on them, and names for breadcrumbs."""

    def __init__(self, client: redis.Redis, connection_id: int) -> None:
        self._redis = client
        self._listings, self._stubs, self._names = _keys(connection_id)

    def listing(self, query: str, only: Filter, now: datetime) -> Listing | None:
        """The search as far as it was listed, unless that was long ago."""
        kept = self._try(lambda: self._redis.hget(self._listings, _field(query, only)))
        if kept is None:
            return None
        listing = Listing.from_json(json.loads(cast(bytes, kept)))
        return listing if now - listing.listed_at < KEPT else None

    def keep(self, query: str, only: Filter, listing: Listing, stubs: Iterable[Stub]) -> None:
        """Remember a listing and what `stubs` tell."""
        found = list(stubs)
        names = {stub.id: _name(stub) for stub in found}
        names |= {
            stub.database_id: _name(stub) for stub in found if stub.kind == "data_source" and stub.database_id
        }
        stubs_by_id = {
            stub.id: _stub_to_json(stub, listing.listed_at)
            for stub in found
            if stub.kind == "page" and row_of(stub) is not None
        }

        def write() -> None:
            with self._redis.pipeline(transaction=False) as pipe:
                pipe.hset(self._listings, _field(query, only), json.dumps(listing.to_json()))
                if names:
                    pipe.hset(self._names, mapping=cast("dict[Any, Any]", names))
                if stubs_by_id:
                    pipe.hset(self._stubs, mapping=cast("dict[Any, Any]", stubs_by_id))
                for key in (self._listings, self._stubs, self._names):
                    pipe.expire(key, KEPT)
                pipe.execute()

        self._try(write)

    def keep_pick(self, pick: Pick) -> None:
        """Remember what a pasted link led to."""
        value = json.dumps({"pick": _pick_to_json(pick)})

        def write() -> None:
            self._redis.hset(self._stubs, pick.notion_id, value)
            self._redis.expire(self._stubs, KEPT)

        self._try(write)

    def picks(self, notion_ids: Sequence[str], now: datetime) -> dict[str, Pick]:
        """What was listed or found under these ids, ready to import; those not known are left out."""
        if not notion_ids:
            return {}
        rows = {row.notion_id: row for row in self._all_rows(now)}
        labels = self.labels([rows[each] for each in notion_ids if each in rows])
        kept = self._try(lambda: self._redis.hmget(self._stubs, list(notion_ids))) or [None] * len(notion_ids)
        found: dict[str, Pick] = {}
        for notion_id, text in zip(notion_ids, cast("list[bytes | None]", kept), strict=True):
            value = json.loads(text) if text else {}
            if notion_id in rows:
                found[notion_id] = _pick_of(rows[notion_id], labels[notion_id], value)
            elif "pick" in value:
                found[notion_id] = _pick_from_json(value["pick"])
        return found

    def matching(self, query: str, only: Filter, now: datetime) -> list[Row]:
        """Rows listed before whose title holds the words typed."""
        wanted = query.casefold()
        return [
            row for row in self._all_rows(now) if wanted in row.title.casefold() and only in ("all", row.kind)
        ]

    def labels(self, rows: Sequence[Row]) -> dict[str, str]:
        """The breadcrumb of each row, from what was listed: `Handbook / Team`; empty where nothing is known."""
        known: dict[str, tuple[str, str | None]] = {}
        wanted = {row.parent_id for row in rows if row.parent_id}
        for _ in range(_LEVELS):
            asked = sorted(wanted - known.keys())
            if not asked:
                break
            kept = self._try(partial(self._redis.hmget, self._names, asked)) or []
            for identifier, value in zip(asked, cast("list[bytes | None]", kept), strict=False):
                if value is not None:
                    known[identifier] = tuple(json.loads(value))
            wanted = {parent for _, parent in known.values() if parent}
        return {row.notion_id: _breadcrumb(row.parent_id, known) for row in rows}

    def clear(self) -> None:
        self._try(lambda: self._redis.delete(self._listings, self._stubs, self._names))

    def _all_rows(self, now: datetime) -> list[Row]:
        kept = self._try(lambda: self._redis.hvals(self._listings)) or []
        found: dict[str, Row] = {}
        for value in cast("list[bytes]", kept):
            listing = Listing.from_json(json.loads(value))
            if now - listing.listed_at < KEPT:
                found |= {row.notion_id: row for row in (*listing.rows, *listing.held)}
        return list(found.values())

    def _try(self, ask: Callable[[], _Answer]) -> _Answer | None:
        try:
            return ask()
        except RedisError as error:
            log.warning("the picker works without its memory: %s", type(error).__name__)
            return None


def forget(client: redis.Redis, connection_id: int) -> None:
    """Drop what was listed of a connection."""
    PickerCache(client, connection_id).clear()


def _keys(connection_id: int) -> tuple[str, str, str]:
    start = f"hilal:picker:{connection_id}"
    return f"{start}:listings", f"{start}:stubs", f"{start}:names"


def _field(query: str, only: Filter) -> str:
    return f"{only}:{query.casefold()}"


def _name(stub: Stub) -> str:
    return json.dumps([stub.title, stub.parent.id if stub.parent.kind != "workspace" else None])


def _breadcrumb(parent_id: str | None, known: dict[str, tuple[str, str | None]]) -> str:
    names: list[str] = []
    while parent_id in known and len(names) < _LEVELS:
        name, parent_id = known[parent_id]
        names.insert(0, name)
    return " / ".join(names)


def _moment(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _stub_to_json(stub: Stub, listed_at: datetime) -> str:
    return json.dumps({"stub": _plain(stub), "listed_at": listed_at.isoformat()})


def _plain(stub: Stub) -> dict[str, Any]:
    times = {name: getattr(stub, name) for name in ("edited_at", "created_at")}
    return asdict(stub) | {name: time.isoformat() if time else None for name, time in times.items()}


def _stub_from_json(value: dict[str, Any]) -> Stub:
    times = {name: _moment(value[name]) for name in ("edited_at", "created_at")}
    return Stub(**{**value, **times, "parent": Parent(**value["parent"])})


def _pick_of(row: Row, label: str, value: dict[str, Any]) -> Pick:
    return Pick(
        kind=row.kind,
        notion_id=row.notion_id,
        title=row.title,
        url=row.url,
        icon=row.icon,
        parent_label=label,
        stub=_stub_from_json(value["stub"]) if value.get("stub") else None,
        listed_at=_moment(value.get("listed_at")),
    )


def _pick_to_json(pick: Pick) -> dict[str, Any]:
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


def _pick_from_json(value: dict[str, Any]) -> Pick:
    stub = _stub_from_json(value["stub"]) if value["stub"] else None
    return Pick(**{**value, "stub": stub, "listed_at": _moment(value["listed_at"])})
