"""What is left to do for a source, and how many of its documents can be read, have text or failed."""

from __future__ import annotations

import pytest
from peewee import Database

from extract.worklist import outcome
from extract.worklist.outcome import DocumentCounts
from tests import rows
from tests.clock import START


@pytest.mark.parametrize(
    ("values", "waits"),
    [({"requested_at": START}, True), ({"requested_at": START, "error": "It failed."}, False), ({}, False)],
)
def test_a_source_waits_for_what_is_wanted_and_has_not_failed(
    memory_store: Database, values: dict[str, object], waits: bool
) -> None:
    source = rows.source()
    rows.document(source, **values)

    assert outcome.has_outstanding(source) == waits


def test_nobody_waits_for_a_connection_that_is_not_alive(memory_store: Database) -> None:
    source = rows.source(via=rows.connection(state="reconnect"))
    rows.document(source, requested_at=START)

    assert not outcome.has_outstanding(source)


def test_documents_are_counted_as_readable_with_text_and_failed(memory_store: Database) -> None:
    source = rows.source()
    rows.document(source, passages=["Words."])
    rows.document(source, error="It failed.")
    rows.document(source, synced_at=None)
    rows.document(source, removed_at=START, error="It left.")

    assert outcome.count_documents(source.id) == DocumentCounts(readable=2, with_text=1, failed=1)


def test_a_source_without_documents_counts_none(memory_store: Database) -> None:
    assert outcome.count_documents(rows.source().id) == DocumentCounts(0, 0, 0)
