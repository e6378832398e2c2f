"""Keeps a world in a SQLite file: a row for each record. Only changed records are written."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.editing.pages import blocks_of, register_blocks
from sandbox.state.records import Database, DataSource, Grant, Page, Property, User, Workspace
from sandbox.world.world import World

_KINDS: dict[str, type[Any]] = {
    "user": User,
    "workspace": Workspace,
    "page": Page,
    "database": Database,
    "data_source": DataSource,
    "grant": Grant,
}
_SETTINGS = ("integration_id", "integration_name", "client_id", "client_secret")


class Store:
    """One world's file."""

    def __init__(self, path: str | Path, world: World) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._world = world
        self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._file.execute("PRAGMA journal_mode=WAL")
        self._file.execute("PRAGMA synchronous=NORMAL")
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS records (position INTEGER PRIMARY KEY, kind TEXT NOT NULL, "
            "id TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (kind, id))"
        )

    def load(self) -> bool:
        """Fill the world from the file; False when the file holds none."""
        world = self._world
        with world.lock:
            for kind, identifier, body in self._rows():
                if kind == "setting":
                    setattr(world, identifier, json.loads(body))
                else:
                    self._records(kind)[identifier] = _decode(_KINDS[kind], json.loads(body))
            self._rebuild()
            world.dirty.clear()
            return bool(world.workspaces)

    def save(self) -> None:
        """Write what changed since the last time, in one transaction."""
        world = self._world
        with world.lock:
            if not world.dirty:
                return
            changes = sorted(world.dirty)
            world.dirty.clear()
            self._file.execute("BEGIN IMMEDIATE")
            for name in _SETTINGS:
                self._put("setting", name, json.dumps(getattr(world, name)))
            for kind, identifier in changes:
                record = self._records(kind).get(identifier)
                if record is None:
                    self._file.execute("DELETE FROM records WHERE kind = ? AND id = ?", (kind, identifier))
                else:
                    if isinstance(record, Page):
                        blocks_of(world, record)
                    self._put(kind, identifier, json.dumps(_encode(record), ensure_ascii=False))
            self._file.execute("COMMIT")

    def close(self) -> None:
        """Save and close the file."""
        self.save()
        self._file.close()

    def _put(self, kind: str, identifier: str, body: str) -> None:
        self._file.execute(
            "INSERT INTO records (kind, id, body) VALUES (?, ?, ?) "
            "ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
            (kind, identifier, body),
        )

    def _rows(self) -> Iterator[tuple[str, str, str]]:
        yield from self._file.execute("SELECT kind, id, body FROM records ORDER BY position")

    def _records(self, kind: str) -> dict[str, Any]:
        world = self._world
        return {
            "user": world.users,
            "workspace": world.workspaces,
            "page": world.pages,
            "database": world.databases,
            "data_source": world.data_sources,
            "grant": world.grants,
        }[kind]  # type: ignore[return-value]

    def _rebuild(self) -> None:
        """The indexes are not kept in the file."""
        world, now = self._world, self._world.now()
        for database in world.databases.values():
            world.attach(database.parent_id, database.id)
        for source in world.data_sources.values():
            world.attach(source.database_id, source.id)
            world.reindex("data_source", source.id, now)
        for page in world.pages.values():
            world.attach(page.parent_id, page.id)
            register_blocks(world, page, page.blocks, None)
        for page in world.pages.values():
            world.reindex("page", page.id, now)


def _encode(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _encode(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, datetime):
        return {"$time": value.isoformat()}
    if isinstance(value, dict):
        return {key: _encode(item) if isinstance(item, Property) else item for key, item in value.items()}
    return value


def _decode(kind: type[Any], body: dict[str, Any]) -> Any:
    given = {key: _moment(value) for key, value in body.items()}
    if kind is DataSource:
        given["schema"] = {key: Property(**prop) for key, prop in given["schema"].items()}
    return kind(**given)


def _moment(value: Any) -> Any:
    if isinstance(value, dict) and "$time" in value:
        return datetime.fromisoformat(value["$time"])
    return value
