"""How far a running sync has come, what waits before it, and what a page has cost lately."""

from __future__ import annotations

import pytest
from peewee import Database

from extract.worklist.progress import Progress, progress, requests_a_page, waiting
from tests import rows
from tests.clock import START


def test_a_running_sync_counts_what_was_fetched_and_what_is_still_wanted(memory_store: Database) -> None:
    source = rows.source()
    rows.run(source, fetched=3, requests=5)
    rows.document(source, requested_at=START)
    rows.document(source, requested_at=START, error="It failed.")
    rows.document(source)

    assert progress([source.id]) == {source.id: Progress(done=3, total=4, requests=5, started_at=START)}
    assert progress([source.id])[source.id].left == 1


def test_a_sync_that_has_found_nothing_yet_is_at_none_of_none(memory_store: Database) -> None:
    source = rows.source()
    rows.run(source)

    assert progress([source.id]) == {source.id: Progress(0, 0, 0, START)}


def test_a_source_without_an_open_run_has_no_progress(memory_store: Database) -> None:
    source = rows.source()
    rows.run(source, finished_at=START)

    assert progress([source.id]) == {}
    assert progress([]) == {}


@pytest.mark.parametrize(
    ("values", "waits"),
    [
        ({"requested_at": START}, 1),
        ({"requested_at": START, "error": "It failed."}, 0),
        ({}, 0),
    ],
)
def test_what_is_wanted_and_has_not_failed_waits_for_the_workspace(
    memory_store: Database, values: dict[str, object], waits: int
) -> None:
    source = rows.source()
    rows.document(source, **values)

    assert waiting(source.connection.workspace_id) == waits


def test_all_alive_connections_of_a_workspace_share_its_requests(memory_store: Database) -> None:
    for state in ("alive", "alive", "reconnect"):
        rows.document(rows.source(via=rows.connection(workspace_id="w", state=state)), requested_at=START)
    rows.document(rows.source(), requested_at=START)

    assert waiting("w") == 2


def test_what_only_stopped_sources_hold_does_not_wait(memory_store: Database) -> None:
    source = rows.source(stopped_at=START)
    rows.document(source, requested_at=START)

    assert waiting(source.connection.workspace_id) == 0


@pytest.mark.parametrize(
    ("runs", "cost"),
    [
        ([], 1.0),
        ([(20, 30)], 1.5),
        ([(20, 10)], 1.0),  # never less than one request a page
        ([(20, 900)], 3.0),  # nor more than three
        ([(19, 57), (20, 20)], 1.0),  # small runs say little
        ([(20, 20), (60, 100)], 1.5),
    ],
)
def test_what_a_page_costs_by_the_larger_runs(
    memory_store: Database, runs: list[tuple[int, int]], cost: float
) -> None:
    source = rows.source()
    rows.run(source, fetched=100, requests=300)  # still running
    for fetched, requests in runs:
        rows.run(source, fetched=fetched, requests=requests, finished_at=START)

    assert requests_a_page(source.connection_id) == cost


def test_only_the_last_ten_runs_count(memory_store: Database) -> None:
    source = rows.source()
    for requests in (60, *[20] * 10):
        rows.run(source, fetched=20, requests=requests, finished_at=START)

    assert requests_a_page(source.connection_id) == 1.0
