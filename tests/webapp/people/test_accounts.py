"""Registering, logging in and out."""

from __future__ import annotations

import re

import pytest
import redis
from flask import Flask

from extract.errors import Refused
from extract.runtime import Runtime
from extract.store.models import Chatbot, Member, Organisation
from tests.webapp.commands.test_chatbots_and_users import run
from tests.webapp.conftest import PASSWORD, Browser, Cast
from webapp import clean_text, create_app
from webapp.people import members, passwords
from webapp.people.sign_in import own_path

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


def from_address(app: Flask, address: str) -> Browser:
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = address
    return Browser(client)


def test_who_guesses_from_elsewhere_does_not_lock_out_a_browser_that_the_person_has_used(
    app: Flask, cast: Cast, browser: Browser
) -> None:
    right = {"email": "ada@acme.test", "password": PASSWORD}
    browser.post("/login", right)
    browser.post("/logout")
    wrong = [
        from_address(app, f"192.0.2.{number // 9}").post("/login", right | {"password": "wrong"}).status_code
        for number in range(60)
    ]

    assert wrong == [401] * 50 + [429] * 10
    assert from_address(app, "192.0.2.99").post("/login", right).status_code == 429
    assert browser.post("/login", right).status_code == 303


def test_who_guesses_from_the_same_network_does_not_lock_that_browser_out_either(
    app: Flask, cast: Cast, browser: Browser
) -> None:
    right = {"email": "ada@acme.test", "password": PASSWORD}
    browser.post("/login", right)
    browser.post("/logout")
    guesser = Browser(app.test_client())
    for _ in range(11):
        last = guesser.post("/login", right | {"password": "wrong"})

    assert last.status_code == 429
    assert browser.post("/login", right).status_code == 303


def test_guessing_in_a_browser_that_the_person_has_used_is_slowed_down(cast: Cast, browser: Browser) -> None:
    browser.post("/login", {"email": "ada@acme.test", "password": PASSWORD})
    browser.post("/logout")

    answers = [
        browser.post("/login", {"email": "ada@acme.test", "password": "wrong"}).status_code for _ in range(11)
    ]

    assert answers == [401] * 10 + [429]


def test_a_browser_is_known_for_the_person_only_who_logged_in_with_it(
    app: Flask, cast: Cast, browser: Browser
) -> None:
    browser.post("/login", {"email": "bob@acme.test", "password": PASSWORD})
    browser.post("/logout")
    for number in range(60):
        guesser = from_address(app, f"192.0.2.{number // 9}")
        guesser.post("/login", {"email": "ada@acme.test", "password": "wrong"})

    assert browser.post("/login", {"email": "ada@acme.test", "password": PASSWORD}).status_code == 429


def test_a_cookie_that_we_did_not_sign_makes_no_browser_known(app: Flask, cast: Cast) -> None:
    forged = Browser(app.test_client())
    for number in range(12):
        forged.client.set_cookie("hilal-known", f"WzEsImFi{number}Il0.aaaa.bbbb")
        last = forged.post("/login", {"email": "ada@acme.test", "password": "wrong"})

    assert last.status_code == 429


def test_the_cookie_of_a_known_browser_is_out_of_reach_of_scripts_and_opens_nothing(
    app: Flask, cast: Cast, browser: Browser
) -> None:
    answer = browser.post("/login", {"email": "ada@acme.test", "password": PASSWORD})
    cookie = next(
        cookie for cookie in answer.headers.getlist("Set-Cookie") if cookie.startswith("hilal-known=")
    )
    stranger = Browser(app.test_client())
    stranger.client.set_cookie("hilal-known", cookie.partition(";")[0].partition("=")[2])

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert stranger.get("/settings").location == "/login?next=/settings"


def copied(app: Flask, browser: Browser) -> Browser:
    """Another browser with the same session cookie."""
    cookie = browser.client.get_cookie("hilal")
    assert cookie is not None
    other = Browser(app.test_client())
    other.client.set_cookie("hilal", cookie.value)
    return other


