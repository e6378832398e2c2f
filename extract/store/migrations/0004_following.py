"""Trees and workspaces as sources, resumable sweeps, the brake, webhooks, the share of looks, what runs cost.

Columns are added as they are: a rebuilt table would take its chunks along by cascade, and SQLite's trigger with it.
"""

from __future__ import annotations

from typing import Any

from peewee import (
    AutoField,
    CharField,
    CompositeKey,
    Database,
    ForeignKeyField,
    JSONField,
    Model,
    PostgresqlDatabase,
    TextField,
)

from extract.store.fields import UtcDateTimeField

# Table, column, type; a type of JSON or TIME is spelled as the database spells it.
COLUMNS = (
    ("connection", "looks_rest_until", "TIME"),
    ("connection", "sweeps", "JSON NOT NULL DEFAULT '{}'"),
    ("connection", "brake_at", "TIME"),
    ("connection", "event_at", "TIME"),
    ("connection", "event_missed_at", "TIME"),
    ("source", "with_subpages", "BOOLEAN NOT NULL DEFAULT FALSE"),
    ("source", "walk_cursor", "TEXT"),
    ("source", "walked", "INTEGER NOT NULL DEFAULT 0"),
    ("source", "stopped_at", "TIME"),
    ("data_source", "database_id", "VARCHAR(255)"),
    ("document", "parent_page_id", "VARCHAR(255)"),
    ("document", "computed_digest", "VARCHAR(255) NOT NULL DEFAULT ''"),
    ("document", "removed_because", "VARCHAR(255)"),
    ("run", "retries", "INTEGER NOT NULL DEFAULT 0"),
    ("run", "waits", "INTEGER NOT NULL DEFAULT 0"),
    ("run", "waited_seconds", "INTEGER NOT NULL DEFAULT 0"),
)
TYPES = {False: {"TIME": "TEXT", "JSON": "TEXT"}, True: {"TIME": "TIMESTAMPTZ", "JSON": "JSONB"}}
INDEXES = (
    "CREATE INDEX document_chatbot_id_parent_page_id ON document (chatbot_id, parent_page_id)",
    # A sweep asks for a hundred pages of a connection, whatever it holds.
    "CREATE INDEX document_connection_id_notion_id ON document (connection_id, notion_id)",
    # The daily question of the brake: what has a connection lost lately?
    "CREATE INDEX document_connection_id_removed_at ON document (connection_id, removed_at)",
)


def up(migrator: Any, db: Database) -> None:
    class Frozen(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Document(Frozen):
        pass

    class Child(Frozen):
        document = ForeignKeyField(Document, on_delete="CASCADE")
        notion_id = CharField(index=True)
        kind = CharField()

        class Meta:
            primary_key = CompositeKey("document", "notion_id")

    class WebhookToken(Frozen):
        id = AutoField()
        sealed = TextField()
        digest = CharField(unique=True)
        received_at = UtcDateTimeField()
        active_since = UtcDateTimeField(null=True)

    class WebhookEvent(Frozen):
        id = AutoField()
        event_id = CharField(unique=True)
        body = JSONField()
        received_at = UtcDateTimeField(index=True)
        taken_at = UtcDateTimeField(null=True)

        class Meta:
            indexes = ((("taken_at", "id"), False),)

    postgres = isinstance(db, PostgresqlDatabase)
    for table, column, kind in COLUMNS:
        word, _, rest = kind.partition(" ")
        spelled = f"{TYPES[postgres].get(word, word)} {rest}".strip()
        db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN {column} {spelled}')
    for statement in INDEXES:
        db.execute_sql(statement)
    # A table of a database source belongs to the database that was ticked.
    db.execute_sql(
        "UPDATE data_source SET database_id = (SELECT notion_id FROM source WHERE source.id = data_source.source_id)"
    )
    db.create_tables([Child, WebhookToken, WebhookEvent])
