"""A person stops a source in the middle of its import, and lets it go on later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from daemon.loop import polls_due, start_daily_listings, start_schedules
from extract import actions
from extract.errors import Refused
from extract.store.models import Connection, Document, Membership, Run, Source
from extract.worklist import due
from tests.knowledge import Knowledge
from tests.stories.conftest import Notion


def half_read(acme: Knowledge, notion: Notion) -> Source:
    """The glossary with forty more rows, as far as one window lets it be read."""
    for number in range(40):
        notion.terms.row(f"Term {number:02}", {"Meaning": f"Meaning {number}"})
    acme.clock.advance(hours=1)
    notion_limits = replace(acme.runtime.config.notion, requests_per_window=20)
    object.__setattr__(acme.runtime, "config", replace(acme.runtime.config, notion=notion_limits))
    acme.tick(notion.terms.id)
    acme.work()
    source = acme.source(notion.terms.id)
    assert source.status in ("training", "processing", "pending")
    return source


def everything_follows(acme: Knowledge) -> None:
    for _ in range(12):
        acme.follow()


def test_a_stopped_import_answers_with_what_was_read_and_asks_nothing_more(
    acme: Knowledge, notion: Notion
) -> None:
    source = half_read(acme, notion)
    read = Document.select().where(Document.hash != "").count()
    assert 0 < read < 42

    actions.stop(acme.runtime, [source])

    stopped = acme.source(notion.terms.id)
    assert stopped.status == "trained"
    assert stopped.error == (f"Stopped at {read} of 42 pages. What was read answers; press Resume to go on.")
    assert [run.outcome for run in acme.runs(notion.terms.id)] == ["cancelled"]
    acme.spent()
    acme.clock.advance(hours=30)
    everything_follows(acme)
    assert acme.spent() == []
    assert Document.select().where(Document.hash != "").count() == read
    assert acme.source(notion.terms.id).error == stopped.error
    assert [run.outcome for run in acme.runs(notion.terms.id)] == ["cancelled"]


def test_resuming_reads_what_was_not_read_and_what_moved_meanwhile(acme: Knowledge, notion: Notion) -> None:
    source = half_read(acme, notion)
    actions.stop(acme.runtime, [source])
    acme.clock.advance(hours=2)
    notion.terms.rows[0].set({"Meaning": "The shortest espresso"})
    notion.terms.row("Cortado", {"Meaning": "Cut with warm milk"})
    acme.clock.advance(hours=2)

    actions.resume(acme.runtime, [acme.source(notion.terms.id)])

    resumed = acme.source(notion.terms.id)
    assert (resumed.stopped_at, resumed.error) == (None, None)
    assert resumed.status in due.AT_WORK
    everything_follows(acme)
    assert acme.source(notion.terms.id).status == "trained"
    assert "shortest espresso" in acme.document(notion.terms.rows[0].id).text
    assert acme.answers("warm milk") == ["Cortado"]
    assert Document.select().where(Document.hash == "").count() == 0


def test_an_edit_that_was_noticed_and_not_read_is_read_after_resuming(
    acme: Knowledge, notion: Notion
) -> None:
    acme.tick(notion.terms.id)
    acme.work()
    acme.follow(seconds=120)
    acme.clock.advance(minutes=10)
    notion.terms.rows[0].set({"Meaning": "Tiny"})
    acme.clock.advance(minutes=10)
    acme.watch()
    assert acme.document(notion.terms.rows[0].id).requested_at is not None

    actions.stop(acme.runtime, [acme.source(notion.terms.id)])
    assert acme.document(notion.terms.rows[0].id).requested_at is None
    acme.clock.advance(hours=5)
    actions.resume(acme.runtime, [acme.source(notion.terms.id)])
    acme.work()

    assert acme.answers("tiny") == ["Ristretto"]
    acme.follow(seconds=120)
    acme.spent()
    acme.follow()
    assert acme.spent() == ["search", "search"]


def test_what_another_source_holds_too_goes_on(acme: Knowledge, notion: Notion) -> None:
    source = half_read(acme, notion)
    row = notion.terms.rows[-1]
    acme.tick(row.id)

    actions.stop(acme.runtime, [source])
    everything_follows(acme)

    assert acme.answers(f'"{row.title}"') == [row.title]
    assert acme.source(row.id).status == "trained"
    row.set({"Meaning": "Something else entirely"})
    acme.follow(seconds=120)
    assert acme.answers('"something else entirely"') == [row.title]


def test_a_stopped_source_starts_no_run_of_its_own(acme: Knowledge, notion: Notion) -> None:
    acme.tick(notion.terms.id, schedule="daily")
    acme.work()
    actions.stop(acme.runtime, [acme.source(notion.terms.id)])
    acme.clock.advance(hours=100)
    now = acme.clock()

    assert start_schedules(now) == 0
    start_daily_listings(now, verify_hours=24)
    assert acme.source(notion.terms.id).requested_at is None
    assert polls_due(now) == []
    assert due.connections_with_work(now=now) == []


class Meanwhile(httpx.BaseTransport):
    """The way to Notion, on which `act` happens once, before the answer to a request whose path ends in `ending`."""

    def __init__(self, inner: httpx.BaseTransport, ending: str, act: Callable[[], None]) -> None:
        self._inner, self._ending, self._act = inner, ending, act
        self._done = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not self._done and request.url.path.endswith(self._ending):
            self._done = True
            self._act()
        return self._inner.handle_request(request)


def test_a_listing_under_way_ends_with_its_next_request(
    connect: Callable[..., Knowledge], notion: Notion
) -> None:
    acme = connect()
    for number in range(250):
        notion.terms.row(f"Term {number:03}")
    acme.clock.advance(hours=1)
    acme.tick(notion.terms.id)
    acme.spent()

    def stop() -> None:
        actions.stop(acme.runtime, [acme.source(notion.terms.id)])

    transport = acme.runtime.transport
    assert transport is not None
    slowly = replace(acme, runtime=replace(acme.runtime, transport=Meanwhile(transport, "/query", stop)))
    slowly.work()
    everything_follows(acme)

    assert acme.spent() == ["database", "data_source", "query"]
    assert Document.select().where(Document.hash != "").count() == 0
    assert acme.source(notion.terms.id).status == "empty"

    actions.resume(acme.runtime, [acme.source(notion.terms.id)])
    everything_follows(acme)
    assert Document.select().where(Document.hash != "").count() == 252
    assert acme.source(notion.terms.id).status == "trained"


def test_what_is_read_after_resuming_is_a_run_of_its_own(
    connect: Callable[..., Knowledge], notion: Notion
) -> None:
    acme = connect()
    acme.tick(notion.terms.id)

    def stop_and_resume() -> None:
        actions.stop(acme.runtime, [acme.source(notion.terms.id)])
        actions.resume(acme.runtime, [acme.source(notion.terms.id)])

    transport = acme.runtime.transport
    assert transport is not None
    seam = Meanwhile(transport, "/markdown", stop_and_resume)
    replace(acme, runtime=replace(acme.runtime, transport=seam)).work()

    assert [run.outcome for run in acme.runs(notion.terms.id)] == ["cancelled", "trained"]
    assert sorted(acme.answers("espresso")) == ["Lungo", "Ristretto"]


def test_retraining_a_stopped_source_resumes_it(acme: Knowledge, notion: Notion) -> None:
    actions.stop(acme.runtime, [half_read(acme, notion)])

    actions.retrain(acme.runtime, [acme.source(notion.terms.id)], full=True)

    assert acme.source(notion.terms.id).stopped_at is None
    everything_follows(acme)
    assert Document.select().where(Document.hash == "").count() == 0


def test_stopping_before_anything_was_read_leaves_it_empty(acme: Knowledge, notion: Notion) -> None:
    acme.tick(notion.handbook.id)
    actions.stop(acme.runtime, [acme.source(notion.handbook.id)])

    assert acme.source(notion.handbook.id).status == "empty"
    assert acme.work() is not None
    assert acme.ask("holiday") == []


def test_nothing_resumes_without_its_connection(acme: Knowledge, notion: Notion) -> None:
    acme.tick(notion.handbook.id)
    actions.stop(acme.runtime, [acme.source(notion.handbook.id)])
    Connection.update(state="reconnect").execute()

    with pytest.raises(Refused, match="Reconnect first"):
        actions.resume(acme.runtime, [acme.source(notion.handbook.id)])
    assert acme.source(notion.handbook.id).stopped_at is not None


def test_a_stopped_source_can_be_deleted(acme: Knowledge, notion: Notion) -> None:
    actions.stop(acme.runtime, [half_read(acme, notion)])
    actions.delete(acme.runtime, [acme.source(notion.terms.id)])

    assert (Membership.select().count(), Document.select().count(), Run.select().count()) == (0, 0, 0)
