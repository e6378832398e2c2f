"""Grants: stored sealed, one for a person in a workspace, and gone after a disconnect."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest
from cryptography.fernet import Fernet

from extract import connections
from extract.connections import client_for, connect, forget_tokens, http_for
from extract.runtime import Runtime
from extract.store.db import database
from extract.store.models import Chatbot, Connection, Organisation, Source
from extract.store.vault import Vault
from sandbox import World
from sandbox.world.world import GrantHandle
from tests.extract.connections.consent import answered, granted, in_threads, opened, row
from tests.extract.notion.script import Script, html


def test_a_grant_is_stored_with_both_tokens_sealed(
    any_runtime: Runtime, connection: Connection, handle: GrantHandle
) -> None:
    stored = row(connection)

    assert (stored.state, stored.workspace_name, stored.owner_name) == ("alive", "Acme", "Ada")
    assert handle.access_token not in stored.access_token
    assert handle.refresh_token not in stored.refresh_token
    assert opened(any_runtime, connection) == (handle.access_token, handle.refresh_token)


def test_a_new_consent_renews_the_connection_and_keeps_its_sources(
    any_runtime: Runtime, connection: Connection, organisation: Organisation, handle: GrantHandle
) -> None:
    chatbot = Chatbot.create(organisation=organisation, name="Bot", created_at=any_runtime.clock())
    source = Source.create(
        chatbot=chatbot,
        connection=connection,
        kind="page",
        notion_id="x",
        title="Plan",
        created_at=any_runtime.clock(),
    )
    seen = any_runtime.clock() - timedelta(hours=1)
    Connection.update(
        state="reconnect",
        error="a sentence",
        paused_until=any_runtime.clock(),
        refreshing_until=any_runtime.clock(),
        edits_seen_to=seen,
        lease_number=7,
    ).execute()

    renewed = connect(
        any_runtime,
        organisation_id=organisation.id,
        grant=granted(handle, access_token="new", refresh_token=None, workspace_name=None),
    )

    assert renewed.id == connection.id == Source.get_by_id(source.id).connection_id
    assert (renewed.state, renewed.error, renewed.paused_until, renewed.refreshing_until) == (
        "alive",
        None,
        None,
        None,
    )
    assert (row(connection).edits_seen_to, row(connection).lease_number) == (seen, 7)
    assert (row(connection).workspace_name, row(connection).refresh_token) == ("Acme", None)
    assert any_runtime.vault.open(row(connection).access_token) == "new"


def test_the_same_person_in_the_same_workspace_is_the_same_connection_even_as_another_bot(
    any_runtime: Runtime, connection: Connection, organisation: Organisation, handle: GrantHandle
) -> None:
    renewed = connect(any_runtime, organisation_id=organisation.id, grant=granted(handle, bot_id="another"))

    assert (renewed.id, row(connection).bot_id) == (connection.id, "another")
    assert Connection.select().count() == 1


@pytest.mark.parametrize(
    "other",
    [
        {"bot_id": "b2", "owner_user_id": "bob"},
        {"bot_id": "b2", "workspace_id": "w2"},
        {"bot_id": "b2", "owner_user_id": None},
    ],
)
def test_another_person_or_workspace_is_another_connection(
    any_runtime: Runtime,
    connection: Connection,
    organisation: Organisation,
    handle: GrantHandle,
    other: dict[str, str],
) -> None:
    made = connect(any_runtime, organisation_id=organisation.id, grant=granted(handle, **other))

    assert made.id != connection.id
    assert opened(any_runtime, connection) == (handle.access_token, handle.refresh_token)


def test_a_consent_that_comes_back_several_times_at_once_is_one_connection(
    any_runtime: Runtime, organisation: Organisation, handle: GrantHandle
) -> None:
    def consent() -> str:
        with database.connection_context():
            return connect(any_runtime, organisation_id=organisation.id, grant=granted(handle)).state

    assert in_threads([consent] * 4) == ["alive"] * 4
    assert Connection.select().count() == 1


def test_organisations_do_not_share_a_connection(
    any_runtime: Runtime, connection: Connection, handle: GrantHandle
) -> None:
    other = Organisation.create(name="Other", created_at=any_runtime.clock())

    made = connect(any_runtime, organisation_id=other.id, grant=granted(handle))

    assert made.id != connection.id
    assert Connection.select().where(Connection.bot_id == handle.bot_id).count() == 2


def test_the_client_of_a_connection_asks_with_its_token_and_shares_the_budget(
    any_runtime: Runtime, connection: Connection
) -> None:
    with http_for(any_runtime) as http:
        client_for(any_runtime, connection, http=http, lane="sync").me()
        client_for(any_runtime, connection, http=http, lane="interactive").me()

    assert connections.budget_for(any_runtime, connection.workspace_id).used() == 2


def test_disconnecting_revokes_at_notion_and_forgets_both_tokens_here(
    any_runtime: Runtime, connection: Connection, handle: GrantHandle
) -> None:
    forgotten = forget_tokens(any_runtime, connection)

    assert (forgotten.state, forgotten.access_token, forgotten.refresh_token) == ("disconnected", None, None)
    assert (row(connection).state, row(connection).access_token) == ("disconnected", None)
    assert handle.record.revoked


@pytest.mark.parametrize(
    "answer",
    [html(502), httpx2.ConnectError("refused"), httpx2.Response(400, json={"error": "invalid_grant"})],
)
def test_disconnecting_does_not_depend_on_notion(
    any_runtime: Runtime, connection: Connection, answer: httpx2.Response | Exception
) -> None:
    forget_tokens(answered(any_runtime, Script(answer)), connection)

    assert (row(connection).state, row(connection).refresh_token) == ("disconnected", None)


def test_disconnecting_works_without_the_encryption_keys_and_twice(
    any_runtime: Runtime, connection: Connection
) -> None:
    strange = replace(any_runtime, vault=Vault([Fernet.generate_key().decode()]))

    for _ in range(2):
        forget_tokens(answered(strange, Script()), connection)

    assert row(connection).state == "disconnected"


def test_a_new_consent_after_a_disconnect_brings_the_connection_back(
    any_runtime: Runtime, connection: Connection, organisation: Organisation, world: World
) -> None:
    forget_tokens(any_runtime, connection)
    again = world.install(world.workspace_named("Acme"))

    renewed = connect(any_runtime, organisation_id=organisation.id, grant=granted(again))

    assert (renewed.id, row(connection).state) == (connection.id, "alive")
    with http_for(any_runtime) as http:
        client_for(any_runtime, renewed, http=http).me()
