"""A fetch that failed: the text stays, the retry is put off, and a second 404 removes a page that may go."""

from __future__ import annotations

from datetime import timedelta

import pytest
from peewee import Database

from extract.config.load import Config
from extract.errors import AnswerTooLarge, NotFound, NotionError, Transient
from extract.removal import brake
from extract.rules.timing import LONGEST_PAUSE, Rank, pause_after
from extract.store.models import Connection, Document, Run
from extract.sync.claims import claim
from extract.sync.failures import Failures
from extract.sync.runs import RunLog
from tests import rows
from tests.clock import START

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
PAUSE = MINUTE  # of a poll: how long after a first 404 a second one counts


def fail(config: Config, document: Document, error: NotionError, *, overtaken: bool = False) -> Document:
    """A fetch of the document was claimed and Notion answered this; the row as it is afterwards."""
    log = RunLog()
    (claimed,) = claim([document], log, watch=config.watch, now=START)
    if overtaken:
        Document.update(requested_at=START + MINUTE).where(Document.id == document.id).execute()
    Failures(config, log).record(claimed, error, now=START)
    return rows.fresh(document)


def test_a_failure_is_shown_and_counted_and_the_text_stays(memory_store: Database, config: Config) -> None:
    document = rows.document(rows.source(), passages=["Words."], requested_at=START, attempts=2)

    failed = fail(config, document, Transient())

    assert (failed.error, failed.retry_after) == (Transient.sentence, START + pause_after(3))
    assert failed.text
    assert Run.get().failed == 1


def test_a_page_that_is_too_large_is_rarely_tried_again(memory_store: Database, config: Config) -> None:
    document = rows.document(rows.source(), requested_at=START)

    failed = fail(config, document, AnswerTooLarge(1 << 20))

    assert failed.retry_after == START + LONGEST_PAUSE


@pytest.mark.parametrize("error", [Transient(), NotFound()])
def test_a_page_that_was_requested_again_meanwhile_has_not_failed(
    memory_store: Database, config: Config, error: NotionError
) -> None:
    document = rows.document(rows.source(), requested_at=START)

    again = fail(config, document, error, overtaken=True)

    assert (again.requested_at, again.error, again.doubted_at) == (START + MINUTE, None, None)


def test_a_first_404_is_a_doubt(memory_store: Database, config: Config) -> None:
    document = rows.document(rows.source(), passages=["Words."], check_at=START)

    doubted = fail(config, document, NotFound())

    assert (doubted.doubted_at, doubted.removed_at) == (START, None)
    assert (doubted.retry_after, doubted.request_rank) == (START + PAUSE, Rank.CHECK)
    assert doubted.text


@pytest.mark.parametrize(("doubted_for", "gone"), [(PAUSE - timedelta(seconds=1), False), (PAUSE, True)])
def test_a_second_404_removes_the_page_once_a_poll_has_passed(
    memory_store: Database, config: Config, doubted_for: timedelta, gone: bool
) -> None:
    doubted = {"requested_at": START - HOUR, "doubted_at": START - doubted_for}
    document = rows.document(rows.source(), passages=["Words."], **doubted)

    after = fail(config, document, NotFound())

    assert (after.removed_because, after.text == "") == ("missing" if gone else None, gone)


def test_a_doubt_from_a_wrong_clock_begins_again(memory_store: Database, config: Config) -> None:
    document = rows.document(rows.source(), requested_at=START, doubted_at=START + timedelta(days=9))

    assert fail(config, document, NotFound()).doubted_at == START


@pytest.mark.parametrize("other", ["alive", "reconnect"])
def test_a_page_that_another_connection_may_see_is_handed_to_it(
    memory_store: Database, config: Config, other: str
) -> None:
    """At the first 404 to one that can be asked; at the second to one that waits for its person."""
    source = rows.source()
    second = rows.source(source.chatbot, rows.connection(source.connection.organisation, state=other))
    doubted_at = None if other == "alive" else START - HOUR
    document = rows.document(source, second, requested_at=START - HOUR, doubted_at=doubted_at)

    after = fail(config, document, NotFound())

    assert (after.connection_id, after.removed_at) == (second.connection_id, None)


@pytest.mark.parametrize("attempts", [1, 5, 9])
def test_a_page_that_the_brake_keeps_is_tried_again_ever_more_rarely(
    memory_store: Database, config: Config, attempts: int
) -> None:
    source = rows.source()
    doubted = {"requested_at": START - HOUR, "request_rank": Rank.CHECK, "doubted_at": START - HOUR}
    for _ in range(11):
        rows.document(source, **doubted)

    kept = fail(config, rows.document(source, **doubted, attempts=attempts), NotFound())

    assert (kept.removed_at, kept.error) == (None, brake.SENTENCE)
    assert kept.retry_after == START + pause_after(attempts + 1)


def test_what_a_person_confirmed_goes_although_the_brake_holds(
    memory_store: Database, config: Config
) -> None:
    source = rows.source()
    for _ in range(11):
        rows.document(source, requested_at=START, doubted_at=START)
    Connection.update(brake_at=START - HOUR).execute()
    answer = {"requested_at": START, "request_rank": Rank.PERSON, "doubted_at": START - HOUR}

    gone = fail(config, rows.document(source, **answer), NotFound())

    assert gone.removed_because == "confirmed"


def test_a_tombstone_that_is_still_missing_keeps_why_it_left(memory_store: Database, config: Config) -> None:
    left = {"removed_at": START - HOUR, "removed_because": "trash", "error": "In the trash."}
    document = rows.document(rows.source(), check_at=START, hash="", **left)

    after = fail(config, document, NotFound())

    assert (after.removed_at, after.removed_because, after.error) == tuple(left.values())
    assert after.check_at > START
