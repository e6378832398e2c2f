"""The labels and sentences for runs, documents and sources."""

from __future__ import annotations

from datetime import timedelta

import pytest

from extract.store.models import Document, Run, Source
from tests.clock import START
from webapp.sources.labels import document_state, run_duration, run_remarks, settled_sentence


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0.4, "under 1 s"),
        (12, "12 s"),
        (60, "1 min"),
        (185, "3 min 5 s"),
        (3840, "1 h 4 min"),
    ],
)
def test_the_duration_of_a_run_is_readable(seconds: float | None, words: str) -> None:
    finished = None if seconds is None else START + timedelta(seconds=seconds)

    assert run_duration(Run(started_at=START, finished_at=finished)) == words


def test_remarks_say_what_was_lost_in_a_run() -> None:
    assert run_remarks(Run()) == []
    assert run_remarks(Run(failed=1, unread_blocks=2, unknown_tags=["chart"])) == [
        "1 page could not be read",
        "2 blocks could not be read",
        "kept as plain text: chart",
    ]
    assert run_remarks(Run(retries=2, waits=3, waited_seconds=180)) == [
        "2 requests repeated",
        "waited 3 min for Notion",
    ]


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({}, "not read yet"),
        ({"requested_at": START}, "waiting"),
        ({"requested_at": START, "hash": "x"}, "updating"),
        ({"hash": "x", "bytes": 5}, "trained"),
        ({"hash": "x"}, "no text"),
        ({"hash": "x", "bytes": 5, "error": "Notion was away."}, "failed"),
        ({"removed_at": START, "error": "Notion was away."}, "removed"),
    ],
)
def test_a_document_shows_its_state(values: dict[str, object], word: str) -> None:
    assert document_state(Document(**values))[1] == word


def test_settled_sources_are_announced_in_one_sentence() -> None:
    one = Source(title="Plans", status="empty")
    two = Source(title="Old", status="failed")

    assert settled_sentence([one]) == "“Plans” holds no text."
    assert settled_sentence([one, two]) == "2 sources have settled; 1 could not be synced."
    assert settled_sentence([one, one]) == "2 sources have settled."
