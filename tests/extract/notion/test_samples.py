"""Every recorded reply of Notion's, of whatever version, becomes a value without an exception."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from extract.config.load import ROOT
from extract.errors import NotionError, Transient
from extract.notion.http import Reply
from extract.notion.oauth import parse_grant
from extract.notion.pagination import listed
from extract.notion.stubs import bot_of, database_of, markdown_of, stub_of
from extract.notion.verdict import verdict
from tests.clock import START

DATA = ROOT / "tests" / "data" / "notion"


def replies(*names: str) -> list[Any]:
    lines = [line for name in names for line in (DATA / f"{name}.jsonl").read_text().splitlines()]
    found = [json.loads(line) for line in lines]
    return [pytest.param(reply["body"], id=reply["file"]) for reply in found]


@pytest.mark.parametrize("body", replies("pages", "data_sources"))
def test_every_page_and_data_source_is_a_stub(body: dict[str, Any]) -> None:
    stub = stub_of(body)

    assert stub is not None
    assert stub.kind == body["object"]
    assert stub.id.replace("-", "") == body["id"].replace("-", "").lower()
    assert stub.edited_at is not None
    assert stub.edited_at.utcoffset() == timedelta(0)
    assert stub.title
    assert stub.parent.kind == (body.get("database_parent") or body["parent"])["type"]
    assert (stub.parent.id is None) == (stub.parent.kind == "workspace")
    assert not stub.partial
    if body["parent"].get("database_id"):
        assert stub.database_id == body["parent"]["database_id"]


@pytest.mark.parametrize("body", replies("databases"))
def test_every_database_is_a_container(body: dict[str, Any]) -> None:
    databases = body["results"] if body["object"] == "list" else [body]
    for item in databases:
        if item["object"] != "database":
            continue
        container = database_of(item)
        assert container is not None
        assert [source.id for source in container.data_sources] == [
            source["id"] for source in item.get("data_sources", [])
        ]
        assert container.title


@pytest.mark.parametrize(
    "body", replies("search", "data_sources_query", "databases_query", "blocks_children", "users")
)
def test_every_listing_is_read(body: Any) -> None:
    if isinstance(body, list):  # a sample without its envelope
        body = {"results": body, "has_more": False}
    if "results" not in body:
        with pytest.raises(Transient):
            listed(body, "x")
        return
    page = listed(body, "x")
    assert len(page.results) == len(body["results"])
    assert (page.next_cursor is None) == (not body["has_more"])
    assert not page.broken
    for item in page.results:
        stub = stub_of(item)
        assert (stub is not None) == (item["object"] in ("page", "data_source"))


@pytest.mark.parametrize("body", replies("blocks", "page_properties"))
def test_blocks_and_property_items_are_passed_on_as_they_are(body: dict[str, Any]) -> None:
    assert stub_of(body) is None
    assert database_of(body) is None


@pytest.mark.parametrize("body", replies("markdown"))
def test_every_markdown_body_is_kept_as_it_is(body: dict[str, Any]) -> None:
    page = markdown_of(body, body["id"])

    if body["object"] != "page_markdown":  # the receipt of an asynchronous task
        assert page is None
        return
    assert page is not None
    assert page.markdown == body["markdown"]


@pytest.mark.parametrize("body", replies("users"))
def test_users_are_read_whether_they_are_bots_or_not(body: dict[str, Any]) -> None:
    for user in body.get("results", [body]):
        bot = bot_of(user)
        assert bot is not None
        assert bot.workspace_name == user.get("bot", {}).get("workspace_name")


@pytest.mark.parametrize("body", replies("oauth"))
def test_a_grant_of_an_old_version_is_read(body: dict[str, Any]) -> None:
    grant = parse_grant(body)

    assert (grant.access_token, grant.bot_id, grant.refresh_token) == ("token1", "bot1", None)
    assert (grant.workspace_name, grant.owner_user_id) == ("workspace_1", None)


@pytest.mark.parametrize("body", replies("errors", "errors_documented"))
def test_every_error_body_is_an_error(body: dict[str, Any]) -> None:
    inner = body.get("body", body)
    status = inner.get("status", 400)

    assert isinstance(judge(verdict, status, inner), NotionError)


def judge(
    function: Callable[..., NotionError | None], status: int, body: dict[str, Any]
) -> NotionError | None:
    return function(Reply(status, body, None, None), "GET /x", now=START)
