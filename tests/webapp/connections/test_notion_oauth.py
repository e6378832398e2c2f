"""The consent of Notion: each outcome ends on the picker with a sentence."""

from __future__ import annotations

import logging
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from extract.runtime import Runtime
from extract.store.models import Chatbot, Connection, Member
from sandbox import World
from tests.webapp.conftest import Browser, Cast


class Notion:
    """A person at Notion's consent screen."""

    def __init__(self, runtime: Runtime, world: World) -> None:
        self.world = world
        self.workspace = world.workspace("Acme")
        self.page = self.workspace.page("Handbook")
        self._http = httpx.Client(transport=runtime.transport, base_url=runtime.config.notion.api_url)

    def answer(self, consent: str, decision: str = "allow") -> str:
        """The path of ours that Notion sends the browser to."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(consent).query).items()}
        form = query | {
            "decision": decision,
            "workspace_id": self.workspace.id,
            "user_id": self.workspace.owner.id,
            "page": self.page.id,
        }
        answer = self._http.post("/v1/oauth/authorize", data=form)
        location = urlsplit(answer.headers["location"])
        return f"{location.path}?{location.query}"


@pytest.fixture
def notion(runtime: Runtime, world: World) -> Notion:
    return Notion(runtime, world)


def consent_address(browser: Browser, chatbot: Chatbot) -> str:
    answer = browser.get(f"/notion/connect?chatbot={chatbot.id}")
    assert answer.status_code == 302
    return str(answer.location)


def test_connect_leads_to_the_consent_screen(
    runtime: Runtime, cast: Cast, ada: Browser, world: World
) -> None:
    address = urlsplit(consent_address(ada, cast.chatbot))

    assert f"{address.scheme}://{address.netloc}{address.path}" == "http://127.0.0.1:4999/v1/oauth/authorize"
    query = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert len(query.pop("state")) > 30
    assert query == {
        "client_id": world.client_id,
        "redirect_uri": "http://127.0.0.1:5000/notion/callback",
        "response_type": "code",
        "owner": "user",
    }


def test_a_consent_connects_the_workspace_and_ends_on_its_picker(
    cast: Cast, ada: Browser, notion: Notion, runtime: Runtime
) -> None:
    answer = ada.get(notion.answer(consent_address(ada, cast.chatbot)))

    connection = Connection.get()
    assert answer.location == f"/chatbots/{cast.chatbot.id}/notion?connection={connection.id}"
    assert (connection.state, connection.organisation, connection.workspace_name) == (
        "alive",
        cast.acme,
        "Acme",
    )
    assert runtime.vault.open(connection.access_token).startswith("ntn_")
    picker = ada.get(answer.location).text
    assert "Acme is connected" in picker
    assert "Handbook" in picker


def test_the_consent_is_for_the_chatbot_it_was_begun_from(
    cast: Cast, ada: Browser, notion: Notion, runtime: Runtime
) -> None:
    second = Chatbot.create(organisation=cast.acme, name="Second", created_at=runtime.clock())
    consent = consent_address(ada, second)
    ada.get(f"/chatbots/{cast.chatbot.id}/notion")

    assert ada.get(notion.answer(consent)).location.startswith(f"/chatbots/{second.id}/notion")


def test_a_cancelled_consent_shows_its_sentence_and_keeps_earlier_connections(
    cast: Cast, ada: Browser, notion: Notion
) -> None:
    ada.get(notion.answer(consent_address(ada, cast.chatbot)))
    before = Connection.get().access_token

    answer = ada.get(notion.answer(consent_address(ada, cast.chatbot), decision="cancel"))

    assert answer.location == f"/chatbots/{cast.chatbot.id}/notion"
    assert "Nothing was connected: the consent was cancelled in Notion." in ada.get(answer.location).text
    assert (Connection.get().state, Connection.get().access_token) == ("alive", before)


def test_a_state_works_once(cast: Cast, ada: Browser, notion: Notion) -> None:
    callback = notion.answer(consent_address(ada, cast.chatbot))
    ada.get(callback)

    answer = ada.get(callback)

    assert answer.location == f"/chatbots/{cast.chatbot.id}/notion"
    assert "This sign-in link was already used" in ada.get(answer.location).text
    assert Connection.select().count() == 1


@pytest.mark.parametrize("query", ["", "?code=x", "?code=x&state=made.up", "?state=", "?error=access_denied"])
def test_a_state_that_is_not_ours_connects_nothing(cast: Cast, ada: Browser, query: str) -> None:
    answer = ada.get(f"/notion/callback{query}")

    assert answer.location == f"/chatbots/{cast.chatbot.id}/notion"
    assert "This sign-in link was already used" in ada.get(answer.location).text
    assert not Connection.select().exists()


def test_a_state_of_another_browser_connects_nothing(
    cast: Cast, ada: Browser, notion: Notion, login: Callable[[Member], Browser]
) -> None:
    callback = notion.answer(consent_address(ada, cast.chatbot))

    answer = login(cast.mallory).get(callback)

    assert answer.location == f"/chatbots/{cast.other_chatbot.id}/notion"
    assert not Connection.select().exists()


def test_a_lost_session_logs_in_and_ends_on_the_picker_with_the_sentence(
    cast: Cast, ada: Browser, notion: Notion, browser: Browser
) -> None:
    second = Chatbot.create(organisation=cast.acme, name="Second", created_at=cast.chatbot.created_at)
    callback = notion.answer(consent_address(ada, second))

    asked = browser.get(callback)

    assert asked.location.startswith("/login?next=/notion/callback")
    assert "code" not in asked.location
    browser.get(asked.location)
    back = parse_qs(urlsplit(asked.location).query)["next"][0]
    logged_in = browser.post(
        "/login", {"email": "ada@acme.test", "password": "correct horse battery", "next": back}
    )
    landed = browser.get(logged_in.location)
    assert landed.location == f"/chatbots/{second.id}/notion"
    assert "This sign-in link was already used" in browser.get(landed.location).text


def test_two_tabs_may_connect_at_once(cast: Cast, ada: Browser, notion: Notion) -> None:
    first, second = consent_address(ada, cast.chatbot), consent_address(ada, cast.chatbot)

    assert "?connection=" in ada.get(notion.answer(first)).location
    assert "?connection=" in ada.get(notion.answer(second)).location


@pytest.mark.parametrize("field", ["error", "code"])
def test_a_refused_code_shows_its_sentence(
    cast: Cast, ada: Browser, notion: Notion, world: World, field: str
) -> None:
    world.oauth_error_field = field
    callback = notion.answer(consent_address(ada, cast.chatbot))
    for pending in world.codes.values():
        pending.used = True

    answer = ada.get(callback)

    assert "Notion did not accept the sign-in" in ada.get(answer.location).text
    assert not Connection.select().exists()


@pytest.mark.parametrize("field", ["error", "code"])
def test_wrong_credentials_of_ours_are_for_the_operator(
    cast: Cast, ada: Browser, notion: Notion, world: World, field: str
) -> None:
    world.oauth_error_field = field
    callback = notion.answer(consent_address(ada, cast.chatbot))
    world.client_secret = "another"

    answer = ada.get(callback)

    assert "The operator has to check" in ada.get(answer.location).text


@pytest.mark.parametrize("how", ["status", "html", "drop", "truncate"])
def test_an_unreachable_notion_shows_its_sentence(
    cast: Cast, ada: Browser, notion: Notion, world: World, how: str
) -> None:
    callback = notion.answer(consent_address(ada, cast.chatbot))
    if how in ("status", "html"):
        world.faults.fail("token", 503, html=how == "html")
    elif how == "drop":
        world.faults.drop("token")
    else:
        world.faults.truncate_json("token")

    answer = ada.get(callback)

    assert answer.location == f"/chatbots/{cast.chatbot.id}/notion"
    assert "Notion could not be reached to finish the sign-in" in ada.get(answer.location).text
    assert not Connection.select().exists()


def test_the_exchange_has_the_form_that_notion_asks_for(
    cast: Cast, ada: Browser, notion: Notion, world: World
) -> None:
    ada.get(notion.answer(consent_address(ada, cast.chatbot)))

    [exchange] = [request for request in world.requests if request.endpoint == "token"]
    assert exchange.status == 200


def test_a_member_cannot_connect(cast: Cast, login: Callable[[Member], Browser]) -> None:
    assert login(cast.cleo).get(f"/notion/connect?chatbot={cast.chatbot.id}").status_code == 403


def test_somebody_who_is_no_admin_any_more_cannot_finish(cast: Cast, ada: Browser, notion: Notion) -> None:
    callback = notion.answer(consent_address(ada, cast.chatbot))
    Member.update(role="member").where(Member.id == cast.ada.id).execute()

    ada.get(callback)

    assert not Connection.select().exists()


def test_no_token_is_in_a_page_an_address_or_the_log(
    cast: Cast, ada: Browser, notion: Notion, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    callback = notion.answer(consent_address(ada, cast.chatbot))
    answer = ada.get(callback)
    page = ada.get(answer.location)

    [grant] = world.grants.values()
    seen = answer.text + str(answer.headers) + page.text + str(page.headers) + caplog.text
    for secret in (grant.access_token, grant.refresh_token, world.client_secret):
        assert secret not in seen


def test_consents_that_are_begun_and_left_do_not_fill_the_cookie(
    cast: Cast, ada: Browser, notion: Notion
) -> None:
    for _ in range(30):
        last = consent_address(ada, cast.chatbot)

    with ada.client.session_transaction() as session:
        assert sum(name.startswith("_state_") for name in session) == 5
    assert "?connection=" in ada.get(notion.answer(last)).location
