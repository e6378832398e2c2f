"""Which of several connections serves a page, when its own cannot any more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from peewee import Database

from extract.connections.serving import assign_to_absent, reassign, unserved
from extract.store.models import Document, Source
from tests import rows
from tests.clock import START


def pair(*, own: str = "alive", other: str = "alive") -> tuple[Source, Source, Document]:
    """Two sources of two connections in these states, and the page that both hold; the first one serves it."""
    first = rows.source(via=rows.connection(state=own))
    second = rows.source(first.chatbot, rows.connection(first.connection.organisation, state=other))
    return first, second, rows.document(first, second)


@pytest.mark.parametrize(("other", "taken"), [("alive", True), ("reconnect", False), ("disconnected", False)])
def test_another_connection_takes_a_page_over_when_it_is_alive(
    any_store: Database, other: str, taken: bool
) -> None:
    first, second, document = pair(own="reconnect", other=other)

    assert reassign(Document.id == document.id) == taken
    assert rows.fresh(document).connection_id == (second if taken else first).connection_id


def test_a_page_that_no_other_connection_holds_stays(memory_store: Database) -> None:
    source = rows.source(via=rows.connection(state="reconnect"))
    rows.source(source.chatbot, rows.connection(source.connection.organisation))
    document = rows.document(source)

    assert reassign(Document.id == document.id) == 0
    assert rows.fresh(document).connection_id == source.connection_id


def test_only_the_chosen_pages_are_handed_over(memory_store: Database) -> None:
    first, _, document = pair()

    assert reassign(Document.id == document.id + 1) == 0
    assert rows.fresh(document).connection_id == first.connection_id


def test_a_page_that_is_not_shown_goes_to_a_connection_that_waits_for_its_person(
    memory_store: Database,
) -> None:
    _, absent, document = pair(other="reconnect")
    waiting = {"doubted_at": START, "requested_at": START, "error": "Not there.", "attempts": 2}
    Document.update(**waiting, retry_after=START + timedelta(hours=1)).execute()

    assert assign_to_absent(rows.fresh(document))

    given = rows.fresh(document)
    assert given.connection_id == absent.connection_id
    assert [given.doubted_at, given.requested_at, given.error, given.retry_after] == [None] * 4


def test_a_page_stays_when_every_other_connection_is_alive(memory_store: Database) -> None:
    first, _, document = pair()
    Document.update(doubted_at=START).execute()

    assert not assign_to_absent(rows.fresh(document))
    assert rows.fresh(document).doubted_at == START
    assert rows.fresh(document).connection_id == first.connection_id


def test_unserved_is_what_no_source_of_its_own_connection_holds(memory_store: Database) -> None:
    _, second, served = pair()
    orphan = rows.document(second, connection=served.connection_id)

    found = Document.select().where(unserved([served.id, orphan.id]))

    assert [document.id for document in found] == [orphan.id]
