"""Connections: grants are stored sealed, tokens are refreshed once for everybody, and nothing outlives a disconnect."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from cryptography.fernet import Fernet

from extract import connections
from extract.connections import ConnectionTokens, client_for, connect, forget_tokens, http_for, mark_reconnect
from extract.errors import InvalidRequest, RateLimited, ReconnectNeeded, Transient, VaultError
from extract.notion.oauth import TokenGrant
from extract.runtime import Runtime
from extract.store.db import database
from extract.store.models import Chatbot, Connection, Organisation, Source
from extract.store.vault import Vault
from sandbox import World
from sandbox.world.world import GrantHandle
from tests.extract.notion.script import Pauses, Script, error, html, ok

ACME = "Notion no longer accepts our access to Acme. "


@pytest.fixture
def organisation(any_runtime: Runtime) -> Organisation:
    return Organisation.create(name="Acme Ltd", created_at=any_runtime.clock())


@pytest.fixture
def handle(world: World) -> GrantHandle:
    return world.install(world.workspace("Acme"))


def granted(handle: GrantHandle, **more: object) -> TokenGrant:
    grant = TokenGrant(
        access_token=handle.access_token,
        refresh_token=handle.refresh_token,
        bot_id=handle.bot_id,
        workspace_id=handle.workspace_id,
        workspace_name="Acme",
        owner_type="user",
        owner_user_id="ada",
        owner_name="Ada",
    )
    return replace(grant, **more)


@pytest.fixture
def connection(any_runtime: Runtime, organisation: Organisation, handle: GrantHandle) -> Connection:
    return connect(any_runtime, organisation_id=organisation.id, grant=granted(handle))


def row(connection: Connection) -> Connection:
    return Connection.get_by_id(connection.id)


def opened(runtime: Runtime, connection: Connection) -> tuple[str, str]:
    stored = row(connection)
    return runtime.vault.open(stored.access_token), runtime.vault.open(stored.refresh_token)


def answered(runtime: Runtime, script: Script, pause: Callable[[float], None] | None = None) -> Runtime:
    """The same runtime with a script as Notion."""
    return replace(runtime, transport=httpx.MockTransport(script), pause=pause or runtime.pause)


def pair(number: int, handle: GrantHandle) -> httpx.Response:
    return ok(
        {
            "access_token": f"ntn_{number}",
            "refresh_token": f"nrt_{number}",
            "bot_id": handle.bot_id,
            "workspace_id": handle.workspace_id,
        }
    )


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
        client_for(any_runtime, connection, http=http, lane="work").me()
        client_for(any_runtime, connection, http=http, lane="people").me()

    assert connections.budget_for(any_runtime, connection.workspace_id).used() == 2


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

    def answer(request: httpx.Request) -> httpx.Response:
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


def in_threads(functions: list[Callable[[], str]]) -> list[str]:
    """The answers; each thread must leave no database connection behind."""
    got: list[str] = []

    def run(function: Callable[[], str]) -> None:
        assert database.is_closed()
        answer = function()
        if database.is_closed():
            got.append(answer)

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return got


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
        (httpx.ReadTimeout("slow"), Transient),
        (httpx.Response(429, headers={"Retry-After": "5"}), RateLimited),
        (httpx.Response(401, json={"error": "invalid_client"}), InvalidRequest),
    ],
    ids=["edge", "time-out", "rate limit", "operator"],
)
def test_a_refresh_that_fails_for_another_reason_loses_nothing(
    any_runtime: Runtime,
    connection: Connection,
    handle: GrantHandle,
    answer: httpx.Response | Exception,
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

    def meanwhile(answer: httpx.Response) -> Callable[[httpx.Request], httpx.Response]:
        def reply(request: httpx.Request) -> httpx.Response:
            connect(any_runtime, organisation_id=organisation.id, grant=fresh)
            return answer

        return reply

    for answer in (pair(1, handle), httpx.Response(400, json={"error": "invalid_grant"})):
        Connection.update(access_token=any_runtime.vault.seal(used)).execute()
        tokens = ConnectionTokens(answered(any_runtime, Script(meanwhile(answer))), connection.id)
        assert tokens.refresh(used) == "consented"
        assert (row(connection).state, opened(any_runtime, connection)) == ("alive", ("consented", "nrt_c"))


def test_a_disconnect_during_a_refresh_wins_and_the_new_token_is_revoked(
    any_runtime: Runtime, connection: Connection, handle: GrantHandle
) -> None:
    used, _ = opened(any_runtime, connection)

    def disconnect(request: httpx.Request) -> httpx.Response:
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

    def rotate(request: httpx.Request) -> httpx.Response:
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


def test_disconnecting_revokes_at_notion_and_forgets_both_tokens_here(
    any_runtime: Runtime, connection: Connection, handle: GrantHandle
) -> None:
    forgotten = forget_tokens(any_runtime, connection)

    assert (forgotten.state, forgotten.access_token, forgotten.refresh_token) == ("disconnected", None, None)
    assert (row(connection).state, row(connection).access_token) == ("disconnected", None)
    assert handle.record.revoked


@pytest.mark.parametrize(
    "answer", [html(502), httpx.ConnectError("refused"), httpx.Response(400, json={"error": "invalid_grant"})]
)
def test_disconnecting_does_not_depend_on_notion(
    any_runtime: Runtime, connection: Connection, answer: httpx.Response | Exception
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


def test_the_database_is_left_open_or_shut_as_it_was(any_runtime: Runtime, connection: Connection) -> None:
    assert not database.is_closed()
    ConnectionTokens(any_runtime, connection.id).access_token()
    assert not database.is_closed()

    database.close()
    ConnectionTokens(any_runtime, connection.id).access_token()
    assert database.is_closed()
