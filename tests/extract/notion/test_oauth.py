"""The token endpoint: what a grant holds, and which refusal concerns the person, the operator or nobody."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from extract.config.load import Config
from extract.errors import InvalidRequest, NotionError, OAuthRefused, RateLimited, Transient
from extract.notion.http import http_client
from extract.notion.oauth import TokenGrant, parse_grant, refresh, revoke
from extract.runtime import Runtime
from sandbox import World
from tests.clock import StoppedClock
from tests.extract.notion.script import Answer, Script, html, ok

GRANT: dict[str, Any] = {
    "access_token": "ntn_a",
    "token_type": "bearer",
    "refresh_token": "nrt_r",
    "bot_id": "6A0D5B1E0B0D4F8A9C8E0D5B1E0B0D4F",
    "workspace_id": "7b0d5b1e-0b0d-4f8a-9c8e-0d5b1e0b0d4f",
    "workspace_name": "Acme",
    "workspace_icon": "https://x.test/icon.png",
    "owner": {
        "type": "user",
        "user": {
            "object": "user",
            "id": "8c0d5b1e-0b0d-4f8a-9c8e-0d5b1e0b0d4f",
            "type": "person",
            "name": "Ada",
            "avatar_url": None,
            "person": {"email": "ada@acme.test", "email_verified": True},
        },
    },
    "duplicated_template_id": None,
    "request_id": "r-1",
}


def refreshed(config: Config, clock: StoppedClock, script: Script) -> TokenGrant:
    with http_client(config, httpx2.MockTransport(script)) as http:
        return refresh(http, config, "nrt_old", clock=clock)


def test_a_grant_keeps_what_a_connection_needs() -> None:
    assert parse_grant(GRANT) == TokenGrant(
        access_token="ntn_a",
        bot_id="6a0d5b1e-0b0d-4f8a-9c8e-0d5b1e0b0d4f",
        workspace_id="7b0d5b1e-0b0d-4f8a-9c8e-0d5b1e0b0d4f",
        refresh_token="nrt_r",
        workspace_name="Acme",
        workspace_icon="https://x.test/icon.png",
        owner_user_id="8c0d5b1e-0b0d-4f8a-9c8e-0d5b1e0b0d4f",
        owner_name="Ada",
        request_id="r-1",
    )


@pytest.mark.parametrize(
    "owner",
    [
        None,
        "user",
        {"type": "workspace", "workspace": True},
        {"type": "user", "user": {"object": "user", "id": "u"}},
        {"type": "user", "user": None},
    ],
)
def test_an_owner_may_be_partial_or_a_workspace_or_missing(owner: object) -> None:
    grant = parse_grant({**GRANT, "owner": owner})

    assert grant.owner_name is None


def test_nullable_fields_may_be_missing() -> None:
    grant = parse_grant({"access_token": "a", "bot_id": "b", "workspace_id": "w", "refresh_token": None})

    assert (grant.refresh_token, grant.workspace_name, grant.workspace_icon) == (None, None, None)


def test_tokens_do_not_show_in_a_grants_text() -> None:
    assert "ntn_" not in repr(parse_grant(GRANT))
    assert "nrt_" not in repr(parse_grant(GRANT))


@pytest.mark.parametrize("body", [None, [], "x", {}, {**GRANT, "access_token": ""}, {**GRANT, "bot_id": 7}])
def test_what_is_no_grant_is_not_taken_for_one(body: object) -> None:
    with pytest.raises(Transient):
        parse_grant(body)


def test_a_refusal_in_place_of_a_grant_is_told_as_one() -> None:
    with pytest.raises(OAuthRefused):
        parse_grant({"error": "invalid_grant", "error_description": "Invalid code."})


def test_a_refresh_sends_json_basic_authentication_and_the_version(
    config: Config, clock: StoppedClock
) -> None:
    script = Script(ok(GRANT))

    refreshed(config, clock, script)

    request = script.asked[0]
    pair = f"{config.notion.client_id}:{config.notion.client_secret}".encode()
    assert (request.method, request.url.path) == ("POST", "/v1/oauth/token")
    assert request.headers["Authorization"] == "Basic " + base64.b64encode(pair).decode()
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Notion-Version"] == "2026-03-11"
    assert json.loads(request.content) == {"grant_type": "refresh_token", "refresh_token": "nrt_old"}


def by_error(status: int, code: str) -> httpx2.Response:
    return httpx2.Response(status, json={"error": code, "error_description": "told"})


def by_code(status: int, code: str) -> httpx2.Response:
    return httpx2.Response(
        status, json={"object": "error", "code": code, "message": "told", "request_id": "r"}
    )


@pytest.mark.parametrize("body", [by_error, by_code])
@pytest.mark.parametrize(
    ("status", "code", "kind", "word"),
    [
        (400, "invalid_grant", OAuthRefused, "Connect to Notion"),
        (401, "invalid_client", InvalidRequest, "NOTION_CLIENT_SECRET"),
        (401, "unauthorized", InvalidRequest, "NOTION_CLIENT_SECRET"),
        (400, "invalid_request", InvalidRequest, "developer portal"),
        (400, "unsupported_grant_type", InvalidRequest, "developer portal"),
        (400, "unauthorized_client", InvalidRequest, "developer portal"),
        (403, "test_env_error", InvalidRequest, "developer portal"),
        (500, "internal_server_error", Transient, "try again"),
        (500, "invalid_grant", Transient, "try again"),
        (503, "service_unavailable", Transient, "try again"),
    ],
)
def test_a_refusal_concerns_the_person_the_operator_or_nobody(
    config: Config, clock: StoppedClock, body: Any, status: int, code: str, kind: type[NotionError], word: str
) -> None:
    with pytest.raises(NotionError) as refusal:
        refreshed(config, clock, Script(body(status, code)))

    assert type(refusal.value) is kind
    assert word in refusal.value.sentence


@pytest.mark.parametrize(
    "answer",
    [
        html(403),
        html(502),
        html(200),
        httpx2.Response(200, content=b'{"acc'),
        httpx2.ReadTimeout("slow"),
        ok({}),
    ],
    ids=repr,
)
def test_what_passes_is_told_as_passing_and_not_repeated(
    config: Config, clock: StoppedClock, answer: Answer
) -> None:
    script = Script(answer)

    with pytest.raises(Transient):
        refreshed(config, clock, script)

    assert len(script.asked) == 1


def test_the_token_endpoint_may_ask_for_patience(config: Config, clock: StoppedClock) -> None:
    with pytest.raises(RateLimited) as refusal:
        refreshed(config, clock, Script(httpx2.Response(429, headers={"Retry-After": "5"})))

    assert refusal.value.resume_at == clock() + timedelta(seconds=5)


@pytest.mark.parametrize("field", ["error", "code"])
def test_tokens_are_refreshed_and_revoked_at_the_sandbox(runtime: Runtime, world: World, field: str) -> None:
    world.oauth_error_field = field
    handle = world.install(world.workspace("Acme"))
    old = handle.refresh_token
    with http_client(runtime.config, runtime.transport) as http:
        grant = refresh(http, runtime.config, old, clock=runtime.clock)
        assert (grant.access_token, grant.refresh_token) == (handle.access_token, handle.refresh_token)
        assert (grant.bot_id, grant.workspace_id) == (handle.bot_id, handle.workspace_id)
        with pytest.raises(OAuthRefused):
            refresh(http, runtime.config, old, clock=runtime.clock)
        revoke(http, runtime.config, grant.access_token, clock=runtime.clock)
        wrong = replace(runtime.config, notion=replace(runtime.config.notion, client_secret="wrong"))
        with pytest.raises(InvalidRequest):
            revoke(http, wrong, grant.access_token, clock=runtime.clock)


def test_names_that_no_column_holds_are_cut() -> None:
    grant = parse_grant(
        {
            "access_token": "a",
            "bot_id": "b",
            "workspace_id": "w",
            "workspace_name": "A\x00cme\ud800" * 100,
            "owner": {"type": "user", "user": {"id": "u", "name": "x" * 300}},
        }
    )

    assert grant.workspace_name == ("Acme" * 100)[:255]
    assert grant.owner_name == "x" * 255
