"""The question of the brake, and the answer of an admin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from extract.rules.timing import Rank
from extract.store.models import Chatbot, Connection, Document, Source
from tests.clock import StoppedClock
from tests.webapp.conftest import Browser, Cast
from tests.webapp.rows import make_connection, make_document, make_source


@pytest.fixture
def braked(cast: Cast, clock: StoppedClock) -> Connection:
    """Acme's Notion shows twelve of its thirteen pages no more."""
    connection = make_connection(cast.acme, clock())
    connection.brake_at = clock() - timedelta(hours=1)
    connection.save()
    source = make_source(cast.chatbot, connection, "Handbook", clock())
    make_document(source, "Still there", clock(), "A word.")
    for number in range(12):
        doubted(source, f"Guide {number:02}", clock)
    return connection


def doubted(source: Source, title: str, clock: StoppedClock) -> Document:
    at = clock() - timedelta(hours=2)
    return make_document(
        source,
        title,
        clock(),
        "A word.",
        requested_at=at,
        request_rank=Rank.CHECK,
        doubted_at=at,
        error="It was kept.",
        retry_after=clock() + timedelta(hours=3),
    )


def seen(browser: Browser, path: str) -> BeautifulSoup:
    answer = browser.get(path)
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "html.parser")


def words(page: BeautifulSoup, chosen: str) -> str:
    return " ".join(" ".join(element.text for element in page.select(chosen)).split())


@pytest.mark.parametrize("where", ["health", "sources"])
def test_an_admin_is_asked_and_can_answer(ada: Browser, cast: Cast, braked: Connection, where: str) -> None:
    page = seen(ada, f"/chatbots/{cast.chatbot.id}/{where}")

    said = words(page, ".notice.attention")
    assert "12 pages of Acme are no longer shown to us. They were not removed and still answer." in said
    assert "if not, share them again in Notion." in said
    assert page.select_one(f'a[href="/notion/connections/{braked.id}/removal"]').text == "remove 12 pages"


@pytest.mark.parametrize("where", ["health", "sources"])
def test_a_member_reads_it_without_the_answer(
    cast: Cast, login: Callable[..., Browser], braked: Connection, where: str
) -> None:
    page = seen(login(cast.cleo), f"/chatbots/{cast.chatbot.id}/{where}")

    assert "ask an admin to remove them" in words(page, ".notice.attention")
    assert page.select('a[href$="/removal"]') == []


def test_the_pages_are_one_question_and_not_so_many_failures(
    ada: Browser, cast: Cast, braked: Connection
) -> None:
    page = seen(ada, f"/chatbots/{cast.chatbot.id}/health")

    assert "Guide 03" not in page.text
    assert "Everything follows Notion" not in page.text


def test_the_question_names_the_first_pages(ada: Browser, braked: Connection) -> None:
    page = seen(ada, f"/notion/connections/{braked.id}/removal")

    assert page.select_one("h1").text == "Remove 12 pages of Acme?"
    titles = [item.text for item in page.select(".deleted li")]
    assert titles == [*(f"Guide {number:02}" for number in range(10)), "and 2 more"]


def test_a_page_that_two_chatbots_learned_is_asked_about_once(
    ada: Browser, cast: Cast, braked: Connection, clock: StoppedClock
) -> None:
    known = Document.get(Document.title == "Guide 00")
    second = Chatbot.create(organisation=cast.acme, name="Second", created_at=clock())
    twin = doubted(make_source(second, braked, "Handbook", clock()), "Guide 00", clock)
    Document.update(notion_id=known.notion_id).where(Document.id == twin.id).execute()

    page = seen(ada, f"/notion/connections/{braked.id}/removal")

    assert page.select_one("h1").text == "Remove 12 pages of Acme?"


def test_confirming_wants_exactly_what_was_shown_asked_again(
    ada: Browser, cast: Cast, braked: Connection, clock: StoppedClock
) -> None:
    page = seen(ada, f"/notion/connections/{braked.id}/removal")
    form = {field["name"]: field["value"] for field in page.select("form input")}
    clock.advance(minutes=5)
    late = doubted(Source.get(), "Late", clock)
    Document.update(doubted_at=clock()).where(Document.id == late.id).execute()

    answer = ada.post(f"/notion/connections/{braked.id}/removal", form)

    assert (answer.status_code, answer.location) == (303, f"/chatbots/{cast.chatbot.id}/health")
    wanted = Document.select().where(Document.request_rank == Rank.PERSON, Document.requested_at == clock())
    assert sorted(row.title for row in wanted) == [f"Guide {number:02}" for number in range(12)]
    assert Document.select().where(Document.removed_at.is_null(False)).count() == 0
    after = seen(ada, f"/chatbots/{cast.chatbot.id}/health")
    assert "1 page of Acme is no longer shown to us." in words(after, ".notice.attention")


def test_the_question_is_gone_once_it_is_answered(ada: Browser, cast: Cast, braked: Connection) -> None:
    ada.post(f"/notion/connections/{braked.id}/removal")

    assert "no longer shown to us" not in ada.get(f"/chatbots/{cast.chatbot.id}/sources").text
    answer = ada.get(f"/notion/connections/{braked.id}/removal", follow_redirects=True)
    assert "There is nothing to remove any more" in answer.text


def test_an_answer_that_comes_too_late_changes_nothing(ada: Browser, cast: Cast, braked: Connection) -> None:
    Connection.update(brake_at=None).execute()

    answer = ada.post(f"/notion/connections/{braked.id}/removal", follow_redirects=True)

    assert "There is nothing to remove any more" in answer.text
    assert {row.request_rank for row in Document.select().where(Document.doubted_at.is_null(False))} == {3}


def test_a_time_that_is_none_is_refused(ada: Browser, braked: Connection) -> None:
    assert ada.post(f"/notion/connections/{braked.id}/removal", {"shown_at": "soon"}).status_code == 400


def test_a_connection_that_needs_reconnecting_asks_for_that_alone(
    ada: Browser, cast: Cast, braked: Connection
) -> None:
    Connection.update(state="reconnect").execute()

    assert "no longer shown to us" not in ada.get(f"/chatbots/{cast.chatbot.id}/health").text
