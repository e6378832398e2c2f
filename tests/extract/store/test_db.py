"""The schema: what the migrations build is what the models expect, and old schemas are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from peewee import Database
from playhouse.migrations import Runner

from extract.errors import ConfigError, SchemaError
from extract.store import db, models
from extract.values import utc_now


def test_the_migrations_build_exactly_the_columns_of_the_models(any_store: Database) -> None:
    for table in models.TABLES:
        built = {column.name: column.null for column in any_store.get_columns(table._meta.table_name)}
        expected = {name: field.null for name, field in table._meta.columns.items()}
        assert {name: built.get(name) for name in expected} == expected, table


def test_upgrading_twice_applies_nothing_the_second_time(any_store: Database) -> None:
    assert db.upgrade() == []
    db.check_schema()


def test_a_knowledge_base_of_the_first_version_keeps_everything(tmp_path: Path) -> None:
    """Columns come to tables that are full: nothing goes by cascade, and the trigger stays."""
    opened = db.open_database(f"sqlite:///{tmp_path / 'first.db'}")
    Runner(opened, str(db.MIGRATIONS)).up("0002_full_text")
    fill_first_version(opened)

    assert db.upgrade() == [
        "0003_columns_changes_links",
        "0004_following",
        "0005_invitations",
        "0006_reading_budget",
        "0007_plain_names",
    ]

    check_after_upgrade(opened)
    opened.close()


def test_the_same_on_postgresql(postgres_url: str) -> None:
    opened = db.open_database(postgres_url)
    opened.execute_sql("CREATE SCHEMA first_version")
    opened.execute_sql("SET search_path TO first_version")
    try:
        Runner(opened, str(db.MIGRATIONS)).up("0002_full_text")
        fill_first_version(opened)

        assert db.upgrade() == [
            "0003_columns_changes_links",
            "0004_following",
            "0005_invitations",
            "0006_reading_budget",
            "0007_plain_names",
        ]

        check_after_upgrade(opened)
    finally:
        opened.execute_sql("DROP SCHEMA first_version CASCADE")
        opened.execute_sql("SET search_path TO public")
        opened.close_all()


def fill_first_version(opened: Database) -> None:
    now = "2026-11-22 09:00:00+00:00"
    links = '[{"text": "a", "url": "b", "notion_id": "n2"}, {"text": "c", "url": "d", "notion_id": null},'
    links += ' {"text": "e", "url": "f", "notion_id": "n2"}]'
    for statement in (
        f"INSERT INTO organisation (id, name, default_schedule, created_at) VALUES (1, 'Acme', 'live', '{now}')",
        f"INSERT INTO chatbot (id, organisation_id, name, created_at) VALUES (1, 1, 'Desk', '{now}')",
        "INSERT INTO connection (id, organisation_id, bot_id, workspace_id, workspace_name, state, created_at,"
        f" lease_number, poll_failures) VALUES (1, 1, 'b', 'w', '', 'alive', '{now}', 0, 0)",
        "INSERT INTO document (id, chatbot_id, connection_id, notion_id, title, url, text, hash, bytes, properties,"
        " links, unread_blocks, stub_digest, wanted_rank, attempts, created_at) VALUES (1, 1, 1, 'n1', 'Handbook',"
        f" '', 'Text', 'h', 4, '{{}}', '{links}', 0, '', 0, 0, '{now}')",
        "INSERT INTO chunk (id, document_id, position, heading_path, text, digest)"
        " VALUES (1, 1, 0, '[]', 'Text', 'd')",
    ):
        opened.execute_sql(statement)
    if db.is_postgres():
        opened.execute_sql("INSERT INTO chunk_text VALUES (1, 'handbook', '', 'text', '')")
    else:
        opened.execute_sql(
            "INSERT INTO chunk_text (rowid, scope, title, headings, body) VALUES (1, 'in1', 'handbook', '', 'text')"
        )


def check_after_upgrade(opened: Database) -> None:
    [document] = models.Document.select()
    assert (document.text, document.previous_text, document.images_without_caption) == ("Text", None, 0)
    assert models.Chunk.select().count() == 1
    assert [(row.document_id, row.notion_id) for row in models.Link.select()] == [(1, "n2")]
    models.Chunk.delete().execute()
    assert opened.execute_sql("SELECT COUNT(*) FROM chunk_text").fetchone()[0] == 0
    models.Organisation.delete().execute()
    assert models.Link.select().count() == 0


def test_an_empty_database_is_refused_with_the_command_that_mends_it(tmp_path: Path) -> None:
    opened = db.open_database(f"sqlite:///{tmp_path / 'new.db'}")

    with opened.connection_context(), pytest.raises(SchemaError, match="flask db upgrade"):
        db.check_schema()


def test_a_database_of_a_newer_version_is_refused(any_store: Database) -> None:
    mark = "%s" if db.is_postgres() else "?"
    any_store.execute_sql(
        f"INSERT INTO schema_migration (name, applied) VALUES ({mark}, {mark})", ("9999_x", "2026-01-01")
    )
    try:
        with pytest.raises(SchemaError, match="newer"):
            db.check_schema()
    finally:
        any_store.execute_sql(f"DELETE FROM schema_migration WHERE name = {mark}", ("9999_x",))


def test_a_time_comes_back_as_it_went_in(any_store: Database) -> None:
    now = utc_now()
    models.Organisation.create(name="Acme", created_at=now)

    assert models.Organisation.get().created_at == now


def test_a_time_without_zone_is_refused(any_store: Database) -> None:
    with pytest.raises(ValueError, match="without a zone"):
        models.Organisation.create(name="Acme", created_at=utc_now().replace(tzinfo=None))


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(ConfigError, match="DATABASE_URL"):
        db.open_database("mysql://localhost/x")
