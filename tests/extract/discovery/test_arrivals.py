"""Pages and tables that a listing shows: which sources hold them from then on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from peewee import Database

from extract.discovery.arrivals import follows_live, notice_arrivals, notice_shown, relist_tables, store_table
from extract.discovery.changes_listed import Noticed
from extract.rules.timing import Rank
from extract.store.models import DataSource, Source
from extract.values import Parent, Stub
from tests import rows
from tests.clock import START

LONG_AGO = START - timedelta(hours=1)


def show(source: Source, *stubs: Stub, takes: Any = follows_live) -> Noticed:
    """A listing of the source's connection shows these."""
    return notice_arrivals(
        source.connection_id, stubs, takes=takes, rank=Rank.EDIT, now=START, verify_hours=24
    )


def row_of(table: DataSource, **said: object) -> Stub:
    return rows.stub(parent=Parent("data_source_id", table.notion_id), **said)


def page_in(notion_id: str, **said: object) -> Stub:
    return rows.stub(parent=Parent("page_id", notion_id), **said)


def test_a_row_is_held_by_the_source_that_holds_its_table(memory_store: Database) -> None:
    source = rows.source(kind="database")
    row = row_of(rows.table(source))

    assert show(source, row) == Noticed(new=1, untold=(row.edited_at,))
    assert rows.pages_of(source) == {row.id}


def test_what_is_held_already_is_no_arrival(memory_store: Database) -> None:
    source = rows.source(kind="database")
    table = rows.table(source)
    document = rows.row(source, table)

    assert not show(source, rows.stub_of(document))


@pytest.mark.parametrize(
    "said", [{"in_trash": True}, {"partial": True}, {"is_archived": True}, {"kind": "data_source"}]
)
def test_a_row_that_cannot_be_read_there_is_left_out(memory_store: Database, said: dict[str, object]) -> None:
    source = rows.source(kind="database")

    assert not show(source, row_of(rows.table(source), **said))


@pytest.mark.parametrize(
    "values",
    [{"auto_retrain": "daily"}, {"stopped_at": START}, {"doubted_at": START, "listed_at": START}],
)
def test_a_source_that_does_not_follow_takes_nothing(
    memory_store: Database, values: dict[str, object]
) -> None:
    source = rows.source(kind="database", **values)

    assert not show(source, row_of(rows.table(source)))


def test_a_page_at_the_top_belongs_to_no_database_and_no_page(memory_store: Database) -> None:
    source = rows.source(kind="database")
    rows.source(source.chatbot, source.connection)

    assert not show(source, rows.stub())


def test_a_workspace_takes_all_that_its_connection_shows(memory_store: Database) -> None:
    whole = rows.source(kind="workspace")
    archived = row_of(rows.table(whole), is_archived=True)
    stubs = [rows.stub(), page_in(rows.notion_id()), archived]

    assert show(whole, *stubs).new == 3
    assert rows.pages_of(whole) == {stub.id for stub in stubs}


def test_a_tree_takes_what_sits_below_its_pages_whatever_the_order(memory_store: Database) -> None:
    tree, root = rows.tree()
    child = page_in(root.notion_id)
    grandchild = page_in(child.id)

    assert show(tree, grandchild, child, page_in(rows.notion_id())).new == 2
    assert rows.pages_of(tree) == {root.notion_id, child.id, grandchild.id}


def test_a_page_below_a_row_that_has_just_come_belongs_to_the_tree(memory_store: Database) -> None:
    tree, _ = rows.tree()
    row = row_of(rows.table(tree))
    below = page_in(row.id)

    assert show(tree, below, row).new == 2


def test_a_page_of_a_tree_that_is_listed_outside_it_is_asked_itself(memory_store: Database) -> None:
    tree, root = rows.tree()
    inside = rows.document(tree, parent_page_id=root.notion_id, synced_at=LONG_AGO)
    outside = rows.document(tree, synced_at=LONG_AGO)

    noticed = show(tree, rows.stub_of(inside), rows.stub_of(outside), rows.stub_of(root))

    assert noticed == Noticed(doubted=1)
    assert rows.fresh(outside).requested_at == START
    assert rows.fresh(inside).requested_at is None
    assert rows.fresh(root).requested_at is None


@pytest.mark.parametrize(
    "values",
    [
        {"synced_at": START - timedelta(minutes=9)},  # search may be older than what it was read as
        {"synced_at": LONG_AGO, "removed_at": START},
        {"synced_at": LONG_AGO, "requested_at": START},
    ],
)
def test_a_page_that_was_just_asked_or_is_wanted_or_removed_is_not_asked_for_its_place(
    memory_store: Database, values: dict[str, object]
) -> None:
    tree, _ = rows.tree()
    document = rows.document(tree, **values)

    assert not show(tree, rows.stub_of(document))


def test_a_page_in_a_block_does_not_tell_that_it_left(memory_store: Database) -> None:
    tree, _ = rows.tree()
    document = rows.document(tree, synced_at=LONG_AGO)

    assert not show(tree, rows.stub_of(document, parent=Parent("block_id", rows.notion_id())))


@pytest.mark.parametrize("kind", ["workspace", "tree", "outside", "database"])
def test_a_table_that_is_new_in_a_tree_or_a_workspace_has_it_listed(
    memory_store: Database, kind: str
) -> None:
    tree, root = rows.tree()
    source = tree if kind in ("tree", "outside") else rows.source(kind=kind)
    place = {"tree": Parent("page_id", root.notion_id), "outside": Parent("page_id", rows.notion_id())}
    stub = rows.stub(kind="data_source", title="Glossary", parent=place.get(kind, Parent("workspace")))

    taken = kind in ("workspace", "tree")
    assert show(source, stub).relist == taken
    assert [table.name for table in source.data_sources] == (["Glossary"] if taken else [])
    assert (rows.fresh(source).requested_at is not None) == taken
    assert not show(source, stub)  # it is known now


def test_a_new_row_of_a_table_keeps_what_was_listed_of_it(memory_store: Database) -> None:
    source = rows.source()
    stub = rows.stub(kind="data_source", title="Old", database_id="d", properties={"a": 1})
    store_table(source.id, stub)
    DataSource.update(listed=True).execute()

    store_table(source.id, stub, name="New")

    table = DataSource.get()
    assert (table.name, table.database_id, table.properties, table.listed) == ("New", "d", {"a": 1}, True)


def test_tables_that_may_have_changed_are_queried_with_the_next_listing(memory_store: Database) -> None:
    tree, _ = rows.tree()
    by_id, by_container, other = (rows.table(tree, listed=True, listed_to=START) for _ in range(3))

    relist_tables(tree, [by_id.notion_id, by_container.database_id], now=START)

    assert [rows.fresh(table).listed for table in (by_id, by_container, other)] == [False, False, True]
    assert rows.fresh(by_id).listed_to is None
    assert rows.fresh(tree).request_rank == Rank.EDIT
    assert not rows.fresh(tree).full_requested


def test_one_sweep_brings_arrivals_edits_and_columns(memory_store: Database) -> None:
    source = rows.source(kind="database")
    table = rows.table(source)
    edited = rows.row(source, table)
    stubs = [
        row_of(table),
        rows.stub_of(edited, edited_at=START),
        rows.table_stub(table, properties={"Price": {"id": "p", "type": "number"}}),
    ]

    noticed = notice_shown(source.connection_id, stubs, now=START, verify_hours=24)

    assert (noticed.new, noticed.stale, noticed.relist) == (1, 1, 1)
