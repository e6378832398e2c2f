"""What concerns security leaves one line with ids, and a count in the figures; no address of a person is in a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from peewee import OperationalError
from redis.backoff import NoBackoff
from redis.retry import Retry
from structlog.testing import capture_logs

from extract.runtime import Runtime
from extract.store.models import ApiKey, Invitation, WebhookToken
from tests.clock import StoppedClock
from tests.webapp.commands.test_chatbots_and_users import run
from tests.webapp.conftest import PASSWORD, Browser, Cast
from tests.webapp.rows import make_connection, make_source
from webapp import create_app
from webapp.http import security_log
from webapp.http.security_log import SecurityEvent, record

Line = dict[str, Any]


@pytest.fixture
def lines() -> Iterator[list[Line]]:
    with capture_logs() as captured:
        yield captured


def events(lines: list[Line]) -> list[str]:
    return [line["event"] for line in lines if line.get("kind") == "security"]


def last(lines: list[Line], event: SecurityEvent) -> Line:
    [*_, found] = [line for line in lines if line["event"] == event.value]
    return found


def count(client: FlaskClient, event: SecurityEvent) -> float:
    [value] = [
        line.rpartition(" ")[2]
        for line in client.get("/metrics").text.splitlines()
        if line.startswith(f'hilal_security_events_total{{event="{event.value}"}}')
    ]
    return float(value)


def test_logging_in_and_out(client: FlaskClient, cast: Cast, lines: list[Line]) -> None:
    browser = Browser(client)
    browser.post("/login", {"email": "Ada@Acme.test", "password": "wrong"})
    browser.post("/login", {"email": cast.ada.email, "password": PASSWORD})
    browser.post("/logout")

    assert events(lines) == ["log_in_failed", "logged_in", "logged_out"]
    failed, logged_in_, logged_out = (line for line in lines if line.get("kind") == "security")
    assert (failed["log_level"], failed["address"]) == ("warning", "127.0.0.1")
    assert logged_in_["member_id"] == logged_out["actor_id"] == cast.ada.id
    assert "acme.test" not in json.dumps(lines).lower()
    assert count(client, SecurityEvent.LOG_IN_FAILED) == 1


def test_attempts_on_one_address_can_be_told_from_attempts_on_many(
    client: FlaskClient, cast: Cast, lines: list[Line]
) -> None:
    for email in ("ada@acme.test", " ADA@acme.test", "bob@acme.test"):
        Browser(client).post("/login", {"email": email, "password": "wrong"})

    first, again, other = (line["email_hash"] for line in lines if line["event"] == "log_in_failed")
    assert first == again != other


def test_who_guesses_too_often_is_locked_out(client: FlaskClient, cast: Cast, lines: list[Line]) -> None:
    for _ in range(11):
        Browser(client).post("/login", {"email": cast.ada.email, "password": "wrong"})

    assert events(lines).count("log_in_failed") == 10
    assert last(lines, SecurityEvent.LOCKED_OUT)["address"] == "127.0.0.1"


def test_people_come_change_and_go(
    app: Flask, ada: Browser, cast: Cast, client: FlaskClient, lines: list[Line]
) -> None:
    ada.post("/settings/people/invite", {"email": "eve@acme.test", "role": "member"})
    invitation = Invitation.get()
    assert last(lines, SecurityEvent.INVITED)["invitation_id"] == invitation.id
    ada.post(f"/settings/people/invitations/{invitation.id}/withdraw")
    assert last(lines, SecurityEvent.INVITATION_WITHDRAWN)["actor_id"] == cast.ada.id
    ada.post(f"/settings/people/{cast.bob.id}/role", {"role": "member"})
    assert last(lines, SecurityEvent.ROLE_CHANGED) | {"member_id": cast.bob.id, "role": "member"} == last(
        lines, SecurityEvent.ROLE_CHANGED
    )
    ada.post(f"/settings/people/{cast.cleo.id}/remove")
    assert last(lines, SecurityEvent.MEMBER_REMOVED)["member_id"] == cast.cleo.id
    ada.post("/settings/password", {"current": "wrong", "password": "another good password"})
    ada.post("/settings/password", {"current": PASSWORD, "password": "another good password"})
    assert events(lines)[-2:] == ["password_not_changed", "password_changed"]
    assert "eve@acme.test" not in json.dumps(lines)


def test_an_invitation_that_is_accepted(app: Flask, ada: Browser, lines: list[Line]) -> None:
    ada.post("/settings/people/invite", {"email": "eve@acme.test", "role": "member"})
    link = ada.get("/settings/people").text
    token = link.partition("invitation=")[2].partition('"')[0].partition("&")[0].partition("<")[0]
    person = {"email": "eve@acme.test", "name": "Eve", "password": "a long enough one", "invitation": token}
    Browser(app.test_client()).post("/register", person)

    assert events(lines)[-2:] == ["invitation_accepted", "registered"]


def test_keys_connections_sources_and_tokens(
    ada: Browser, cast: Cast, runtime: Runtime, clock: StoppedClock, lines: list[Line]
) -> None:
    connection = make_connection(cast.acme, clock())
    source = make_source(cast.chatbot, connection, "Handbook", clock())
    token = WebhookToken.create(sealed=runtime.vault.seal("secret"), digest="d", received_at=clock())

    ada.post(f"/chatbots/{cast.chatbot.id}/keys", {"name": "site"})
    key = ApiKey.get()
    ada.post(f"/keys/{key.id}/revoke")
    ada.post(f"/sources/{source.id}/delete")
    ada.post(f"/settings/webhooks/tokens/{token.id}/accept")
    ada.post(f"/settings/webhooks/tokens/{token.id}/forget")
    ada.post(f"/notion/connections/{connection.id}/disconnect")

    assert events(lines) == [
        "key_made",
        "key_revoked",
        "source_deleted",
        "webhook_token_accepted",
        "webhook_token_forgotten",
        "notion_disconnected",
    ]
    assert last(lines, SecurityEvent.KEY_MADE)["key_id"] == key.id
    assert last(lines, SecurityEvent.SOURCE_DELETED)["source_id"] == source.id
    assert last(lines, SecurityEvent.NOTION_DISCONNECTED)["connection_id"] == connection.id
    assert all(line["actor_id"] == cast.ada.id for line in lines if line.get("kind") == "security")


def test_what_is_refused(client: FlaskClient, cast: Cast, lines: list[Line]) -> None:
    client.post("/login", data={"email": "x"})
    client.post("/webhooks/notion", data="{}")
    client.get("/api/v1/sources", headers={"Authorization": "Bearer hk_guessed"})

    assert events(lines) == ["form_refused", "event_unsigned", "key_refused"]
    assert "hk_guessed" not in json.dumps(lines)


def test_a_flask_command_says_that_it_is_one(app: Flask, cast: Cast, redis_server: redis.Redis) -> None:
    assert run(app, "keys", "create", "--chatbot", cast.chatbot.id).exit_code == 0

    assert security_log.counts(redis_server)["key_made"] == 1
    with app.app_context(), capture_logs() as lines:
        record(SecurityEvent.KEY_MADE, key_id=1)
    assert lines[0]["via"] == "command"


def test_without_redis_the_line_is_written_and_nothing_fails(runtime: Runtime) -> None:
    gone = redis.Redis(unix_socket_path="/nonexistent/redis.sock", retry=Retry(NoBackoff(), 0))
    with create_app(replace(runtime, redis=gone)).test_request_context("/"), capture_logs() as lines:
        record(SecurityEvent.CROSS_ORIGIN_REFUSED, origin="https://elsewhere.example")

    assert events(lines) == ["cross_origin_refused"]


def test_every_event_is_in_the_figures_from_the_start(client: FlaskClient, cast: Cast) -> None:
    assert [count(client, event) for event in SecurityEvent] == [0.0] * len(SecurityEvent)


def failing(app: Flask, error: Exception) -> None:
    @app.get("/failing")
    def fail() -> None:
        raise error


def test_a_fault_of_ours_is_one_event_with_its_traceback(app: Flask, lines: list[Line]) -> None:
    app.testing = False  # or Flask raises it
    failing(app, ValueError("broken"))

    assert app.test_client().get("/failing?invitation=a-secret").status_code == 500

    [line] = lines
    assert (line["event"], line["endpoint"], line["path"]) == ("request_failed", "fail", "/failing")
    assert isinstance(line["exc_info"][1], ValueError)
    assert "a-secret" not in repr(line)


@pytest.mark.parametrize("error", [redis.ConnectionError("gone"), OperationalError("gone")])
def test_a_part_that_is_away_is_one_line_without_a_traceback(
    app: Flask, lines: list[Line], error: Exception
) -> None:
    failing(app, error)

    assert app.test_client().get("/failing").status_code == 503

    [line] = lines
    assert line["event"] == "request_not_served"
    assert "exc_info" not in line
