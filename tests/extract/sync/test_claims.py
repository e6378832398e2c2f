"""What is fetched for a document that is due, and the retry that is claimed before the attempt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from peewee import Database

from extract.config.load import Config
from extract.rules.timing import Rank, pause_after
from extract.store.models import Document, Run
from extract.sync.claims import claim, release_claims, task_for
from extract.sync.runs import RunLog
from extract.sync.task import Task
from extract.values import Stub
from tests import rows
from tests.clock import START
from tests.rows import EDITED

LISTED = {"title": "A page", "url": "https://www.notion.so/a-page", "icon": None, "properties": {}}


def task(document: Document, **how: object) -> Task:
    return task_for(document, now=START, **how)  # type: ignore[arg-type]


def reads(made: Task, document: Document, **said: object) -> bool:
    """Whether the body is read once the page itself has said this."""
    stub: Stub = rows.stub_of(document, **said)
    decide: Callable[[Stub], bool] | None = made.only_if
    return decide is None or decide(stub)


@pytest.mark.parametrize(
    ("values", "how", "unmoved_is_read", "moved_is_read"),
    [
        # a wish reads the body, unless a schedule makes it of which nothing told that it moved
        ({"requested_at": START, "request_rank": Rank.PERSON}, {}, True, True),
        ({"requested_at": START, "request_rank": Rank.EDIT}, {}, True, True),
        ({"requested_at": START, "request_rank": Rank.CHECK}, {}, True, True),
        ({"requested_at": START, "request_rank": Rank.SCHEDULE}, {}, False, True),
        ({"requested_at": START, "request_rank": Rank.SCHEDULE, "stub": LISTED}, {}, True, True),
        # a check reads what moved
        ({"check_at": START}, {}, False, True),
        ({"check_at": START}, {"reread": True}, True, True),
        ({"check_at": START}, {"followed": False}, False, False),
        ({"check_at": START}, {"followed": False, "reread": True}, False, False),
        # the minute of its last edit has closed
        ({"recheck_at": START}, {}, True, True),
        ({"recheck_at": START + timedelta(seconds=1)}, {}, False, True),
        # a tombstone that came back is read whole
        ({"removed_at": START}, {"followed": False}, True, True),
    ],
)
def test_when_the_body_is_read(
    memory_store: Database,
    values: dict[str, object],
    how: dict[str, object],
    unmoved_is_read: bool,
    moved_is_read: bool,
) -> None:
    document = rows.document(rows.source(), **values)
    made = task(document, **how)

    assert reads(made, document) == unmoved_is_read
    assert reads(made, document, edited_at=EDITED + timedelta(minutes=1)) == moved_is_read


@pytest.mark.parametrize(
    ("values", "asks_the_page"),
    [
        ({"requested_at": START, "stub": LISTED}, False),
        ({"requested_at": START, "stub": None}, True),
        ({"requested_at": START, "stub": LISTED, "doubted_at": START}, True),
        ({"check_at": START, "stub": LISTED}, True),
    ],
)
def test_a_page_that_a_listing_showed_need_not_be_asked_itself(
    memory_store: Database, values: dict[str, object], asks_the_page: bool
) -> None:
    assert (task(rows.document(rows.source(), **values)).stub is None) == asks_the_page


def test_a_check_also_sees_what_notion_computes(memory_store: Database) -> None:
    one, two = ({"Sum": {"type": "formula", "formula": {"number": number}}} for number in (1, 2))
    document = rows.document(rows.source(), **rows.told_by(rows.stub(title="A page", properties=one)))

    assert reads(task(document), document, properties=two)
    assert not reads(task(document), document, properties=one)


def test_related_pages_that_the_knowledge_base_cannot_name_are_asked_for(memory_store: Database) -> None:
    source = rows.source()
    held = rows.document(source)
    unknown, hidden = rows.notion_id(), rows.notion_id()
    document = rows.document(source)
    stub = rows.stub_of(
        document,
        properties={
            "Shown": {"id": "s", "type": "relation", "relation": [{"id": held.notion_id}, {"id": unknown}]},
            "Hidden": {"id": "h", "type": "relation", "relation": [{"id": hidden}]},
        },
    )

    assert task(document, hidden=["h"]).unnamed(stub) == (unknown,)
    assert task(document).unnamed(rows.stub_of(document)) == ()


def test_a_claim_counts_the_attempt_and_puts_the_document_off_before_it_begins(
    memory_store: Database, config: Config
) -> None:
    source = rows.source()
    first, again = rows.document(source, requested_at=START), rows.document(source, attempts=4)

    claimed = claim([first, again], RunLog(), watch=config.watch, now=START)

    retries = [
        (rows.fresh(document).attempts, rows.fresh(document).retry_after) for document in (first, again)
    ]
    assert retries == [(1, START + pause_after(1)), (5, START + pause_after(5))]
    assert [one.source_ids for one in claimed] == [(source.id,), (source.id,)]


@pytest.mark.parametrize(("rank", "opens"), [(Rank.PERSON, True), (Rank.SCHEDULE, True), (Rank.CHECK, False)])
def test_a_check_opens_no_run(memory_store: Database, config: Config, rank: Rank, opens: bool) -> None:
    source = rows.source()
    wanted = rows.document(source, requested_at=START, request_rank=rank)
    unwanted = rows.document(rows.source(source.chatbot, source.connection), check_at=START)

    claim([wanted, unwanted], RunLog(), watch=config.watch, now=START)

    assert [run.source_id for run in Run.select()] == ([source.id] if opens else [])


def test_a_claim_knows_the_hidden_columns_who_follows_and_what_is_unplaced(
    memory_store: Database, config: Config
) -> None:
    database = rows.source(kind="database", hidden_columns=["h"], auto_retrain="off")
    tree, _ = rows.tree(database.chatbot, database.connection)
    row, floating = rows.document(database, check_at=START), rows.document(tree, check_at=START)

    of_row, of_page = claim([row, floating], RunLog(), watch=config.watch, now=START)

    assert (set(of_row.task.hidden), of_row.task.unplaced) == ({"h"}, False)
    assert not reads(of_row.task, row, edited_at=START)  # nobody follows its edits
    assert (of_page.task.hidden, of_page.task.unplaced) == ((), True)
    assert reads(of_page.task, floating, edited_at=START)


def test_what_was_claimed_and_not_fetched_did_not_fail(memory_store: Database, config: Config) -> None:
    document = rows.document(rows.source(), requested_at=START, attempts=3)

    release_claims(claim([document], RunLog(), watch=config.watch, now=START))

    assert (rows.fresh(document).attempts, rows.fresh(document).retry_after) == (3, None)
    release_claims([])
