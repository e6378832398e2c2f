"""A document leaves the index as a tombstone, which is dropped when it is old enough."""

from __future__ import annotations

from datetime import timedelta

import pytest
from peewee import Database

from extract.config.load import Config
from extract.rules.answers import FORGOTTEN
from extract.store.models import Chunk, Document, Run
from extract.sync.claims import claim
from extract.sync.removing import remove
from extract.sync.runs import RunLog
from tests import rows
from tests.clock import START


def remove_rows(config: Config, document: Document, *, overtaken: bool = False) -> None:
    log = RunLog()
    (claimed,) = claim([document], log, watch=config.watch, now=START)
    if overtaken:
        Document.update(requested_at=START).where(Document.id == document.id).execute()
    remove(config, log, claimed, "It left.", because="trash", now=START)


def test_a_page_leaves_with_its_passages_and_is_still_checked(memory_store: Database, config: Config) -> None:
    document = rows.document(rows.source(), passages=["Words."], check_at=START)

    remove_rows(config, document)

    gone = rows.fresh(document)
    assert (gone.text, gone.removed_at, gone.removed_because, gone.error) == ("", START, "trash", "It left.")
    assert gone.check_at > START
    assert Chunk.select().count() == 0
    assert (Run.get().removed, Run.get().trigger) == (1, "verify")


def test_those_below_a_page_that_left_are_asked_themselves(memory_store: Database, config: Config) -> None:
    tree, root = rows.tree()
    below = rows.document(tree, parent_page_id=root.notion_id)

    remove_rows(config, root)

    assert rows.fresh(below).requested_at == START


def test_a_tombstone_that_is_checked_again_opens_no_run(memory_store: Database, config: Config) -> None:
    document = rows.document(rows.source(), removed_at=START - timedelta(days=1), hash="")

    remove_rows(config, document)

    assert rows.fresh(document).removed_at == START - timedelta(days=1)
    assert Run.select().count() == 0


@pytest.mark.parametrize(
    ("age", "is_source", "overtaken", "stays"),
    [
        (FORGOTTEN, False, False, False),
        (FORGOTTEN - timedelta(days=1), False, False, True),
        (FORGOTTEN, True, False, True),  # its source shows that it left
        (FORGOTTEN, False, True, True),
    ],
)
def test_an_old_tombstone_is_dropped_unless_somebody_needs_it(
    memory_store: Database, config: Config, age: timedelta, is_source: bool, overtaken: bool, stays: bool
) -> None:
    source = rows.source()
    named = {"notion_id": source.notion_id} if is_source else {}
    document = rows.document(source, removed_at=START - age, hash="", **named)

    remove_rows(config, document, overtaken=overtaken)

    assert rows.is_there(document) == stays
