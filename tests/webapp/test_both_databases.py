"""The pages and the API behave the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import json

import pytest
from flask import Flask

from extract.runtime import Runtime
from extract.store.models import Chatbot, Run
from tests.clock import StoppedClock
from tests.webapp.commands.test_chatbots_and_users import run
from tests.webapp.rows import make_connection, make_document, make_source
from webapp import create_app
from webapp.api.keys import make_key
from webapp.people import members
from webapp.roles import Role


@pytest.fixture
def any_app(any_runtime: Runtime) -> Flask:
    return create_app(any_runtime)


@pytest.fixture
def chatbot(any_app: Flask, clock: StoppedClock) -> Chatbot:
    """One with a source at work, one that failed, documents of each kind, and a run under way."""
    now = clock()
    organisation = members.create_organisation("Acme", now)
    chatbot: Chatbot = organisation.chatbots.get()
    connection = make_connection(organisation, now)
    busy = make_source(chatbot, connection, "Decisions", now, kind="database", status="re-training")
    make_source(
        chatbot, connection, "Plans", now, status="failed", error="Notion was away.", last_synced_at=None
    )
    make_document(busy, "Leave", now, "Everybody has thirty days of leave.")
    make_document(busy, "Waiting", now, requested_at=now)
    make_document(busy, "Broken", now, error="Notion was away.")
    make_document(busy, "Gone", now, removed_at=now)
    Run.create(source=busy, trigger="retrain", fetched=1, started_at=now)
    return chatbot


@pytest.mark.parametrize(
    "path",
    [
        "/chatbots/{id}/sources",
        "/chatbots/{id}/sources?q=plan&status=attention&sort=title",
        "/chatbots/{id}/sources?sort=synced",
        "/chatbots/{id}/sources?sort=size",
        "/chatbots/{id}/sources?kind=tree&sort=documents",
        "/chatbots/{id}/sources/progress?at_work=1&at_work=2",
        "/chatbots/{id}/sources/delete?every=1",
        "/chatbots/{id}/search?q=thirty",
        "/chatbots/{id}/health",
        "/sources/1?q=a",
        "/documents/1?chunks=1",
        "/metrics",
        "/readyz",
    ],
)
def test_a_page_is_answered(any_app: Flask, chatbot: Chatbot, clock: StoppedClock, path: str) -> None:
    owner = members.create_member(
        chatbot.organisation, "ada@acme.test", "Ada", Role.OWNER, "correct horse battery", clock()
    )
    client = any_app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = f"{owner.id}.{owner.session_key}"
        session["_fresh"] = True

    assert client.get(path.format(id=chatbot.id)).status_code == 200


def test_the_api_and_the_commands_tell_the_same(
    any_app: Flask, chatbot: Chatbot, clock: StoppedClock
) -> None:
    _, secret = make_key(chatbot, "bot", clock())
    client = any_app.test_client()
    headers = {"Authorization": f"Bearer {secret}"}

    sources = client.get("/api/v1/sources", headers=headers).json["sources"]
    documents = client.get("/api/v1/documents", headers=headers).json["documents"]
    hits = client.get("/api/v1/search?q=thirty", headers=headers).json["hits"]

    assert [item["title"] for item in sources] == ["Decisions", "Plans"]
    assert [item["title"] for item in documents] == [hits[0]["title"]] == ["Leave"]
    assert client.get(f"/api/v1/documents/{documents[0]['id']}", headers=headers).status_code == 200
    assert json.loads(run(any_app, "sources", "list", "--json").stdout) == sources
    assert run(any_app, "connections", "list").exit_code == 0
