"""Documents tell when they were too much to be read with their structure, or to be read whole."""

from __future__ import annotations

from typing import Any

from peewee import Database

STATEMENTS = (
    "ALTER TABLE document ADD COLUMN read_as_plain_text BOOLEAN NOT NULL DEFAULT FALSE",
    "ALTER TABLE document ADD COLUMN characters_left_out INTEGER NOT NULL DEFAULT 0",
)


def up(migrator: Any, db: Database) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
