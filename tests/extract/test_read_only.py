"""While a request is read-only, no row is written and Notion is asked nothing."""

from __future__ import annotations

import threading

import pytest
from peewee import Database

from extract.read_only import SideEffectError, read_only, refuse_notion, refuse_write
from extract.store.models import Organisation
from tests import rows
from tests.clock import START


@pytest.mark.parametrize(
    "statement",
    ["SELECT 1", "  select 1", "WITH a AS (SELECT 1) SELECT 1", "BEGIN", "SAVEPOINT s", "PRAGMA x", "SHOW x"],
)
def test_reading_is_allowed(statement: str) -> None:
    with read_only():
        refuse_write(statement)


@pytest.mark.parametrize("statement", ["INSERT INTO a", "update a", "\nDELETE FROM a", "DROP TABLE a", ""])
def test_anything_else_is_refused(statement: str) -> None:
    with read_only(), pytest.raises(SideEffectError, match="tried to write"):
        refuse_write(statement)
    refuse_write(statement)  # outside nothing is refused


def test_notion_is_asked_nothing() -> None:
    with read_only(), pytest.raises(SideEffectError, match="ask Notion"):
        refuse_notion()
    refuse_notion()


def test_a_row_can_be_read_and_not_written(memory_store: Database) -> None:
    rows.organisation()
    with read_only():
        assert Organisation.select().count() == 1
        with pytest.raises(SideEffectError):
            Organisation.create(name="Acme", created_at=START)


def test_the_refusal_is_lifted_inside_and_ends_with_its_block_even_after_an_error() -> None:
    with read_only():
        with read_only(False):
            refuse_notion()
        with pytest.raises(SideEffectError):
            refuse_notion()
    with pytest.raises(KeyError), read_only():
        raise KeyError
    refuse_notion()


def test_other_threads_are_not_concerned() -> None:
    met: list[BaseException] = []

    def write() -> None:
        try:
            refuse_write("DELETE FROM a")
        except SideEffectError as error:
            met.append(error)

    with read_only():
        other = threading.Thread(target=write)
        other.start()
        other.join()

    assert met == []
