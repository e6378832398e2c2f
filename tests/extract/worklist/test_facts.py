"""What a row means: whether a document waits, is present or in doubt, whether a source is gone or follows edits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from peewee import Database

from extract.rules.timing import Rank
from extract.store.models import Document, Source
from extract.values import Parent
from extract.worklist import documents, facts
from tests import rows
from tests.clock import START


@pytest.mark.parametrize(
    ("parent", "table", "page"),
    [
        (Parent("data_source_id", "t"), "t", None),
        (Parent("page_id", "p"), None, "p"),
        (Parent("block_id", "b"), None, None),
        (Parent("workspace"), None, None),
    ],
)
def test_what_a_listing_told_is_kept_and_comes_back_as_it_was(
    memory_store: Database, parent: Parent, table: str | None, page: str | None
) -> None:
    document = rows.document(rows.source())
    stub = rows.stub_of(document, title="Renamed", parent=parent, edited_at=START, properties={"a": 1})

    documents.request_read(document, now=START, rank=Rank.EDIT, stub=stub)

    kept = rows.fresh(document)
    assert (kept.data_source_id, kept.parent_page_id, kept.noticed_at) == (table, page, START)
    again = facts.stored_stub(kept)
    assert again is not None
    assert (again.title, again.properties, again.edited_at) == ("Renamed", {"a": 1}, START)
    assert again.parent == (parent if table or page else Parent("unknown"))


@pytest.mark.parametrize("column", ["doubted_at", "removed_at"])
def test_a_page_in_doubt_or_removed_is_asked_itself_whatever_a_listing_told(
    memory_store: Database, column: str
) -> None:
    document = rows.document(rows.source())
    documents.store_stub(document, rows.stub_of(document))
    assert facts.stored_stub(document) is not None

    setattr(document, column, START)

    assert facts.stored_stub(document) is None


def test_the_facts_of_a_row_are_what_a_listing_is_compared_with(memory_store: Database) -> None:
    document = rows.document(rows.source(), requested_at=START, computed_digest="c")

    held = facts.held_facts(document)

    assert (held.edited_at, held.noticed_at) == (rows.EDITED, rows.EDITED)
    assert (held.requested, held.removed, held.computed_digest) == (True, False, "c")


@pytest.mark.parametrize(
    ("doubted", "listed", "is_gone"),
    [
        (None, START, False),
        (START, None, False),
        (START, START - timedelta(hours=1), False),
        (START, START, True),
    ],
)
def test_a_database_is_gone_once_a_listing_after_the_doubt_confirmed_it(
    memory_store: Database, doubted: object, listed: object, is_gone: bool
) -> None:
    source = rows.source(kind="database", doubted_at=doubted, listed_at=listed)

    assert facts.is_gone(source) == is_gone
    assert Source.select().where(facts.gone()).exists() == is_gone
    assert Source.select().where(~facts.gone()).exists() != is_gone


def test_a_document_that_nobody_wants_is_worked_as_a_check() -> None:
    assert facts.rank_of(Document(requested_at=None, request_rank=Rank.PERSON)) is Rank.CHECK
    assert facts.rank_of(Document(requested_at=START, request_rank=Rank.PERSON)) is Rank.PERSON


@pytest.mark.parametrize(
    ("values", "follows"),
    [
        ({}, True),
        ({"auto_retrain": "daily"}, False),
        ({"stopped_at": START}, False),
        ({"doubted_at": START, "listed_at": START}, False),
        ({"doubted_at": START, "listed_at": None}, True),
    ],
)
def test_a_source_follows_edits_while_it_is_live_runs_and_is_not_gone(
    memory_store: Database, values: dict[str, object], follows: bool
) -> None:
    rows.source(**values)

    assert Source.select().where(facts.follows()).exists() == follows


@pytest.mark.parametrize(
    ("values", "waiting", "present", "in_doubt"),
    [
        ({}, False, True, False),
        ({"requested_at": START}, True, True, False),
        ({"requested_at": START, "error": "It failed."}, False, True, False),
        ({"removed_at": START}, False, False, False),
        ({"doubted_at": START}, False, True, True),
    ],
)
def test_what_the_columns_of_a_document_mean(
    values: dict[str, object], waiting: bool, present: bool, in_doubt: bool
) -> None:
    document = Document(**values)

    assert facts.is_waiting(document) == waiting
    assert facts.is_present(document) == present
    assert facts.is_in_doubt(document) == in_doubt
