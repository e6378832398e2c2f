"""The retrieval API: keys, shapes, pages, limits and errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from redis.backoff import NoBackoff
from redis.retry import Retry
from werkzeug.test import TestResponse

from extract.config.load import ROOT
from extract.runtime import Runtime
from extract.store.models import ApiKey, Document, Source
from extract.values import PageLink, Property
from tests.clock import StoppedClock
from tests.webapp.conftest import Cast
from tests.webapp.rows import make_connection, make_document, make_source, notion_id
from webapp import create_app
from webapp.api.keys import make_key
from webapp.api.retrieval import CODES, limiter

Ask = Callable[..., TestResponse]


@pytest.fixture
def handbook(cast: Cast, clock: StoppedClock) -> Source:
    connection = make_connection(cast.acme, clock())
    return make_source(cast.chatbot, connection, "Handbook", clock())


@pytest.fixture
def ask(client: FlaskClient, cast: Cast, clock: StoppedClock) -> Ask:
    """A request with a key of Acme's chatbot."""
    _, secret = make_key(cast.chatbot, "bot", clock())

    def get(path: str, **kwargs: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {secret}"} | kwargs.pop("headers", {})
        return client.open(path, headers=headers, **kwargs)

    return get


def test_a_search_answers_with_passages_and_where_they_come_from(
    ask: Ask, handbook: Source, clock: StoppedClock
) -> None:
    document = make_document(
        handbook, "Leave", clock(), "Everybody has thirty days of leave.", heading_path=("Holidays", "Paid")
    )

    answer = ask("/api/v1/search?q=thirty days")

    assert answer.status_code == 200
    assert answer.json["query"] == "thirty days"
    (hit,) = answer.json["hits"]
    assert hit.pop("score") > 0
    assert hit.pop("chunk_id") > 0
    assert hit == {
        "text": "Everybody has thirty days of leave.",
        "title": "Leave",
        "heading_path": ["Holidays", "Paid"],
        "url": document.url,
        "source_id": handbook.id,
        "document_id": document.id,
        "last_edited_at": "2026-11-22T08:00:30Z",
        "last_synced_at": "2026-11-22T09:00:30Z",
    }


def test_a_key_opens_one_chatbot_only(ask: Ask, cast: Cast, clock: StoppedClock) -> None:
    connection = make_connection(cast.other, clock(), name="Umbrella")
    theirs = make_source(cast.other_chatbot, connection, "Secret plans", clock())
    document = make_document(theirs, "Secret plans", clock(), "Secret plans of Umbrella.")

    assert ask("/api/v1/search?q=secret plans").json["hits"] == []
    assert ask("/api/v1/sources").json["sources"] == []
    assert ask("/api/v1/documents").json["documents"] == []
    assert ask(f"/api/v1/documents/{document.id}").status_code == 404


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer nothing-we-know", "Basic dXNlcjpwYXNz", "Bearer ünknown"]
)
def test_a_request_without_a_valid_key_gets_no_content(client: FlaskClient, cast: Cast, header: str) -> None:
    answer = client.get("/api/v1/sources", headers={"Authorization": header})

    assert answer.status_code == 401
    assert answer.json == {
        "error": {"code": "unauthorized", "message": "Send a valid key: Authorization: Bearer <key>."}
    }
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "Set-Cookie" not in answer.headers


def test_a_revoked_key_opens_nothing(ask: Ask, clock: StoppedClock) -> None:
    ApiKey.update(revoked_at=clock()).execute()

    assert ask("/api/v1/sources").status_code == 401


def test_wrong_keys_from_an_address_never_stop_the_right_one(ask: Ask, client: FlaskClient) -> None:
    guesses = [{"Authorization": f"Bearer hk_{number}"} for number in range(301)]
    answers = [client.get("/api/v1/sources", headers=guess).status_code for guess in guesses]

    assert answers[-2:] == [401, 429]
    assert ask("/api/v1/sources").status_code == 200


