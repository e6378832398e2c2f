"""The columns of a database, and the values of a row without those that a team has hidden."""

from __future__ import annotations

import pytest
from peewee import Database

from extract.membership.columns import Column, columns_of, split_columns
from tests import rows

TITLE = {"id": "title", "type": "title", "title": []}
PRICE = {"id": "p%3A", "type": "number", "number": 4}


def test_the_title_comes_first_and_the_others_in_notions_order(memory_store: Database) -> None:
    glossary = rows.source(kind="database", hidden_columns=["p%3A"])
    rows.table(
        glossary,
        properties={
            "Price": {"id": "p%3A", "type": "number"},
            "Term": {"id": "title", "type": "title"},
            "Meaning": {"id": "m", "type": "rich_text"},
        },
    )

    assert columns_of(glossary) == (
        Column("title", "Term", "title", shown=True),
        Column("p%3A", "Price", "number", shown=False),
        Column("m", "Meaning", "rich_text", shown=True),
    )


def test_a_column_that_two_tables_share_is_there_once_under_its_first_name(memory_store: Database) -> None:
    glossary = rows.source(kind="database")
    for name in ("Price", "Cost"):
        rows.table(glossary, properties={name: {"id": "p%3A", "type": "number"}})

    assert [column.name for column in columns_of(glossary)] == ["Price"]


def test_tables_of_other_sources_are_left_out(memory_store: Database) -> None:
    rows.table(rows.source(kind="database"), properties={"Price": {"id": "p", "type": "number"}})

    assert columns_of(rows.source(kind="database")) == ()


@pytest.mark.parametrize("described", [None, "number", {"type": "number"}, {"id": 7}])
def test_a_column_that_notion_describes_oddly_is_left_out(memory_store: Database, described: object) -> None:
    glossary = rows.source(kind="database")
    rows.table(glossary, properties={"Price": described})

    assert columns_of(glossary) == ()


def test_a_hidden_column_is_left_out_by_its_id_and_named() -> None:
    shown, left_out = split_columns({"Term": TITLE, "Price": PRICE}, {"p%3A"})

    assert shown == {"Term": TITLE}
    assert left_out == {"Price"}


def test_the_title_stays_even_when_its_id_is_hidden() -> None:
    shown, left_out = split_columns({"Term": TITLE}, {"title"})

    assert shown == {"Term": TITLE}
    assert left_out == frozenset()


def test_where_nothing_is_hidden_all_stays_also_what_is_no_value() -> None:
    properties = {"Term": TITLE, "Odd": None}

    assert split_columns(properties, ()) == (properties, frozenset())
