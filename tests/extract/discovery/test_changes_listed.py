"""What a listing makes of pages and tables that are held: which rows it marks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from peewee import Database

from extract.discovery.changes_listed import Noticed, notice_held, notice_schemas, request_if_changed
from extract.rules.timing import Rank
from extract.store.models import DataSource, Document, Source
from extract.values import Parent, Stub
from tests import rows
from tests.clock import START

MINUTE = timedelta(minutes=1)
MOVED = rows.EDITED + MINUTE
PRICE = {"Price": {"id": "p", "type": "number"}}


def compare(document: Document, stub: Stub, *, thorough: bool = False) -> Noticed:
    return request_if_changed(document, stub, now=START, rank=Rank.EDIT, thorough=thorough)


def test_a_page_that_did_not_move_is_not_wanted(memory_store: Database) -> None:
    document = rows.document(rows.source())

    assert not compare(document, rows.stub_of(document))
    assert rows.fresh(document).requested_at is None


def test_a_page_that_moved_is_wanted_with_its_stub(memory_store: Database) -> None:
    document = rows.document(rows.source())

    assert compare(document, rows.stub_of(document, edited_at=MOVED)) == Noticed(stale=1, untold=(MOVED,))

    wanted = rows.fresh(document)
    assert (wanted.requested_at, wanted.request_rank, wanted.noticed_at) == (START, Rank.EDIT, MOVED)
    assert wanted.stub is not None


@pytest.mark.parametrize("said", [{"in_trash": True}, {"is_archived": True, "edited_at": MOVED}])
def test_a_page_that_seems_to_leave_is_asked_itself(memory_store: Database, said: dict[str, object]) -> None:
    document = rows.document(rows.source())

    assert compare(document, rows.stub_of(document, **said)).doubted == 1
    assert rows.fresh(document).stub is None
    assert rows.fresh(document).requested_at == START


def test_an_archived_page_that_did_not_move_is_left_alone(memory_store: Database) -> None:
    document = rows.document(rows.source())

    assert not compare(document, rows.stub_of(document, is_archived=True))


@pytest.mark.parametrize("parent", [Parent("data_source_id", "another"), Parent("workspace")])
def test_a_row_that_is_listed_elsewhere_is_asked_itself(memory_store: Database, parent: Parent) -> None:
    source = rows.source(kind="database")
    document = rows.row(source, rows.table(source))

    assert compare(document, rows.stub_of(document, parent=parent)).doubted == 1


def test_a_page_that_is_a_row_now_is_no_row_that_moved(memory_store: Database) -> None:
    document = rows.document(rows.source())

    assert not compare(document, rows.stub_of(document, parent=Parent("data_source_id", "a table")))


def test_a_page_in_doubt_that_is_listed_again_is_asked_at_once(memory_store: Database) -> None:
    far = START + timedelta(hours=6)
    document = rows.document(rows.source(), requested_at=START, doubted_at=START, retry_after=far, attempts=9)

    compare(document, rows.stub_of(document))

    assert rows.fresh(document).retry_after is None


def test_only_a_thorough_look_sees_what_notion_computes(memory_store: Database) -> None:
    one, two = ({"Sum": {"type": "formula", "formula": {"number": number}}} for number in (1, 2))
    told = rows.told_by(rows.stub(title="A page", properties=one))
    document = rows.document(rows.source(), **told)
    moved = rows.stub_of(document, properties=two)

    assert not compare(document, moved)
    assert compare(document, moved, thorough=True) == Noticed(stale=1)


@pytest.mark.parametrize(
    ("wanted_since", "untold"), [(None, (MOVED,)), (MOVED - MINUTE, (MOVED,)), (MOVED, ())]
)
def test_an_edit_is_told_already_when_the_page_has_been_wanted_since(
    memory_store: Database, wanted_since: object, untold: tuple[object, ...]
) -> None:
    document = rows.document(rows.source(), requested_at=wanted_since)

    assert compare(document, rows.stub_of(document, edited_at=MOVED)).untold == untold


def test_sums_of_what_was_noticed_tell_whether_anything_was() -> None:
    assert Noticed(stale=1, untold=(START,)) + Noticed(new=2) == Noticed(stale=1, new=2, untold=(START,))
    assert Noticed(relist=1)
    assert not Noticed(untold=(START,))


@pytest.mark.parametrize(
    ("values", "said", "noticed"),
    [
        ({}, {}, 1),
        ({"auto_retrain": "daily"}, {}, 0),
        ({"stopped_at": START}, {}, 0),
        ({}, {"partial": True}, 0),
        ({}, {"kind": "data_source"}, 0),
    ],
)
def test_a_sweep_marks_whole_pages_that_a_source_follows(
    memory_store: Database, values: dict[str, object], said: dict[str, object], noticed: int
) -> None:
    source = rows.source(**values)
    document = rows.document(source)

    found = notice_held(
        source.connection_id, [rows.stub_of(document, edited_at=MOVED, **said), rows.stub()], now=START
    )
    assert found.stale == noticed


def test_a_changed_column_lists_the_database_with_all_its_rows(memory_store: Database) -> None:
    source = rows.source(kind="database", listed_at=START)
    table = rows.table(source)

    assert not notice_schemas(source.connection_id, [rows.table_stub(table)], now=START)
    found = notice_schemas(source.connection_id, [rows.table_stub(table, properties=PRICE)], now=START)

    listed = rows.fresh(source)
    assert (found.relist, listed.requested_at, listed.full_requested) == (1, START, True)


@pytest.mark.parametrize(
    ("values", "said", "relisted"),
    [
        ({}, {"in_trash": True}, True),
        ({"requested_at": START}, {"properties": PRICE}, False),  # a listing is wanted already
        ({"auto_retrain": "weekly"}, {"properties": PRICE}, False),
        ({"stopped_at": START}, {"properties": PRICE}, False),
        ({}, {"properties": PRICE, "partial": True}, False),
        ({"doubted_at": START, "listed_at": START}, {}, True),  # it was gone, and here it is
        ({"doubted_at": START, "listed_at": START}, {"in_trash": True}, False),
    ],
)
def test_which_databases_a_sweep_lists_again(
    memory_store: Database, values: dict[str, object], said: dict[str, object], relisted: bool
) -> None:
    source = rows.source(kind="database", **values)
    table = rows.table(source)

    found = notice_schemas(source.connection_id, [rows.table_stub(table, **said)], now=START)

    assert found.relist == relisted


@pytest.mark.parametrize(("tables", "title"), [(1, "Dictionary"), (2, "Glossary")])
def test_a_new_name_of_a_table_is_that_of_its_database_when_it_is_the_only_one(
    memory_store: Database, tables: int, title: str
) -> None:
    source = rows.source(kind="database", title="Glossary")
    table = [rows.table(source) for _ in range(tables)][0]

    assert not notice_schemas(source.connection_id, [rows.table_stub(table, title="Dictionary")], now=START)

    assert rows.fresh(table).name == "Dictionary"
    assert rows.fresh(source).title == title


@pytest.mark.parametrize("listed", [True, False])
def test_a_changed_table_of_a_tree_is_queried_again_unless_it_is_to_be_anyway(
    memory_store: Database, listed: bool
) -> None:
    tree, _ = rows.tree()
    table = rows.table(tree, listed=listed, listed_to=START)

    found = notice_schemas(tree.connection_id, [rows.table_stub(table, properties=PRICE)], now=START)

    assert found.relist == listed
    if listed:
        again = rows.fresh(table)
        assert (again.listed, again.listed_to) == (False, None)
        assert not rows.fresh(tree).full_requested


@pytest.mark.parametrize(
    ("made", "known", "said", "relisted"),
    [
        (timedelta(0), False, {}, True),
        (-timedelta(minutes=1), False, {}, True),  # search lags, so a little before the listing counts
        (-timedelta(minutes=2), False, {}, False),
        (timedelta(0), True, {}, False),
        (timedelta(0), False, {"in_trash": True}, False),
        (timedelta(0), False, {"created_at": None}, False),
    ],
)
def test_a_table_that_a_database_got_since_it_was_listed_lists_it_again(
    memory_store: Database, made: timedelta, known: bool, said: dict[str, object], relisted: bool
) -> None:
    source = rows.source(kind="database", listed_at=START)
    table = DataSource(
        source=source, notion_id=rows.notion_id(), database_id=source.notion_id, name="New", properties={}
    )
    if known:
        table.save(force_insert=True)

    stub = rows.table_stub(table, **{"created_at": START + made, **said})
    assert notice_schemas(source.connection_id, [stub], now=START).relist == relisted
    assert (Source.get().requested_at is not None) == relisted
