"""Requests that never reach a view: ids that no row can have, texts that no database can store."""

from __future__ import annotations

import pytest
from click.testing import Result
from flask import Flask

from extract.store.models import Chatbot
from tests.webapp.commands.test_chatbots_and_users import run
from tests.webapp.conftest import Browser, Cast
from webapp.http.incoming import whole_number


@pytest.mark.parametrize("number", [0, 1, 2**63 - 1 - 9 * 10**18, 10**18 - 1])
def test_a_number_that_a_row_can_have_is_read(number: int) -> None:
    assert whole_number(str(number)) == number


@pytest.mark.parametrize("text", ["", "-1", "²", "٣", "1_0", " 1", "0x1", "1" * 19, "1" * 5_000])
def test_anything_else_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="not a whole number"):
        whole_number(text)


@pytest.mark.parametrize("number", [2**63 - 1, 2**63, 10**40])
@pytest.mark.parametrize("path", ["/chatbots/{}/sources", "/sources/{}", "/documents/{}", "/keys/{}/revoke"])
def test_an_id_that_no_row_can_have_is_not_found(ada: Browser, path: str, number: int) -> None:
    assert ada.get(path.format(number)).status_code == 404


@pytest.mark.parametrize("text", ["a\x00b", "x" * 4_001])
def test_a_text_that_cannot_be_stored_is_refused_with_a_sentence_and_changes_nothing(
    ada: Browser, cast: Cast, text: str
) -> None:
    answer = ada.post(f"/chatbots/{cast.chatbot.id}/rename", {"name": text})

    assert answer.status_code == 400
    assert "nothing was changed" in answer.text
    assert Chatbot.get_by_id(cast.chatbot.id).name == cast.chatbot.name


def test_half_a_surrogate_pair_arrives_as_a_replacement_character(ada: Browser, cast: Cast) -> None:
    answer = ada.get(f"/chatbots/{cast.chatbot.id}/sources?q=%ED%A0%80")

    assert answer.status_code == 200


def test_the_api_refuses_such_a_text_as_json(browser: Browser) -> None:
    answer = browser.get("/api/v1/search?q=a%00b")

    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["error"]["code"] == "bad_request"


@pytest.mark.parametrize("target", ["http://[", "http://[::1", "//[", "http://]"])
def test_log_in_goes_home_when_next_is_no_address(ada: Browser, target: str) -> None:
    answer = ada.get("/login", query_string={"next": target})

    assert (answer.status_code, answer.location) == (303, "/")


@pytest.mark.parametrize(
    "words",
    [
        ("sources", "show", "9" * 30),
        ("sources", "show", "0"),
        ("keys", "create", "--chatbot", "1", "--name", "a\x00b"),
        ("chatbots", "create", "--organisation", "Acme", "x" * 4_001),
        ("search", "--chatbot", "1", "half \udcff"),
    ],
)
def test_a_command_says_which_argument_cannot_be(app: Flask, cast: Cast, words: tuple[str, ...]) -> None:
    result: Result = run(app, *words)

    assert result.exit_code == 2
    assert "Error:" in result.output
