"""Try it: the search page of a chatbot."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup

from extract.store.models import Source
from tests.clock import StoppedClock
from tests.webapp.conftest import Browser, Cast
from tests.webapp.rows import make_connection, make_document, make_source
from webapp.chatbots.try_it import marked, plain


@pytest.fixture
def handbook(cast: Cast, clock: StoppedClock) -> Source:
    return make_source(cast.chatbot, make_connection(cast.acme, clock()), "Handbook", clock())


def asked(browser: Browser, cast: Cast, words: str = "") -> BeautifulSoup:
    answer = browser.get(f"/chatbots/{cast.chatbot.id}/search", query_string={"q": words})
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "html.parser")


def test_a_hit_has_title_path_marked_words_and_its_way_back(
    ada: Browser, cast: Cast, handbook: Source, clock: StoppedClock
) -> None:
    document = make_document(
        handbook, "Leave", clock(), "You have **thirty days** of leave.", heading_path=("Holidays", "Paid")
    )

    hit = asked(ada, cast, "thirty days").select_one(".hits li")

    assert (hit.select_one("h2 a").text, hit.select_one("h2 a")["href"]) == (
        "Leave",
        f"/documents/{document.id}",
    )
    assert " ".join(hit.select_one(".path").text.split()) == "Holidays › Paid"
    assert hit.select_one(".snippet").text == "You have thirty days of leave."
    assert [mark.text for mark in hit.select("mark")] == ["thirty", "days"]
    practice = document.notion_id.replace("-", "")  # the tests talk to the practice workspace
    assert hit.select_one(".meta a")["href"] == f"http://127.0.0.1:4999/p/{practice}"
    assert "last synced just now" in " ".join(hit.select_one(".meta").text.split())


def test_htmx_gets_the_hits_alone(ada: Browser, cast: Cast, handbook: Source, clock: StoppedClock) -> None:
    make_document(handbook, "Leave", clock(), "Thirty days.")

    answer = ada.fragment(f"/chatbots/{cast.chatbot.id}/search?q=thirty")

    assert answer.text.lstrip().startswith('<div id="found"')


def test_empty_answers_say_what_to_do(ada: Browser, cast: Cast, clock: StoppedClock) -> None:
    def said(words: str) -> str:
        return asked(ada, cast, words).select_one(".empty h2").text

    assert said("leave") == said("") == "Nothing to search yet"
    source = make_source(cast.chatbot, make_connection(cast.acme, clock()), "Handbook", clock())
    assert said("leave") == "Nothing has been read yet"
    make_document(source, "Plans", clock(), "The plans of the year.")
    assert said("") == "1 document to ask"
    assert said("zebra") == "Nothing found"
    assert "leave out the quotes" in asked(ada, cast, '"zebra crossing"').select_one(".empty").text


def test_it_finds_only_in_its_own_chatbot(
    cast: Cast, login: Callable[..., Browser], handbook: Source, clock: StoppedClock
) -> None:
    make_document(handbook, "Leave", clock(), "Thirty days.")
    mallory = login(cast.mallory)

    assert mallory.get(f"/chatbots/{cast.chatbot.id}/search?q=thirty").status_code == 404
    assert "Thirty" not in mallory.get(f"/chatbots/{cast.other_chatbot.id}/search?q=thirty").text


def test_what_is_typed_cannot_smuggle_markup(
    ada: Browser, cast: Cast, handbook: Source, clock: StoppedClock
) -> None:
    make_document(handbook, "Leave", clock(), "<script>alert(1)</script> thirty")

    page = asked(ada, cast, '"><script>alert(1)</script> thirty')

    assert "alert" not in "".join(script.text for script in page.select("script"))
    assert page.select_one("input[name=q]")["value"] == '"><script>alert(1)</script> thirty'


@pytest.mark.parametrize(
    ("written", "skimmed"),
    [
        ("You have **thirty** days", "You have thirty days"),
        ("See [the plan](https://example.com/a_b) and `code`", "See the plan and code"),
        ("# Leave\n## Paid", "Leave Paid"),
        ("| Country | Days |\n| --- | --- |\n| Japan | 20 |", "· Country · Days · · Japan · 20 ·"),
        (r"2 \* 3 \| 4 and snake_case", "2 * 3 | 4 and snake_case"),
        ("C# and #1", "C# and #1"),
    ],
)
def test_a_snippet_is_skimmed_without_marks(written: str, skimmed: str) -> None:
    assert plain(written) == skimmed


def test_pieces_put_together_are_the_text() -> None:
    pieces = marked("Thirty days of leave, thirty!", "thirty")

    assert "".join(piece for piece, _ in pieces) == "Thirty days of leave, thirty!"
    assert [piece for piece, mark in pieces if mark] == ["Thirty", "thirty"]
