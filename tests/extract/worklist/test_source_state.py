"""What is known of sources and documents without anything being due: who follows, what is outstanding, what counts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from peewee import Database

from extract.store.models import Source
from extract.worklist import source_state
from extract.worklist.source_state import DocumentCounts
from tests import rows
from tests.clock import START

HOUR = timedelta(hours=1)


def test_the_sources_that_hold_each_document_in_order_and_none_for_one_that_nobody_holds(
    memory_store: Database,
) -> None:
    first = rows.source()
    second = rows.source(first.chatbot, first.connection)
    document = rows.document(second, first)

    assert source_state.sources_holding([document.id, 999]) == {document.id: [first.id, second.id], 999: []}


@pytest.mark.parametrize(
    ("one", "other", "hidden"),
    [
        (["a", "b"], ["b", "c"], {"b"}),
        (["a"], [], set()),
        ([], ["a"], set()),
    ],
)
def test_a_column_is_hidden_for_a_row_when_every_database_that_holds_it_hides_it(
    memory_store: Database, one: list[str], other: list[str], hidden: set[str]
) -> None:
    first = rows.source(kind="database", hidden_columns=one)
    second = rows.source(first.chatbot, first.connection, kind="database", hidden_columns=other)
    page = rows.source(first.chatbot, first.connection)
    document = rows.document(first, second, page)

    assert source_state.hidden_columns([document.id]) == {document.id: hidden}


def test_pages_that_no_database_holds_have_no_hidden_columns(memory_store: Database) -> None:
    document = rows.document(rows.source(kind="workspace"))

    assert source_state.hidden_columns([document.id]) == {}


@pytest.mark.parametrize(
    ("doubted", "listed", "is_gone"),
    [(None, START, False), (START, None, False), (START, START - HOUR, False), (START, START, True)],
)
def test_a_database_is_gone_once_a_listing_after_the_doubt_confirmed_it(
    memory_store: Database, doubted: object, listed: object, is_gone: bool
) -> None:
    source = rows.source(kind="database", doubted_at=doubted, listed_at=listed)

    assert source_state.is_gone(source) == is_gone
    assert Source.select().where(source_state.gone()).exists() == is_gone
    assert Source.select().where(~source_state.gone()).exists() != is_gone


@pytest.mark.parametrize(
    ("values", "follows"),
    [
        ({}, True),
        ({"auto_retrain": "daily"}, False),
        ({"stopped_at": START}, False),
        ({"doubted_at": START, "listed_at": START}, False),
        ({"doubted_at": START}, True),
    ],
)
def test_a_document_is_followed_while_one_source_of_it_follows_edits(
    memory_store: Database, values: dict[str, object], follows: bool
) -> None:
    still = rows.source(auto_retrain="off")
    document = rows.document(rows.source(still.chatbot, still.connection, **values), still)
    rows.document(still)

    assert source_state.followed([document.id]) == ({document.id} if follows else set())


@pytest.mark.parametrize(
    ("values", "outstanding"),
    [({"requested_at": START}, True), ({"requested_at": START, "error": "It failed."}, False), ({}, False)],
)
def test_a_source_waits_for_what_is_wanted_and_has_not_failed(
    memory_store: Database, values: dict[str, object], outstanding: bool
) -> None:
    source = rows.source()
    rows.document(source, **values)

    assert source_state.has_outstanding(source) == outstanding


def test_nobody_waits_for_a_connection_that_is_not_alive(memory_store: Database) -> None:
    source = rows.source(via=rows.connection(state="reconnect"))
    rows.document(source, requested_at=START)

    assert not source_state.has_outstanding(source)


def test_documents_are_counted_as_readable_with_text_and_failed(memory_store: Database) -> None:
    source = rows.source()
    rows.document(source, passages=["Words."])
    rows.document(source, error="It failed.")
    rows.document(source, synced_at=None)
    rows.document(source, removed_at=START, error="It left.")

    assert source_state.count_documents(source.id) == DocumentCounts(readable=2, with_text=1, failed=1)


def test_a_source_without_documents_counts_none(memory_store: Database) -> None:
    assert source_state.count_documents(rows.source().id) == DocumentCounts(0, 0, 0)


def test_the_tables_of_running_sources_of_one_connection(memory_store: Database) -> None:
    source = rows.source(kind="database")
    table = rows.table(source)
    for other in (rows.source(kind="database"), rows.source(via=source.connection, stopped_at=START)):
        rows.table(other, notion_id=table.notion_id)

    assert source_state.data_sources_of(source.connection_id, [table.notion_id]) == [table]


def test_titles_are_those_of_the_same_knowledge_base(memory_store: Database) -> None:
    source = rows.source()
    held = rows.document(source, title="Holidays")
    foreign = rows.document(rows.source(), title="Secret")

    asked = [held.notion_id, foreign.notion_id]
    assert source_state.titles_held(source.chatbot_id, asked) == {held.notion_id: "Holidays"}
    assert source_state.titles_held(source.chatbot_id, []) == {}
