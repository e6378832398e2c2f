"""Safe methods change nothing, and pages of other sites cannot send our forms."""

from __future__ import annotations

import pytest
from flask import Flask

from extract.read_only import SideEffectError, read_only, refuse_notion
from extract.runtime import Runtime
from extract.store.models import Connection, Member, Organisation
from tests.clock import StoppedClock
from tests.webapp.conftest import Browser, Cast
from webapp.http.safe_methods import acts_on_get

ACTING = {"picker.page", "notion_oauth.callback"}
"""The only views whose GET may ask Notion or write a row. Think twice before you add one."""


def test_only_these_views_act_on_get(app: Flask) -> None:
    assert {name for name, view in app.view_functions.items() if hasattr(view, "acts_on_get")} == ACTING


def test_a_view_that_writes_on_get_fails_and_its_row_is_not_written(
    app: Flask, client: object, cast: Cast, clock: StoppedClock
) -> None:
    app.add_url_rule("/writes", "writes", lambda: Organisation.create(name="Sly", created_at=clock()).name)

    with pytest.raises(SideEffectError):
        app.test_client().get("/writes")

    assert not Organisation.select().where(Organisation.name == "Sly").exists()


def test_a_view_that_is_marked_may_write_on_get(app: Flask, cast: Cast, clock: StoppedClock) -> None:
    @acts_on_get("this test")
    def writes() -> str:
        return str(Organisation.create(name="Sly", created_at=clock()).name)

    app.add_url_rule("/writes", "writes", writes)

    assert app.test_client().get("/writes").text == "Sly"
    assert app.test_client().head("/writes").status_code == 405
    assert Organisation.select().where(Organisation.name == "Sly").count() == 1


@pytest.mark.parametrize(
    "statement", ["INSERT INTO member (id) VALUES (1)", " update member SET id = 1", "DELETE"]
)
def test_the_database_refuses_to_write_while_read_only(any_runtime: Runtime, statement: str) -> None:
    with read_only(), pytest.raises(SideEffectError):
        Member.raw(statement).execute()


def test_nothing_asks_notion_while_read_only() -> None:
    with read_only(), pytest.raises(SideEffectError):
        refuse_notion()
    refuse_notion()


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://elsewhere.test"},
        {"Origin": "null"},
        {"Origin": "http://["},
    ],
)
def test_a_form_that_another_website_sent_changes_nothing(
    ada: Browser, connection: Connection, headers: dict[str, str]
) -> None:
    answer = ada.post(f"/notion/connections/{connection.id}/disconnect", headers=headers)

    assert answer.status_code == 403
    assert "another website" in answer.text
    assert Connection.get().state == "alive"


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://localhost"}, {}])
def test_a_form_of_our_own_is_taken(ada: Browser, connection: Connection, headers: dict[str, str]) -> None:
    answer = ada.post(f"/notion/connections/{connection.id}/disconnect", headers=headers)

    assert answer.status_code == 303
    assert Connection.get().state == "disconnected"


def test_a_page_elsewhere_cannot_make_us_ask_notion(ada: Browser, cast: Cast) -> None:
    path = f"/chatbots/{cast.chatbot.id}/notion"
    loaded = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"}
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}

    assert ada.get(path, headers=loaded).status_code == 403
    assert ada.get(path, headers=followed).status_code == 200


def test_programs_with_a_key_or_a_signature_may_come_from_anywhere(browser: Browser) -> None:
    answer = browser.client.post("/webhooks/notion", json={}, headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 401
