"""Full text of chunks: FTS5 in SQLite, a tsvector with a GIN index in PostgreSQL; both hold the terms of `words`."""

from __future__ import annotations

from typing import Any

from peewee import Database, PostgresqlDatabase

# The terms arrive folded and parted by spaces: `ascii` takes every other character as it is.
SQLITE = (
    "CREATE VIRTUAL TABLE chunk_text USING fts5(scope, title, headings, body, tokenize = 'ascii')",
    # Chunks also go by cascade, which no code of ours sees.
    "CREATE TRIGGER chunk_text_goes AFTER DELETE ON chunk BEGIN"
    " DELETE FROM chunk_text WHERE rowid = old.id; END",
)
POSTGRES = (
    "CREATE TABLE chunk_text ("
    "chunk_id INTEGER NOT NULL PRIMARY KEY REFERENCES chunk (id) ON DELETE CASCADE,"
    " title TEXT NOT NULL, headings TEXT NOT NULL, body TEXT NOT NULL, terms TSVECTOR NOT NULL)",
    "CREATE INDEX chunk_text_terms ON chunk_text USING gin (terms)",
)


def up(migrator: Any, db: Database) -> None:
    for statement in POSTGRES if isinstance(db, PostgresqlDatabase) else SQLITE:
        db.execute_sql(statement)
