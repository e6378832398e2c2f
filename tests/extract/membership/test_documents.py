"""Documents of a chatbot by Notion page, and adding one to a source."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from peewee import Database

from extract.membership import documents
from extract.rules.timing import Rank
from extract.store.models import Document, Membership, Source
from tests import rows
from tests.clock import START


def add(source: Source, notion_id: str, **values: object) -> Document:
    given = {"stub": None, "now": START, "rank": Rank.EDIT, "verify_hours": 24.0, **values}
    return documents.add_document(source, notion_id, **given)  # type: ignore[arg-type]


def test_a_page_that_is_new_is_held_and_wanted_and_looked_at_within_a_day(memory_store: Database) -> None:
    source = rows.source(listing=7)
    stub = rows.stub(title="Holidays", icon="x")

    document = add(source, stub.id, stub=stub)

    made = rows.fresh(document)
    assert (made.title, made.icon, made.requested_at, made.request_rank) == (
        "Holidays",
        "x",
        START,
        Rank.EDIT,
    )
    assert START <= made.check_at <= START + timedelta(hours=24)
    assert made.stub["title"] == "Holidays"
    assert Membership.get().listing == 7


@pytest.mark.parametrize(
    ("title", "called", "url"), [(None, "Handbook", "https://www.notion.so/a-page"), ("Child", "Child", "")]
)
def test_a_page_without_a_stub_is_called_as_it_was_named_or_as_its_source(
    memory_store: Database, title: str | None, called: str, url: str
) -> None:
    source = rows.source(title="Handbook")

    document = add(source, source.notion_id, title=title)

    assert (document.title, document.url) == (called, url)


def test_a_page_that_is_held_already_is_only_joined(memory_store: Database) -> None:
    first = rows.source()
    second = rows.source(first.chatbot, first.connection)
    document = rows.document(first, title="As read")

    added = add(second, document.notion_id, stub=rows.stub(id=document.notion_id, title="Listed"))

    assert added.id == document.id
    assert rows.fresh(document).title == "As read"
    assert rows.fresh(document).requested_at is None
    assert rows.pages_of(second) == {document.notion_id}


@pytest.mark.parametrize(
    ("state", "removed_at", "taken"),
    [("alive", None, False), ("alive", START, True), ("disconnected", None, True)],
)
def test_a_page_that_its_own_connection_cannot_show_is_taken_over(
    memory_store: Database, state: str, removed_at: datetime | None, taken: bool
) -> None:
    first = rows.source(via=rows.connection(state=state))
    document = rows.document(first, removed_at=removed_at)
    second = rows.source(first.chatbot, rows.connection(first.connection.organisation))

    add(second, document.notion_id)

    serves = second if taken else first
    assert rows.fresh(document).connection_id == serves.connection_id


@pytest.mark.parametrize(
    ("with_subpages", "has_body", "listed"), [(1, 1, True), (1, 0, False), (0, 1, False)]
)
def test_a_tree_lists_what_hangs_in_a_page_that_joined_it(
    memory_store: Database, with_subpages: int, has_body: int, listed: bool
) -> None:
    source = rows.source(with_subpages=bool(with_subpages))
    document = rows.document(rows.source(source.chatbot, source.connection))
    if has_body:
        rows.child(document, notion_id=rows.notion_id())

    documents.relist_children(source, document, now=START)

    assert (rows.fresh(source).requested_at is not None) == listed


def test_the_documents_of_a_page_are_found_by_chatbot_and_by_connection(memory_store: Database) -> None:
    first = rows.source()
    second = rows.source(rows.chatbot(first.connection.organisation), first.connection)
    page = rows.document(first)
    twin = rows.document(second, notion_id=page.notion_id)
    elsewhere = rows.document(rows.source(), notion_id=page.notion_id)

    assert documents.documents_of(first.chatbot_id, [page.notion_id]) == {page.notion_id: page}
    found = documents.documents_by_page(first.connection_id, [page.notion_id, rows.notion_id()])
    assert found == {page.notion_id: [page, twin]}
    assert elsewhere not in found[page.notion_id]


def test_the_members_among_named_sources_and_pages(memory_store: Database) -> None:
    first = rows.source()
    second = rows.source(first.chatbot, first.connection)
    page, other = rows.document(first, second), rows.document(second)

    assert documents.members_of({first.id}, {page.notion_id, other.notion_id}) == {(first.id, page.notion_id)}
    assert documents.members_of(set(), {page.notion_id}) == set()
    assert documents.members_of({first.id}, set()) == set()


@pytest.mark.parametrize(("hidden", "requested"), [(["n"], START), ([], None)])
def test_a_row_that_joins_a_database_is_read_again_if_the_database_hides_columns(
    memory_store: Database, hidden: list[str], requested: datetime | None
) -> None:
    workspace = rows.source(kind="workspace")
    document = rows.document(workspace, title="As read")
    database = rows.source(workspace.chatbot, workspace.connection, kind="database", hidden_columns=hidden)

    add(database, document.notion_id)
    assert rows.fresh(document).requested_at == requested

    Document.update(requested_at=None).execute()
    add(database, document.notion_id)  # it is a member already
    assert rows.fresh(document).requested_at is None
