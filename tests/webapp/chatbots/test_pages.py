"""Chatbots and their API keys."""

from __future__ import annotations

import re

from extract.runtime import Runtime
from extract.store.models import ApiKey, Chatbot
from tests.webapp.conftest import Browser, Cast
from webapp.api.keys import find_key, make_key

_KEY = re.compile(r'value="(hk_[\w-]{40,})"')


def test_a_new_chatbot_opens_its_knowledge_base(cast: Cast, ada: Browser) -> None:
    answer = ada.post("/chatbots", {"name": " Support "})

    made = Chatbot.get(Chatbot.name == "Support")
    assert made.organisation == cast.acme
    assert answer.location == f"/chatbots/{made.id}/sources"


def test_a_chatbot_needs_a_name(cast: Cast, ada: Browser) -> None:
    ada.post("/chatbots", {"name": " "})

    assert "Give the chatbot a name." in ada.get("/settings/chatbots").text


def test_a_chatbot_is_renamed(cast: Cast, ada: Browser) -> None:
    ada.post(f"/chatbots/{cast.chatbot.id}/rename", {"name": "Help"})

    assert Chatbot.get_by_id(cast.chatbot.id).name == "Help"


def test_a_key_is_shown_once_and_stored_as_a_hash(cast: Cast, ada: Browser) -> None:
    answer = ada.post(f"/chatbots/{cast.chatbot.id}/keys", {"name": "Website"})
    shown = _KEY.search(ada.get(answer.location).text)

    assert shown
    key = ApiKey.get()
    assert find_key(shown.group(1)) == key
    assert (key.name, key.chatbot, key.prefix) == ("Website", cast.chatbot, shown.group(1)[:9])
    assert shown.group(1) not in key.key_hash
    again = ada.get("/settings/chatbots").text
    assert not _KEY.search(again)
    assert key.prefix in again


def test_a_revoked_key_is_found_no_more(cast: Cast, ada: Browser, runtime: Runtime) -> None:
    key, secret = make_key(cast.chatbot, "Website", runtime.clock())
    assert "Revoke “Website”?" in ada.get(f"/keys/{key.id}/revoke").text

    ada.post(f"/keys/{key.id}/revoke")

    assert find_key(secret) is None
    assert key.prefix not in ada.get("/settings/chatbots").text


def test_a_key_that_never_was_is_not_found(cast: Cast) -> None:
    assert find_key("hk_made-up") is None
    assert find_key("\ud800") is None
