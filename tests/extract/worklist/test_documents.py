"""The transitions of documents: what is requested, claimed, in doubt, removed and due again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from peewee import Database

from extract.rules.changes import digest_of
from extract.rules.timing import Rank, pause_after
from extract.store.models import Document, Membership
from extract.worklist import documents
from tests import rows
from tests.clock import START

LATER = START + timedelta(minutes=5)
HOUR = timedelta(hours=1)


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

    documents.request_read(document, now=LATER, rank=asked)

    assert rows.fresh(document).request_rank == after
    assert rows.fresh(document).requested_at == LATER


def test_a_wish_that_failed_does_not_keep_its_rank(memory_store: Database) -> None:
    failed = {"requested_at": START, "request_rank": Rank.PERSON, "error": "It failed."}
    document = rows.document(rows.source(), **failed, attempts=4, retry_after=START + HOUR)

    documents.request_read(document, now=LATER, rank=Rank.CHECK)

    again = rows.fresh(document)
    assert (again.request_rank, again.error, again.attempts, again.retry_after) == (Rank.CHECK, None, 0, None)


def test_a_wish_without_a_stub_forgets_one_that_was_never_read(memory_store: Database) -> None:
    document = rows.document(rows.source())
    documents.request_read(document, now=START, rank=Rank.EDIT, stub=rows.stub_of(document, title="Moved"))

    documents.request_read(document, now=LATER, rank=Rank.EDIT)

    assert rows.fresh(document).stub is None
    assert rows.fresh(document).stub_digest == ""


def test_a_page_that_nobody_waited_for_keeps_the_digest_of_what_was_read(memory_store: Database) -> None:
    document = rows.document(rows.source())

    documents.request_read(document, now=START, rank=Rank.EDIT)

    assert rows.fresh(document).stub_digest == digest_of(rows.stub_of(document))


def test_all_of_a_select_are_wanted_but_for_tombstones(memory_store: Database) -> None:
    source = rows.source()
    document = rows.document(
        source, stub={"title": "Kept"}, attempts=3, retry_after=LATER, error="It failed."
    )
    tombstone = rows.document(source, removed_at=START)
    chosen = Membership.select(Membership.document).where(Membership.source == source)

    assert documents.request_reads(chosen, now=START, rank=Rank.PERSON) == 1

    wanted = rows.fresh(document)
    assert (wanted.requested_at, wanted.request_rank, wanted.attempts) == (START, Rank.PERSON, 0)
    assert (wanted.retry_after, wanted.error, wanted.stub) == (None, None, {"title": "Kept"})
    assert rows.fresh(tombstone).requested_at is None


FAILED = {"requested_at": START, "request_rank": Rank.EDIT, "error": "It failed."}


def columns(document: Document, *names: str) -> list[object]:
    again = rows.fresh(document)
    return [getattr(again, name) for name in names]


def test_what_is_wanted_already_keeps_its_rank_and_moves_its_time(memory_store: Database) -> None:
    source = rows.source()
    waiting = rows.document(source, requested_at=START, request_rank=Rank.PERSON)
    idle = rows.document(source, retry_after=START, attempts=2)
    failed = rows.document(source, **FAILED)

    documents.request_checks([waiting.id, idle.id, failed.id], now=LATER)

    assert columns(waiting, "requested_at", "request_rank") == [LATER, Rank.PERSON]
    assert columns(idle, "requested_at", "request_rank", "retry_after", "attempts") == [
        LATER,
        Rank.CHECK,
        None,
        0,
    ]
    assert columns(failed, "requested_at", "error") == [START, "It failed."]


@pytest.mark.parametrize(("rank", "after"), [(Rank.PERSON, Rank.PERSON), (Rank.CHECK, Rank.EDIT)])
def test_a_rank_is_raised_and_never_lowered(memory_store: Database, rank: Rank, after: Rank) -> None:
    document = rows.document(rows.source(), requested_at=START, request_rank=Rank.EDIT)

    documents.raise_rank(document, rank)

    assert rows.fresh(document).request_rank == after


@pytest.mark.parametrize(("hash_", "stub", "digest"), [("read", None, ""), ("", {"title": "Listed"}, "d")])
def test_a_withdrawn_request_forgets_its_stub_only_when_the_page_was_read_before(
    memory_store: Database, hash_: str, stub: object, digest: str
) -> None:
    listed = {"stub": {"title": "Listed"}, "stub_digest": "d"}
    document = rows.document(
        rows.source(), requested_at=START, hash=hash_, attempts=2, retry_after=LATER, **listed
    )

    documents.withdraw(Document.id == document.id)

    assert columns(document, "requested_at", "retry_after", "attempts") == [None, None, 0]
    assert columns(document, "stub", "stub_digest") == [stub, digest]


@pytest.mark.parametrize(("again_at", "left"), [(None, None), (LATER, LATER)])
def test_a_request_made_while_another_is_carried_out_stays(
    memory_store: Database, again_at: datetime | None, left: datetime | None
) -> None:
    document = rows.document(rows.source(), requested_at=START)
    if again_at:
        Document.update(requested_at=again_at).execute()

    assert documents.is_overtaken(document) == (again_at is not None)
    documents.complete(document)

    assert rows.fresh(document).requested_at == left


def test_a_document_that_is_gone_was_not_overtaken(memory_store: Database) -> None:
    document = rows.document(rows.source(), requested_at=START)
    document.delete_instance()

    assert not documents.is_overtaken(document)


def test_a_claim_counts_the_attempt_and_puts_the_document_off_before_it_begins(
    memory_store: Database,
) -> None:
    source = rows.source()
    first, again = rows.document(source), rows.document(source, attempts=4)

    documents.claim([first, again], now=START)

    assert columns(first, "attempts", "retry_after") == [1, START + pause_after(1)]
    assert columns(again, "attempts", "retry_after") == [5, START + pause_after(5)]
    assert (first.attempts, again.attempts) == (1, 5)


def test_a_claim_that_is_given_back_was_no_attempt(memory_store: Database) -> None:
    source = rows.source()
    claimed, reset = rows.document(source, attempts=3), rows.document(source, attempts=0)
    documents.claim([claimed], now=START)

    documents.release([claimed.id, reset.id])

    assert columns(claimed, "attempts", "retry_after") == [3, None]
    assert rows.fresh(reset).attempts == 0


def test_a_failure_keeps_the_text_and_is_tried_again_ever_later(memory_store: Database) -> None:
    document = rows.document(rows.source(), passages=["Words."], requested_at=START, attempts=4)

    documents.defer(document, "It failed.", now=LATER)

    assert columns(document, "error", "retry_after", "requested_at") == [
        "It failed.",
        LATER + pause_after(4),
        START,
    ]
    assert rows.fresh(document).text


def test_a_failure_may_count_as_many(memory_store: Database) -> None:
    document = rows.document(rows.source(), requested_at=START, attempts=1)

    documents.defer(document, "It failed.", now=START, attempts=9)

    assert columns(document, "attempts", "retry_after") == [9, START + pause_after(9)]


@pytest.mark.parametrize("transition", ["defer", "doubt"])
def test_a_check_that_failed_becomes_a_request_of_the_lowest_rank(
    memory_store: Database, transition: str
) -> None:
    document = rows.document(rows.source(), recheck_at=START, attempts=1)

    if transition == "defer":
        documents.defer(document, "It failed.", now=LATER)
    else:
        documents.doubt(document, "It failed.", until=LATER + HOUR, now=LATER)

    assert columns(document, "requested_at", "request_rank", "recheck_at") == [LATER, Rank.CHECK, None]


@pytest.mark.parametrize(
    ("before", "since"), [(None, LATER), (START, START), (LATER + timedelta(days=1), LATER)]
)
def test_a_doubt_begins_once_and_not_in_the_future(
    memory_store: Database, before: datetime | None, since: datetime
) -> None:
    document = rows.document(rows.source(), requested_at=START, doubted_at=before, passages=["Words."])

    documents.doubt(document, "Not there.", until=LATER + HOUR, now=LATER)

    assert columns(document, "doubted_at", "retry_after", "error") == [since, LATER + HOUR, "Not there."]
    assert rows.fresh(document).text


def test_a_page_that_was_there_has_no_failure_no_doubt_and_is_checked_later(memory_store: Database) -> None:
    troubled = {"doubted_at": START, "removed_at": START, "removed_because": "missing", "attempts": 3}
    document = rows.document(rows.source(), **FAILED, **troubled, retry_after=LATER)

    documents.note_read(document, edited_at=START, read_at=LATER, recheck_at=None)
    documents.confirm(document, check_at=LATER + HOUR)

    cleared = ("doubted_at", "removed_at", "removed_because", "error", "retry_after", "requested_at")
    assert columns(document, *cleared) == [None] * 6
    assert columns(document, "edited_at", "synced_at", "check_at", "attempts") == [
        START,
        LATER,
        LATER + HOUR,
        0,
    ]


@pytest.mark.parametrize(
    ("before", "since"), [(None, LATER), (START, START), (LATER + timedelta(days=1), LATER)]
)
def test_a_removed_document_is_a_tombstone_that_is_still_checked(
    memory_store: Database, before: datetime | None, since: datetime
) -> None:
    waiting = {"doubted_at": START, "retry_after": LATER, "recheck_at": LATER, "stub": {"title": "Listed"}}
    document = rows.document(rows.source(), **FAILED, **waiting, removed_at=before)

    documents.remove(document, "It left.", because="trash", check_at=LATER + HOUR, now=LATER)

    assert columns(document, "removed_at", "removed_because", "error") == [since, "trash", "It left."]
    dropped = ("requested_at", "doubted_at", "retry_after", "recheck_at", "stub")
    assert columns(document, *dropped) == [None] * 5
    assert rows.fresh(document).check_at == LATER + HOUR


def test_whoever_connects_again_ends_the_doubts_and_keeps_the_requests(memory_store: Database) -> None:
    source = rows.source()
    doubted = rows.document(source, **FAILED, doubted_at=START, stub={"title": "Listed"})
    failed = rows.document(source, **FAILED)

    documents.end_doubts(Document.connection == source.connection_id)

    assert columns(doubted, "doubted_at", "stub", "error", "requested_at") == [None, None, None, START]
    assert rows.fresh(failed).error == "It failed."


def test_giving_up_drops_request_doubt_and_failure(memory_store: Database) -> None:
    document = rows.document(rows.source(), **FAILED, doubted_at=START, attempts=2, retry_after=LATER)

    documents.give_up(Document.id == document.id)

    assert columns(document, "requested_at", "doubted_at", "error", "retry_after", "attempts") == [
        None
    ] * 4 + [0]


def test_a_retry_at_once_forgets_the_failures_or_counts_them(memory_store: Database) -> None:
    source = rows.source()
    forgotten, counted = (rows.document(source, attempts=3, retry_after=LATER) for _ in range(2))

    assert documents.retry_now(Document.id == forgotten.id) == 1
    assert documents.clear_retry(Document.id == counted.id) == 1

    assert columns(forgotten, "attempts", "retry_after") == [0, None]
    assert columns(counted, "attempts", "retry_after") == [3, None]


def test_a_check_is_due_when_it_is_told(memory_store: Database) -> None:
    document = rows.document(rows.source(), check_at=LATER, recheck_at=LATER)

    assert documents.check_at(Document.id == document.id, START) == 1
    assert documents.check_again_now(Document.id == document.id, Document.recheck_at, now=START) == 1

    assert columns(document, "check_at", "recheck_at") == [START, START]