@pytest.mark.parametrize(
    "query", ["", "?q=", "?q=%20%20", f"?q={'x' * 1001}", "?q=a&limit=0", "?q=a&limit=51", "?q=a&limit=many"]
)
def test_a_search_that_makes_no_sense_is_refused_with_a_sentence(ask: Ask, query: str) -> None:
    answer = ask(f"/api/v1/search{query}")

    assert answer.status_code == 400
    assert answer.json["error"]["code"] == "bad_request"
    assert answer.json["error"]["message"].endswith(".") or "q=" in answer.json["error"]["message"]


def test_typed_punctuation_never_breaks_a_search(ask: Ask, handbook: Source, clock: StoppedClock) -> None:
    make_document(handbook, "Leave", clock(), "Thirty days of leave.")

    answer = ask("/api/v1/search", query_string={"q": "\"; DROP * NEAR( -^:' leave"})

    assert answer.status_code == 200


def test_sources_are_the_objects_of_the_command_line(
    ask: Ask, app: Flask, handbook: Source, clock: StoppedClock
) -> None:
    make_document(handbook, "Leave", clock(), "One passage.", "Another passage.")

    listed = ask("/api/v1/sources").json
    printed = app.test_cli_runner().invoke(args=["sources", "list", "--json"])

    assert listed["next_cursor"] is None
    assert listed["sources"] == json.loads(printed.stdout)
    assert listed["sources"][0] | {"bytes": 0} == {
        "id": handbook.id,
        "chatbot_id": handbook.chatbot_id,
        "connection_id": handbook.connection_id,
        "kind": "page",
        "with_subpages": False,
        "notion_id": handbook.notion_id,
        "title": "Handbook",
        "url": "https://www.notion.so/a-page",
        "status": "trained",
        "stopped": False,
        "connection_state": "alive",
        "documents": 1,
        "chunks": 2,
        "bytes": 0,
        "auto_retrain": "live",
        "last_synced_at": "2026-11-22T09:00:30Z",
        "next_sync_at": None,
        "error": None,
    }


def test_lists_are_read_page_by_page_while_rows_come_and_go(
    ask: Ask, handbook: Source, clock: StoppedClock
) -> None:
    documents = [make_document(handbook, f"Page {n}", clock(), f"Text {n}.") for n in range(5)]

    first = ask("/api/v1/documents?limit=2").json
    documents[0].delete_instance()
    second = ask(f"/api/v1/documents?limit=2&cursor={first['next_cursor']}").json
    third = ask(f"/api/v1/documents?limit=2&cursor={second['next_cursor']}").json

    seen = [item["id"] for page in (first, second, third) for item in page["documents"]]
    assert seen == [document.id for document in documents]
    assert third["next_cursor"] is None


@pytest.mark.parametrize("cursor", ["7", "%00", "YWZ0ZXI6LTE", "bm90aGluZw", "é"])
def test_a_cursor_that_is_not_ours_is_refused(ask: Ask, cursor: str) -> None:
    assert ask(f"/api/v1/documents?cursor={cursor}").status_code == 400


def test_a_document_comes_with_its_text_properties_and_resolved_links(
    ask: Ask, handbook: Source, clock: StoppedClock
) -> None:
    target = make_document(handbook, "Holidays", clock(), "Holidays of the year.")
    elsewhere = notion_id()
    document = make_document(
        handbook,
        "Leave",
        clock(),
        "See Holidays.",
        links=(
            PageLink("Holidays", target.url, target.notion_id),
            PageLink("Not imported", "https://www.notion.so/x", elsewhere),
            PageLink("The web", "https://example.com/", None),
        ),
        properties=(Property("Owner", "people", "Ada"),),
    )

    answer = ask(f"/api/v1/documents/{document.id}").json

    assert answer["text"] == "# Leave\n\nSee Holidays."
    assert answer["properties"] == {"Owner": "Ada"}
    assert [link["document_id"] for link in answer["links"]] == [target.id, None, None]
    assert answer["source_ids"] == [handbook.id]
    assert (answer["hash"], answer["bytes"]) == (document.hash, document.bytes)


