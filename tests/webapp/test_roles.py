"""Who may call which route. One row a route and method; a route that is missing here fails the test.

A row says who is the least that may call it. Where the address holds an id, somebody of another organisation gets 404.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from extract.runtime import Runtime
from extract.store.models import Connection, Document, Member, Source, WebhookToken
from tests.webapp.conftest import Browser, Cast
from tests.whole_database import whole_database
from webapp.api import keys
from webapp.people import members
from webapp.roles import Role

ANYONE = "anyone"
A_KEY = "an API key"
A_SIGNATURE = "a signature of Notion's"
MEMBER, ADMIN, OWNER = Role.MEMBER, Role.ADMIN, Role.OWNER

ROUTES: dict[tuple[str, str], str | Role] = {
    ("GET", "/"): MEMBER,
    ("GET", "/static/<path:filename>"): ANYONE,
    # Accounts
    ("GET", "/login"): ANYONE,
    ("POST", "/login"): ANYONE,
    ("GET", "/register"): ANYONE,
    ("POST", "/register"): ANYONE,
    ("POST", "/logout"): MEMBER,
    # Settings
    ("GET", "/settings"): MEMBER,
    ("POST", "/settings/name"): MEMBER,
    ("POST", "/settings/password"): MEMBER,
    ("GET", "/settings/organisation"): ADMIN,
    ("POST", "/settings/organisation"): ADMIN,
    ("GET", "/settings/people"): ADMIN,
    ("POST", "/settings/people/invite"): ADMIN,
    ("POST", "/settings/people/invitations/<int:invitation_id>/withdraw"): ADMIN,
    ("POST", "/settings/people/<int:member_id>/role"): ADMIN,
    ("GET", "/settings/people/<int:member_id>/remove"): ADMIN,
    ("POST", "/settings/people/<int:member_id>/remove"): ADMIN,
    ("GET", "/settings/connections"): ADMIN,
    ("GET", "/settings/chatbots"): ADMIN,
    # Of the installation: for its first organisation only
    ("GET", "/settings/webhooks"): ADMIN,
    ("POST", "/settings/webhooks/tokens"): ADMIN,
    ("POST", "/settings/webhooks/tokens/<int:token_id>/accept"): ADMIN,
    ("POST", "/settings/webhooks/tokens/<int:token_id>/forget"): ADMIN,
    # Chatbots and keys
    ("POST", "/chatbots"): ADMIN,
    ("POST", "/chatbots/<int:chatbot_id>/rename"): ADMIN,
    ("POST", "/chatbots/<int:chatbot_id>/keys"): ADMIN,
    ("GET", "/keys/<int:key_id>/revoke"): ADMIN,
    ("POST", "/keys/<int:key_id>/revoke"): ADMIN,
    # Notion
    ("GET", "/notion/connect"): ADMIN,
    ("GET", "/notion/callback"): MEMBER,
    ("GET", "/notion/connections/<int:connection_id>/disconnect"): ADMIN,
    ("POST", "/notion/connections/<int:connection_id>/disconnect"): ADMIN,
    ("GET", "/notion/connections/<int:connection_id>/removal"): ADMIN,
    ("POST", "/notion/connections/<int:connection_id>/removal"): ADMIN,
    ("GET", "/chatbots/<int:chatbot_id>/notion"): ADMIN,
    ("POST", "/chatbots/<int:chatbot_id>/notion/import"): ADMIN,
    ("POST", "/chatbots/<int:chatbot_id>/notion/estimate"): ADMIN,
    # Knowledge base
    ("GET", "/chatbots/<int:chatbot_id>/sources"): MEMBER,
    ("GET", "/chatbots/<int:chatbot_id>/sources/progress"): MEMBER,
    ("GET", "/sources/<int:source_id>"): MEMBER,
    ("GET", "/documents/<int:document_id>"): MEMBER,
    ("GET", "/chatbots/<int:chatbot_id>/search"): MEMBER,
    ("GET", "/chatbots/<int:chatbot_id>/health"): MEMBER,
    ("POST", "/sources/<int:source_id>/retrain"): ADMIN,
    ("POST", "/sources/<int:source_id>/stop"): ADMIN,
    ("POST", "/sources/<int:source_id>/resume"): ADMIN,
    ("POST", "/sources/<int:source_id>/subpages"): ADMIN,
    ("POST", "/sources/<int:source_id>/auto-retrain"): ADMIN,
    ("POST", "/sources/<int:source_id>/columns"): ADMIN,
    ("GET", "/sources/<int:source_id>/delete"): ADMIN,
    ("POST", "/sources/<int:source_id>/delete"): ADMIN,
    ("POST", "/chatbots/<int:chatbot_id>/sources/retrain"): ADMIN,
    ("GET", "/chatbots/<int:chatbot_id>/sources/delete"): ADMIN,
    ("POST", "/chatbots/<int:chatbot_id>/sources/delete"): ADMIN,
    # Programs
    ("GET", "/healthz"): ANYONE,
    ("GET", "/readyz"): ANYONE,
    ("GET", "/metrics"): ANYONE,
    ("POST", "/webhooks/notion"): A_SIGNATURE,
    ("GET", "/api/v1/search"): A_KEY,
    ("GET", "/api/v1/sources"): A_KEY,
    ("GET", "/api/v1/documents"): A_KEY,
    ("GET", "/api/v1/documents/<int:document_id>"): A_KEY,
}

GUARDED = [(method, rule, least) for (method, rule), least in ROUTES.items() if isinstance(least, Role)]
WITH_AN_ID = [(method, rule) for method, rule, _ in GUARDED if "<int:" in rule]


def test_every_route_is_in_the_table(app: Flask) -> None:
    offered = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    assert offered - ROUTES.keys() == set()
    assert ROUTES.keys() - offered == set()


@pytest.fixture
def address(cast: Cast, source: Source, connection: Connection, runtime: Runtime) -> Callable[[str], str]:
    """The path of a rule, with the ids of Acme's rows."""
    now = runtime.clock()
    document = Document.create(
        chatbot=cast.chatbot, connection=connection, notion_id="d", title="Handbook", created_at=now
    )
    invitation, _ = members.invite(cast.acme, "dan@acme.test", Role.MEMBER, now + timedelta(days=1))
    key, _ = keys.make_key(cast.chatbot, "Website", now)
    token = WebhookToken.create(sealed=runtime.vault.seal("secret"), digest="d", received_at=now)
    ids = {
        "<int:chatbot_id>": cast.chatbot.id,
        "<int:source_id>": source.id,
        "<int:document_id>": document.id,
        "<int:connection_id>": connection.id,
        "<int:member_id>": cast.cleo.id,
        "<int:invitation_id>": invitation.id,
        "<int:key_id>": key.id,
        "<int:token_id>": token.id,
        "<path:filename>": "style.css",
    }

    def fill(rule: str) -> str:
        for name, value in ids.items():
            rule = rule.replace(name, str(value))
        return rule

    return fill


