"""Importing what was ticked: each pick becomes a source, and is wanted; finding what a pasted link leads to."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from extract import actions
from extract.actions import Imported, Pick
from extract.errors import Refused
from extract.rules.timing import FRESH_STUB, OVERLAP, Rank
from extract.runtime import Runtime
from extract.store.models import Chatbot, Connection, Document, Source
from extract.values import Parent
from tests import rows
from tests.clock import START
from tests.extract.actions.waking import woken
from tests.extract.notion.script import Script, error, ok

HOUR = timedelta(hours=1)
PAGE = "01234567-89ab-cdef-0123-456789abcdef"


@pytest.fixture
def connection(offline: Runtime) -> Connection:
    return rows.connection(edits_seen_to=START)


@pytest.fixture
def chatbot(connection: Connection) -> Chatbot:
    return rows.chatbot(connection.organisation)


def pick(notion_id: str = PAGE, *, kind: Any = "page", **values: Any) -> Pick:
    return Pick(**{"kind": kind, "notion_id": notion_id, "title": "Handbook", "url": "u", **values})


def listed(notion_id: str = PAGE, *, at: datetime = START, **said: object) -> dict[str, object]:
    return {"stub": rows.stub(id=notion_id, title="Handbook", **said), "listed_at": at}


@pytest.fixture
def do(offline: Runtime, chatbot: Chatbot, connection: Connection) -> Any:
    """Import these picks."""

    def run(*picks: Pick, via: Connection = connection, **how: Any) -> Imported:
        given = {"chatbot": chatbot, "connection": via, "picks": picks, "schedule": "live", **how}
        return actions.import_picks(offline, **given)

    return run


def test_a_pick_becomes_a_source_that_a_person_waits_for(
    do: Any, offline: Runtime, connection: Connection
) -> None:
    imported = do(pick(kind="database"), schedule="weekly")

    source = Source.get()
    assert imported == Imported(created=(source,), known=())
    assert (source.title, source.status, source.auto_retrain) == ("Handbook", "pending", "weekly")
    assert source.next_sync_at == START + timedelta(days=7)
    assert (source.requested_at, source.request_rank, source.full_requested) == (START, Rank.PERSON, True)
    assert woken(offline) == [connection.id]


@pytest.mark.parametrize(
    ("how", "saves"),
    [
        (listed(), True),
        (listed(at=START - FRESH_STUB), False),
        (listed(in_trash=True), False),
        ({}, False),
    ],
)
def test_a_page_that_was_listed_a_moment_ago_needs_its_body_only(
    do: Any, how: dict[str, object], saves: bool
) -> None:
    do(pick(**how))

    assert (Source.get().requested_at is None) == saves
    assert Document.select().count() == saves
    if saves:
        assert Document.get().stub is not None
        assert Document.get().request_rank == Rank.PERSON


def test_a_tree_is_listed_too_and_takes_what_the_picker_listed_below_it(do: Any) -> None:
    below = rows.stub(parent=Parent("page_id", PAGE))

    do(pick(**listed(), with_subpages=True), listed=[below, rows.stub()], listed_at=START)

    assert Source.get().requested_at == START
    assert rows.pages_of(Source.get()) == {PAGE, below.id}


def test_an_old_listing_of_the_picker_is_not_taken(do: Any) -> None:
    below = rows.stub(parent=Parent("page_id", PAGE))

    do(pick(**listed(), with_subpages=True), listed=[below], listed_at=START - FRESH_STUB)

    assert rows.pages_of(Source.get()) == {PAGE}


@pytest.mark.parametrize(("status", "wanted"), [("trained", False), ("failed", True), ("empty", True)])
def test_what_is_a_source_already_is_read_again_only_when_it_holds_nothing(
    do: Any, chatbot: Chatbot, connection: Connection, status: str, wanted: bool
) -> None:
    known = rows.source(chatbot, connection, notion_id=PAGE, status=status)

    assert do(pick()) == Imported(created=(), known=(known,))
    assert (rows.fresh(known).requested_at is not None) == wanted


def test_a_stopped_source_that_is_ticked_again_goes_on(
    do: Any, chatbot: Chatbot, connection: Connection
) -> None:
    known = rows.source(chatbot, connection, notion_id=PAGE, stopped_at=START - HOUR)

    do(pick())

    assert rows.fresh(known).stopped_at is None
    assert rows.fresh(connection).edits_seen_to == START - HOUR - OVERLAP


def test_a_page_that_is_ticked_with_its_sub_pages_is_widened(
    do: Any, chatbot: Chatbot, connection: Connection
) -> None:
    known = rows.source(chatbot, connection, notion_id=PAGE)

    assert do(pick(with_subpages=True)).widened == (known,)
    assert rows.fresh(known).with_subpages
    assert do(pick(with_subpages=True)).widened == ()


@pytest.mark.parametrize(("state", "taken"), [("disconnected", True), ("alive", False)])
def test_a_source_whose_connection_ended_is_taken_over_with_what_it_holds(
    do: Any, chatbot: Chatbot, connection: Connection, state: str, taken: bool
) -> None:
    old = rows.connection(connection.organisation, state=state)
    known = rows.source(chatbot, old, notion_id=PAGE)
    document = rows.document(known)

    do(pick())

    now_of = connection if taken else old
    assert rows.fresh(known).connection_id == rows.fresh(document).connection_id == now_of.id
    assert (rows.fresh(known).requested_at is not None) == taken


def test_the_next_sweep_begins_before_the_oldest_listing_that_was_picked_from(
    do: Any, connection: Connection
) -> None:
    do(pick(**listed(at=START - timedelta(minutes=4))), pick(rows.notion_id(), **listed()))

    assert rows.fresh(connection).edits_seen_to == START - timedelta(minutes=4) - OVERLAP


def test_a_connection_that_was_never_swept_begins_at_the_import(do: Any, connection: Connection) -> None:
    Connection.update(edits_seen_to=None).execute()

    do(pick())

    assert rows.fresh(connection).edits_seen_to == START - OVERLAP


@pytest.mark.parametrize("what", ["state", "organisation", "schedule"])
def test_an_import_that_cannot_work_makes_nothing(do: Any, connection: Connection, what: str) -> None:
    other = {
        "organisation": rows.connection(),
        "state": rows.connection(connection.organisation, state="reconnect"),
    }
    sentences = {
        "state": "Reconnect to Notion",
        "organisation": "another organisation",
        "schedule": "none of them",
    }
    how = {"schedule": "hourly"} if what == "schedule" else {"via": other[what]}

    with pytest.raises(Refused, match=sentences[what]):
        do(pick(), **how)
    assert Source.select().count() == 0


def found_by(runtime: Runtime, connection: Connection, *answers: Any) -> Pick:
    script = Script(*answers, forever=True)
    return actions.find_pick(replace(runtime, transport=httpx2.MockTransport(script)), connection, PAGE)


def an_object(kind: str, **more: object) -> dict[str, object]:
    title = [{"type": "text", "plain_text": "Handbook", "text": {"content": "Handbook"}}]
    named = (
        {"properties": {"Name": {"id": "title", "type": "title", "title": title}}} if kind == "page" else {}
    )
    return {
        "object": kind,
        "id": PAGE,
        "url": "https://www.notion.so/x",
        "parent": {"type": "workspace", "workspace": True},
        "last_edited_time": "2026-11-22T08:00:00.000Z",
        "created_time": "2026-11-22T08:00:00.000Z",
        "title": title,
        "data_sources": [],
        **named,
        **more,
    }


def test_a_pasted_link_leads_to_a_page_with_its_stub(offline: Runtime, connection: Connection) -> None:
    found = found_by(offline, connection, ok(an_object("page")))

    assert (found.kind, found.notion_id, found.title, found.listed_at) == ("page", PAGE, "Handbook", START)
    assert found.stub is not None


def test_a_pasted_link_leads_to_a_database(offline: Runtime, connection: Connection) -> None:
    found = found_by(offline, connection, error(404, "object_not_found"), ok(an_object("database")))

    assert (found.kind, found.notion_id, found.stub) == ("database", PAGE, None)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda: ok(an_object("page", in_trash=True)), "“Handbook” is in Notion's trash"),
        (lambda: error(404, "object_not_found"), "Share it with the integration"),
    ],
)
def test_a_link_that_leads_to_nothing_readable_is_refused(
    offline: Runtime, connection: Connection, answer: Any, sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        found_by(offline, connection, answer())


def test_the_workspace_is_picked_under_its_name(offline: Runtime) -> None:
    named = actions.workspace_pick(rows.connection(workspace_name="Acme", workspace_icon="x"))

    assert (named.kind, named.title, named.icon) == ("workspace", "Acme", "x")
    assert actions.workspace_pick(rows.connection(workspace_name="")).title == "Notion workspace"
