"""Trouble of every kind: nothing is lost, nothing is removed by mistake, and everything goes on by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from extract import actions
from extract.config.schema import Notion as NotionSettings
from extract.connections import connect as store_grant
from extract.errors import LeaseLost, Refused
from extract.runtime import Runtime
from extract.store.models import Connection, Document, Run
from extract.sync import drain, lease
from sandbox import RateLimit, World
from tests.clock import StoppedClock
from tests.knowledge import Knowledge, token_grant
from tests.stories.conftest import Notion


def test_a_passing_error_keeps_the_old_content_and_is_tried_again(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    acme.tick(notion.handbook.id)
    acme.work()
    acme.follow(seconds=120)

    notion.handbook.edit("New rules.")
    world.faults.fail("markdown", status=503, times=20)
    acme.follow()
    assert acme.answers("thirty days") == ["Handbook"]
    assert acme.source(notion.handbook.id).status == "trained"
    assert "try again" in acme.document(notion.handbook.id).error

    world.faults.clear()
    acme.follow(seconds=120)
    assert acme.answers("new rules") == ["Handbook"]
    assert acme.document(notion.handbook.id).error is None


def test_a_source_that_never_could_be_read_is_failed_with_a_sentence_and_mends_itself(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    world.faults.fail("markdown", status=500, times=20)
    acme.tick(notion.handbook.id)
    acme.work()

    source = acme.source(notion.handbook.id)
    assert source.status == "failed"
    assert "try again" in source.error

    world.faults.clear()
    acme.follow(seconds=120)
    assert acme.source(notion.handbook.id).status == "trained"
    assert acme.source(notion.handbook.id).error is None


def test_one_page_that_fails_does_not_hold_up_the_others(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    ristretto = next(row for row in notion.terms.rows if row.title == "Ristretto")
    world.faults.fail("markdown", status=500, times=50, page_id=ristretto.id)
    acme.tick(notion.terms.id)
    acme.work()

    assert acme.source(notion.terms.id).status == "trained"
    assert acme.answers("long espresso") == ["Lungo"]
    assert acme.document(ristretto.id).error is not None


def test_a_rate_limit_rests_the_connection_for_exactly_as_long_as_notion_asks(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    acme.tick(notion.handbook.id)
    world.faults.fail("markdown", status=429, times=1, headers={"Retry-After": "30"})

    assert acme.work() is drain.Ended.PAUSED
    assert Connection.get().paused_until == acme.clock() + timedelta(seconds=30)
    assert acme.work() is drain.Ended.BUSY

    acme.clock.advance(seconds=30)
    assert acme.work() is drain.Ended.DONE
    assert acme.source(notion.handbook.id).status == "trained"
    assert acme.document(notion.handbook.id).attempts == 0


def test_a_large_import_spends_no_more_than_the_window_and_goes_on_when_it_reopens(
    connect: Callable[..., Knowledge], runtime: Runtime, notion: Notion, world: World, clock: StoppedClock
) -> None:
    for number in range(60):
        notion.terms.row(f"Term {number}", {"Meaning": f"Meaning number {number}"})
    clock.advance(hours=1)
    tight = NotionSettings(
        client_id=world.client_id,
        client_secret=world.client_secret,
        api_url=runtime.config.notion.api_url,
        requests_per_window=20,
        people_share=0.2,
    )
    world.rate_limit = RateLimit(requests=20, window_seconds=60)
    acme = connect(replace(runtime, config=replace(runtime.config, notion=tight)))

    acme.tick(notion.terms.id)
    ends = []
    for _ in range(8):
        ends.append(acme.work())
        clock.advance(seconds=61)

    assert ends[0] is drain.Ended.PAUSED
    assert ends[-1] in (drain.Ended.DONE, drain.Ended.BUSY)
    assert acme.source(notion.terms.id).status == "trained"
    assert Document.select().where(Document.synced_at.is_null(False)).count() == 62
    assert [request for request in world.requests if request.status == 429] == []
    assert len([request for request in world.requests if request.endpoint == "markdown"]) == 62


def test_an_expired_token_is_refreshed_once_and_the_work_goes_on(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    acme.tick(notion.handbook.id, notion.terms.id)
    world.expire_token(acme.grant)
    acme.work()

    assert acme.source(notion.terms.id).status == "trained"
    refreshes = [request for request in world.requests if request.endpoint == "token"]
    assert len(refreshes) == 1


def test_a_revoked_connection_keeps_answering_and_asks_for_reconnection(
    acme: Knowledge, notion: Notion, world: World, clock: StoppedClock
) -> None:
    acme.tick(notion.handbook.id)
    acme.work()
    acme.follow(seconds=120)

    acme.grant.revoke()
    acme.follow()

    connection = Connection.get()
    assert connection.state == "reconnect"
    assert "until you reconnect" in connection.error
    assert acme.answers("thirty days") == ["Handbook"]
    with pytest.raises(Refused, match="Reconnect"):
        actions.retrain(acme.runtime, [acme.source(notion.handbook.id)], full=True)


def test_reconnecting_resumes_where_it_stopped(
    acme: Knowledge, notion: Notion, world: World, clock: StoppedClock
) -> None:
    acme.tick(notion.handbook.id)
    acme.work()
    actions.disconnect(acme.runtime, Connection.get())
    assert Connection.get().state == "disconnected"
    assert Connection.get().access_token is None
    assert acme.answers("thirty days") == ["Handbook"]

    clock.advance(days=2)
    notion.handbook.edit("While you were away.")
    grant = world.install(notion.workspace, share=[notion.handbook, notion.terms])
    store_grant(
        acme.runtime,
        organisation_id=acme.chatbot.organisation_id,
        grant=token_grant(grant),
    )
    assert Connection.select().count() == 1
    acme.follow()
    acme.follow()

    assert acme.answers("while away") == ["Handbook"]


def test_a_worker_that_lost_its_lease_can_write_nothing(acme: Knowledge, notion: Notion) -> None:
    acme.tick(notion.handbook.id)
    first = lease.take(acme.connection.id, seconds=30, clock=acme.clock)
    assert lease.take(acme.connection.id, seconds=30, clock=acme.clock) is None

    acme.clock.advance(seconds=31)
    second = lease.take(acme.connection.id, seconds=30, clock=acme.clock)

    with pytest.raises(LeaseLost):
        first.renew()
    second.renew()
    first.release()
    assert lease.take(acme.connection.id, seconds=30, clock=acme.clock) is None


def test_a_drain_that_was_killed_is_taken_up_after_its_lease(acme: Knowledge, notion: Notion) -> None:
    acme.tick(notion.handbook.id, notion.terms.id)
    held = lease.take(acme.connection.id, seconds=30, clock=acme.clock)
    assert held is not None
    assert acme.work() is drain.Ended.BUSY

    acme.clock.advance(seconds=31)
    acme.work()

    assert acme.source(notion.terms.id).status == "trained"


def test_a_database_that_is_trashed_leaves_and_returns_with_its_rows(acme: Knowledge, notion: Notion) -> None:
    acme.tick(notion.terms.id)
    acme.work()
    acme.follow(seconds=120)

    notion.terms.trash()
    acme.follow()
    acme.follow()
    assert acme.ask("espresso") == []
    assert acme.source(notion.terms.id).status == "empty"
    assert "trash" in acme.source(notion.terms.id).error

    notion.terms.restore()
    acme.follow()
    acme.follow()
    assert sorted(acme.answers("espresso")) == ["Lungo", "Ristretto"]
    assert acme.source(notion.terms.id).status == "trained"


def test_a_page_of_two_sources_goes_with_the_last_of_them(acme: Knowledge, notion: Notion) -> None:
    ristretto = next(row for row in notion.terms.rows if row.title == "Ristretto")
    acme.tick(notion.terms.id)
    acme.work()
    acme.tick(ristretto.id)
    acme.work()
    assert Document.select().count() == 2

    actions.delete(acme.runtime, [acme.source(notion.terms.id)])
    assert acme.answers("espresso") == ["Ristretto"]

    actions.delete(acme.runtime, [acme.source(ristretto.id)])
    assert acme.ask("espresso") == []
    assert Document.select().count() == Run.select().count() == 0


def test_a_schedule_syncs_once_however_many_times_it_was_missed(acme: Knowledge, notion: Notion) -> None:
    saved_at = acme.clock()
    acme.tick(notion.handbook.id, schedule="daily")
    acme.work()
    notion.handbook.edit("A daily page.")
    acme.follow(seconds=3600)
    assert acme.ask("daily page") == []

    acme.clock.advance(days=5)
    acme.watch()
    acme.work()

    assert acme.answers("daily page") == ["Handbook"]
    assert [run.trigger for run in acme.runs(notion.handbook.id)] == ["import", "schedule"]
    assert acme.source(notion.handbook.id).next_sync_at == saved_at + timedelta(days=6)
