"""Where a page that says where it sits belongs: which sources take it, which lose it, and what leaves with it."""

from __future__ import annotations

import pytest
from peewee import Database

from extract.membership import placement
from extract.rules.timing import Rank
from extract.store.models import DataSource, Document, Membership
from extract.values import Parent
from tests import rows
from tests.clock import START


def holders(document: Document) -> set[int]:
    held_by = Membership.select(Membership.source).where(Membership.document == document.id)
    return {membership.source_id for membership in held_by}


def place(document: Document, parent: Parent, **said: object) -> list[int]:
    """The page itself was asked and names this parent."""
    stub = rows.stub_of(document, parent=parent, **said)
    return placement.update_memberships(document, stub, now=START)


def in_page(document: Document) -> Parent:
    return Parent("page_id", document.notion_id)


def in_table(table: DataSource) -> Parent:
    return Parent("data_source_id", table.notion_id)


def test_a_page_that_came_below_a_page_of_a_tree_belongs_to_the_tree(memory_store: Database) -> None:
    tree, root = rows.tree()
    document = rows.document(rows.source(tree.chatbot, tree.connection))

    assert place(document, in_page(root)) == []
    assert tree.id in holders(document)


def test_a_page_that_went_below_a_page_outside_leaves_the_tree(memory_store: Database) -> None:
    tree, root = rows.tree()
    outside = rows.document(rows.source(tree.chatbot, tree.connection))
    document = rows.document(tree, parent_page_id=root.notion_id)

    assert place(document, in_page(outside)) == [tree.id]
    assert holders(document) == set()


@pytest.mark.parametrize("parent", [Parent("workspace"), Parent("data_source_id", rows.notion_id())])
def test_a_page_that_sits_at_the_top_or_in_a_table_outside_leaves_the_tree(
    memory_store: Database, parent: Parent
) -> None:
    tree, root = rows.tree()
    document = rows.document(tree, parent_page_id=root.notion_id)

    assert place(document, parent) == [tree.id]


def test_the_root_of_a_tree_stays_in_it_wherever_it_sits(memory_store: Database) -> None:
    tree, root = rows.tree()

    assert place(root, Parent("workspace")) == []
    assert holders(root) == {tree.id}


def test_a_page_in_a_block_stays_where_it_is_while_no_body_shows_its_place(memory_store: Database) -> None:
    tree, root = rows.tree()
    held, unheld = rows.document(tree), rows.document(rows.source(tree.chatbot, tree.connection))
    block = Parent("block_id", rows.notion_id())

    assert place(held, block) == place(unheld, block) == []
    assert tree.id in holders(held)
    assert tree.id not in holders(unheld)


def test_a_page_in_a_block_belongs_to_the_tree_whose_page_holds_it_in_its_body(
    memory_store: Database,
) -> None:
    tree, root = rows.tree()
    document = rows.document(rows.source(tree.chatbot, tree.connection))
    rows.child(root, notion_id=document.notion_id)

    place(document, Parent("block_id", rows.notion_id()))

    assert tree.id in holders(document)


def test_a_row_belongs_to_every_source_that_holds_its_table(memory_store: Database) -> None:
    glossary = rows.source(kind="database")
    tree, _ = rows.tree(glossary.chatbot, glossary.connection)
    table = rows.table(glossary)
    DataSource.create(source=tree, notion_id=table.notion_id)
    document = rows.document(rows.source(glossary.chatbot, glossary.connection))

    assert place(document, in_table(table)) == []
    assert {glossary.id, tree.id} <= holders(document)


def test_a_row_that_moved_to_another_table_changes_the_database(memory_store: Database) -> None:
    old = rows.source(kind="database")
    new = rows.source(old.chatbot, old.connection, kind="database")
    document = rows.row(old, rows.table(old))

    assert place(document, in_table(rows.table(new))) == [old.id]
    assert holders(document) == {new.id}


def test_an_archived_row_leaves_its_database_but_not_the_workspace(memory_store: Database) -> None:
    glossary = rows.source(kind="database")
    whole = rows.source(glossary.chatbot, glossary.connection, kind="workspace")
    table = rows.table(glossary)
    DataSource.create(source=whole, notion_id=table.notion_id)
    document = rows.document(glossary, whole, data_source_id=table.notion_id)

    assert place(document, in_table(table), is_archived=True) == [glossary.id]
    assert holders(document) == {whole.id}