def test_a_document_that_has_not_changed_is_not_sent_again(
    ask: Ask, handbook: Source, clock: StoppedClock
) -> None:
    document = make_document(handbook, "Leave", clock(), "Thirty days.")
    tag = ask(f"/api/v1/documents/{document.id}").headers["ETag"]

    again = ask(f"/api/v1/documents/{document.id}", headers={"If-None-Match": tag})
    Document.update(text="Forty days.").execute()
    changed = ask(f"/api/v1/documents/{document.id}", headers={"If-None-Match": tag})

    assert (again.status_code, again.data) == (304, b"")
    assert changed.status_code == 200


def test_what_was_removed_or_never_read_is_not_listed(
    ask: Ask, handbook: Source, clock: StoppedClock
) -> None:
    gone = make_document(handbook, "Gone", clock(), "Old text.", removed_at=clock())
    unread = make_document(handbook, "Unread", clock())

    assert ask("/api/v1/documents").json["documents"] == []
    assert ask(f"/api/v1/documents/{gone.id}").status_code == 404
    assert ask(f"/api/v1/documents/{unread.id}").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/documents/999", 404, "not_found"),
        ("GET", "/api/v1/nonsense", 404, "not_found"),
        ("GET", "/api/", 404, "not_found"),
        ("POST", "/api/v1/search?q=a", 405, "method_not_allowed"),
    ],
)
def test_errors_have_one_shape(ask: Ask, method: str, path: str, status: int, code: str) -> None:
    answer = ask(path, method=method)

    assert (answer.status_code, answer.mimetype) == (status, "application/json")
    assert answer.json["error"]["code"] == code
    assert answer.json["error"]["message"]


def test_a_key_may_ask_only_so_often(runtime: Runtime, cast: Cast, clock: StoppedClock) -> None:
    web = replace(runtime.config.web, api_requests_per_minute=2)
    client = create_app(replace(runtime, config=replace(runtime.config, web=web))).test_client()
    keys = [make_key(cast.chatbot, name, clock())[1] for name in ("busy", "quiet")]
    limiter.reset()

    answers = [
        client.get("/api/v1/sources", headers={"Authorization": f"Bearer {keys[0]}"}) for _ in range(3)
    ]
    other = client.get("/api/v1/sources", headers={"Authorization": f"Bearer {keys[1]}"})
    limiter.reset()

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json["error"]["code"] == "rate_limited"
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 61
    assert other.status_code == 200


def test_a_session_is_no_key(cast: Cast, login: Any) -> None:
    assert login(cast.ada).get("/api/v1/sources").status_code == 401


def test_a_chatbot_goes_on_answering_while_redis_is_away(
    runtime: Runtime, cast: Cast, handbook: Source, clock: StoppedClock
) -> None:
    make_document(handbook, "Leave", clock(), "Thirty days.")
    _, secret = make_key(cast.chatbot, "bot", clock())
    gone = redis.Redis(unix_socket_path="/nonexistent/redis.sock", retry=Retry(NoBackoff(), 0))
    client = create_app(replace(runtime, redis=gone)).test_client()

    answer = client.get("/api/v1/search?q=thirty", headers={"Authorization": f"Bearer {secret}"})

    assert answer.status_code == 200
    assert len(answer.json["hits"]) == 1


def test_the_documentation_names_every_address_and_every_error(app: Flask) -> None:
    written = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")

    rules = [rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.")]
    assert len(rules) == 4
    for rule in rules:
        assert rule.replace("<int:document_id>", "31") in written
    for status, code in CODES.items():
        assert f"| {status} | `{code}` |" in written
