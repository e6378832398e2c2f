"""The list of a knowledge base, its progress, and the page of a source."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup

from extract.store.db import database
from extract.store.models import Connection, Run, Source
from tests.clock import StoppedClock
from tests.webapp.conftest import Browser, Cast
from tests.webapp.rows import make_connection, make_document, make_source


@pytest.fixture
def wire(cast: Cast, clock: StoppedClock) -> Connection:
    return make_connection(cast.acme, clock())


def soup(answer: Any) -> BeautifulSoup:
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "html.parser")


def titles(answer: Any) -> list[str]:
    return [link.text for link in soup(answer).select("#sources tbody .title a")]


@contextmanager
def counted_queries(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    asked: list[str] = []
    execute = database.obj.execute_sql

    def counting(sql: str, *args: Any, **kwargs: Any) -> Any:
        asked.append(sql)
        return execute(sql, *args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(database.obj, "execute_sql", counting)
        yield asked


def test_an_empty_knowledge_base_says_what_to_do(
    cast: Cast, ada: Browser, login: Callable[..., Browser]
) -> None:
    page = soup(ada.get(f"/chatbots/{cast.chatbot.id}/sources"))
    theirs = soup(login(cast.cleo).get(f"/chatbots/{cast.chatbot.id}/sources"))

    assert page.select_one(".empty h2").text == "No sources yet"
    assert page.select_one(".empty a.primary")["href"] == f"/notion/connect?chatbot={cast.chatbot.id}"
    assert theirs.select_one(".empty a") is None


def test_once_notion_is_connected_an_empty_knowledge_base_leads_to_its_pages(
    cast: Cast, ada: Browser, wire: Connection
) -> None:
    page = soup(ada.get(f"/chatbots/{cast.chatbot.id}/sources"))

    assert page.select_one(".empty a.primary")["href"] == f"/chatbots/{cast.chatbot.id}/notion"


def test_a_row_shows_the_state_of_its_source(
    cast: Cast, ada: Browser, wire: Connection, clock: StoppedClock
) -> None:
    source = make_source(
        cast.chatbot,
        wire,
        "Handbook",
        clock() - timedelta(minutes=4),
        auto_retrain="daily",
        next_sync_at=clock() + timedelta(hours=24),
        icon="📘",
        parent_label="People",
    )
    make_document(source, "Leave", clock(), "Thirty days of leave." * 100)

    row = soup(ada.get(f"/chatbots/{cast.chatbot.id}/sources")).select_one(f"#source-{source.id}")

    assert row["data-status"] == "trained"
    said = " ".join(row.text.split())
    for word in (
        "📘",
        "Handbook",
        "Page · Acme · People",
        "trained",
        "4 min ago",
        "next tomorrow, 09:00",
        "2 kB",
    ):
        assert word in said
    assert row.select_one("time")["datetime"] == "2026-11-22T08:56:30Z"
    assert row.select_one("select option[selected]")["value"] == "daily"
    assert row.select_one('a[href="https://www.notion.so/a-page"]')["rel"] == ["noopener", "noreferrer"]


def test_an_error_is_a_sentence_in_the_row(
    cast: Cast, ada: Browser, wire: Connection, clock: StoppedClock
) -> None:
    make_source(cast.chatbot, wire, "Plans", clock(), status="failed", error="Share it again in Notion.")

    row = soup(ada.get(f"/chatbots/{cast.chatbot.id}/sources")).select_one("[data-status=failed]")

    assert row.select_one("details summary").text == "Share it again in Notion."
    assert row.select_one(".pill-failed")["title"] == "Share it again in Notion."


def test_a_source_at_work_shows_n_of_m_and_asks_for_news(
    cast: Cast, ada: Browser, wire: Connection, clock: StoppedClock
) -> None:
    source = make_source(cast.chatbot, wire, "Decisions", clock(), kind="database", status="re-training")
    Run.create(source=source, trigger="retrain", fetched=3, started_at=clock())
    make_document(source, "Next", clock(), requested_at=clock())

    page = soup(ada.get(f"/chatbots/{cast.chatbot.id}/sources"))

    row = page.select_one(f"#source-{source.id}")
    assert "re-training 3 of 4" in " ".join(row.text.split())
    assert (row.select_one("progress")["value"], row.select_one("progress")["max"]) == ("3", "4")
    assert page.select_one("#watch")["hx-trigger"] == "every 2s"
    assert row.select_one(".at-work")["value"] == str(source.id)


def test_nothing_is_asked_while_nothing_is_at_work(
    cast: Cast, ada: Browser, wire: Connection, clock: StoppedClock
) -> None:
    make_source(cast.chatbot, wire, "Handbook", clock())

    page = soup(ada.get(f"/chatbots/{cast.chatbot.id}/sources"))

    assert "hx-get" not in page.select_one("#watch").attrs


def test_news_brings_the_rows_and_ends_when_all_have_settled(
    cast: Cast, ada: Browser, wire: Connection, clock: StoppedClock
) -> None:
    busy = make_source(cast.chatbot, wire, "Busy", clock(), status="training")
    done = make_source(cast.chatbot, wire, "Done", clock())
    news = f"/chatbots/{cast.chatbot.id}/sources/progress"

    first = ada.fragment(f"{news}?at_work={busy.id}&at_work={done.id}&at_work=999")
    Source.update(status="trained").execute()
    last = ada.fragment(f"{news}?at_work={busy.id}")

    assert first.headers["HX-Reswap"] == last.headers["HX-Reswap"] == "none"
    page = soup(first)
    assert {row["id"]: row["hx-swap-oob"] for row in page.select("tr")} == {
        f"source-{busy.id}": "outerMorph",
        f"source-{done.id}": "outerMorph",
        "source-999": "delete",
    }
    assert page.select_one("#watch")["hx-trigger"] == "every 2s"
    assert "“Done” is trained." in page.select_one("#toasts").text
    assert "hx-get" not in soup(last).select_one("#watch").attrs
    assert soup(last).select_one("#tally [aria-current]").text.split() == ["All", "2"]


def test_filters_leave_what_was_asked_for(
    cast: Cast, ada: Browser, wire: Connection, clock: StoppedClock
) -> None:
    for title, status in (
        ("Leave", "trained"),
        ("Leave, old", "failed"),
        ("Plans", "empty"),
        ("New", "pending"),
    ):
        make_source(cast.chatbot, wire, title, clock(), status=status)
    here = f"/chatbots/{cast.chatbot.id}/sources"

    assert titles(ada.get(here)) == ["New", "Plans", "Leave, old", "Leave"]
    assert titles(ada.get(f"{here}?q=leave")) == ["Leave, old", "Leave"]
    assert titles(ada.get(f"{here}?status=attention")) == ["Plans", "Leave, old"]
    assert titles(ada.get(f"{here}?status=at-work")) == ["New"]
    assert titles(ada.get(f"{here}?status=failed&q=leave")) == ["Leave, old"]
    assert titles(ada.get(f"{here}?q=100%25")) == []
    tally = soup(ada.get(f"{here}?q=leave")).select_one("#tally").text
    assert tally.split() == ["All", "2", "At", "work", "0", "Trained", "1", "Needs", "attention", "1"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("title", ["alpha", "Beta", "gamma"]),
        ("synced", ["gamma", "alpha", "Beta"]),
        ("documents", ["Beta", "alpha", "gamma"]),
        ("size", ["alpha", "Beta", "gamma"]),
        ("nonsense", ["gamma", "alpha", "Beta"]),
    ],
)
def test_the_order_is_as_asked(
    cast: Cast, ada: Browser, wire: Connection, clock: StoppedClock, sort: str, expected: list[str]
) -> None:
    beta = make_source(cast.chatbot, wire, "Beta", clock(), last_synced_at=None)
    alpha = make_source(cast.chatbot, wire, "alpha", clock() - timedelta(hours=1))
    make_source(cast.chatbot, wire, "gamma", clock())
    make_document(alpha, "Long", clock(), "A long text. " * 50)
    for n in range(2):
        make_document(beta, f"Short {n}", clock(), "Short.")

    assert titles(ada.get(f"/chatbots/{cast.chatbot.id}/sources?sort={sort}")) == expected


def test_a_filter_that_leaves_nothing_offers_the_way_back(
    cast: Cast, ada: Browser, wire: Connection, clock: StoppedClock
) -> None:
    make_source(cast.chatbot, wire, "Leave", clock())

    page = soup(ada.get(f"/chatbots/{cast.chatbot.id}/sources?q=nowhere"))

    assert page.select_one(".empty h2").text == "Nothing matches"
    assert page.select_one("input[name=q]")["value"] == "nowhere"


def test_htmx_gets_the_list_alone_with_its_address(
    cast: Cast, ada: Browser, wire: Connection, clock: StoppedClock
) -> None:
    make_source(cast.chatbot, wire, "Leave", clock())

    answer = ada.fragment(f"/chatbots/{cast.chatbot.id}/sources?q=+leave&status=&sort=added&page=9")

    assert answer.text.lstrip().startswith('<div id="sources"')
    assert answer.headers["HX-Push-Url"] == f"/chatbots/{cast.chatbot.id}/sources?q=leave"


def test_five_thousand_sources_come_in_pages_with_a_few_queries(
    cast: Cast, ada: Browser, wire: Connection, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        {
            "chatbot": cast.chatbot,
            "connection": wire,
            "kind": "page",
            "notion_id": f"page-{n}",
            "title": f"Page {n}",
            "status": "training" if n % 2 else "trained",
            "created_at": clock(),
        }
        for n in range(5000)
    ]
    with database.atomic():
        for start in range(0, 5000, 500):
            Source.insert_many(rows[start : start + 500]).execute()
    here = f"/chatbots/{cast.chatbot.id}/sources"

    with counted_queries(monkeypatch) as asked:
        page = soup(ada.get(f"{here}?page=51"))

    assert len(page.select("#sources tbody tr")) == 100
    assert "4,901–5,000 of 5,000" in " ".join(page.select_one(".pages").text.split())
    assert page.select_one("[rel=prev]")["href"] == f"{here}?page=49"
    assert page.select_one("[rel=next]") is None
    assert len(asked) <= 12, asked


def test_members_see_no_actions(
    cast: Cast, wire: Connection, clock: StoppedClock, login: Callable[..., Browser]
) -> None:
    source = make_source(cast.chatbot, wire, "Handbook", clock())
    cleo = login(cast.cleo)

    for path in (f"/chatbots/{cast.chatbot.id}/sources", f"/sources/{source.id}"):
        content = soup(cleo.get(path)).select_one("#content")
        assert content.select("form[method=post], input[type=checkbox], .danger, select[name=schedule]") == []
        for word in ("job", "queue", "worker", "token", "daemon"):
            assert not re.search(rf"\b{word}s?\b", content.text, re.IGNORECASE)


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("reconnect", "Notion no longer accepts our access to Acme."),
        ("disconnected", "Acme is disconnected. What was imported still answers"),
    ],
)
def test_sources_whose_connection_rests_say_so(
    cast: Cast, ada: Browser, clock: StoppedClock, state: str, sentence: str
) -> None:
    source = make_source(cast.chatbot, make_connection(cast.acme, clock(), state=state), "Handbook", clock())

    listed = soup(ada.get(f"/chatbots/{cast.chatbot.id}/sources"))
    shown = soup(ada.get(f"/sources/{source.id}"))

    for page in (listed, shown):
        notice = page.select_one(".notice.attention")
        assert sentence in " ".join(notice.text.split())
        assert notice.select_one("a")["href"] == f"/notion/connect?chatbot={cast.chatbot.id}"
        assert page.select(f'form[action^="/sources/{source.id}/retrain"]') == []
    assert "re-sync" in listed.select_one("tbody .meta").text or state == "reconnect"


def test_a_source_page_shows_runs_and_documents(
    cast: Cast, ada: Browser, wire: Connection, clock: StoppedClock
) -> None:
    source = make_source(cast.chatbot, wire, "Decisions", clock(), kind="database")
    for n in range(60):
        make_document(source, f"Entry {n:02}", clock(), f"Text {n}.")
    make_document(source, "Zebra", clock(), error="Notion was away. We will try again.")
    Run.create(
        source=source,
        trigger="edit",
        outcome="trained",
        requests=9,
        fetched=8,
        changed=7,
        chunks_added=6,
        chunks_kept=5,
        chunks_removed=4,
        unread_blocks=3,
        failed=1,
        started_at=clock() - timedelta(seconds=65),
        finished_at=clock(),
    )

    page = soup(ada.get(f"/sources/{source.id}"))

    run = " ".join(page.select_one(".runs tbody tr").text.split())
    for word in (
        "An edit in Notion",
        "Trained",
        "1 min 5 s",
        "9",
        "8",
        "7",
        "+6 −4",
        "1 page could not be read",
    ):
        assert word in run
    assert "3 blocks could not be read" in run
    documents = [link.text for link in page.select('tr[id^="document-"] .title a')]
    assert (documents[0], len(documents)) == ("Zebra", 50)
    assert "Notion was away." in page.select_one('tr[id^="document-"] details').text
    second = soup(ada.get(f"/sources/{source.id}?page=2"))
    assert len(second.select('tr[id^="document-"]')) == 11
    found = soup(ada.fragment(f"/sources/{source.id}?q=entry 07"))
    assert [link.text for link in found.select('tr[id^="document-"] .title a')] == ["Entry 07"]


def test_another_organisation_finds_nothing_here(
    cast: Cast, login: Callable[..., Browser], wire: Connection, clock: StoppedClock
) -> None:
    source = make_source(cast.chatbot, wire, "Handbook", clock())
    mallory = login(cast.mallory)

    for path in (
        f"/chatbots/{cast.chatbot.id}/sources",
        f"/chatbots/{cast.chatbot.id}/sources/progress?at_work={source.id}",
        f"/sources/{source.id}",
    ):
        assert mallory.get(path).status_code == 404
    theirs = mallory.fragment(f"/chatbots/{cast.other_chatbot.id}/sources/progress?at_work={source.id}")
    assert "Handbook" not in theirs.text


def test_titles_cannot_smuggle_markup(
    cast: Cast, ada: Browser, wire: Connection, clock: StoppedClock
) -> None:
    source = make_source(
        cast.chatbot, wire, '"><script>alert(1)</script>', clock(), error="<b>x</b>", status="failed"
    )

    for path in (
        f"/chatbots/{cast.chatbot.id}/sources?q=<script>",
        f"/sources/{source.id}",
        f"/sources/{source.id}/delete",
    ):
        assert "<script>alert" not in ada.get(path).text


def test_each_kind_of_source_is_named_and_has_its_drawing(
    cast: Cast, ada: Browser, wire: Connection, clock: StoppedClock
) -> None:
    tree = make_source(cast.chatbot, wire, "Handbook", clock(), with_subpages=True)
    for number in range(42):
        make_document(tree, f"Chapter {number}", clock(), "Text.")
    make_source(cast.chatbot, wire, "Bugs", clock(), kind="database")
    whole = make_source(cast.chatbot, wire, "Acme", clock(), kind="workspace", notion_id=wire.workspace_id)
    make_source(cast.chatbot, wire, "Menu", clock())

    rows = soup(ada.get(f"/chatbots/{cast.chatbot.id}/sources")).select("tbody tr")

    assert [" ".join(row.select_one(".meta").text.split()).removesuffix(" · Acme") for row in rows] == [
        "Page",
        "Workspace",
        "Database",
        "Page with sub-pages · 42 pages",
    ]
    drawings = {str(row.select_one(".page-icon")) for row in rows}
    assert len(drawings) == 3
    assert "Workspace in Acme" in " ".join(soup(ada.get(f"/sources/{whole.id}")).text.split())


@pytest.mark.parametrize(
    ("kind", "left"),
    [
        ("page", ["Menu"]),
        ("tree", ["Handbook"]),
        ("database", ["Bugs"]),
        ("workspace", ["Acme"]),
        ("nonsense", ["Menu", "Acme", "Bugs", "Handbook"]),
    ],
)
def test_the_list_can_be_narrowed_to_a_kind(
    cast: Cast, ada: Browser, wire: Connection, clock: StoppedClock, kind: str, left: list[str]
) -> None:
    make_source(cast.chatbot, wire, "Handbook", clock(), with_subpages=True)
    make_source(cast.chatbot, wire, "Bugs", clock(), kind="database")
    make_source(cast.chatbot, wire, "Acme", clock(), kind="workspace")
    make_source(cast.chatbot, wire, "Menu", clock(), status="failed")

    answer = ada.get(f"/chatbots/{cast.chatbot.id}/sources?kind={kind}")

    assert titles(answer) == left
    assert soup(answer).select_one("#tally a span").text == str(len(left))


def test_a_kind_without_sources_says_so(
    cast: Cast, ada: Browser, wire: Connection, clock: StoppedClock
) -> None:
    make_source(cast.chatbot, wire, "Menu", clock())

    page = soup(ada.get(f"/chatbots/{cast.chatbot.id}/sources?kind=workspace"))

    assert page.select_one(".empty p").text.strip() == "No source is of this kind."


def at_work(
    cast: Cast, wire: Connection, clock: StoppedClock, title: str, *, done: int, left: int, requests: int
) -> Source:
    source = make_source(cast.chatbot, wire, title, clock(), kind="database", status="training")
    Run.create(source=source, trigger="import", fetched=done, requests=requests, started_at=clock())
    for number in range(left):
        make_document(source, f"{title} {number}", clock(), requested_at=clock())
    return source


def left_of(answer: Any, source: Source) -> str:
    found = soup(answer).select_one(f"#source-{source.id} .left")
    return found.text if found else ""


def test_a_source_at_work_says_how_long_is_left(
    cast: Cast, ada: Browser, wire: Connection, clock: StoppedClock
) -> None:
    small = at_work(cast, wire, clock, "Glossary", done=120, left=100, requests=120)

    assert left_of(ada.get(f"/chatbots/{cast.chatbot.id}/sources"), small) == "under a minute left"


def test_what_was_asked_for_later_is_read_first_and_what_pages_cost_counts(
    cast: Cast, ada: Browser, wire: Connection, clock: StoppedClock
) -> None:
    first = at_work(cast, wire, clock, "Bugs", done=100, left=160, requests=200)
    clock.advance(minutes=1)
    later = at_work(cast, wire, clock, "Glossary", done=10, left=100, requests=10)

    answer = ada.get(f"/chatbots/{cast.chatbot.id}/sources")

    assert left_of(answer, later) == "under a minute left"
    assert left_of(answer, first) == "about 2 min left"  # twice 160 behind 100, at 153 a minute
    page = soup(ada.get(f"/sources/{first.id}"))
    assert page.select_one("#source .left").text == "about 2 min left"


def test_a_connection_that_rests_says_why_and_until_when(
    cast: Cast, ada: Browser, wire: Connection, clock: StoppedClock
) -> None:
    source = at_work(cast, wire, clock, "Glossary", done=0, left=3, requests=0)
    wire.paused_until = clock() + timedelta(minutes=4)
    wire.save()
    place = f"/chatbots/{cast.chatbot.id}/sources"

    row = " ".join(soup(ada.get(place)).select_one(f"#source-{source.id}").text.split())
    assert "Notion's request limit is used up; goes on in 4 min." in row
    assert "goes on in 4 min" in " ".join(soup(ada.get(f"/sources/{source.id}")).text.split())

    wire.error = "The integration may not read content."
    wire.save()
    row = " ".join(soup(ada.get(place)).select_one(f"#source-{source.id}").text.split())
    assert "The integration may not read content. It is tried again in 4 min." in row

    clock.advance(minutes=5)
    assert "goes on" not in soup(ada.get(place)).select_one(f"#source-{source.id}").text


def test_a_stopped_source_says_so_and_offers_to_resume(
    cast: Cast, ada: Browser, login: Callable[..., Browser], wire: Connection, clock: StoppedClock
) -> None:
    source = make_source(
        cast.chatbot,
        wire,
        "Bugs",
        clock(),
        stopped_at=clock(),
        error="Stopped at 120 of 400 pages. What was read answers; press Resume to go on.",
        auto_retrain="daily",
        next_sync_at=clock() + timedelta(hours=3),
    )
    place = f"/chatbots/{cast.chatbot.id}/sources"

    row = soup(ada.get(place)).select_one(f"#source-{source.id}")
    page = soup(ada.get(f"/sources/{source.id}"))

    assert row.select_one(".pill").text == "stopped"
    assert "Stopped at 120 of 400 pages." in row.text
    assert "next" not in row.select_one(".synced").text
    for shown in (row, page):
        assert shown.select_one(f'form[action^="/sources/{source.id}/resume"]')
        assert not shown.select_one(f'form[action^="/sources/{source.id}/stop"]')
    theirs = soup(login(cast.cleo).get(place)).select_one(f"#source-{source.id}")
    assert not theirs.select_one(f'form[action^="/sources/{source.id}/resume"]')


def test_a_source_at_work_can_be_stopped_from_its_row_and_its_page(
    cast: Cast, ada: Browser, wire: Connection, clock: StoppedClock
) -> None:
    source = at_work(cast, wire, clock, "Glossary", done=0, left=3, requests=0)

    for place in (f"/chatbots/{cast.chatbot.id}/sources", f"/sources/{source.id}"):
        assert soup(ada.get(place)).select_one(f'form[action^="/sources/{source.id}/stop"]')


def test_a_document_that_failed_says_when_it_is_tried_again(
    cast: Cast, ada: Browser, wire: Connection, clock: StoppedClock
) -> None:
    source = make_source(cast.chatbot, wire, "Bugs", clock(), kind="database")
    document = make_document(
        source,
        "Bug 1",
        clock(),
        "Old text.",
        error="Notion could not be reached.",
        requested_at=clock(),
        retry_after=clock() + timedelta(minutes=8),
    )

    row = soup(ada.get(f"/sources/{source.id}")).select_one(f"#document-{document.id}")

    assert "Notion could not be reached." in row.text
    assert "next attempt in 8 min" in " ".join(row.text.split())


@pytest.mark.parametrize(
    ("state", "words"),
    [("reconnect", "will not follow edits until you reconnect"), ("disconnected", "is disconnected")],
)
def test_a_connection_to_mend_says_so_wherever_its_sources_are_shown(
    cast: Cast, ada: Browser, clock: StoppedClock, state: str, words: str
) -> None:
    asleep = make_connection(cast.acme, clock(), state=state)
    source = make_source(cast.chatbot, asleep, "Handbook", clock())
    document = make_document(source, "Leave", clock(), "Thirty days of leave.")

    for place in (
        f"/chatbots/{cast.chatbot.id}/sources",
        f"/sources/{source.id}",
        f"/documents/{document.id}",
        f"/chatbots/{cast.chatbot.id}/search?q=leave",
        f"/chatbots/{cast.chatbot.id}/health",
    ):
        said = " ".join(soup(ada.get(place)).select_one("main").text.split())
        assert words in said or "will not re-sync" in said, place