def call(browser: Browser, method: str, path: str) -> tuple[int, str]:
    answer = browser.get(path) if method == "GET" else browser.post(path)
    return answer.status_code, answer.location or ""


def test_only_logged_in_people_have_access(address: Callable[[str], str], browser: Browser) -> None:
    answers = {(method, rule): call(browser, method, address(rule)) for method, rule, _ in GUARDED}

    came_in = {
        route: (status, location)
        for route, (status, location) in answers.items()
        if (status, location.partition("?")[0]) != (303, "/login")
    }
    assert came_in == {}


@pytest.mark.parametrize(("method", "rule", "least"), GUARDED)
def test_each_role_may_do_its_part_and_no_more(
    address: Callable[[str], str],
    cast: Cast,
    login: Callable[[Member], Browser],
    method: str,
    rule: str,
    least: Role,
) -> None:
    for person in (cast.cleo, cast.bob, cast.ada):
        status, location = call(login(person), method, address(rule))
        if Role.of(person.role) < least:
            assert status == 403, person.name
            continue
        assert status in (200, 302, 303, 400), person.name
        assert not location.startswith("/login") or rule == "/logout"
        if method == "POST":
            break  # the row may be gone now; a higher role may do at least as much


def test_rows_of_another_organisation_do_not_exist(
    address: Callable[[str], str], cast: Cast, login: Callable[[Member], Browser]
) -> None:
    mallory = login(cast.mallory)

    answers = {(method, rule): call(mallory, method, address(rule))[0] for method, rule in WITH_AN_ID}

    assert set(answers.values()) == {404}, answers


