"""What people may ask of connections: confirm a removal, disconnect, take up again after a new consent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest

from extract import actions
from extract.errors import Refused
from extract.rules.timing import Rank
from extract.runtime import Runtime
from extract.store.models import Connection, Source
from tests import rows
from tests.clock import START, StoppedClock
from tests.extract.actions.waking import woken

HOUR = timedelta(hours=1)
DOUBTED = {"requested_at": START, "request_rank": Rank.CHECK, "doubted_at": START}


@pytest.fixture
def source(offline: Runtime) -> Source:
    """Of a connection whose brake holds since `START`."""
    return rows.source(via=rows.connection(brake_at=START))


def confirm(runtime: Runtime, source: Source, **how: object) -> None:
    actions.confirm_removal(runtime, source.connection, **how)  # type: ignore[arg-type]


def test_what_is_in_doubt_is_asked_once_more_for_the_person(
    offline: Runtime, source: Source, clock: StoppedClock
) -> None:
    document = rows.document(source, **DOUBTED, retry_after=START + HOUR)
    went = rows.document(source, removed_at=START - HOUR, removed_because="missing")
    clock.advance(minutes=5)

    confirm(offline, source)

    asked = rows.fresh(document)
    assert (asked.requested_at, asked.request_rank, asked.retry_after) == (clock(), Rank.PERSON, None)
    assert rows.fresh(went).removed_because == "confirmed"
    assert woken(offline) == [source.connection_id]


def test_what_came_into_doubt_after_the_person_saw_the_question_stays(
    offline: Runtime, source: Source, clock: StoppedClock
) -> None:
    rows.document(source, **DOUBTED)
    later = rows.document(source, **{**DOUBTED, "doubted_at": START + HOUR})
    clock.advance(hours=2)

    confirm(offline, source, shown_at=START + timedelta(minutes=1))

    assert rows.fresh(later).request_rank == Rank.CHECK


def test_a_database_in_doubt_is_listed_once_more_for_the_person(
    offline: Runtime, source: Source, clock: StoppedClock
) -> None:
    glossary = rows.source(source.chatbot, source.connection, kind="database", **DOUBTED)
    rows.document(glossary)
    clock.advance(minutes=5)

    confirm(offline, source)

    assert rows.fresh(glossary).request_rank == Rank.PERSON


@pytest.mark.parametrize(
    ("values", "sentence"),
    [({"state": "reconnect"}, "Reconnect first"), ({"brake_at": None}, "nothing to remove")],
)
def test_where_nobody_is_asked_nothing_is_removed(
    offline: Runtime, source: Source, values: dict[str, object], sentence: str
) -> None:
    rows.document(source, **DOUBTED)
    Connection.update(**values).execute()

    with pytest.raises(Refused, match=sentence):
        confirm(offline, source)
    assert woken(offline) == []


def test_disconnecting_closes_runs_and_leaves_the_content(offline: Runtime) -> None:
    source = rows.source(status="training", last_synced_at=None)
    answering = rows.source(source.chatbot, source.connection, status="re-training")
    foreign = rows.source(status="training")
    document, run = rows.document(answering, passages=["Words."]), rows.run(answering)
    runtime = _with_notion(offline)

    actions.disconnect(runtime, source.connection)

    connection = rows.fresh(source.connection)
    assert (connection.state, connection.access_token) == ("disconnected", None)
    assert [rows.fresh(one).status for one in (source, answering, foreign)] == [
        "pending",
        "trained",
        "training",
    ]
    assert rows.fresh(run).outcome == "cancelled"
    assert rows.fresh(document).text


def _with_notion(runtime: Runtime) -> Runtime:
    return replace(runtime, transport=httpx2.MockTransport(lambda request: httpx2.Response(200, json={})))


def test_a_new_consent_walks_the_running_workspaces_at_once(offline: Runtime, clock: StoppedClock) -> None:
    whole = rows.source(kind="workspace")
    others = {"bot": whole.chatbot, "via": whole.connection}
    stopped, page = rows.source(**others, kind="workspace", stopped_at=START), rows.source(**others)

    actions.consented_again(offline, whole.connection)

    assert [rows.fresh(one).requested_at for one in (whole, stopped, page)] == [clock(), None, None]
    assert rows.fresh(whole).request_rank == Rank.SCHEDULE
    assert woken(offline) == [whole.connection_id]
