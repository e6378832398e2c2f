"""What trees make of a body that was read and of a page that left: what joins, what is asked itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from peewee import Database

from extract.discovery.subpages import adopt_listed, apply_body_children, recheck_descendants, rows_of
from extract.rules.timing import Rank
from extract.search.index import Put
from extract.store.models import Document
from extract.values import BodyChild, Parent
from tests import rows
from tests.clock import START


def read(document: Document, *, came: tuple[BodyChild, ...] = (), went: tuple[BodyChild, ...] = ()) -> None:
    """The body of the document was read and now differs by these."""
    put = Put(True, 0, 0, 0, came, went)
    apply_body_children(document, put, rank=Rank.CHECK, now=START, verify_hours=24)


def page(notion_id: str, title: str = "Child") -> BodyChild:
    return BodyChild("page", notion_id, title)


def test_a_sub_page_that_came_into_a_body_joins_the_tree_under_its_name(memory_store: Database) -> None:
    tree, root = rows.tree()
    child = page(rows.notion_id(), "Holidays")

    read(root, came=(child,))

    joined = Document.get(Document.notion_id == child.notion_id)
    assert (joined.title, joined.stub) == ("Holidays", None)
    assert joined.request_rank == Rank.SCHEDULE  # a check brings in what it finds as a schedule would
    assert child.notion_id in rows.pages_of(tree)


def test_a_source_of_one_page_takes_no_sub_pages(memory_store: Database) -> None:
    source = rows.source()

    read(rows.document(source), came=(page(rows.notion_id()),))

    assert Document.select().count() == 1


def test_a_page_that_left_a_body_is_asked_itself(memory_store: Database) -> None:
    tree, root = rows.tree()
    gone, tombstone = rows.document(tree), rows.document(tree, removed_at=START)

    read(root, went=(page(gone.notion_id), page(tombstone.notion_id), page(rows.notion_id())))

    assert rows.fresh(gone).requested_at == START
    assert rows.fresh(tombstone).requested_at is None
    assert gone.notion_id in rows.pages_of(tree)


@pytest.mark.parametrize(
    ("parent", "values", "asked", "joins"),
    [
        ("root", {}, False, True),
        (None, {}, False, True),
        ("elsewhere", {}, True, False),  # its own word decides
        (None, {"removed_at": START}, True, True),
    ],
)
def test_a_page_that_is_known_and_came_into_a_body(
    memory_store: Database, parent: str | None, values: dict[str, object], asked: bool, joins: bool
) -> None:
    tree, root = rows.tree()
    sits_in = root.notion_id if parent == "root" else parent
    known = rows.document(rows.source(tree.chatbot, tree.connection), parent_page_id=sits_in, **values)

    read(root, came=(page(known.notion_id),))

    assert (rows.fresh(known).requested_at is not None) == asked
    assert (known.notion_id in rows.pages_of(tree)) == joins


@pytest.mark.parametrize("moved", ["came", "went"])
def test_a_database_that_came_into_a_body_or_left_it_is_queried_with_a_listing(
    memory_store: Database, moved: str
) -> None:
    tree, root = rows.tree()
    table = rows.table(tree, listed=True)

    read(root, **{moved: (BodyChild("database", table.database_id, "Glossary"),)})

    assert not rows.fresh(table).listed
    assert rows.fresh(tree).requested_at == START


def test_a_body_with_the_same_children_asks_nothing(memory_store: Database) -> None:
    tree, root = rows.tree()

    read(root)

    assert rows.fresh(tree).requested_at is None


def test_a_page_that_left_has_those_below_it_asked(memory_store: Database) -> None:
    tree, root = rows.tree()
    table = rows.table(tree, listed=True)
    in_body, own_word = rows.document(tree), rows.document(tree, parent_page_id=root.notion_id)
    removed = rows.document(tree, parent_page_id=root.notion_id, removed_at=START)
    beside = rows.document(tree)
    rows.child(root, notion_id=in_body.notion_id)
    rows.child(root, kind="database", notion_id=table.database_id)

    recheck_descendants(root, now=START)

    asked = [
        rows.fresh(document).requested_at is not None for document in (in_body, own_word, removed, beside)
    ]
    assert asked == [True, True, False, False]
    assert not rows.fresh(table).listed


def test_a_new_tree_holds_what_was_listed_below_its_root_with_its_stub(memory_store: Database) -> None:
    tree, root = rows.tree()
    other, _ = rows.tree(tree.chatbot, tree.connection)
    below = rows.stub(parent=Parent("page_id", root.notion_id))

    adopt_listed([tree], [below, rows.stub()], now=START, verify_hours=24)

    taken = Document.get(Document.notion_id == below.id)
    assert taken.stub is not None
    assert taken.request_rank == Rank.PERSON
    assert rows.pages_of(tree) == {root.notion_id, below.id}
    assert below.id not in rows.pages_of(other)


def test_the_rows_of_tables_with_and_without_tombstones(memory_store: Database) -> None:
    tree, _ = rows.tree()
    table, other = rows.table(tree), rows.table(tree)
    here, gone = rows.row(tree, table), rows.row(tree, table, removed_at=START - timedelta(days=1))
    rows.row(tree, other)

    assert rows_of(tree.id, [table.notion_id]) == [here.id]
    assert rows_of(tree.id, [table.notion_id], tombstones=True) == [here.id, gone.id]
