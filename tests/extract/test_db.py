"""The schema: what the migrations build is what the models expect, and old schemas are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from peewee import Database

from extract import db, models
from extract.errors import ConfigError, SchemaError
from extract.shapes import utc_now


def test_the_migrations_build_exactly_the_columns_of_the_models(any_store: Database) -> None:
    for table in models.TABLES:
        built = {column.name: column.null for column in any_store.get_columns(table._meta.table_name)}
        expected = {name: field.null for name, field in table._meta.columns.items()}
        assert {name: built.get(name) for name in expected} == expected, table


def test_upgrading_twice_applies_nothing_the_second_time(any_store: Database) -> None:
    assert db.upgrade() == []
    db.check_schema()


def test_an_empty_database_is_refused_with_the_command_that_mends_it(tmp_path: Path) -> None:
    db.open_database(f"sqlite:///{tmp_path / 'new.db'}")

    with pytest.raises(SchemaError, match="flask db upgrade"):
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
