"""Pages that are large, or too large, and a worker that gets no threads: memory stays bounded, and all else goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from extract.errors import AnswerTooLarge
from extract.runtime import Runtime
from extract.sync import drain
from extract.sync.fetching import fetches
from extract.sync.fetching.large_pages import LargePages
from tests.clock import StoppedClock
from tests.knowledge import Knowledge
from tests.stories.conftest import Notion

PARAGRAPH = "The roaster is cleaned on Fridays, the grinder every evening. "


def text_of(size: int) -> str:
    return "\n\n".join([PARAGRAPH * 20] * (size // (20 * len(PARAGRAPH))))


@pytest.fixture
def small(runtime: Runtime, connect: Callable[..., Knowledge]) -> Knowledge:
    """The company, for which no answer may be larger than a megabyte."""
    notion = replace(runtime.config.notion, largest_answer_mb=1)
    return connect(replace(runtime, config=replace(runtime.config, notion=notion)))


def test_a_page_that_is_too_large_says_what_to_do_and_is_rarely_tried_again(
    small: Knowledge, notion: Notion
) -> None:
    notion.handbook.edit(text_of(1_200_000))
    small.tick(notion.handbook.id, notion.terms.id)

    small.work()

    source = small.source(notion.handbook.id)
    assert source.status == "failed"
    assert "larger than 1 MB" in source.error
    assert "Split the page" in source.error
    assert small.answers("half the water") == ["Ristretto"]

    small.spent()
    for _ in range(12):
        small.follow(seconds=600)
    assert "markdown" not in small.spent()


def test_a_page_that_became_small_enough_is_read_at_once(small: Knowledge, notion: Notion) -> None:
    notion.handbook.edit(text_of(1_200_000))
    small.tick(notion.handbook.id)
    small.work()

    small.clock.advance(minutes=5)
    notion.handbook.edit("Split into several pages.")
    small.follow()
    small.follow()

    assert small.answers("several pages") == ["Handbook"]
    assert small.source(notion.handbook.id).error is None


def test_pages_that_do_not_fit_together_are_read_one_after_the_other(
    acme: Knowledge, notion: Notion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetches, "HELD_BYTES", 30_000)
    for number in range(4):
        notion.terms.row(f"Large {number}", body=text_of(40_000))
    acme.clock.advance(hours=1)

    acme.tick(notion.handbook.id, notion.terms.id)
    assert acme.work() is drain.Ended.DONE

    assert acme.source(notion.terms.id).status == "trained"
    assert {hit.title for hit in acme.ask("roaster")} == {f"Large {number}" for number in range(4)}
    assert acme.spent().count("markdown") == 1 + 2 + 2 * 4


def test_a_page_that_is_known_to_be_large_is_asked_for_once(
    acme: Knowledge, notion: Notion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetches, "HELD_BYTES", 30_000)
    notion.handbook.edit(text_of(40_000))
    acme.clock.advance(hours=1)
    acme.tick(notion.handbook.id)
    acme.work()
    assert acme.spent().count("markdown") == 2

    notion.handbook.edit(text_of(40_000) + "\n\nOne more sentence.")
    acme.follow(seconds=120)

    assert acme.answers("one more sentence") == ["Handbook"]
    assert acme.spent().count("markdown") == 1


def test_without_redis_no_page_is_known_to_be_large(runtime: Runtime) -> None:
    known = LargePages(runtime.redis, 1)
    known.add(7)

    assert set(known.among([6, 7, 8])) == {7}
    assert not LargePages(runtime.redis, 2).among([7])


def test_a_worker_that_gets_no_threads_reads_one_page_after_the_other(
    acme: Knowledge, notion: Notion, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name.startswith("notion"):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    acme.tick(notion.handbook.id, notion.terms.id)

    with capture_logs() as lines:
        assert acme.work() is drain.Ended.DONE

    assert acme.source(notion.handbook.id).status == "trained"
    assert acme.answers("half the water") == ["Ristretto"]
    assert [line["log_level"] for line in lines if line["event"] == "threads_refused"] == ["warning"]


def test_the_sentence_names_the_limit_in_megabytes() -> None:
    assert "larger than 16 MB" in AnswerTooLarge(16 << 20).sentence


def test_what_was_booked_and_waits_to_be_read_alone_is_given_back(
    acme: Knowledge, notion: Notion, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetches, "HELD_BYTES", 30_000)
    notion.handbook.edit(text_of(40_000))
    clock.advance(hours=1)
    acme.tick(notion.handbook.id)
    monkeypatch.setattr(fetches.Fetches, "start_alone", lambda self, client: self._session.stop.set())

    assert acme.work() is drain.Ended.STOPPED

    document = acme.document(notion.handbook.id)
    assert (document.attempts, document.retry_after) == (0, None)
