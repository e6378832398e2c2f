"""Columns whose names misled are called what they hold: when something was requested, is checked or is tried again."""

from __future__ import annotations

from typing import Any

from peewee import Database, PostgresqlDatabase

COLUMNS = (
    ("connection", "rest_until", "paused_until"),
    ("connection", "looks_rest_until", "checks_paused_until"),
    ("source", "wanted_at", "requested_at"),
    ("source", "wanted_rank", "request_rank"),
    ("source", "wanted_full", "full_requested"),
    ("source", "try_after", "retry_after"),
    ("document", "wanted_at", "requested_at"),
    ("document", "wanted_rank", "request_rank"),
    ("document", "try_after", "retry_after"),
    ("document", "look_at", "recheck_at"),
    ("document", "verify_at", "check_at"),
    ("webhook_event", "taken_at", "processed_at"),
)
# Table, columns as before, columns as now; peewee names an index after its table and columns.
INDEXES = (
    ("source", ("wanted_at",), ("requested_at",)),
    ("document", ("connection_id", "wanted_at"), ("connection_id", "requested_at")),
    ("document", ("connection_id", "look_at"), ("connection_id", "recheck_at")),
    ("document", ("connection_id", "verify_at"), ("connection_id", "check_at")),
    ("webhook_event", ("taken_at", "id"), ("processed_at", "id")),
)


def up(migrator: Any, db: Database) -> None:
    for table, column, new_column in COLUMNS:
        db.execute_sql(f'ALTER TABLE "{table}" RENAME COLUMN {column} TO {new_column}')
    for table, before, now in INDEXES:
        old_name, new_name = "_".join((table, *before)), "_".join((table, *now))
        if isinstance(db, PostgresqlDatabase):
            db.execute_sql(f"ALTER INDEX {old_name} RENAME TO {new_name}")
        else:  # SQLite cannot rename an index
            db.execute_sql(f"DROP INDEX {old_name}")
            db.execute_sql(f'CREATE INDEX {new_name} ON "{table}" ({", ".join(now)})')
