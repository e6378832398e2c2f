"""Taking events: which rows they mark, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from extract.discovery import events
from extract.discovery.changes_listed import Noticed
from extract.notion.events import Event
from extract.rules.timing import Rank
from extract.runtime import Runtime
from extract.store.models import Chatbot, Connection, Document, Membership, Organisation, Source, WebhookEvent
from extract.values import Parent
from tests.clock import START, StoppedClock
from tests.webapp.rows import make_connection, make_document, make_source, notion_id

Tell = Callable[..., int]


@pytest.fixture
def connection(any_runtime: Runtime, clock: StoppedClock) -> Connection:
    return make_connection(Organisation.create(name="Acme", created_at=clock()), clock())


@pytest.fixture
def chatbot(connection: Connection, clock: StoppedClock) -> Chatbot:
    return Chatbot.create(organisation=connection.organisation, name="Help desk", created_at=clock())


@pytest.fixture
def source(chatbot: Chatbot, connection: Connection, clock: StoppedClock) -> Source:
    return make_source(chatbot, connection, "Handbook", clock())


@pytest.fixture
def document(source: Source, clock: StoppedClock) -> Document:
    """Read an hour ago."""
    made = make_document(source, "Handbook", clock(), "Words.")
    Document.update(synced_at=clock() - timedelta(hours=1)).execute()
    return made


@pytest.fixture
def tell(connection: Connection, clock: StoppedClock) -> Tell:
    """Store and process an event. Return how many were processed."""

    def send(
        kind: str,
        entity: str,
        *,
        parent: Any = None,
        ago: float = 30,
        bots: tuple[str, ...] | None = None,
        workspace: str | None = None,
        take: bool = True,
    ) -> int:
        body = {
            "type": kind,
            "timestamp": (clock() - timedelta(seconds=ago)).isoformat(),
            "workspace_id": workspace or connection.workspace_id,
            "entity": {"id": entity},
            "accessible_by": [
                {"id": bot, "type": "bot"} for bot in (bots if bots is not None else (connection.bot_id,))
            ],
            "data": {"parent": parent},
        }
        events.store(str(uuid4()), body, now=clock())
        return events.process_pending(clock(), verify_hours=24) if take else 0

    return send


def wanted(document: Document) -> bool:
    return Document.get_by_id(document.id).requested_at is not None


def test_an_edit_marks_the_page_to_be_asked_itself(document: Document, tell: Tell) -> None:
    Document.update(stub={"title": "as listed"}).execute()

    assert tell("page.content_updated", document.notion_id) == 1

    marked = Document.get_by_id(document.id)
    assert (marked.request_rank, marked.stub) == (Rank.EDIT, None)
    assert wanted(document)
    assert Connection.get().event_at is not None


def test_an_event_is_taken_once(document: Document, tell: Tell, clock: StoppedClock) -> None:
    tell("page.content_updated", document.notion_id)
    Document.update(requested_at=None).execute()

    assert events.process_pending(clock(), verify_hours=24) == 0
    assert not wanted(document)


def test_one_that_comes_twice_is_kept_once(connection: Connection, clock: StoppedClock) -> None:
    for _ in range(2):
        events.store("99999999-2222-4333-8444-555555555555", {"type": "page.moved"}, now=clock())

    assert WebhookEvent.select().count() == 1


def test_nothing_is_kept_that_names_people(connection: Connection, clock: StoppedClock) -> None:
    body = {
        "type": "page.moved",
        "workspace_name": "Acme \x00 \ud83d",  # half an emoji, as titles that were cut have it
        "authors": [{"id": notion_id(), "type": "person"}],
        "accessible_by": [{"id": "somebody", "type": "person"}],
    }

    events.store("99999999-2222-4333-8444-555555555555", body, now=clock())

    kept = WebhookEvent.get().body
    assert kept["accessible_by"] == []
    assert kept.keys() == {
        "id",
        "type",
        "timestamp",
        "workspace_id",
        "entity",
        "accessible_by",
        "data",
    }


@pytest.mark.parametrize(
    ("values", "changes"),
    [
        ({"auto_retrain": "weekly"}, False),
        ({"stopped_at": "now"}, False),
        ({}, True),
    ],
)
def test_only_sources_that_follow_edits_hear(
    document: Document, source: Source, tell: Tell, clock: StoppedClock, values: dict[str, Any], changes: bool
) -> None:
    Source.update(
        {name: clock() if value == "now" else value for name, value in values.items()} or {"title": "x"}
    ).execute()

    tell("page.content_updated", document.notion_id)

    assert wanted(document) == changes


def test_an_event_from_before_the_last_read_changes_nothing(
    document: Document, tell: Tell, clock: StoppedClock
) -> None:
    Document.update(synced_at=clock()).execute()

    tell("page.content_updated", document.notion_id, ago=60)

    assert not wanted(document)


def test_the_coming_look_covers_an_event_and_asks_the_page_too(
    document: Document, tell: Tell, clock: StoppedClock
) -> None:
    recheck_at = clock() + timedelta(seconds=50)
    Document.update(
        synced_at=clock() - timedelta(seconds=8), recheck_at=recheck_at, stub={"title": "x"}
    ).execute()

    tell("page.properties_updated", document.notion_id, ago=5)

    found = Document.get_by_id(document.id)
    assert (found.requested_at, found.recheck_at, found.stub) == (None, recheck_at, None)


def test_a_failure_that_waits_is_tried_again_at_once(
    document: Document, tell: Tell, clock: StoppedClock
) -> None:
    Document.update(
        requested_at=clock(), error="Later.", attempts=4, retry_after=clock() + timedelta(hours=1)
    ).execute()

    tell("page.content_updated", document.notion_id)

    found = Document.get_by_id(document.id)
    assert (found.retry_after, found.attempts, found.error) == (None, 0, None)


def test_what_a_person_wants_stays_first(document: Document, tell: Tell, clock: StoppedClock) -> None:
    Document.update(requested_at=clock() - timedelta(minutes=5), request_rank=Rank.PERSON).execute()

    tell("page.content_updated", document.notion_id)

    assert Document.get_by_id(document.id).request_rank == Rank.PERSON


def test_a_page_that_is_gone_already_is_not_asked_for_its_deletion(
    document: Document, tell: Tell, clock: StoppedClock
) -> None:
    Document.update(removed_at=clock() - timedelta(hours=1)).execute()

    tell("page.deleted", document.notion_id)
    assert not wanted(document)
    tell("page.undeleted", document.notion_id)
    assert wanted(document)


def test_the_bots_say_whose_event_it_is_else_the_workspace(
    document: Document, connection: Connection, tell: Tell, clock: StoppedClock
) -> None:
    other = make_connection(connection.organisation, clock())
    tell("page.content_updated", document.notion_id, bots=(other.bot_id,))
    assert not wanted(document)

    tell("page.content_updated", document.notion_id, bots=(), workspace=other.workspace_id)
    assert not wanted(document)

    tell("page.content_updated", document.notion_id, bots=(notion_id(),))
    assert wanted(document)


def test_a_connection_that_is_not_alive_hears_nothing(document: Document, tell: Tell) -> None:
    Connection.update(state="reconnect").execute()

    assert tell("page.content_updated", document.notion_id) == 1

    assert not wanted(document)
    assert Connection.get().event_at is None


@pytest.mark.parametrize("kind", ["page.locked", "comment.created", "view.created", "page.levitated"])
def test_other_events_are_taken_and_change_nothing(document: Document, tell: Tell, kind: str) -> None:
    assert tell(kind, document.notion_id) == 1

    assert not wanted(document)
    assert Connection.get().event_at is None


@pytest.fixture
def table(chatbot: Chatbot, connection: Connection, clock: StoppedClock) -> Source:
    """A ticked database of one data source, listed a while ago."""
    made = make_source(
        chatbot, connection, "Glossary", clock(), kind="database", listed_at=clock() - timedelta(minutes=3)
    )
    made.data_sources.model.create(source=made, notion_id=notion_id(), database_id=made.notion_id)
    return made


def test_a_new_row_of_a_ticked_database_is_wanted(table: Source, tell: Tell) -> None:
    row = notion_id()
    parent = {"type": "database", "id": table.notion_id, "data_source_id": table.data_sources.get().notion_id}

    tell("page.created", row, parent=parent)
    tell("page.content_updated", row, parent=parent)

    [document] = Document.select()
    assert (document.notion_id, document.request_rank, document.stub) == (row, Rank.EDIT, None)
    assert [each.source_id for each in Membership.select()] == [table.id]


def test_a_row_is_found_by_its_database_alone(table: Source, tell: Tell) -> None:
    tell("page.undeleted", notion_id(), parent={"type": "database", "id": table.notion_id})

    assert Document.select().count() == 1


@pytest.mark.parametrize(
    ("kind", "parent"),
    [
        ("page.created", {"type": "database", "id": notion_id(), "data_source_id": notion_id()}),
        ("page.created", {"type": "space", "id": notion_id()}),
        ("page.deleted", None),
    ],
)
def test_a_page_of_nobody_is_passed_over(table: Source, tell: Tell, kind: str, parent: Any) -> None:
    tell(kind, notion_id(), parent=parent)

    assert Document.select().count() == 0


def test_a_page_below_one_that_is_taken_with_its_sub_pages_is_wanted(
    source: Source, document: Document, tell: Tell
) -> None:
    tell("page.created", notion_id(), parent={"type": "page", "id": document.notion_id})
    assert Document.select().count() == 1

    Source.update(with_subpages=True).execute()
    tell("page.created", notion_id(), parent={"type": "page", "id": document.notion_id})
    tell("page.moved", notion_id(), parent={"type": "page", "id": source.notion_id})
    assert Document.select().count() == 3


def test_a_whole_workspace_takes_every_page(
    chatbot: Chatbot, connection: Connection, clock: StoppedClock, tell: Tell
) -> None:
    workspace = make_source(chatbot, connection, "Acme", clock(), kind="workspace")

    tell("page.created", notion_id(), parent={"type": "block", "id": notion_id()})

    assert [each.source_id for each in Membership.select()] == [workspace.id]


@pytest.mark.parametrize("by", ["container", "table"])
@pytest.mark.parametrize("kind", ["schema_updated", "content_updated", "deleted", "undeleted"])
def test_an_event_of_a_table_lists_its_source_again(table: Source, tell: Tell, by: str, kind: str) -> None:
    if by == "container":
        tell(f"database.{kind}", table.notion_id)
    else:
        tell(f"data_source.{kind}", table.data_sources.get().notion_id)

    found = Source.get_by_id(table.id)
    assert found.requested_at is not None
    assert (found.request_rank, found.full_requested) == (Rank.EDIT, False)


def test_a_large_table_that_was_just_listed_waits_unless_its_columns_changed(
    table: Source, tell: Tell, clock: StoppedClock
) -> None:
    rows = [
        {
            "chatbot": table.chatbot_id,
            "connection": table.connection_id,
            "notion_id": notion_id(),
            "created_at": clock(),
        }
        for _ in range(400)
    ]
    Document.insert_many(rows).execute()
    Membership.insert_many(
        [{"source": table.id, "document": each.id} for each in Document.select()]
    ).execute()

    tell("data_source.content_updated", table.data_sources.get().notion_id)
    assert Source.get_by_id(table.id).requested_at is None

    tell("data_source.schema_updated", table.data_sources.get().notion_id)
    assert Source.get_by_id(table.id).requested_at is not None


def test_taken_events_are_remembered_for_two_days(
    document: Document, tell: Tell, clock: StoppedClock
) -> None:
    tell("page.content_updated", document.notion_id)
    clock.advance(hours=48)
    tell("page.moved", document.notion_id, take=False)
    events.prune(clock())
    assert WebhookEvent.select().count() == 2

    clock.advance(hours=2)
    events.prune(clock())
    assert WebhookEvent.select().count() == 1
    clock.advance(days=9)
    events.prune(clock())
    assert WebhookEvent.select().count() == 1, "what waits is never forgotten"


def test_a_poll_that_finds_an_untold_edit_ends_the_trust(connection: Connection, clock: StoppedClock) -> None:
    ago = [clock() - timedelta(minutes=minutes) for minutes in (2, 8)]
    polled = clock() - timedelta(minutes=10)
    Connection.update(event_at=clock() - timedelta(hours=1), polled_at=polled).execute()
    row, soon = Connection.get(), clock() + timedelta(minutes=1)

    assert not events.note_missed(row, Noticed(stale=1, untold=(ago[0],)), now=clock(), poll_at=soon)
    assert Connection.get().event_missed_at is None
    assert events.note_missed(row, Noticed(stale=1, untold=tuple(ago)), now=clock(), poll_at=soon)

    assert (Connection.get().event_missed_at, Connection.get().poll_at) == (clock(), soon)


def test_who_never_heard_an_event_misses_none(connection: Connection, clock: StoppedClock) -> None:
    edited = clock() - timedelta(minutes=8)
    Connection.update(polled_at=clock() - timedelta(minutes=10)).execute()

    noticed = Noticed(stale=1, untold=(edited,))
    assert not events.note_missed(Connection.get(), noticed, now=clock(), poll_at=clock())


@pytest.mark.parametrize("any_database_url", ["postgres"], indirect=True)
def test_what_another_daemon_is_taking_is_left_to_it(
    document: Document, tell: Tell, clock: StoppedClock, any_database_url: str
) -> None:
    tell("page.content_updated", document.notion_id, take=False)
    with psycopg.connect(any_database_url) as other:
        other.execute("SELECT 1 FROM webhook_event FOR UPDATE")
        assert events.process_pending(clock(), verify_hours=24) == 0
        other.rollback()

    assert events.process_pending(clock(), verify_hours=24) == 1


def test_a_fault_in_one_hint_does_not_hold_up_the_others(
    document: Document, table: Source, tell: Tell, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **values: object) -> None:
        raise ArithmeticError

    tell("database.moved", table.notion_id, take=False)
    tell("page.content_updated", document.notion_id, take=False)
    monkeypatch.setattr("extract.discovery.events.request_listing", broken)

    assert events.process_pending(clock(), verify_hours=24) == 2

    assert wanted(document)
    assert events.process_pending(clock(), verify_hours=24) == 0


def said(kind: str, *, at: datetime | None = START, entity: str = "a page") -> Event:
    return Event(kind, at, None, frozenset(), entity, Parent("unknown"))


def test_a_burst_is_one_hint() -> None:
    first = said("page.created")
    later = said("page.content_updated", at=START + timedelta(seconds=20))
    undated = said("page.moved", at=None)
    gone = said("page.deleted", entity="another page")

    hints = events.group_by_entity([later, first, gone], {first: [1], later: [1, 2], gone: [1]})

    assert hints == [
        events.EntityHint(1, later, rows_only=False, gone=False),
        events.EntityHint(2, later, rows_only=False, gone=False),
        events.EntityHint(1, gone, rows_only=False, gone=True),
    ]
    assert events.group_by_entity([undated, later], {undated: [1], later: [1]})[0].latest == undated
    assert events.group_by_entity([first], {}) == []
