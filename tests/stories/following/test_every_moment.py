"""Something happens while a drain is under way: between the booking of a page and its writing, or within a listing."""

from __future__ import annotations

import threading
from collections.abc import Callable

import httpx2
import pytest

from extract import actions
from extract.connections import client_for, http_for
from extract.discovery.sweeps import poll
from extract.errors import Transient
from extract.notion.client import NotionClient
from extract.rules.timing import AT_WORK
from extract.store.db import database
from extract.store.models import Chunk, Connection, Document, Run, Source
from extract.sync import drain, lease
from extract.sync.fetching import fetches
from extract.sync.fetching.related_titles import RelatedTitles
from extract.sync.listing import source as listing_source
from extract.sync.task import Fetched, Task
from extract.values import Clock, Stub
from extract.worklist import due
from tests.clock import StoppedClock
from tests.knowledge import Knowledge
from tests.stories.conftest import Notion


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let something happen once, after Notion has answered a fetch and before the answer is written."""

    def arrange(happens: Callable[[], object], *, then: Exception | None = None) -> None:
        real, todo = fetches.fetch, [happens]

        def fetch(client: NotionClient, task: Task, *, names: RelatedTitles, clock: Clock) -> Fetched:
            answer = real(client, task, names=names, clock=clock)
            if todo:
                with database.connection_context():
                    todo.pop()()
                if then is not None:
                    raise then
            return answer

        monkeypatch.setattr(fetches, "fetch", fetch)

    return arrange


def notice(acme: Knowledge) -> None:
    """The daemon polls."""
    acme.clock.advance(seconds=1)
    with http_for(acme.runtime) as http:
        client = client_for(acme.runtime, Connection.get(), http=http)
        poll(client, Connection.get(), now=acme.clock(), verify_hours=24)


def test_a_title_noticed_during_a_fetch_is_not_overwritten_by_the_older_answer(
    acme: Knowledge, notion: Notion, meanwhile: Callable[..., None]
) -> None:
    acme.tick(notion.handbook.id)
    acme.work()
    acme.follow(seconds=120)
    actions.retrain(acme.runtime, [acme.source(notion.handbook.id)], full=True)

    def rename() -> None:
        notion.handbook.rename("Staff guide")
        notice(acme)

    meanwhile(rename)
    acme.work()

    assert acme.document(notion.handbook.id).title == "Staff guide"


def test_a_wish_made_while_an_attempt_fails_is_tried_at_once(
    acme: Knowledge, notion: Notion, meanwhile: Callable[..., None]
) -> None:
    acme.tick(notion.handbook.id)
    acme.work()
    acme.follow(seconds=120)
    notion.handbook.edit("The first edit.")
    acme.clock.advance(seconds=61)
    acme.watch()

    def edit() -> None:
        notion.handbook.edit("The second edit.")
        acme.clock.advance(seconds=61)
        notice(acme)

    meanwhile(edit, then=Transient())
    assert acme.work() is drain.Ended.SLICE
    acme.work()

    assert acme.answers("second edit") == ["Handbook"]
    assert acme.document(notion.handbook.id).error is None


def test_a_source_deleted_during_its_fetch_leaves_nothing_behind(
    acme: Knowledge, notion: Notion, meanwhile: Callable[..., None]
) -> None:
    [source] = acme.tick(notion.handbook.id)
    meanwhile(lambda: actions.delete(acme.runtime, [source]))

    assert acme.work() is drain.Ended.DONE
    assert Document.select().count() == Chunk.select().count() == Run.select().count() == 0


def test_a_source_deleted_during_its_listing_leaves_nothing_behind_and_holds_nobody_up(
    acme: Knowledge, notion: Notion, monkeypatch: pytest.MonkeyPatch
) -> None:
    [terms] = acme.tick(notion.terms.id)
    acme.tick(notion.handbook.id)
    real = NotionClient.get_data_source

    def get_data_source(client: NotionClient, identifier: str) -> Stub:
        with database.connection_context():
            actions.delete(acme.runtime, [terms])
        return real(client, identifier)

    monkeypatch.setattr(NotionClient, "get_data_source", get_data_source)

    assert acme.work() is drain.Ended.DONE
    assert acme.source(notion.handbook.id).status == "trained"
    assert Document.select().count() == 1


def test_a_fault_of_ours_in_one_listing_does_not_hold_up_the_others(
    acme: Knowledge, notion: Notion, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(listing_source, "list_database", broken)
    acme.tick(notion.terms.id)
    acme.tick(notion.handbook.id)

    assert acme.work() is drain.Ended.DONE
    assert acme.source(notion.handbook.id).status == "trained"
    terms = acme.source(notion.terms.id)
    assert terms.status == "failed"
    assert "fault on our side" in terms.error
    assert due.connections_with_work(now=acme.clock()) == []


def test_a_disconnect_during_a_fetch_ends_the_drain_and_leaves_nothing_at_work(
    acme: Knowledge, notion: Notion, meanwhile: Callable[..., None]
) -> None:
    acme.tick(notion.handbook.id)
    acme.work()
    acme.tick(notion.terms.id)
    actions.retrain(acme.runtime, [acme.source(notion.handbook.id)], full=True)
    meanwhile(lambda: actions.disconnect(acme.runtime, Connection.get()))

    assert acme.work() is drain.Ended.LOST
    assert Run.select().where(Run.finished_at.is_null()).count() == 0
    assert acme.source(notion.handbook.id).status == "trained"
    assert acme.source(notion.terms.id).status == "pending"


def test_a_stop_during_a_listing_is_no_failure_of_it(
    acme: Knowledge, notion: Notion, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme.tick(notion.terms.id)
    stop, release = threading.Event(), threading.Event()

    def query(*arguments: object, **options: object) -> None:
        stop.set()
        release.wait(30)

    monkeypatch.setattr(NotionClient, "query", lambda *arguments, **options: iter(query, 1))
    monkeypatch.setattr("extract.sync.session.STOP_SECONDS", 0.5)
    try:
        assert drain.drain(acme.runtime, acme.connection.id, stop=stop) is drain.Ended.STOPPED
    finally:
        release.set()

    source = acme.source(notion.terms.id)
    assert (source.attempts, source.error) == (0, None)
    assert source.requested_at is not None


def test_a_stop_does_not_wait_for_a_notion_that_hangs(
    connect: Callable[..., Knowledge], notion: Notion, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme = connect()
    acme.tick(notion.handbook.id)
    stop, release, answered = threading.Event(), threading.Event(), threading.Event()

    def hang(*arguments: object, **options: object) -> Fetched:
        stop.set()
        release.wait(30)
        answered.set()
        raise httpx2.ReadTimeout("too late")

    monkeypatch.setattr(fetches, "fetch", hang)
    monkeypatch.setattr("extract.sync.session.STOP_SECONDS", 0.5)
    try:
        assert drain.drain(acme.runtime, acme.connection.id, stop=stop) is drain.Ended.STOPPED
        assert not answered.is_set()
    finally:
        release.set()

    document = acme.document(notion.handbook.id)
    assert (document.attempts, document.retry_after, document.error) == (0, None, None)
    assert acme.source(notion.handbook.id).status in AT_WORK


def test_nobody_wakes_a_connection_for_what_a_killed_worker_has_booked_for_later(
    acme: Knowledge, notion: Notion, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme.tick(notion.handbook.id)

    def killed(*arguments: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(drain._Drain, "_collect", killed)
        patch.setattr(lease.Lease, "release", lambda held: None)
        with pytest.raises(SystemExit):
            acme.work()
    acme.clock.advance(seconds=29)
    Connection.update(lease_until=None).execute()

    assert acme.source(notion.handbook.id).status == "training"
    assert due.connections_with_work(now=acme.clock()) == []
    acme.clock.advance(seconds=2)
    assert due.connections_with_work(now=acme.clock()) == [acme.connection.id]
    acme.work()
    assert acme.source(notion.handbook.id).status == "trained"


def test_a_look_that_kills_its_worker_is_put_off_like_a_wish(acme: Knowledge, notion: Notion) -> None:
    acme.tick(notion.handbook.id)
    acme.work()
    later = acme.clock.now.replace(hour=23)
    Document.update(check_at=acme.clock(), recheck_at=None, attempts=1, retry_after=later).execute()

    assert due.connections_with_work(now=acme.clock()) == []
    assert due.next_checks(acme.connection.id, now=acme.clock(), limit=5) == []
    assert [row.id for row in due.next_checks(acme.connection.id, now=later, limit=5)]


def test_a_source_whose_work_is_done_is_settled_even_if_its_worker_was_killed_before(
    acme: Knowledge, notion: Notion, clock: StoppedClock
) -> None:
    acme.tick(notion.handbook.id)
    acme.work()
    Source.update(status="re-training").execute()

    assert due.connections_with_work(now=clock()) == [acme.connection.id]
    acme.work()
    assert acme.source(notion.handbook.id).status == "trained"
    assert due.connections_with_work(now=clock()) == []
