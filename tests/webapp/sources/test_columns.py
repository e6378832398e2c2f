"""The columns of a database on the page of its source, and hiding them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup

from extract.store.models import DataSource, Document, Source
from tests.clock import StoppedClock
from tests.webapp.conftest import Browser, Cast
from tests.webapp.rows import make_connection, make_document, make_source


@pytest.fixture
def terms(cast: Cast, clock: StoppedClock) -> Source:
    wire = make_connection(cast.acme, clock())
    source = make_source(cast.chatbot, wire, "Glossary", clock(), kind="database")
    schema = {
        "Meaning": {"id": "m%3A", "type": "rich_text"},
        "Term": {"id": "title", "type": "title"},
        "Pay <b>": {"id": "pay", "type": "number"},
    }
    DataSource.create(source=source, notion_id="one", name="Glossary", properties=schema)
    make_document(source, "Lungo", clock(), "A long espresso.")
    return source


def boxes(browser: Browser, source: Source) -> dict[str, bool]:
    page = BeautifulSoup(browser.get(f"/sources/{source.id}").text, "html.parser")
    return {
        label.select_one("span").text: label.select_one("input[type=checkbox]").has_attr("checked")
        for label in page.select("#columns label")
    }


def test_the_page_lists_the_columns_title_first_all_on(ada: Browser, terms: Source) -> None:
    page = BeautifulSoup(ada.get(f"/sources/{terms.id}").text, "html.parser")

    assert boxes(ada, terms) == {"Term": True, "Meaning": True, "Pay <b>": True}
    assert [meta.text for meta in page.select("#columns .meta")] == ["Title, always read", "Text", "Number"]
    assert page.select_one("#columns input[type=checkbox]").has_attr("disabled")
    assert "all 3 are read" in page.select_one("#columns summary").text


def test_saving_keeps_what_is_ticked_and_has_the_rows_read_again(
    ada: Browser, terms: Source, clock: StoppedClock
) -> None:
    answer = ada.post(f"/sources/{terms.id}/columns", {"column": ["m%3A"], "offered": ["m%3A", "pay"]})

    assert (answer.status_code, answer.location) == (303, f"/sources/{terms.id}")
    after = Source.get_by_id(terms.id)
    assert (after.hidden_columns, after.status) == (["pay"], "re-training")
    assert Document.get().requested_at == clock()
    assert "Columns saved" in ada.get(answer.location).text
    assert boxes(ada, terms) == {"Term": True, "Meaning": True, "Pay <b>": False}


def test_a_column_that_came_after_the_page_was_opened_stays_on(ada: Browser, terms: Source) -> None:
    ada.post(f"/sources/{terms.id}/columns", {"offered": ["m%3A"]})

    assert Source.get_by_id(terms.id).hidden_columns == ["m%3A"]


def test_only_the_title_may_be_left(ada: Browser, terms: Source) -> None:
    ada.post(f"/sources/{terms.id}/columns", {})

    assert Source.get_by_id(terms.id).hidden_columns == ["m%3A", "pay"]


def test_saving_nothing_new_reads_nothing(ada: Browser, terms: Source) -> None:
    answer = ada.post(f"/sources/{terms.id}/columns", {"column": ["m%3A", "pay"]})

    assert "stayed as they were" in ada.get(answer.location).text
    assert Document.get().requested_at is None


def test_a_resting_connection_is_a_sentence_on_the_page(
    ada: Browser, cast: Cast, terms: Source, clock: StoppedClock
) -> None:
    terms.connection.state = "reconnect"
    terms.connection.save()

    answer = ada.get(ada.post(f"/sources/{terms.id}/columns", {"column": []}).location)

    notices = [notice.text for notice in BeautifulSoup(answer.text, "html.parser").select(".notice.problem")]
    assert any("Reconnect first." in notice for notice in notices)
    assert Source.get_by_id(terms.id).hidden_columns == []


def test_a_member_sees_the_columns_and_cannot_change_them(
    cast: Cast, login: Callable[..., Browser], terms: Source
) -> None:
    page = BeautifulSoup(login(cast.cleo).get(f"/sources/{terms.id}").text, "html.parser")

    assert page.select("#columns input:not([disabled]):not([type=hidden]), #columns button") == []


def test_a_page_has_no_columns(ada: Browser, cast: Cast, clock: StoppedClock) -> None:
    page = make_source(cast.chatbot, make_connection(cast.acme, clock()), "Handbook", clock())

    assert "Columns" not in ada.get(f"/sources/{page.id}").text