def test_a_page_in_the_trash_keeps_its_place(memory_store: Database) -> None:
    tree, _ = rows.tree()
    document = rows.document(tree)

    assert place(document, Parent("workspace"), in_trash=True) == []
    assert holders(document) == {tree.id}


def test_a_workspace_takes_the_pages_of_its_own_connection_only(memory_store: Database) -> None:
    page = rows.source()
    own = rows.source(page.chatbot, page.connection, kind="workspace")
    foreign = rows.source(page.chatbot, rows.connection(page.connection.organisation), kind="workspace")
    document = rows.document(page)

    place(document, Parent("workspace"))

    assert holders(document) == {page.id, own.id}
    assert foreign.id not in holders(document)


def test_a_source_of_one_page_and_the_sources_of_other_chatbots_are_left_alone(
    memory_store: Database,
) -> None:
    tree, root = rows.tree()
    page = rows.source()
    document = rows.document(page)

    assert place(document, in_page(root)) == []
    assert holders(document) == {page.id}


def test_a_page_that_was_read_before_and_joins_a_tree_has_the_tree_listed(memory_store: Database) -> None:
    tree, root = rows.tree()
    document = rows.document(rows.source(tree.chatbot, tree.connection))
    rows.child(document, notion_id=rows.notion_id())

    place(document, in_page(root))

    listed = rows.fresh(tree)
    assert listed.requested_at == START
    assert listed.request_rank == Rank.EDIT


def test_what_lies_below_a_page_leaves_the_tree_with_it_tables_too(memory_store: Database) -> None:
    tree, root = rows.tree()
    parent = rows.document(tree, parent_page_id=root.notion_id)
    below = rows.document(tree, parent_page_id=parent.notion_id)
    table = rows.table(tree)
    rows.child(below, kind="database", notion_id=table.database_id)
    row = rows.row(tree, table)
    beside = rows.document(tree, parent_page_id=root.notion_id)

    assert placement.remove_descendants(tree.id, parent) == 2

    assert not rows.is_there(below)
    assert not rows.is_there(row)
    assert rows.is_there(beside)
    assert DataSource.select().count() == 0


def test_nothing_lies_below_a_page_of_a_source_that_is_no_tree(memory_store: Database) -> None:
    source = rows.source(kind="workspace")
    parent = rows.document(source)
    rows.document(source, parent_page_id=parent.notion_id)

    assert placement.remove_descendants(source.id, parent) == 0


def test_pages_that_contain_each_other_are_found_once(memory_store: Database) -> None:
    tree, root = rows.tree()
    first = rows.document(tree, parent_page_id=root.notion_id)
    second = rows.document(tree, parent_page_id=first.notion_id)
    Document.update(parent_page_id=second.notion_id).where(Document.id == first.id).execute()

    assert placement.below(tree.id, first) == [second.id]


def test_the_word_of_a_page_counts_more_than_an_old_body_that_names_it(memory_store: Database) -> None:
    tree, root = rows.tree()
    old_place = rows.document(tree, parent_page_id=root.notion_id)
    moved = rows.document(tree, parent_page_id=root.notion_id)
    unsaid = rows.document(tree, parent_page_id=None)
    for document in (moved, unsaid):
        rows.child(old_place, notion_id=document.notion_id)

    assert placement.below(tree.id, old_place) == [unsaid.id]


def test_a_page_of_a_tree_is_unplaced_while_no_body_of_the_tree_holds_it(memory_store: Database) -> None:
    tree, root = rows.tree()
    page = rows.source(tree.chatbot, tree.connection)
    hanging, floating, alone = rows.document(tree), rows.document(tree), rows.document(page)
    rows.child(root, notion_id=hanging.notion_id)
    rows.child(alone, notion_id=floating.notion_id)

    ids = [root.id, hanging.id, floating.id, alone.id]
    assert placement.unplaced(ids) == {floating.id}


def test_a_page_without_sub_pages_has_no_tree_listed_when_it_joins(memory_store: Database) -> None:
    tree, root = rows.tree()

    place(rows.document(rows.source(tree.chatbot, tree.connection)), in_page(root))

    assert rows.fresh(tree).requested_at is None


def test_a_row_that_moves_into_a_database_with_hidden_columns_is_read_again(memory_store: Database) -> None:
    workspace = rows.source(kind="workspace")
    database = rows.source(workspace.chatbot, workspace.connection, kind="database", hidden_columns=["n"])
    table = DataSource.create(source=database, notion_id=rows.notion_id())
    document = rows.document(workspace)

    place(document, in_table(table))

    assert database.id in holders(document)
    assert rows.fresh(document).requested_at == START
