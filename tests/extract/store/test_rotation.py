"""Rotating the keys: everything is sealed with the first one, and what others write meanwhile stays."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from cryptography.fernet import Fernet
from peewee import Database, TextField

from extract.errors import VaultError
from extract.store import rotation
from extract.store.models import TABLES, Connection, Organisation, WebhookToken
from extract.store.vault import Vault
from tests.clock import StoppedClock

OLD, NEW, FOREIGN = (Fernet.generate_key().decode() for _ in range(3))
BEFORE, DURING, AFTER = Vault([OLD]), Vault([NEW, OLD]), Vault([NEW])


def connection(vault: Vault, token: str, now: datetime) -> Connection:
    organisation = Organisation.get_or_none() or Organisation.create(name="Acme", created_at=now)
    return Connection.create(
        organisation=organisation,
        bot_id=token,
        workspace_id="w",
        access_token=vault.seal(token),
        refresh_token=vault.seal(f"refresh {token}"),
        created_at=now,
    )


@pytest.fixture
def now(clock: StoppedClock, any_store: Database) -> datetime:
    return clock()


def test_the_new_key_alone_opens_everything_afterwards(now: datetime) -> None:
    rows = [connection(BEFORE, f"token {number}", now) for number in range(3)]
    WebhookToken.create(sealed=BEFORE.seal("webhook"), digest="d", received_at=now)
    assert rotation.seals(DURING) == rotation.Seals(current=0, old=7)

    assert rotation.rotate(DURING) == 7

    assert rotation.seals(DURING) == rotation.Seals(current=7, old=0)
    assert [AFTER.open(row.access_token) for row in Connection.select().order_by(Connection.id)] == [
        f"token {number}" for number in range(len(rows))
    ]
    assert AFTER.open(WebhookToken.get().sealed) == "webhook"
    assert rotation.rotate(DURING) == 0


def test_no_sealed_column_is_forgotten(now: datetime) -> None:
    connection(BEFORE, "token", now)
    WebhookToken.create(sealed=BEFORE.seal("webhook"), digest="d", received_at=now)
    rotation.rotate(DURING)

    for table in TABLES:
        texts = [column for column in table._meta.sorted_fields if isinstance(column, TextField)]
        for values in table.select(*texts).tuples() if texts else ():
            for value in values:
                if isinstance(value, str) and value.startswith("gAAAA"):
                    AFTER.open(value)


def test_more_rows_than_a_batch_are_all_rotated(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "BATCH", 2)
    for number in range(5):
        connection(BEFORE, f"token {number}", now)

    assert rotation.rotate(DURING) == 10


def test_a_token_refreshed_meanwhile_is_kept(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    row = connection(BEFORE, "before", now)
    reseal = Vault.reseal

    def while_another_process_refreshes(self: Vault, sealed: str) -> str:
        monkeypatch.setattr(Vault, "reseal", reseal)
        Connection.update(access_token=BEFORE.seal("refreshed")).where(Connection.id == row.id).execute()
        return reseal(self, sealed)

    monkeypatch.setattr(Vault, "reseal", while_another_process_refreshes)
    rotation.rotate(DURING)

    assert AFTER.open(Connection.get().access_token) == "refreshed"


def test_what_no_key_opens_is_named_and_left(now: datetime) -> None:
    row = connection(Vault([FOREIGN]), "lost", now)
    sealed = row.access_token

    rotation.rotate(DURING)

    assert [(value.table, value.id, value.column) for value in rotation.seals(DURING).unreadable] == [
        ("connection", row.id, "access_token"),
        ("connection", row.id, "refresh_token"),
    ]
    assert Connection.get().access_token == sealed
    with pytest.raises(VaultError):
        DURING.open(sealed)


def test_a_disconnected_connection_has_nothing_to_rotate(now: datetime) -> None:
    row: Any = connection(BEFORE, "gone", now)
    Connection.update(access_token=None, refresh_token=None).where(Connection.id == row.id).execute()

    assert rotation.rotate(DURING) == 0
