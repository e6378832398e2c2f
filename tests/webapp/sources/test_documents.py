"""The page of a document."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import pytest
from bs4 import BeautifulSoup

from extract.search import index
from extract.store.models import Document, Source
from extract.values import PageLink, PageReading, Passage, Property
from tests.clock import StoppedClock
from tests.webapp.conftest import Browser, Cast
from tests.webapp.rows import make_connection, make_document, make_source


@pytest.fixture
def handbook(cast: Cast, clock: StoppedClock) -> Source:
    return make_source(cast.chatbot, make_connection(cast.acme, clock()), "Handbook", clock())


def page_of(browser: Browser, path: str) -> BeautifulSoup:
    answer = browser.get(path)
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "html.parser")


def in_practice(document: Document) -> str:
    """Where the practice workspace, which the tests talk to, keeps the page."""
    return f"http://127.0.0.1:4999/p/{document.notion_id.replace('-', '')}"


def test_it_shows_the_text_as_the_bot_reads_it(ada: Browser, handbook: Source, clock: StoppedClock) -> None:
    document = make_document(
        handbook,
        "Leave",
        clock(),
        "You have **thirty** days.",
        properties=(Property("Owner", "people", "Ada"),),
    )

    page = page_of(ada, f"/documents/{document.id}")

    assert page.select_one(".prose strong").text == "thirty"
    aside = " ".join(page.select_one("aside").text.split())
    for word in ("trained", "1 h ago", "just now", document.hash[:12], "Acme", "Handbook", "Owner Ada"):
        assert word in aside
    assert page.select_one(".page-head a.primary")["href"] == in_practice(document)
    assert page.select(".passage") == []


def test_passages_are_shown_on_demand(ada: Browser, handbook: Source, clock: StoppedClock) -> None:
    document = make_document(handbook, "Leave", clock(), "First passage.", "Second passage.")

    page = page_of(ada, f"/documents/{document.id}?chunks=1")

    assert [passage.text.strip() for passage in page.select(".prose .passage")] == [
        "First passage.",
        "Second passage.",
    ]
    assert "2 passages" in page.select_one(".view").text


def test_links_into_the_same_knowledge_base_lead_to_the_document_here(
    ada: Browser, cast: Cast, handbook: Source, clock: StoppedClock
) -> None:
    target = make_document(handbook, "Holidays", clock(), "Holidays.")
    theirs = make_source(cast.other_chatbot, make_connection(cast.other, clock()), "Theirs", clock())
    foreign = make_document(theirs, "Foreign", clock(), "Foreign.")
    document = make_document(
        handbook,
        "Leave",
        clock(),
        f"See [Holidays]({target.url}), [Foreign]({foreign.url}) and [the web](https://example.com/).",
        links=(
            PageLink("Holidays", target.url, target.notion_id),
            PageLink("Foreign", foreign.url, foreign.notion_id),
        ),
    )

    links = [link["href"] for link in page_of(ada, f"/documents/{document.id}").select(".prose a")]

    assert links == [f"/documents/{target.id}", in_practice(foreign), "https://example.com/"]


def test_a_link_leads_to_a_document_that_arrived_later(
    ada: Browser, handbook: Source, clock: StoppedClock
) -> None:
    url = "https://www.notion.so/12121212121212121212121212121212"
    target = "12121212-1212-1212-1212-121212121212"
    document = make_document(
        handbook, "Leave", clock(), f"See [Holidays]({url}).", links=(PageLink("Holidays", url, target),)
    )
    assert not page_of(ada, f"/documents/{document.id}").select(".prose a[href^='/documents/']")

    holidays = make_document(handbook, "Holidays", clock(), "Holidays.", notion_id=target)

    page = page_of(ada, f"/documents/{document.id}")
    assert page.select_one(".prose a")["href"] == f"/documents/{holidays.id}"
    assert [link["href"] for link in page.select(".neighbours a")] == [f"/documents/{holidays.id}"]
    back = page_of(ada, f"/documents/{holidays.id}")
    assert "Linked from" in [head.text for head in back.select("aside h2")]
    assert [link.text for link in back.select(".neighbours a")] == ["Leave"]


def put_again(document: Document, text: str, clock: StoppedClock) -> None:
    """The page was edited and read again."""
    reading = PageReading(
        title=document.title,
        text=text,
        digest=sha256(text.encode()).hexdigest(),
        properties=(),
        links=(),
        passages=(Passage(text, (), sha256(text.encode()).hexdigest()),),
    )
    index.put(document.id, reading, now=clock())


def test_the_last_change_is_shown_as_a_difference(
    ada: Browser, handbook: Source, clock: StoppedClock
) -> None:
    document = make_document(handbook, "Leave", clock(), "You have thirty days of leave.", "Ask Ada.")
    assert page_of(ada, f"/documents/{document.id}").select("#last-change") == []

    put_again(document, "# Leave\n\nYou have forty days of leave.\n\nAsk Bob or Cleo.", clock)
    clock.advance(minutes=4)

    change = page_of(ada, f"/documents/{document.id}").select_one("#last-change")
    assert change.select_one("summary").text == "Last change, 4 min ago"
    assert [element.text for element in change.select(".changed del")] == ["thirty"]
    assert [element.text for element in change.select(".changed ins")] == ["forty"]
    assert [element.text for element in change.select(".diff > ins")] == ["Ask Bob or Cleo."]
    assert [element.text for element in change.select(".diff > del")] == ["Ask Ada."]


def test_a_difference_cannot_smuggle_markup(ada: Browser, handbook: Source, clock: StoppedClock) -> None:
    document = make_document(handbook, "Leave", clock(), "<script>alert(1)</script> one two three four")
    put_again(document, "<script>alert(2)</script> one two three four\n<img src=x onerror=alert(1)>", clock)

    change = page_of(ada, f"/documents/{document.id}").select_one("#last-change")

    assert change.select("script, img, [onerror]") == []
    assert "<img src=x onerror=alert(1)>" in " ".join(change.text.split())


def test_a_page_that_was_rewritten_says_how_much(ada: Browser, handbook: Source, clock: StoppedClock) -> None:
    document = make_document(handbook, "Leave", clock(), *[f"Old {number}" for number in range(600)])
    put_again(document, "\n\n".join(f"Fresh {number}" for number in range(700)), clock)

    change = page_of(ada, f"/documents/{document.id}").select_one("#last-change")

    assert "700 lines came, 601 lines went" in " ".join(change.text.split())


@pytest.mark.parametrize(
    ("passages", "values", "sentence"),
    [
        ((), {}, "Not read yet"),
        (("Old text.",), {"error": "Notion was away."}, "Notion was away."),
        (("Old text.",), {"unread_blocks": 3}, "would not open 3 blocks"),
        ((), {"hash": "x"}, "there is no text on it to learn from"),
        ((), {"hash": "x", "embeds_without_caption": 1}, "This page holds only embeds"),
    ],
)
def test_what_is_wrong_is_said_in_words(
    ada: Browser,
    handbook: Source,
    clock: StoppedClock,
    passages: tuple[str, ...],
    values: dict[str, object],
    sentence: str,
) -> None:
    document = make_document(handbook, "Leave", clock(), *passages)
    for name, value in values.items():
        setattr(document, name, value)
    document.save()

    assert sentence in page_of(ada, f"/documents/{document.id}").select_one("#document").text


def test_a_removed_document_says_that_it_no_longer_answers(
    ada: Browser, handbook: Source, clock: StoppedClock
) -> None:
    document = make_document(handbook, "Leave", clock(), removed_at=clock())

    page = page_of(ada, f"/documents/{document.id}")

    assert "no longer shows this page" in page.select_one(".notice").text
    assert "Removed" in page.select_one("aside").text


def test_text_cannot_smuggle_markup(ada: Browser, handbook: Source, clock: StoppedClock) -> None:
    document = make_document(
        handbook,
        "<script>alert(1)</script>",
        clock(),
        "<img src=x onerror=alert(1)> [x](javascript:alert(1))",
    )

    content = page_of(ada, f"/documents/{document.id}").select_one("#content")

    assert content.select("script, img, [onerror], a[href^=javascript]") == []


def test_another_organisation_finds_nothing(
    cast: Cast, login: Callable[..., Browser], handbook: Source, clock: StoppedClock
) -> None:
    document = make_document(handbook, "Leave", clock(), "Thirty days.")

    assert login(cast.mallory).get(f"/documents/{document.id}").status_code == 404
