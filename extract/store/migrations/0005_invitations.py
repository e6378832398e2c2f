"""An invitation keeps who made it, and goes with them."""

from __future__ import annotations

from typing import Any

from peewee import Database


def up(migrator: Any, db: Database) -> None:
    db.execute_sql(
        "ALTER TABLE invitation ADD COLUMN invited_by_id INTEGER REFERENCES member (id) ON DELETE CASCADE"
    )
    db.execute_sql("CREATE INDEX invitation_invited_by_id ON invitation (invited_by_id)")
