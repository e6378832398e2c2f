"""Requests are few and shared out: looks wait behind edits, a pause is everybody's, and runs tell what they cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import structlog

from daemon.loop import poll_one
from extract.connections import connect as store_grant
from extract.runtime import Runtime
from extract.store.models import Connection, Document, Run
from extract.sync import drain
from extract.worklist import due
from sandbox import World
from sandbox.world.handles import PageHandle
from tests.clock import StoppedClock
from tests.knowledge import Knowledge, token_grant
from tests.stories.conftest import Notion

BLOCK = {"rate_limit_reason": "public_api_request_blocked"}


@pytest.fixture
def small(connect: Callable[..., Knowledge], runtime: Runtime) -> Knowledge:
    """Twenty requests a minute, of which sixteen for work, of which two for looks."""
    tight = replace(runtime.config.notion, requests_per_window=20, people_share=0.2)
    return connect(replace(runtime, config=replace(runtime.config, notion=tight)))


def guides(acme: Knowledge, notion: Notion, count: int) -> list[PageHandle]:
    """So many pages, read some time ago; nothing of them is due."""
    pages = [notion.workspace.page(f"Guide {number}", f"Step {number}") for number in range(count)]
    for page in pages:
        acme.grant.share(page)
    for start in range(0, count, 5):  # the links are pasted by a person, within the budget
        acme.clock.advance(hours=1)
        acme.tick(*[page.id for page in pages[start : start + 5]])
        acme.work()
    acme.follow(seconds=300)
    acme.clock.advance(minutes=5)
    acme.spent()
    return pages


def all_looks_are_due(acme: Knowledge) -> None:
    """As after a long time away."""
    for number, document in enumerate(Document.select().order_by(Document.id)):
        document.check_at = acme.clock() - timedelta(hours=30 - number)
        document.save(only=[Document.check_at])


def test_a_backlog_of_looks_never_makes_an_edit_wait(small: Knowledge, notion: Notion) -> None:
    pages = guides(small, notion, 10)
    all_looks_are_due(small)

    assert small.work() is drain.Ended.DONE
    assert small.spent() == ["page", "page"]
    connection = Connection.get()
    assert connection.paused_until is None
    assert connection.checks_paused_until >= small.clock() + timedelta(seconds=60)

    pages[9].edit("A better step.")
    small.clock.advance(seconds=5)
    poll_one(small.runtime, small.connection.id)
    assert due.connections_with_work(now=small.clock()) == [small.connection.id]
    small.work()
    assert small.answers("better") == ["Guide 9"]


def test_looks_that_rest_wake_nobody_and_then_go_on_with_the_oldest(small: Knowledge, notion: Notion) -> None:
    pages = guides(small, notion, 6)
    all_looks_are_due(small)

    looked_at: list[set[str]] = []
    for _ in range(3):
        assert due.connections_with_work(now=small.clock()) == [small.connection.id]
        small.work()
        assert due.connections_with_work(now=small.clock()) == []
        looked_at.append({request.path.split("/")[3] for request in small.world.requests})
        small.world.requests.clear()
        small.clock.advance(seconds=61)

    ids = [page.id for page in pages]
    assert looked_at == [{*ids[:2]}, {*ids[2:4]}, {*ids[4:]}]


def test_what_a_look_finds_to_have_moved_is_read_at_once_whatever_is_left_of_the_share(
    connect: Callable[..., Knowledge], runtime: Runtime, notion: Notion
) -> None:
    tiny = replace(runtime.config.watch, verify_share=0.001)
    acme = connect(replace(runtime, config=replace(runtime.config, watch=tiny)))
    [page] = guides(acme, notion, 1)
    page.edit("Unseen by search.")
    all_looks_are_due(acme)

    acme.work()

    assert acme.spent() == ["page", "markdown"]
    assert acme.answers("unseen by search") == ["Guide 0"]


def test_a_daily_listing_comes_to_its_end_however_small_the_share(
    connect: Callable[..., Knowledge], runtime: Runtime, notion: Notion
) -> None:
    tiny = replace(runtime.config.watch, verify_share=0.001)
    acme = connect(replace(runtime, config=replace(runtime.config, watch=tiny)))
    acme.tick(notion.terms.id)
    acme.work()
    for _ in range(3):
        acme.clock.advance(hours=12)
        acme.watch()
        acme.work()

    assert acme.clock() - acme.source(notion.terms.id).listed_at <= timedelta(hours=12)


def test_a_closed_minute_is_read_again_though_the_share_of_looks_is_spent(
    acme: Knowledge, notion: Notion
) -> None:
    notion.handbook.edit("First.")
    acme.tick(notion.handbook.id)
    acme.work()
    notion.handbook.edit("Second, in the same minute.")
    Connection.update(checks_paused_until=acme.clock() + timedelta(hours=1)).execute()

    acme.clock.advance(seconds=90)
    assert due.connections_with_work(now=acme.clock()) == [acme.connection.id]
    acme.work()

    assert acme.answers("second") == ["Handbook"]


def test_a_run_counts_each_request_once_also_those_that_failed_or_were_repeated(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    acme.tick(notion.terms.id)
    acme.spent()
    world.faults.fail("query", status=503, times=1)
    lungo = next(row for row in notion.terms.rows if row.title == "Lungo")
    world.faults.fail("markdown", status=502, times=20, page_id=lungo.id)

    acme.work()

    [run] = acme.runs(notion.terms.id)
    assert run.requests == len(acme.spent()) == 9
    assert (run.retries, run.fetched, run.failed, run.waits) == (4, 1, 1, 0)


def test_what_a_fetch_asked_before_it_was_told_to_wait_is_counted(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    acme.tick(notion.handbook.id)
    Document.update(stub=None).execute()
    acme.spent()
    world.faults.fail("markdown", status=429, times=1, headers={"Retry-After": "30"})
    assert acme.work() is drain.Ended.PAUSED
    acme.clock.advance(seconds=30)
    acme.work()

    [run] = acme.runs(notion.handbook.id)
    assert run.requests == len(acme.spent()) == 4
    assert (run.waits, run.waited_seconds) == (1, 30)


def other_connection(acme: Knowledge, notion: Notion, world: World) -> Connection:
    """A second person of the same organisation connects the same workspace."""
    notion.workspace.user("Grace")
    grant = world.install(notion.workspace, user="Grace", share=[notion.handbook])
    return store_grant(
        acme.runtime,
        organisation_id=acme.chatbot.organisation_id,
        grant=token_grant(grant),
    )


def test_a_pause_asked_of_one_connection_stops_the_others_of_its_workspace_for_as_long(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    acme.tick(notion.handbook.id)
    other = other_connection(acme, notion, world)
    world.faults.fail("markdown", status=429, times=1, headers={"Retry-After": "90"})
    acme.work()
    acme.spent()
    until = acme.clock() + timedelta(seconds=90)
    Document.update(connection=other, requested_at=acme.clock()).execute()

    assert drain.drain(acme.runtime, other.id) is drain.Ended.PAUSED
    assert acme.spent() == []
    assert [row.paused_until for row in Connection.select()] == [until, until]
    for _ in range(3):
        acme.watch()
        acme.clock.advance(seconds=1)
        assert due.connections_with_work(now=acme.clock()) == []
    assert acme.spent() == []
    assert Connection.get_by_id(acme.connection.id).poll_at == until


def test_a_block_is_not_tried_again_for_an_hour_by_any_connection_and_is_told(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    acme.tick(notion.handbook.id)
    other = other_connection(acme, notion, world)
    acme.spent()
    world.faults.fail("markdown", status=429, times=1, additional_data=BLOCK)
    with structlog.testing.capture_logs() as lines:
        assert acme.work() is drain.Ended.PAUSED

    assert "has blocked" in Connection.get_by_id(acme.connection.id).error
    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["notion_has_blocked_us"]
    Document.update(connection=other, requested_at=acme.clock()).execute()
    drain.drain(acme.runtime, other.id)
    acme.watch()
    for _ in range(11):
        acme.clock.advance(minutes=5)
        acme.watch()
    assert acme.spent() == ["markdown"]

    acme.clock.advance(minutes=6)
    acme.watch()
    assert drain.drain(acme.runtime, other.id) is drain.Ended.DONE
    assert acme.answers("thirty days") == ["Handbook"]
    assert [row.error for row in Connection.select()] == [None, None]


def test_a_large_import_finds_out_the_larger_plan(
    connect: Callable[..., Knowledge], runtime: Runtime, notion: Notion, world: World, clock: StoppedClock
) -> None:
    for number in range(150):
        notion.terms.row(f"Term {number}", {"Meaning": f"Meaning number {number}"})
    clock.advance(hours=1)
    wide = replace(
        runtime.config.notion, requests_per_window=20, most_requests_per_window=40, people_share=0.2
    )
    acme = connect(replace(runtime, config=replace(runtime.config, notion=wide)))
    acme.tick(notion.terms.id)
    acme.spent()

    asked = []
    for _ in range(6):
        acme.work()
        asked.append(len(acme.spent()))
        clock.advance(seconds=61)

    assert asked == [16, 20, 24, 30, 32, 32]
    [run] = Run.select()
    assert run.waits == 6