def test_rows_that_never_were_do_not_exist(cast: Cast, ada: Browser) -> None:
    def nowhere(rule: str) -> str:
        return rule[: rule.index("<")] + "987654" + rule[rule.index(">") + 1 :]

    answers = {(method, rule): call(ada, method, nowhere(rule))[0] for method, rule in WITH_AN_ID}

    assert set(answers.values()) == {404}, answers


@pytest.mark.parametrize("name", ["nobody", "cleo", "bob", "ada", "mallory"])
def test_looking_changes_no_row(
    app: Flask,
    address: Callable[[str], str],
    cast: Cast,
    login: Callable[[Member], Browser],
    browser: Browser,
    name: str,
) -> None:
    """GET, HEAD and OPTIONS of every route; an exception of the database's refusal would come through."""
    person = browser if name == "nobody" else login(getattr(cast, name))
    _, secret = keys.make_key(cast.chatbot, "bot", cast.acme.created_at)
    before = whole_database()

    for rule in sorted({rule for _, rule in ROUTES}):
        headers = {"Authorization": f"Bearer {secret}"} if rule.startswith("/api/") else {}
        for method in ("GET", "HEAD", "OPTIONS"):
            answer = person.client.open(address(rule), method=method, headers=headers)
            assert answer.status_code < 500, (method, rule)
            assert not (method == "HEAD" and answer.data), rule
            answer.close()

    assert whole_database() == before


def test_a_method_that_a_route_does_not_offer_is_refused_and_changes_no_row(
    app: Flask, address: Callable[[str], str], ada: Browser
) -> None:
    ada.get("/settings")
    before = whole_database()

    for rule in sorted({rule for _, rule in ROUTES}):
        offered = {method for method, route in ROUTES if route == rule}
        for method in {"POST", "PUT", "PATCH", "DELETE"} - offered:
            answer = ada.client.open(address(rule), method=method, headers={"X-CSRFToken": ada.token})
            assert answer.status_code in (401, 405), (method, rule)

    assert whole_database() == before


def test_the_api_asks_for_a_key(address: Callable[[str], str], ada: Browser) -> None:
    rules = [rule for (_, rule), least in ROUTES.items() if least == A_KEY]

    answers = {rule: ada.get(address(rule)).status_code for rule in rules}

    assert set(answers.values()) == {401}, answers


def test_events_ask_for_a_signature(ada: Browser) -> None:
    rules = [rule for (_, rule), least in ROUTES.items() if least == A_SIGNATURE]

    assert {ada.client.post(rule, json={"type": "page.moved"}).status_code for rule in rules} == {401}


def test_no_form_is_taken_without_its_token(address: Callable[[str], str], ada: Browser) -> None:
    rules = [rule for (method, rule), least in ROUTES.items() if method == "POST" and least != A_SIGNATURE]

    answers = {rule: ada.client.post(address(rule), data={}) for rule in rules}

    assert {rule: answer.status_code for rule, answer in answers.items() if answer.status_code != 400} == {}
    assert all("nothing was changed" in answer.text for answer in answers.values())
