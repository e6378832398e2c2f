"""What of a source was not read, and why, on the page of the source."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from extract.store.models import Source
from extract.sync.runs import ONLY_EMBEDS
from tests.clock import StoppedClock
from tests.webapp.conftest import Browser, Cast
from tests.webapp.rows import make_connection, make_document, make_source
from webapp.sources.unread_report import PAGES, unread_report


@pytest.fixture
def base(cast: Cast, clock: StoppedClock) -> Source:
    wire = make_connection(cast.acme, clock())
    return make_source(cast.chatbot, wire, "Handbook", clock(), kind="database")


def sentences(source: Source) -> list[str]:
    return [reason.sentence for reason in unread_report(source)]


def test_a_source_that_was_read_whole_has_nothing_to_say(
    ada: Browser, base: Source, clock: StoppedClock
) -> None:
    make_document(base, "Leave", clock(), "Thirty days.")

    assert unread_report(base) == []
    assert "Not read" not in ada.get(f"/sources/{base.id}").text


def test_each_reason_has_its_sentence_and_its_pages(ada: Browser, base: Source, clock: StoppedClock) -> None:
    now = clock()
    make_document(base, "Plan", now, images_without_caption=3)
    photos = make_document(base, "Photos", now, images_without_caption=9)
    make_document(base, "Boards", now, hash="x", embeds_without_caption=2)
    make_document(base, "Blank", now, hash="x")
    make_document(base, "Blanker", now, hash="x")
    make_document(base, "Deep", now, unread_blocks=3)
    make_document(base, "Broken", now, error="Notion was away.")
    make_document(base, "Never read", now)
    make_document(
        base, "Gone", now, hash="x", images_without_caption=7, error="In the trash.", removed_at=now
    )

    page = BeautifulSoup(ada.get(f"/sources/{base.id}").text, "html.parser")

    assert sentences(base) == [
        "1 page could not be read. Notion was away.",
        "3 blocks could not be read: Notion would not open them.",
        ONLY_EMBEDS,
        "2 pages hold no text.",
        "12 images without captions: what they show is not known to the chatbot.",
    ]
    shown = page.select(".skipped > li")
    assert [link.text for link in shown[-1].select("a")] == ["Photos", "Plan"]
    assert shown[-1].select_one("a")["href"] == f"/documents/{photos.id}"


def test_pages_that_are_too_much_to_be_read_say_what_to_do(
    ada: Browser, base: Source, clock: StoppedClock
) -> None:
    make_document(base, "Log", clock(), read_as_plain_text=True)
    long = make_document(base, "Book", clock(), characters_left_out=12_000)

    assert sentences(base) == [
        "12,000 characters at the end of very long pages are left out. "
        "Split such a page in Notion, and all of it can be read.",
        "1 page has more formatting than can be read, so its text was read without headings, lists and "
        "tables. Split it into smaller pages in Notion.",
    ]
    page = " ".join(ada.get(f"/documents/{long.id}").text.split())
    assert "12,000 characters at its end are left out" in page


def test_only_a_few_pages_are_named(ada: Browser, base: Source, clock: StoppedClock) -> None:
    for number in range(PAGES + 2):
        make_document(base, f"Page {number}", clock(), hash="x", embeds_without_caption=1)

    [reason] = unread_report(base)

    assert (len(reason.pages), reason.more) == (PAGES, 2)
    assert reason.sentence.startswith("7 pages hold only embeds")
    assert "and 2 more pages" in " ".join(ada.get(f"/sources/{base.id}").text.split())


def test_a_sentence_cannot_smuggle_markup(ada: Browser, base: Source, clock: StoppedClock) -> None:
    make_document(base, "<script>alert(1)</script>", clock(), error="<img src=x onerror=alert(1)>")

    page = BeautifulSoup(ada.get(f"/sources/{base.id}").text, "html.parser")

    assert page.select(".skipped img, .skipped script") == []
