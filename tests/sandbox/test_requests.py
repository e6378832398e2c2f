"""What is checked on every request: version, token, request budget; faults; the request log."""

import httpx
import pytest

from sandbox import RateLimit, World
from sandbox.world.world import WorkspaceHandle
from tests.sandbox.conftest import Api, Time


def test_the_version_header_is_required(api: Api) -> None:
    answer = api.http.get("/v1/users/me", headers={"Authorization": f"Bearer {api.grant.access_token}"})
    assert (answer.status_code, answer.json()["code"]) == (400, "missing_version")
    assert "instead was `undefined`" in answer.json()["message"]


def test_an_unknown_address_is_a_400(api: Api) -> None:
    answer = api.get("/v1/invalid")
    assert (api.status, answer["code"], answer["message"]) == (
        400,
        "invalid_request_url",
        "Invalid request URL.",
    )


def test_broken_json_is_a_400(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.grant.access_token}", "Notion-Version": "2026-03-11"}
    answer = api.http.post("/v1/search", content=b"{", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")


def test_the_budget_is_180_requests_in_a_minute(api: Api, time: Time) -> None:
    for _ in range(180):
        api.get("/v1/users/me")
        assert api.status == 200
    time.pass_(seconds=20)
    answer = api.get("/v1/users/me")
    assert (api.status, answer["code"], api.headers["Retry-After"]) == (429, "rate_limited", "40")
    assert answer["additional_data"] == {
        "rate_limit_reason": "public_api_request_rate_limit",
        "retry_after": "40",
    }
    time.pass_(seconds=40)
    api.get("/v1/users/me")
    assert api.status == 200


def test_each_workspace_has_its_own_budget_and_it_can_be_lifted(world: World, api: Api) -> None:
    world.rate_limit = RateLimit(requests=1, window_seconds=60)
    other = Api(world, world.install(world.workspace("Other", user="Bob")))
    api.get("/v1/users/me")
    other.get("/v1/users/me")
    assert other.status == 200
    other.get("/v1/users/me")
    assert other.status == 429
    world.rate_limit = None
    other.get("/v1/users/me")
    assert other.status == 200


def test_a_fault_affects_the_requests_it_is_set_for_and_ends(
    world: World, api: Api, acme: WorkspaceHandle
) -> None:
    page, other = acme.page("One"), acme.page("Two")
    world.faults.fail("markdown", status=529, times=2, headers={"Retry-After": "3"}, page_id=page)
    assert api.markdown(other) == ""
    for _ in range(2):
        answer = api.get(f"/v1/pages/{page.id}/markdown")
        assert (api.status, answer["code"], api.headers["Retry-After"]) == (529, "service_overload", "3")
    assert api.markdown(page) == ""


def test_an_edge_error_is_a_page_without_request_id(world: World, api: Api) -> None:
    world.faults.fail("search", status=403, html=True)
    headers = {"Authorization": f"Bearer {api.grant.access_token}", "Notion-Version": "2026-03-11"}
    answer = api.http.post("/v1/search", json={}, headers=headers)
    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "text/html; charset=UTF-8")
    assert "cf-ray" in answer.headers


def test_connections_can_break_and_answers_can_be_cut(world: World, api: Api) -> None:
    world.faults.drop("me")
    with pytest.raises(ConnectionError):
        api.get("/v1/users/me")
    world.faults.truncate_json("me")
    with pytest.raises(ValueError, match="Unterminated|Expecting"):
        api.get("/v1/users/me")
    assert api.get("/v1/users/me")["type"] == "bot"


def test_requests_are_remembered(world: World, api: Api, acme: WorkspaceHandle) -> None:
    page = acme.page("Plan")
    api.get(f"/v1/pages/{page.id}/markdown")
    api.get("/v1/pages/00000000-0000-4000-8000-000000000000")
    seen = [(each.method, each.endpoint, each.status, each.target) for each in world.requests]
    assert seen == [
        ("GET", "markdown", 200, page.id),
        ("GET", "page", 404, "00000000-0000-4000-8000-000000000000"),
    ]
    assert world.requests[0].bot_id == api.grant.bot_id


def test_a_missing_capability_is_a_403(world: World, api: Api, acme: WorkspaceHandle) -> None:
    world.capabilities.discard("read_content")
    assert (api.post("/v1/search")["code"], api.status) == ("restricted_resource", 403)
    assert api.get("/v1/users/me")["bot"]["workspace_name"] == "Acme"


def test_users_can_be_listed_and_read(world: World, api: Api, acme: WorkspaceHandle) -> None:
    found = api.get("/v1/users")
    assert [each["type"] for each in found["results"]] == ["person", "bot"]
    assert api.get(f"/v1/users/{acme.owner.id}")["person"]["email"] == "ada.lovelace@example.test"
    api.get("/v1/users/00000000-0000-4000-8000-000000000000")
    assert api.status == 404


def test_changes_are_told_to_listeners(world: World, acme: WorkspaceHandle) -> None:
    heard: list[tuple[str, str]] = []
    world.on_change(lambda change: heard.append((change.kind, change.action)))
    acme.page("Plan").edit("new")
    assert heard == [("page", "created"), ("page", "content")]


def test_other_pages_are_not_found_in_the_ordinary_way(api: Api) -> None:
    assert isinstance(answer := api.http.get("/nowhere"), httpx.Response)
    assert answer.status_code == 404
