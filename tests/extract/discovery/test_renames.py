"""Which pages are read again when a page that they name has a new title, or has just arrived."""

from __future__ import annotations

from datetime import timedelta

import pytest
from peewee import Database

from extract.discovery import renames
from extract.discovery.renames import request_citing_pages
from extract.rules.answers import TitleChange
from extract.rules.timing import Rank
from extract.store.models import Document, Source
from tests import rows
from tests.clock import START

MINUTE = timedelta(minutes=1)


def citing(source: Source, target: Document, **values: object) -> Document:
    """A page that names `target`."""
    document = rows.document(source, **values)
    rows.link(document, notion_id=target.notion_id)
    return document


def test_pages_that_name_it_are_wanted_by_the_lowest_rank_with_their_stubs(memory_store: Database) -> None:
    source = rows.source()
    target = rows.document(source)
    document = citing(source, target, stub={"title": "Kept"})
    rows.document(source)

    assert request_citing_pages(target, "renamed", now=START) == 1

    wanted = rows.fresh(document)
    assert (wanted.requested_at, wanted.request_rank, wanted.stub) == (START, Rank.CHECK, {"title": "Kept"})


@pytest.mark.parametrize(
    ("source_values", "values"),
    [
        ({}, {"hash": ""}),  # never read
        ({}, {"removed_at": START}),
        ({"auto_retrain": "off"}, {}),
        ({"stopped_at": START}, {}),
    ],
)
def test_what_holds_no_text_or_is_not_synced_by_itself_is_left_alone(
    memory_store: Database, source_values: dict[str, object], values: dict[str, object]
) -> None:
    target = rows.document(rows.source())
    source = rows.source(Source.get().chatbot, Source.get().connection, **source_values)
    citing(source, target, **values)

    assert request_citing_pages(target, "renamed", now=START) == 0


def test_pages_of_other_chatbots_and_other_connections_are_left_alone(memory_store: Database) -> None:
    source = rows.source()
    target = rows.document(source)
    citing(rows.source(via=source.connection), target)
    citing(rows.source(source.chatbot, rows.connection(source.connection.organisation)), target)
    rows.link(target, notion_id=target.notion_id)

    assert request_citing_pages(target, "renamed", now=START) == 0


@pytest.mark.parametrize(("change", "asked"), [("renamed", 2), ("arrived", 1)])
def test_what_was_read_since_the_page_was_known_has_its_name_already(
    memory_store: Database, change: TitleChange, asked: int
) -> None:
    source = rows.source()
    target = rows.document(source, created_at=START)
    citing(source, target, synced_at=START - MINUTE)
    citing(source, target, synced_at=START)

    assert request_citing_pages(target, change, now=START) == asked


def test_one_name_costs_at_most_so_many_requests(
    memory_store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renames, "MOST", 2)
    source = rows.source()
    target = rows.document(source)
    first, second, third = (citing(source, target) for _ in range(3))

    assert request_citing_pages(target, "renamed", now=START) == 2
    assert rows.fresh(third).requested_at is None
