"""Read-only queries: which sources hold a document, which columns are hidden, who follows, which titles are held."""

from __future__ import annotations

from datetime import timedelta

import pytest
from peewee import Database

from extract.membership import queries
from tests import rows
from tests.clock import START

HOUR = timedelta(hours=1)


def test_the_sources_that_hold_each_document_in_order_and_none_for_one_that_nobody_holds(
    memory_store: Database,
) -> None:
    first = rows.source()
    second = rows.source(first.chatbot, first.connection)
    document = rows.document(second, first)

    assert queries.sources_holding([document.id, 999]) == {document.id: [first.id, second.id], 999: []}


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

    assert queries.hidden_columns([document.id]) == {document.id: hidden}


def test_pages_that_no_database_holds_have_no_hidden_columns(memory_store: Database) -> None:
    document = rows.document(rows.source(kind="workspace"))

    assert queries.hidden_columns([document.id]) == {}


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

    assert queries.followed([document.id]) == ({document.id} if follows else set())


def test_the_tables_of_running_sources_of_one_connection(memory_store: Database) -> None:
    source = rows.source(kind="database")
    table = rows.table(source)
    for other in (rows.source(kind="database"), rows.source(via=source.connection, stopped_at=START)):
        rows.table(other, notion_id=table.notion_id)

    assert queries.data_sources_of(source.connection_id, [table.notion_id]) == [table]


def test_titles_are_those_of_the_same_knowledge_base(memory_store: Database) -> None:
    source = rows.source()
    held = rows.document(source, title="Holidays")
    foreign = rows.document(rows.source(), title="Secret")

    asked = [held.notion_id, foreign.notion_id]
    assert queries.titles_held(source.chatbot_id, asked) == {held.notion_id: "Holidays"}
    assert queries.titles_held(source.chatbot_id, []) == {}
