"""The whole content of the open database, to compare before and after something that must change nothing."""

from __future__ import annotations

from typing import Any

from extract.store.db import database

Content = dict[str, list[tuple[Any, ...]]]


def whole_database() -> Content:
    """Every row of every table, in a stable order."""
    return {table: _rows(table) for table in sorted(database.get_tables())}


def _rows(table: str) -> list[tuple[Any, ...]]:
    cursor = database.execute_sql(f'SELECT * FROM "{table}"')
    return sorted((tuple(map(_plain, row)) for row in cursor.fetchall()), key=repr)


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
