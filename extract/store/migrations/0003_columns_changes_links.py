"""Columns switched off, what was skipped, the text before the last change, and who links to whom.

Columns are added as they are: a rebuilt table would take its chunks along by cascade, and SQLite's trigger with it.
"""

from __future__ import annotations

from typing import Any

from peewee import CharField, CompositeKey, Database, ForeignKeyField, Model, PostgresqlDatabase

SQLITE = (
    "ALTER TABLE source ADD COLUMN hidden_columns TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE document ADD COLUMN images_without_caption INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE document ADD COLUMN embeds_without_caption INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE document ADD COLUMN previous_text TEXT",
    "ALTER TABLE document ADD COLUMN changed_at TEXT",
)
POSTGRES = (
    "ALTER TABLE source ADD COLUMN hidden_columns JSONB NOT NULL DEFAULT '[]'",
    "ALTER TABLE document ADD COLUMN images_without_caption INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE document ADD COLUMN embeds_without_caption INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE document ADD COLUMN previous_text TEXT",
    "ALTER TABLE document ADD COLUMN changed_at TIMESTAMPTZ",
)
# What is held already points somewhere; relations follow when their rows are read next.
KNOWN_LINKS_SQLITE = (
    "INSERT OR IGNORE INTO link (document_id, notion_id)"
    " SELECT DISTINCT d.id, json_extract(one.value, '$.notion_id') FROM document AS d, json_each(d.links) AS one"
    " WHERE json_extract(one.value, '$.notion_id') IS NOT NULL"
)
KNOWN_LINKS_POSTGRES = (
    "INSERT INTO link (document_id, notion_id)"
    " SELECT DISTINCT d.id, one ->> 'notion_id' FROM document AS d, jsonb_array_elements(d.links) AS one"
    " WHERE one ->> 'notion_id' IS NOT NULL"
)


def up(migrator: Any, db: Database) -> None:
    class Frozen(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Document(Frozen):
        pass

    class Link(Frozen):
        document = ForeignKeyField(Document, on_delete="CASCADE")
        notion_id = CharField(index=True)

        class Meta:
            primary_key = CompositeKey("document", "notion_id")

    postgres = isinstance(db, PostgresqlDatabase)
    for statement in POSTGRES if postgres else SQLITE:
        db.execute_sql(statement)
    db.create_tables([Link])
    db.execute_sql(KNOWN_LINKS_POSTGRES if postgres else KNOWN_LINKS_SQLITE)