def test_logging_out_ends_the_session_of_this_browser(app: Flask, cast: Cast, browser: Browser) -> None:
    browser.post("/login", {"email": "ada@acme.test", "password": PASSWORD})
    phone = Browser(app.test_client())
    phone.post("/login", {"email": "ada@acme.test", "password": PASSWORD})

    browser.post("/logout")

    assert browser.get("/settings").status_code == 303
    assert phone.get("/settings").status_code == 200


def test_logging_out_everywhere_ends_every_session_and_every_copy_of_a_cookie(
    app: Flask, cast: Cast, browser: Browser
) -> None:
    browser.post("/login", {"email": "ada@acme.test", "password": PASSWORD})
    copy = copied(app, browser)
    assert copy.get("/settings").status_code == 200
    assert 'name="everywhere"' in browser.get("/settings").text

    browser.post("/logout", {"everywhere": "1"})

    assert browser.get("/settings").status_code == 303
    assert copy.get("/settings").status_code == 303


ADDRESSES = {
    "ada@acme.test": True,
    "a.b+c'd@sub.acme.test": True,
    "ädä@müller.test": True,
    f"{'a' * 243}@acme.test"[-254:]: True,
    f"{'a' * 300}@acme.test": False,
    "": False,
    "ada": False,
    "ada@acme": False,
    "@acme.test": False,
    "ada@.test": False,
    "ada@test.": False,
    "ada@b@acme.test": False,
    "a da@acme.test": False,
    "ada@acme\u2003x.test": False,
    "ada@acme.test\n": False,
    "ada\x00@acme.test": False,
    "Ada <ada@acme.test>": False,
}


@pytest.mark.parametrize(("text", "good"), ADDRESSES.items(), ids=str)
def test_what_can_be_an_address(text: str, good: bool) -> None:
    assert clean_text.is_email(text) is good


MONSTERS = ["a@" + "." * 1_000_000 + " x", "a@" + "a." * 500_000 + "@", "a" * 2_000_000, " " * 2_000_000]


@pytest.mark.parametrize("email", MONSTERS, ids=["dots", "labels", "letters", "spaces"])
def test_an_address_of_any_length_is_refused_at_once(browser: Browser, email: str) -> None:
    assert browser.post("/login", {"email": email[:1_900_000], "password": PASSWORD}).status_code == 400
    with pytest.raises(Refused):
        clean_text.clean_email(email)


@pytest.mark.parametrize(
    "email", [monster[:3_900] for monster in MONSTERS], ids=["dots", "labels", "letters", "spaces"]
)
def test_an_address_too_long_is_refused_wherever_one_is_taken(
    app: Flask, cast: Cast, ada: Browser, browser: Browser, email: str
) -> None:
    log_in = browser.post("/login", {"email": email, "password": PASSWORD})
    ada.post("/settings/people/invite", {"email": email, "role": "member"})
    made = run(app, "users", "create", "--email", email)

    assert log_in.status_code == 401
    assert "does not look like an e-mail address" in ada.get("/settings/people").text
    assert (made.exit_code, "does not look like" in made.stderr) == (1, True)


def test_a_registration_with_long_fields_is_refused_or_cut(browser: Browser) -> None:
    long = "x" * 3_900
    assert browser.post("/register", FIRST | {"password": long}).status_code == 400
    assert browser.post("/register", FIRST | {"email": f"{long}@acme.test"}).status_code == 400
    assert browser.post("/register", FIRST | {"invitation": long}).status_code == 403

    assert browser.post("/register", FIRST | {"name": long, "organisation": long}).status_code == 303
    assert (len(Member.get().name), len(Organisation.get().name)) == (120, 120)


def test_a_password_that_only_begins_like_the_right_one_is_wrong(cast: Cast, browser: Browser) -> None:
    right = "p" * passwords.MAXIMUM_LENGTH
    members.set_password(cast.ada, right)

    assert browser.post("/login", {"email": "ada@acme.test", "password": right + "q"}).status_code == 401
    assert browser.post("/login", {"email": "ada@acme.test", "password": right}).status_code == 303


def test_control_characters_in_names_are_left_out(browser: Browser) -> None:
    browser.post("/register", FIRST | {"name": " A\x01da\x07\n نمی\u200cخواهم ", "organisation": "Ac\x01me"})

    assert (Member.get().name, Organisation.get().name) == ("Ada نمی\u200cخواهم", "Acme")


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
