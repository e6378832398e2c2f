"""A database of an earlier version is upgraded with everything in it, and goes on answering."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from peewee import Database
from playhouse.migrations import Runner

from extract.config.load import ROOT
from extract.search.find import find
from extract.store import db
from extract.store.models import Chunk, Connection, Document, Membership, Run, Source
from extract.store.vault import Vault
from extract.worklist import due
from webapp.api.keys import find_key

DATA = ROOT / "tests" / "data" / "database"


def load(opened: Database, kind: str) -> dict[str, Any]:
    """Build the schema of migration 0004 and fill it with the rows that its version wrote."""
    kept: dict[str, Any] = json.loads((DATA / f"0004_{kind}.json").read_text(encoding="utf-8"))
    Runner(opened, str(db.MIGRATIONS)).up("0004_following")
    for statement in kept["statements"]:
        # The texts contain % signs, which the driver takes for parameters.
        opened.execute_sql(statement.replace("%", "%%") if kind == "postgresql" else statement)
    db.upgrade()
    return kept


@pytest.fixture(params=["sqlite", "postgresql"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, Any]]:
    if request.param == "sqlite":
        opened = db.open_database(f"sqlite:///{tmp_path / 'old.db'}")
        yield load(opened, "sqlite")
        opened.close()
        return
    opened = db.open_database(request.getfixturevalue("postgres_url"))
    opened.execute_sql("CREATE SCHEMA old_version")
    opened.execute_sql("SET search_path TO old_version")
    try:
        yield load(opened, "postgresql")
    finally:
        opened.execute_sql("DROP SCHEMA old_version CASCADE")
        opened.execute_sql("SET search_path TO public")
        opened.close_all()


def test_every_passage_is_found_as_before(kept: dict[str, Any]) -> None:
    assert [hit.title for hit in find(1, "thirty-one days of holiday")] == ["Handbook"]
    assert [hit.title for hit in find(1, "half the water")] == ["Ristretto"]
    assert (Document.select().count(), Chunk.select().count(), Membership.select().count()) == (4, 3, 4)


def test_tokens_and_api_keys_still_open(kept: dict[str, Any]) -> None:
    connection, vault = Connection.get(), Vault([kept["encryption_key"]])

    assert vault.open(connection.access_token) == kept["access_token"]
    assert vault.open(connection.refresh_token) == kept["refresh_token"]
    assert find_key(kept["api_key"]).chatbot_id == 1


def test_states_are_carried_over_into_the_renamed_columns(kept: dict[str, Any]) -> None:
    now = datetime.fromisoformat(kept["at"])
    waiting = Document.get(Document.title == "Doppio")
    read = Document.get(Document.title == "Handbook")

    assert waiting.requested_at is not None
    assert (waiting.retry_after, waiting.hash) == (None, "")
    assert read.requested_at is None
    assert now < read.check_at <= now + timedelta(hours=24)
    assert {source.status for source in Source.select()} <= {"trained", "re-training"}
    assert due.connections_with_work(now=now) == [1]
    assert [document.title for document in due.next_documents(1, now=now, limit=9)] == ["Doppio"]


def test_runs_and_texts_before_the_last_change_are_kept(kept: dict[str, Any]) -> None:
    assert Run.select().count() == 3
    assert "thirty days" in Document.get(Document.title == "Handbook").previous_text
