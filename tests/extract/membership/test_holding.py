"""Which sources hold a document, and what becomes of one that loses a source."""

from __future__ import annotations

import pytest
from peewee import Database

from extract.membership import holding
from extract.store.models import Chunk, Membership
from tests import rows


def test_the_holders_of_a_document_are_its_sources(memory_store: Database) -> None:
    first = rows.source()
    second = rows.source(first.chatbot, first.connection)
    document = rows.document(second, first)

    assert [source.id for source in holding.holders_of(document)] == [first.id, second.id]
    assert holding.is_held(document)


def test_a_document_without_a_source_is_not_held(memory_store: Database) -> None:
    document = rows.document(rows.source())
    Membership.delete().execute()

    assert not holding.is_held(document)
    assert holding.holders_of(document) == []


def test_a_document_held_from_now_on_counts_as_shown_by_the_listing_under_way(memory_store: Database) -> None:
    first = rows.source()
    second = rows.source(first.chatbot, first.connection, listing=7)
    document = rows.document(first)

    holding.hold(second.id, document)

    assert Membership.get(Membership.source == second).listing == 7


def test_holding_twice_changes_nothing(memory_store: Database) -> None:
    source = rows.source(listing=7)
    document = rows.document(source)

    holding.hold(source.id, document)

    assert [membership.listing for membership in Membership.select()] == [0]


def test_a_document_that_loses_its_last_source_is_dropped_with_its_text(memory_store: Database) -> None:
    source = rows.source()
    document = rows.document(source, passages=["Words."])

    holding.end_memberships(source.id, [document.id])

    assert not rows.is_there(document)
    assert Chunk.select().count() == 0


def test_a_document_that_another_source_holds_stays(memory_store: Database) -> None:
    first = rows.source()
    second = rows.source(first.chatbot, first.connection)
    document = rows.document(first, second, passages=["Words."])

    holding.end_memberships(first.id, [document.id])

    assert [source.id for source in holding.holders_of(document)] == [second.id]
    assert rows.fresh(document).text


def test_a_document_left_to_another_connections_source_is_served_by_that_one(memory_store: Database) -> None:
    first = rows.source()
    second = rows.source(first.chatbot, rows.connection(first.connection.organisation))
    document = rows.document(first, second)

    holding.end_memberships(first.id, [document.id])

    assert rows.fresh(document).connection_id == second.connection_id


def test_more_documents_than_one_statement_may_name_end_together(
    memory_store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("extract.store.db.BATCH", 2)
    source = rows.source()
    documents = [rows.document(source) for _ in range(5)]

    holding.end_memberships(source.id, [document.id for document in documents])

    assert rows.pages_of(source) == set()
    assert not rows.is_there(documents[-1])
