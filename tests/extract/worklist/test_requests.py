"""Requests on rows: what is wanted, what a listing told of it, which source holds it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from peewee import Database

from extract.rules.changes import digest_of
from extract.rules.timing import Rank
from extract.store.models import Document, Membership, Source
from extract.values import Parent
from extract.worklist import requests
from tests import rows
from tests.clock import START

LATER = START + timedelta(minutes=5)
HOUR = timedelta(hours=1)


def add(source: Source, notion_id: str, **values: object) -> Document:
    given = {"stub": None, "now": START, "rank": Rank.EDIT, "verify_hours": 24.0, **values}
    return requests.add_document(source, notion_id, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "asked", "after"),
    [
        (Rank.PERSON, Rank.CHECK, Rank.PERSON),
        (Rank.CHECK, Rank.PERSON, Rank.PERSON),
        (None, Rank.CHECK, Rank.CHECK),
    ],
)
def test_the_more_urgent_of_two_wishes_counts(
    memory_store: Database, before: Rank | None, asked: Rank, after: Rank
) -> None:
    waiting = {} if before is None else {"requested_at": START, "request_rank": before}
    document = rows.document(rows.source(), **waiting)

    requests.request_read(document, now=LATER, rank=asked)

    assert rows.fresh(document).request_rank == after
    assert rows.fresh(document).requested_at == LATER


def test_a_wish_that_failed_does_not_keep_its_rank(memory_store: Database) -> None:
    failed = {"requested_at": START, "request_rank": Rank.PERSON, "error": "It failed."}
    document = rows.document(rows.source(), **failed, attempts=4, retry_after=START + HOUR)

    requests.request_read(document, now=LATER, rank=Rank.CHECK)

    again = rows.fresh(document)
    assert (again.request_rank, again.error, again.attempts, again.retry_after) == (Rank.CHECK, None, 0, None)


def test_a_wish_without_a_stub_forgets_one_that_was_never_read(memory_store: Database) -> None:
    document = rows.document(rows.source())
    requests.request_read(document, now=START, rank=Rank.EDIT, stub=rows.stub_of(document, title="Moved"))

    requests.request_read(document, now=LATER, rank=Rank.EDIT)

    assert rows.fresh(document).stub is None
    assert rows.fresh(document).stub_digest == ""


def test_a_page_that_nobody_waited_for_keeps_the_digest_of_what_was_read(memory_store: Database) -> None:
    document = rows.document(rows.source())

    requests.request_read(document, now=START, rank=Rank.EDIT)

    assert rows.fresh(document).stub_digest == digest_of(rows.stub_of(document))


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

    requests.request_read(document, now=START, rank=Rank.EDIT, stub=stub)

    kept = rows.fresh(document)
    assert (kept.data_source_id, kept.parent_page_id, kept.noticed_at) == (table, page, START)
    again = requests.stored_stub(kept)
    assert again is not None
    assert (again.title, again.properties, again.edited_at) == ("Renamed", {"a": 1}, START)
    assert again.parent == (parent if table or page else Parent("unknown"))


@pytest.mark.parametrize("column", ["doubted_at", "removed_at"])
def test_a_page_in_doubt_or_removed_is_asked_itself_whatever_a_listing_told(
    memory_store: Database, column: str
) -> None:
    document = rows.document(rows.source())
    requests.store_stub(document, rows.stub_of(document))
    assert requests.stored_stub(document) is not None

    setattr(document, column, START)

    assert requests.stored_stub(document) is None


def test_all_of_a_select_are_wanted_but_for_tombstones(memory_store: Database) -> None:
    source = rows.source()
    document = rows.document(
        source, stub={"title": "Kept"}, attempts=3, retry_after=LATER, error="It failed."
    )
    tombstone = rows.document(source, removed_at=START)
    chosen = Membership.select(Membership.document).where(Membership.source == source)

    assert requests.request_reads(chosen, now=START, rank=Rank.PERSON) == 1

    wanted = rows.fresh(document)
    assert (wanted.requested_at, wanted.request_rank, wanted.attempts) == (START, Rank.PERSON, 0)
    assert (wanted.retry_after, wanted.error, wanted.stub) == (None, None, {"title": "Kept"})
    assert rows.fresh(tombstone).requested_at is None


def test_the_facts_of_a_row_are_what_a_listing_is_compared_with(memory_store: Database) -> None:
    document = rows.document(rows.source(), requested_at=START, computed_digest="c")

    facts = requests.held_facts(document)

    assert (facts.edited_at, facts.noticed_at) == (rows.EDITED, rows.EDITED)
    assert (facts.wanted, facts.removed, facts.computed_digest) == (True, False, "c")


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

    requests.relist_children(source, document, now=START)

    assert (rows.fresh(source).requested_at is not None) == listed


def test_the_documents_of_a_page_are_found_by_chatbot_and_by_connection(memory_store: Database) -> None:
    first = rows.source()
    second = rows.source(rows.chatbot(first.connection.organisation), first.connection)
    page = rows.document(first)
    twin = rows.document(second, notion_id=page.notion_id)
    elsewhere = rows.document(rows.source(), notion_id=page.notion_id)

    assert requests.documents_of(first.chatbot_id, [page.notion_id]) == {page.notion_id: page}
    found = requests.documents_by_page(first.connection_id, [page.notion_id, rows.notion_id()])
    assert found == {page.notion_id: [page, twin]}
    assert elsewhere not in found[page.notion_id]


def test_the_members_among_named_sources_and_pages(memory_store: Database) -> None:
    first = rows.source()
    second = rows.source(first.chatbot, first.connection)
    page, other = rows.document(first, second), rows.document(second)

    assert requests.members_of({first.id}, {page.notion_id, other.notion_id}) == {(first.id, page.notion_id)}
    assert requests.members_of(set(), {page.notion_id}) == set()
    assert requests.members_of({first.id}, set()) == set()


@pytest.mark.parametrize(
    ("before", "rank", "full", "after"),
    [
        (None, Rank.CHECK, False, (Rank.CHECK, False)),
        ((Rank.PERSON, True), Rank.CHECK, False, (Rank.PERSON, True)),
        ((Rank.CHECK, False), Rank.PERSON, True, (Rank.PERSON, True)),
        ((Rank.EDIT, False), Rank.SCHEDULE, True, (Rank.EDIT, True)),
    ],
)
def test_a_listing_that_is_wanted_already_keeps_the_greater_wish(
    any_store: Database, before: tuple[Rank, bool] | None, rank: Rank, full: bool, after: tuple[Rank, bool]
) -> None:
    source = rows.source(attempts=3, retry_after=LATER, request_rank=0, full_requested=before is None)
    if before:
        Source.update(requested_at=START, request_rank=before[0], full_requested=before[1]).execute()

    requests.request_listing(source, now=LATER, rank=rank, full=full)

    wanted = rows.fresh(source)
    assert (wanted.request_rank, wanted.full_requested) == after
    assert (wanted.requested_at, wanted.attempts, wanted.retry_after) == (LATER, 0, None)
