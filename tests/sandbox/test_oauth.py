"""OAuth: consent, exchange, refresh, revocation."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from sandbox import World
from sandbox.world.world import WorkspaceHandle
from tests.sandbox.conftest import REDIRECT, Api

ASK: dict[str, str] = {"redirect_uri": REDIRECT, "response_type": "code", "owner": "user", "state": "s 1&x"}


@pytest.fixture
def http(world: World, api: Api) -> httpx2.Client:
    return api.http


def ask(http: httpx2.Client, world: World, **changed: str) -> httpx2.Response:
    return http.get("/v1/oauth/authorize", params={"client_id": world.client_id, **ASK, **changed})


def decide(http: httpx2.Client, world: World, pages: list[str], decision: str = "allow", **sent: str) -> Any:
    workspace = next(iter(world.workspaces.values()))
    form = {
        "client_id": world.client_id,
        **ASK,
        "workspace_id": workspace.id,
        "user_id": workspace.owner_id,
        "page": pages,
        "decision": decision,
    }
    headers = {"Origin": sent.get("origin", "http://notion.test")}
    return http.post("/v1/oauth/authorize", data=form, headers=headers)


def answer_of(response: httpx2.Response) -> dict[str, str]:
    assert response.headers["Location"].startswith(REDIRECT + "?")
    return {key: values[0] for key, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}


def token(http: httpx2.Client, world: World, secret: str | None = None, **body: str) -> httpx2.Response:
    return http.post(
        "/v1/oauth/token",
        json=body,
        auth=(world.client_id, secret or world.client_secret),
        headers={"Notion-Version": "2026-03-11"},
    )


def exchange(http: httpx2.Client, world: World, code: str, redirect_uri: str = REDIRECT) -> httpx2.Response:
    return token(http, world, grant_type="authorization_code", code=code, redirect_uri=redirect_uri)


def test_the_consent_screen_says_who_asks_and_shows_the_pages(
    http: httpx2.Client, world: World, acme: WorkspaceHandle
) -> None:
    home = acme.page("<Home>")
    acme.page("Inside", parent=home)
    page = ask(http, world).text
    assert "Hilal Chatbot" in page
    assert "Acme" in page
    assert "&lt;Home&gt;" in page
    assert "Inside" in page
    assert "<script" not in page


def test_ticked_pages_are_granted_once_the_code_is_exchanged(
    http: httpx2.Client, world: World, acme: WorkspaceHandle
) -> None:
    bob = acme.user("Bob Noyce")
    home, other = acme.page("Home"), acme.page("Other")
    world.install(acme, share=[other])
    before = world.grant(next(iter(world.grants)))
    answer = answer_of(decide(http, world, [home.id]))
    assert answer["state"] == "s 1&x"
    assert before.can_see(other)
    assert not before.can_see(home)
    body = exchange(http, world, answer["code"]).json()
    assert (body["workspace_name"], body["owner"]["user"]["name"]) == ("Acme", "Ada Lovelace")
    assert body["bot_id"] == before.bot_id
    grant = world.grant(body["bot_id"])
    assert grant.can_see(acme.page("Later", parent=home))
    assert not grant.can_see(other)
    assert bob.name in ask(http, world).text


def test_a_code_works_once_and_only_for_its_redirect_uri(
    http: httpx2.Client, world: World, acme: WorkspaceHandle
) -> None:
    code = answer_of(decide(http, world, []))["code"]
    assert exchange(http, world, code, "http://elsewhere.test").json()["error"] == "invalid_grant"
    assert exchange(http, world, code).status_code == 200
    again = exchange(http, world, code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert set(again.json()) == {"error", "error_description", "request_id"}


def test_cancelling_goes_back_with_an_error(http: httpx2.Client, world: World, acme: WorkspaceHandle) -> None:
    assert answer_of(decide(http, world, [], "cancel")) == {"error": "access_denied", "state": "s 1&x"}


def test_consent_is_asked_again_with_earlier_choices_ticked(
    http: httpx2.Client, world: World, acme: WorkspaceHandle
) -> None:
    home, other = acme.page("Home"), acme.page("Other")
    first = exchange(http, world, answer_of(decide(http, world, [home.id]))["code"]).json()
    page = ask(http, world).text
    assert re.search(rf'value="{home.id}" checked', page)
    assert not re.search(rf'value="{other.id}" checked', page)
    second = exchange(http, world, answer_of(decide(http, world, [home.id, other.id]))["code"]).json()
    assert second["bot_id"] == first["bot_id"]
    assert second["access_token"] != first["access_token"]


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "wrong"},
        {"response_type": "token"},
        {"owner": "workspace"},
        {"redirect_uri": "javascript:1"},
    ],
)
def test_a_wrong_request_is_shown_to_the_person(
    http: httpx2.Client, world: World, acme: WorkspaceHandle, changed: dict[str, str]
) -> None:
    assert ask(http, world, **changed).status_code == 400


def test_only_registered_redirect_uris_are_accepted(
    http: httpx2.Client, world: World, acme: WorkspaceHandle
) -> None:
    world.redirect_uris = ["http://chatbot.test/other"]
    assert ask(http, world).status_code == 400


def test_a_form_from_another_site_is_refused(
    http: httpx2.Client, world: World, acme: WorkspaceHandle
) -> None:
    assert decide(http, world, [], origin="http://evil.test").status_code == 403


def test_refreshing_replaces_both_tokens(http: httpx2.Client, world: World, api: Api) -> None:
    old = api.grant.access_token, api.grant.refresh_token
    body = token(http, world, grant_type="refresh_token", refresh_token=old[1]).json()
    assert (body["access_token"], body["refresh_token"]) != old
    assert api.get("/v1/users/me")["id"] == body["bot_id"]
    stale = http.get(
        "/v1/users/me", headers={"Authorization": f"Bearer {old[0]}", "Notion-Version": "2026-03-11"}
    )
    assert (stale.status_code, stale.json()["code"]) == (401, "unauthorized")
    again = token(http, world, grant_type="refresh_token", refresh_token=old[1])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_an_expired_token_is_refused_until_it_is_refreshed(
    http: httpx2.Client, world: World, api: Api
) -> None:
    world.expire_token(api.grant)
    assert api.get("/v1/users/me")["message"] == "API token is invalid."
    token(http, world, grant_type="refresh_token", refresh_token=api.grant.refresh_token)
    api.get("/v1/users/me")
    assert api.status == 200


def test_wrong_client_credentials_are_refused(http: httpx2.Client, world: World, api: Api) -> None:
    answer = token(http, world, secret="wrong", grant_type="refresh_token", refresh_token="x")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    world.oauth_error_field = "code"
    assert token(http, world, grant_type="nonsense").json()["code"] == "unsupported_grant_type"


def test_revoking_ends_the_grant(http: httpx2.Client, world: World, api: Api) -> None:
    auth = (world.client_id, world.client_secret)
    headers = {"Notion-Version": "2026-03-11"}
    body = {"token": api.grant.access_token}
    assert http.post("/v1/oauth/introspect", json=body, auth=auth, headers=headers).json()["active"] is True
    assert set(http.post("/v1/oauth/revoke", json=body, auth=auth, headers=headers).json()) == {"request_id"}
    assert http.post("/v1/oauth/introspect", json=body, auth=auth, headers=headers).json()["active"] is False
    api.get("/v1/users/me")
    assert api.status == 401
