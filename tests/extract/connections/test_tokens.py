"""Tokens: read from the row, refreshed once for everybody, and never lost half way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest
from cryptography.fernet import Fernet

from extract import connections
from extract.connections import ConnectionTokens, client_for, connect, forget_tokens, http_for, mark_reconnect
from extract.errors import InvalidRequest, RateLimited, ReconnectNeeded, Transient, VaultError
from extract.runtime import Runtime
from extract.store.db import database
from extract.store.models import Connection, Organisation
from extract.store.vault import Vault
from sandbox import World
from sandbox.world.world import GrantHandle
from tests.extract.connections.consent import ACME, answered, granted, in_threads, opened, pair, row
from tests.extract.notion.script import Pauses, Script, error, html, ok


def test_an_expired_token_is_refreshed_and_both_tokens_are_replaced(
    any_runtime: Runtime, connection: Connection, handle: GrantHandle, world: World
) -> None:
    old = opened(any_runtime, connection)
    world.expire_token(handle)

    with http_for(any_runtime) as http:
        client_for(any_runtime, connection, http=http).me()

    assert opened(any_runtime, connection) == (handle.access_token, handle.refresh_token)
    assert opened(any_runtime, connection) != old
    assert (row(connection).state, row(connection).refreshing_until) == ("alive", None)


def test_a_refresh_that_brings_no_refresh_token_keeps_the_old_one(
    any_runtime: Runtime, connection: Connection, handle: GrantHandle
) -> None:
    used, kept = opened(any_runtime, connection)
    grant = {"access_token": "ntn_2", "bot_id": handle.bot_id, "workspace_id": handle.workspace_id}

    assert ConnectionTokens(answered(any_runtime, Script(ok(grant))), connection.id).refresh(used) == "ntn_2"

    assert opened(any_runtime, connection) == ("ntn_2", kept)


def test_a_token_that_someone_else_replaced_is_simply_used(
    any_runtime: Runtime, connection: Connection, organisation: Organisation, handle: GrantHandle
) -> None:
    tokens = ConnectionTokens(answered(any_runtime, Script()), connection.id)
    used = tokens.access_token()
    connect(any_runtime, organisation_id=organisation.id, grant=granted(handle, access_token="new"))

    assert tokens.access_token() == used
    assert tokens.refresh(used) == "new"
    assert tokens.access_token() == "new"


def test_threads_that_meet_a_401_together_refresh_once(
    any_runtime: Runtime, connection: Connection, handle: GrantHandle
) -> None:
    script = Script(pair(1, handle))
    tokens = ConnectionTokens(answered(any_runtime, script), connection.id)
    used = tokens.access_token()

    got = in_threads([lambda: tokens.refresh(used)] * 6)

    assert got == ["ntn_1"] * 6
    assert len(script.asked) == 1


def test_processes_that_meet_a_401_together_refresh_once(
    any_runtime: Runtime, connection: Connection, handle: GrantHandle
) -> None:
    """Each has tokens of its own, as each process has; only the row is shared."""
    someone_waits, refreshed = threading.Event(), threading.Event()

    def answer(request: httpx2.Request) -> httpx2.Response:
        someone_waits.wait(20)
        return pair(1, handle)

    def pause(seconds: float) -> None:
        someone_waits.set()
        refreshed.wait(20)

    def ask() -> str:
        token = ConnectionTokens(answered(any_runtime, script, pause), connection.id).refresh(used)
        refreshed.set()
        return token

    script = Script(answer)
    used, _ = opened(any_runtime, connection)

    assert in_threads([ask] * 4) == ["ntn_1"] * 4
    assert len(script.asked) == 1


def test_who_waits_for_the_winner_uses_the_winners_token(
    any_runtime: Runtime, connection: Connection, handle: GrantHandle
) -> None:
    used, _ = opened(any_runtime, connection)
    claimed(any_runtime, connection)

    def winner_finishes(seconds: float) -> None:
        Connection.update(access_token=any_runtime.vault.seal("winner"), refreshing_until=None).execute()

    tokens = ConnectionTokens(answered(any_runtime, Script(), winner_finishes), connection.id)

    assert tokens.refresh(used) == "winner"


def claimed(runtime: Runtime, connection: Connection) -> None:
    """Another process is refreshing."""
    until = runtime.clock() + timedelta(seconds=90)
    Connection.update(refreshing_until=until).where(Connection.id == connection.id).execute()


def test_who_waits_in_vain_comes_back_later(any_runtime: Runtime, connection: Connection) -> None:
    used, _ = opened(any_runtime, connection)
    claimed(any_runtime, connection)
    pauses = Pauses()

    with pytest.raises(Transient) as failure:
        ConnectionTokens(answered(any_runtime, Script(), pauses), connection.id).refresh(used)

    assert failure.value.code == "refresh_under_way"
    assert sum(pauses) <= 31


def test_a_refresh_that_died_half_way_does_not_block_the_next(
    any_runtime: Runtime, connection: Connection, handle: GrantHandle
) -> None:
    used, _ = opened(any_runtime, connection)
    claimed(any_runtime, connection)
    any_runtime.clock.advance(seconds=91)  # type: ignore[attr-defined]

    tokens = ConnectionTokens(answered(any_runtime, Script(pair(1, handle))), connection.id)

    assert tokens.refresh(used) == "ntn_1"


def test_a_refused_refresh_needs_the_person_and_says_so(
    any_runtime: Runtime, connection: Connection, handle: GrantHandle
) -> None:
    handle.revoke()

    with http_for(any_runtime) as http, pytest.raises(ReconnectNeeded) as failure:
        client_for(any_runtime, connection, http=http).me()

    assert failure.value.sentence.startswith(ACME)
    assert (row(connection).state, row(connection).error) == ("reconnect", failure.value.sentence)
    assert row(connection).refreshing_until is None
    with http_for(any_runtime) as http, pytest.raises(ReconnectNeeded) as again:
        client_for(any_runtime, connection, http=http).me()
    assert again.value.sentence.startswith(ACME)


def test_a_connection_without_a_refresh_token_needs_the_person(
    any_runtime: Runtime, organisation: Organisation, handle: GrantHandle
) -> None:
    grant = granted(handle, access_token="stale", refresh_token=None)
    connection = connect(any_runtime, organisation_id=organisation.id, grant=grant)

    with http_for(any_runtime) as http, pytest.raises(ReconnectNeeded):
        client_for(any_runtime, connection, http=http).me()

    assert row(connection).state == "reconnect"


def test_a_new_token_that_is_refused_too_marks_the_connection(
    any_runtime: Runtime, connection: Connection, handle: GrantHandle
) -> None:
    refused = error(401, "unauthorized")
    runtime = answered(any_runtime, Script(refused, pair(1, handle), refused))

    with http_for(runtime) as http, pytest.raises(ReconnectNeeded):
        client_for(runtime, connection, http=http).me()

    assert (row(connection).state, row(connection).error) == (
        "reconnect",
        connections.reconnect_sentence("Acme"),
    )
    assert opened(any_runtime, connection) == ("ntn_1", "nrt_1")


def test_a_refused_token_that_was_replaced_meanwhile_marks_nothing(
    any_runtime: Runtime, connection: Connection, organisation: Organisation, handle: GrantHandle
) -> None:
    used, _ = opened(any_runtime, connection)
    tokens = ConnectionTokens(any_runtime, connection.id)
    connect(any_runtime, organisation_id=organisation.id, grant=granted(handle, access_token="new"))

    tokens.give_up(used)
    assert row(connection).state == "alive"

    tokens.give_up("new")
    assert row(connection).state == "reconnect"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (html(502), Transient),
        (httpx2.ReadTimeout("slow"), Transient),
        (httpx2.Response(429, headers={"Retry-After": "5"}), RateLimited),
        (httpx2.Response(401, json={"error": "invalid_client"}), InvalidRequest),
    ],
    ids=["edge", "time-out", "rate limit", "operator"],
)
def test_a_refresh_that_fails_for_another_reason_loses_nothing(
    any_runtime: Runtime,
    connection: Connection,
    handle: GrantHandle,
    answer: httpx2.Response | Exception,
    kind: type[Exception],
) -> None:
    before = opened(any_runtime, connection)
    tokens = ConnectionTokens(answered(any_runtime, Script(answer, pair(1, handle))), connection.id)

    with pytest.raises(kind):
        tokens.refresh(before[0])

    assert opened(any_runtime, connection) == before
    assert (row(connection).state, row(connection).error) == ("alive", None)
    assert row(connection).refreshing_until is None
    assert tokens.refresh(before[0]) == "ntn_1"


def test_a_bug_in_the_way_does_not_keep_the_claim(any_runtime: Runtime, connection: Connection) -> None:
    used, _ = opened(any_runtime, connection)
    tokens = ConnectionTokens(answered(any_runtime, Script(ZeroDivisionError())), connection.id)

    with pytest.raises(ZeroDivisionError):
        tokens.refresh(used)

    assert row(connection).refreshing_until is None


def test_a_new_consent_during_a_refresh_wins(
    any_runtime: Runtime, connection: Connection, organisation: Organisation, handle: GrantHandle
) -> None:
    used, _ = opened(any_runtime, connection)
    fresh = granted(handle, access_token="consented", refresh_token="nrt_c")

    def meanwhile(answer: httpx2.Response) -> Callable[[httpx2.Request], httpx2.Response]:
        def reply(request: httpx2.Request) -> httpx2.Response:
            connect(any_runtime, organisation_id=organisation.id, grant=fresh)
            return answer

        return reply

    for answer in (pair(1, handle), httpx2.Response(400, json={"error": "invalid_grant"})):
        Connection.update(access_token=any_runtime.vault.seal(used)).execute()
        tokens = ConnectionTokens(answered(any_runtime, Script(meanwhile(answer))), connection.id)
        assert tokens.refresh(used) == "consented"
        assert (row(connection).state, opened(any_runtime, connection)) == ("alive", ("consented", "nrt_c"))


def test_a_disconnect_during_a_refresh_wins_and_the_new_token_is_revoked(
    any_runtime: Runtime, connection: Connection, handle: GrantHandle
) -> None:
    used, _ = opened(any_runtime, connection)

    def disconnect(request: httpx2.Request) -> httpx2.Response:
        forget_tokens(any_runtime, connection)
        return pair(1, handle)

    script = Script(disconnect, ok({}))

    with pytest.raises(ReconnectNeeded):
        ConnectionTokens(answered(any_runtime, script), connection.id).refresh(used)

    assert (row(connection).state, row(connection).access_token) == ("disconnected", None)
    assert script.paths == ["/v1/oauth/token", "/v1/oauth/revoke"]
    assert script.bodies[1] == {"token": "ntn_1"}


def test_a_key_rotation_during_a_refresh_does_not_lose_the_new_tokens(
    any_runtime: Runtime, connection: Connection, handle: GrantHandle
) -> None:
    used, _ = opened(any_runtime, connection)

    def rotate(request: httpx2.Request) -> httpx2.Response:
        stored = row(connection)
        resealed = any_runtime.vault.reseal(stored.access_token)
        Connection.update(access_token=resealed).where(Connection.id == stored.id).execute()
        return pair(1, handle)

    assert ConnectionTokens(answered(any_runtime, Script(rotate)), connection.id).refresh(used) == "ntn_1"
    assert opened(any_runtime, connection) == ("ntn_1", "nrt_1")


@pytest.mark.parametrize("state", ["reconnect", "disconnected"])
def test_a_connection_that_is_not_alive_has_no_token(
    any_runtime: Runtime, connection: Connection, state: str
) -> None:
    Connection.update(state=state).execute()

    with pytest.raises(ReconnectNeeded):
        ConnectionTokens(any_runtime, connection.id).access_token()


def test_a_connection_that_is_gone_has_no_token(any_runtime: Runtime) -> None:
    with pytest.raises(ReconnectNeeded):
        ConnectionTokens(any_runtime, 4711).access_token()


def test_lost_encryption_keys_are_said_and_do_not_mark_the_connection(
    any_runtime: Runtime, connection: Connection
) -> None:
    strange = replace(any_runtime, vault=Vault([Fernet.generate_key().decode()]))

    with pytest.raises(VaultError):
        ConnectionTokens(strange, connection.id).access_token()

    assert row(connection).state == "alive"


def test_marking_says_what_to_do_and_touches_only_a_connection_that_is_alive(
    any_runtime: Runtime, connection: Connection
) -> None:
    mark_reconnect(connection)
    assert row(connection).state == "reconnect"
    assert row(connection).error.startswith(ACME)
    assert row(connection).error.endswith("it will not follow edits until you reconnect.")

    Connection.update(state="disconnected", error=None).execute()
    mark_reconnect(connection)
    assert (row(connection).state, row(connection).error) == ("disconnected", None)


def test_a_workspace_without_a_name_has_a_sentence_too() -> None:
    assert "our access to this workspace." in connections.reconnect_sentence("")


def test_the_database_is_left_open_or_shut_as_it_was(any_runtime: Runtime, connection: Connection) -> None:
    assert not database.is_closed()
    ConnectionTokens(any_runtime, connection.id).access_token()
    assert not database.is_closed()

    database.close()
    ConnectionTokens(any_runtime, connection.id).access_token()
    assert database.is_closed()
