"""What the index is given of a page: no hidden column, related pages by name, nothing where nothing is to be read."""

from __future__ import annotations

from typing import Any

import pytest
from peewee import Database

from extract.config.load import Config
from extract.reading import parse
from extract.store.models import Document
from extract.sync.compose import Composed, compose
from extract.sync.task import Fetched
from tests import rows

PRICE = {"id": "p", "type": "number", "number": 4}
TITLE = {"id": "title", "type": "title", "title": []}


def composed(
    config: Config,
    document: Document,
    markdown: str = "Words.",
    *,
    hidden: tuple[str, ...] = (),
    **values: Any,
) -> Composed:
    stub = rows.stub_of(document, properties=values.pop("properties", {}))
    fetched = Fetched(stub=stub, asked_page=True, tree=parse(markdown), **values)
    return compose(config, document, fetched, hidden=hidden)


def test_a_page_is_its_title_and_its_words(memory_store: Database, config: Config) -> None:
    reading = composed(config, rows.document(rows.source(), title="Plan"), unread_blocks=2).reading

    assert (reading.title, reading.unread_blocks) == ("Plan", 2)
    assert "Words." in reading.text
    assert len(reading.passages) == 1


@pytest.mark.parametrize(
    ("markdown", "is_row", "properties", "has_text"),
    [
        ("", False, {}, False),
        ("![](https://x.y/picture.png)", False, {}, False),
        ("", False, {"Price": PRICE}, True),
        ("", True, {}, True),  # a row is an entry by its title alone
        ("Words.", False, {}, True),
    ],
)
def test_a_bare_title_is_nothing_to_answer_from_except_that_of_a_row(
    memory_store: Database, config: Config, markdown: str, is_row: bool, properties: Any, has_text: bool
) -> None:
    document = rows.document(rows.source(), data_source_id="t" if is_row else None)

    reading = composed(config, document, markdown, properties=properties).reading

    assert (bool(reading.text), bool(reading.passages)) == (has_text, has_text)


def test_a_hidden_column_is_in_no_text(memory_store: Database, config: Config) -> None:
    document = rows.document(rows.source())
    properties = {"Name": TITLE, "Price": PRICE}

    assert "Price" in composed(config, document, properties=properties).reading.text
    assert "Price" not in composed(config, document, properties=properties, hidden=("p",)).reading.text


@pytest.mark.parametrize(
    ("held", "hidden", "keeps"),
    [({"Price": "4"}, ("p",), False), ({}, ("p",), True), ({"Price": "4"}, (), True)],
)
def test_the_text_so_far_is_not_kept_when_it_shows_a_column_that_is_hidden_now(
    memory_store: Database, config: Config, held: dict[str, str], hidden: tuple[str, ...], keeps: bool
) -> None:
    document = rows.document(rows.source(), properties=held)

    assert composed(config, document, properties={"Price": PRICE}, hidden=hidden).keep_previous == keeps


def test_related_pages_are_named_by_what_is_held_before_what_was_asked(
    memory_store: Database, config: Config
) -> None:
    source = rows.source()
    held, asked = rows.document(source, title="As held"), rows.notion_id()
    targets = [held.notion_id, asked]
    relation = {"id": "r", "type": "relation", "relation": [{"id": target} for target in targets]}
    names = {asked: "As asked", held.notion_id: "An old name"}

    found = composed(config, rows.document(source), properties={"Related": relation}, related_names=names)

    assert found.related == tuple(targets)
    assert "As held" in found.reading.text
    assert "As asked" in found.reading.text
    assert "An old name" not in found.reading.text


def test_a_list_that_was_completed_counts_in_full(memory_store: Database, config: Config) -> None:
    source = rows.source()
    first, second = rows.document(source, title="First"), rows.document(source, title="Second")
    cut = {"id": "r", "type": "relation", "relation": [{"id": first.notion_id}], "has_more": True}
    items = [
        {"object": "property_item", "type": "relation", "relation": {"id": target.notion_id}}
        for target in (first, second)
    ]

    found = composed(config, rows.document(source), properties={"Related": cut}, completed={"r": items})

    assert found.related == (first.notion_id, second.notion_id)
    assert "Second" in found.reading.text


def test_numbers_are_shown_as_the_newest_schema_of_the_table_says(
    memory_store: Database, config: Config
) -> None:
    source = rows.source(kind="database")
    schema = {"Price": {"id": "p", "type": "number", "number": {"format": "percent"}}}
    table = rows.table(source, properties=schema)
    row = rows.row(source, table)

    assert "400" in composed(config, row, properties={"Price": PRICE}).reading.text
