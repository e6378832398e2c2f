"""Caches for ten minutes what the picker listed of a connection, so that typing and importing cost fewer requests.

Titles are content: they are deleted after ten minutes, and when the connection is disconnected. Redis may be empty or
away at any time; then Notion is searched again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar, cast

import redis
import structlog
from redis.exceptions import RedisError

from extract.actions import Pick
from extract.rules.timing import FRESH_STUB, is_recent
from extract.values import Stub
from webapp.formats import parse_iso
from webapp.picker.listing import KindFilter, PickerListing, PickerRow
from webapp.picker.outline import OutlineEntry, WorkspaceOutline
from webapp.picker.packing import (
    packed,
    pick_from_json,
    pick_of,
    pick_to_json,
    stub_from_json,
    stub_to_bytes,
    unpacked,
)

KEPT = timedelta(minutes=10)
MOST_STUBS = 20_000
"""How many stubs are cached for a connection; one takes a few hundred bytes, packed."""

_LEVELS = 3
_Answer = TypeVar("_Answer")
log = structlog.get_logger(__name__)


class PickerCache:
    """What was listed of one connection: listings, their stubs, and names for breadcrumbs."""

    def __init__(self, client: redis.Redis, connection_id: int) -> None:
        self._redis = client
        self._listings, self._stubs, self._names = _keys(connection_id)

    def listing(self, query: str, only: KindFilter, now: datetime) -> PickerListing | None:
        """The search as far as it was listed; None if it was not, or too long ago."""
        kept = self._try(lambda: self._redis.hget(self._listings, _field(query, only)))
        if kept is None:
            return None
        listing = PickerListing.from_json(json.loads(cast(bytes, kept)))
        return listing if is_recent(listing.listed_at, now=now, within=KEPT) else None

    def keep(self, query: str, only: KindFilter, listing: PickerListing, stubs: Iterable[Stub]) -> None:
        """Store a listing and the stubs that it found."""
        found = [stub for stub in stubs if not stub.in_trash and not stub.partial]
        found = found[: self._room()]
        names = {identifier: _name(entry) for stub in found for identifier, entry in _entries(stub)}
        stubs_by_id = {stub.id: stub_to_bytes(stub, listing.listed_at) for stub in found}

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
        """Store what a pasted link led to."""
        value = packed({"pick": pick_to_json(pick)})

        def write() -> None:
            self._redis.hset(self._stubs, pick.notion_id, value)
            self._redis.expire(self._stubs, KEPT)

        self._try(write)

    def picks(self, notion_ids: Sequence[str], now: datetime) -> dict[str, Pick]:
        """The cached items with these ids, ready to import; ids that are not cached are left out."""
        if not notion_ids:
            return {}
        rows = {row.notion_id: row for row in self._all_rows(now)}
        labels = self.labels([rows[notion_id] for notion_id in notion_ids if notion_id in rows])
        kept = self._try(lambda: self._redis.hmget(self._stubs, list(notion_ids))) or [None] * len(notion_ids)
        found: dict[str, Pick] = {}
        for notion_id, text in zip(notion_ids, cast("list[bytes | None]", kept), strict=True):
            value = unpacked(text) if text else {}
            if notion_id in rows:
                found[notion_id] = pick_of(rows[notion_id], labels[notion_id], value)
            elif "pick" in value:
                found[notion_id] = pick_from_json(value["pick"])
        return found

    def matching(self, query: str, only: KindFilter, now: datetime) -> list[PickerRow]:
        """Cached rows whose title contains `query`."""
        typed = query.casefold()
        return [
            row for row in self._all_rows(now) if typed in row.title.casefold() and only in ("all", row.kind)
        ]

    def labels(self, rows: Sequence[PickerRow]) -> dict[str, str]:
        """Id -> breadcrumb of each row, such as `Handbook / Team`; empty if the parents are not cached."""
        known: dict[str, OutlineEntry] = {}
        wanted = {row.parent_id for row in rows if row.parent_id}
        for _ in range(_LEVELS):
            asked = sorted(wanted - known.keys())
            if not asked:
                break
            kept = self._try(partial(self._redis.hmget, self._names, asked)) or []
            for identifier, value in zip(asked, cast("list[bytes | None]", kept), strict=False):
                if value is not None:
                    known[identifier] = OutlineEntry(*json.loads(value))
            wanted = {entry.parent_id for entry in known.values() if entry.parent_id}
        return {row.notion_id: _breadcrumb(row.parent_id, known) for row in rows}

    def listed(self, now: datetime) -> tuple[list[Stub], datetime | None]:
        """Stubs listed so recently that an import needs no request for them, and when the oldest of them was listed."""
        stubs: list[Stub] = []
        earliest: datetime | None = None
        for value in map(
            unpacked, cast("list[bytes]", self._try(lambda: self._redis.hvals(self._stubs)) or [])
        ):
            listed_at = parse_iso(value.get("listed_at"))
            if "stub" in value and listed_at and is_recent(listed_at, now=now, within=FRESH_STUB):
                stubs.append(stub_from_json(value["stub"]))
                earliest = min(listed_at, earliest or listed_at)
        return stubs, earliest

    def outline(self, now: datetime) -> WorkspaceOutline:
        """The cached entries as a tree."""
        kept = cast("dict[bytes, bytes]", self._try(lambda: self._redis.hgetall(self._names)) or {})
        listings = [listing for only in ("all", "page") if (listing := self.listing("", only, now))]
        complete = any(
            all(search.done for search in listing.passes if search.kind == "page") for listing in listings
        )
        return WorkspaceOutline(
            entries={
                identifier.decode(): OutlineEntry(*json.loads(value)) for identifier, value in kept.items()
            },
            pages_complete=complete and len(kept) < MOST_STUBS,
            is_fresh=any(is_recent(listing.listed_at, now=now, within=FRESH_STUB) for listing in listings),
        )

    def clear(self) -> None:
        """Delete everything cached of the connection."""
        self._try(lambda: self._redis.delete(self._listings, self._stubs, self._names))

    def _all_rows(self, now: datetime) -> list[PickerRow]:
        kept = self._try(lambda: self._redis.hvals(self._listings)) or []
        found: dict[str, PickerRow] = {}
        for value in cast("list[bytes]", kept):
            listing = PickerListing.from_json(json.loads(value))
            if is_recent(listing.listed_at, now=now, within=KEPT):
                found |= {row.notion_id: row for row in (*listing.rows, *listing.held)}
        return list(found.values())

    def _room(self) -> int:
        kept = cast(int, self._try(lambda: self._redis.hlen(self._stubs)) or 0)
        return max(MOST_STUBS - kept, 0)

    def _try(self, call: Callable[[], _Answer]) -> _Answer | None:
        """The result of `call`; None if Redis does not answer."""
        try:
            return call()
        except RedisError as error:
            log.warning("picker_cache_away", error=type(error).__name__)
            return None


def forget(client: redis.Redis, connection_id: int) -> None:
    """Delete what was cached of a connection."""
    PickerCache(client, connection_id).clear()


def _keys(connection_id: int) -> tuple[str, str, str]:
    start = f"hilal:picker:{connection_id}"
    return f"{start}:listings", f"{start}:stubs", f"{start}:names"


def _field(query: str, only: KindFilter) -> str:
    return f"{only}:{query.casefold()}"


def _entries(stub: Stub) -> list[tuple[str, OutlineEntry]]:
    """The entries of a stub: a data source is also the entry of its database."""
    parent = stub.parent.id if stub.parent.kind != "workspace" else None
    if stub.kind == "page":
        return [(stub.id, OutlineEntry(stub.title, parent, "page"))]
    found = [(stub.id, OutlineEntry(stub.title, parent, "data_source", stub.database_id))]
    if stub.database_id:
        found.append((stub.database_id, OutlineEntry(stub.title, parent, "database")))
    return found


def _name(entry: OutlineEntry) -> str:
    return json.dumps([entry.title, entry.parent_id, entry.kind, entry.database_id])


def _breadcrumb(parent_id: str | None, known: dict[str, OutlineEntry]) -> str:
    names: list[str] = []
    while parent_id in known and len(names) < _LEVELS:
        entry = known[parent_id]
        names.insert(0, entry.title)
        parent_id = entry.parent_id
    return " / ".join(names)
