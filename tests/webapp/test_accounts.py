"""Registering, logging in and out."""

from __future__ import annotations

import re

import pytest
import redis
from flask import Flask

from extract.models import Chatbot, Member, Organisation
from extract.runtime import Runtime
from webapp import create_app
from webapp.sign_in import own_path

from .conftest import PASSWORD, Browser, Cast

FIRST = {"email": "Ada@Acme.test ", "password": PASSWORD, "name": "Ada", "organisation": "Acme"}


def test_the_first_registration_founds_the_organisation_with_a_chatbot_and_its_owner(
    browser: Browser,
) -> None:
    answer = browser.post("/register", FIRST)

    assert answer.status_code == 303
    member = Member.get()
    assert (member.email, member.role, member.organisation.name) == ("ada@acme.test", "owner", "Acme")
    assert Chatbot.select().where(Chatbot.organisation == member.organisation).count() == 1
    assert browser.get("/settings").status_code == 200


def test_the_login_page_leads_to_registration_while_nobody_is_there(browser: Browser) -> None:
    assert browser.get("/login").location == "/register"


def test_a_second_registration_needs_an_invitation(cast: Cast, browser: Browser) -> None:
    answer = browser.post("/register", FIRST | {"email": "eve@elsewhere.test"})

    assert answer.status_code == 403
    assert "needs an invitation" in answer.text
    assert "<form" not in browser.get("/register").text
    assert Organisation.select().count() == 2


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"password": "short"}, "at least 8 characters"),
        ({"email": "not an address"}, "does not look like an e-mail address"),
        ({"organisation": "  "}, "Give the organisation a name"),
    ],
)
def test_a_registration_that_will_not_do_says_why(
    browser: Browser, change: dict[str, str], sentence: str
) -> None:
    answer = browser.post("/register", FIRST | change)

    assert answer.status_code == 400
    assert sentence in answer.text
    assert Member.select().count() == Organisation.select().count() == 0


def test_login_and_logout(cast: Cast, browser: Browser) -> None:
    answer = browser.post("/login", {"email": " ADA@acme.test", "password": PASSWORD})

    assert (answer.status_code, answer.location) == (303, "/")
    assert browser.get("/settings").status_code == 200
    assert browser.post("/logout").location == "/login"
    assert browser.get("/settings").location == "/login?next=/settings"


def test_a_wrong_password_and_an_unknown_person_get_the_same_answer(cast: Cast, browser: Browser) -> None:
    wrong = browser.post("/login", {"email": "ada@acme.test", "password": "wrong"})
    unknown = browser.post("/login", {"email": "who@acme.test", "password": "wrong"})

    def without(text: str, email: str) -> str:
        return re.sub(r'(content|value)="[\w.-]{60,}"', "", text.replace(email, ""))

    assert wrong.status_code == unknown.status_code == 401
    assert "do not belong together" in wrong.text
    assert without(wrong.text, "ada@acme.test") == without(unknown.text, "who@acme.test")


def test_a_login_goes_on_to_the_page_asked_for(cast: Cast, browser: Browser) -> None:
    asked = browser.get("/settings/people?x=1")

    assert asked.location == "/login?next=/settings/people?x%3D1"
    browser.get(asked.location)
    answer = browser.post(
        "/login", {"email": "ada@acme.test", "password": PASSWORD, "next": "/settings/people?x=1"}
    )
    assert answer.location == "/settings/people?x=1"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.test/",
        "//evil.test/",
        "/\\evil.test",
        "javascript:alert(1)",
        "http:evil",
        "evil",
        "/a\nb",
        "",
    ],
)
def test_a_login_never_goes_on_to_another_site(app: Flask, address: str) -> None:
    with app.test_request_context():
        assert own_path(address) is None


def test_a_login_takes_an_address_of_our_own_as_a_path(app: Flask) -> None:
    with app.test_request_context():
        assert own_path("http://localhost/settings?a=b") == "/settings?a=b"


def test_guessing_one_persons_password_is_slowed_down(cast: Cast, browser: Browser) -> None:
    for _ in range(10):
        browser.post("/login", {"email": "ada@acme.test", "password": "wrong"})

    refused = browser.post("/login", {"email": "ada@acme.test", "password": PASSWORD})
    other = browser.post("/login", {"email": "bob@acme.test", "password": PASSWORD})

    assert refused.status_code == 429
    assert "Wait a few minutes" in refused.text
    assert other.status_code == 303


def test_guessing_from_one_address_is_slowed_down(cast: Cast, browser: Browser) -> None:
    answers = [
        browser.post("/login", {"email": f"person{number}@acme.test", "password": ""}).status_code
        for number in range(61)
    ]

    assert answers == [401] * 60 + [429]


def test_without_redis_the_login_answers_with_a_sentence(runtime: Runtime, cast: Cast) -> None:
    gone = redis.Redis.from_url("unix:///nowhere/redis.sock")
    lonely = create_app(
        Runtime(runtime.config, runtime.vault, gone, clock=runtime.clock, transport=runtime.transport)
    )
    browser = Browser(lonely.test_client())

    answer = browser.post("/login", {"email": "ada@acme.test", "password": PASSWORD})

    assert answer.status_code == 503
    assert "Try again in a minute" in answer.text


def test_a_session_ends_when_its_key_changes(cast: Cast, ada: Browser) -> None:
    assert ada.get("/settings").status_code == 200
    Member.update(session_key="another").where(Member.id == cast.ada.id).execute()

    assert ada.get("/settings").location == "/login?next=/settings"


def test_an_outdated_hash_is_renewed_at_login(cast: Cast, browser: Browser) -> None:
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    Member.update(password_hash=weak).where(Member.id == cast.ada.id).execute()

    browser.post("/login", {"email": "ada@acme.test", "password": PASSWORD})

    renewed = Member.get_by_id(cast.ada.id).password_hash
    assert "m=19456,t=2,p=1" in renewed
    assert renewed != weak
