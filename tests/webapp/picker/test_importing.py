"""Importing what was ticked: sub-pages, workspaces, estimates, the confirmation of a large import."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from extract.actions import import_picks, workspace_pick
from extract.runtime import Runtime
from extract.store.models import Connection, Document, Run, Source
from extract.values import Parent, Stub
from tests.clock import StoppedClock
from tests.webapp.conftest import Browser, Cast
from tests.webapp.rows import make_document, make_source
from webapp.picker.cache import PickerCache
from webapp.picker.listing import new_listing

if TYPE_CHECKING:
    from sandbox import World
    from sandbox.world.world import WorkspaceHandle


@pytest.fixture
def workspace(connection: Connection, world: World) -> WorkspaceHandle:
    return world.workspace_named("Acme")


@pytest.fixture
def place(cast: Cast) -> str:
    return f"/chatbots/{cast.chatbot.id}/notion"


def soup(text: str) -> BeautifulSoup:
    return BeautifulSoup(text, "html.parser")


def slow(app: Flask, *, requests: int = 10) -> None:
    """The same product on a small budget."""
    old: Runtime = app.extensions["hilal"]
    notion = replace(old.config.notion, requests_per_window=requests, people_share=0.5)
    app.extensions["hilal"] = replace(old, config=replace(old.config, notion=notion))


# ---- Choosing ------------------------------------------------------------------------------------------------


def test_each_page_offers_its_sub_pages_and_a_database_does_not(
    ada: Browser, place: str, workspace: WorkspaceHandle
) -> None:
    handbook = workspace.page("Handbook")
    workspace.database("Bugs")

    offered = soup(ada.get(place).text).select("input[name=subpages]")

    assert [box["value"] for box in offered] == [handbook.id]


def test_a_ticked_page_is_taken_with_its_sub_pages_where_that_was_said(
    ada: Browser, place: str, workspace: WorkspaceHandle, connection: Connection
) -> None:
    handbook, menu, bugs = workspace.page("Handbook"), workspace.page("Menu"), workspace.database("Bugs")
    ada.get(place)

    ada.post(
        f"{place}/import",
        {
            "notion_id": [handbook.id, menu.id, bugs.id],
            "subpages": [handbook.id, bugs.id],
            "connection_id": connection.id,
        },
    )

    wide = {source.title: source.with_subpages for source in Source.select()}
    assert wide == {"Handbook": True, "Menu": False, "Bugs": False}


def test_sub_pages_of_a_page_that_is_not_ticked_are_not_taken(
    ada: Browser, place: str, workspace: WorkspaceHandle, connection: Connection
) -> None:
    handbook = workspace.page("Handbook")
    ada.get(place)

    ada.post(f"{place}/import", {"subpages": handbook.id, "connection_id": connection.id})

    assert not Source.select().exists()


def test_a_page_that_is_a_source_already_is_widened(
    ada: Browser,
    cast: Cast,
    place: str,
    workspace: WorkspaceHandle,
    connection: Connection,
    clock: StoppedClock,
) -> None:
    handbook = workspace.page("Handbook")
    make_source(cast.chatbot, connection, "Handbook", clock(), notion_id=handbook.id)
    row = soup(ada.get(place).text).select_one(f"#pick-{handbook.id}")
    assert row.select_one("input[name=subpages]").get("disabled") is None

    answer = ada.post(f"{place}/import", {"subpages": handbook.id, "connection_id": connection.id})

    source = Source.get()
    assert (source.with_subpages, source.status, source.requested_at) == (True, "re-training", clock())
    assert "Adding the sub-pages of 1 page" in ada.get(answer.location).text
    after = soup(ada.get(place).text).select_one(f"#pick-{handbook.id}")
    assert "In the knowledge base, with sub-pages" in after.text
    assert after.select_one("input[name=subpages]") is None


def test_a_whole_workspace_is_one_source(
    ada: Browser, place: str, workspace: WorkspaceHandle, connection: Connection
) -> None:
    workspace.page("Handbook")
    line = soup(ada.get(place).text).select_one("input[name=workspace]")
    assert line["value"] == connection.workspace_id

    ada.post(f"{place}/import", {"workspace": line["value"], "connection_id": connection.id})

    source = Source.get()
    assert (source.kind, source.notion_id, source.title) == ("workspace", connection.workspace_id, "Acme")
    assert soup(ada.get(place).text).select_one("input[name=workspace]").has_attr("disabled")


def test_another_workspace_than_the_connections_cannot_be_named(
    ada: Browser, place: str, connection: Connection
) -> None:
    answer = ada.post(f"{place}/import", {"workspace": "elsewhere", "connection_id": connection.id})

    assert "Nothing was ticked" in ada.get(answer.location).text
    assert not Source.select().exists()


def test_the_workspace_is_offered_above_the_plain_list_only(
    ada: Browser, place: str, workspace: WorkspaceHandle
) -> None:
    workspace.page("Handbook")

    assert 'name="workspace"' not in ada.get(f"{place}?q=hand").text
    assert 'name="workspace"' not in ada.get(f"{place}?kind=page").text


# ---- What the picker remembers -------------------------------------------------------------------------------


def test_what_was_listed_is_handed_on_with_a_tree_and_looked_back_to(
    ada: Browser,
    place: str,
    workspace: WorkspaceHandle,
    connection: Connection,
    runtime: Runtime,
    clock: StoppedClock,
) -> None:
    handbook = workspace.page("Handbook")
    bugs = workspace.database("Bugs")
    row = bugs.row("Bug 1")
    ada.get(place)
    listed_at = clock()
    clock.advance(minutes=4)

    stubs, since = PickerCache(runtime.redis, connection.id).listed(clock())

    assert {handbook.id, row.id} < {stub.id for stub in stubs}
    assert [stub.kind for stub in stubs].count("data_source") == 1
    assert since == listed_at
    ada.post(
        f"{place}/import",
        {"notion_id": handbook.id, "subpages": handbook.id, "connection_id": connection.id},
    )
    assert Connection.get().edits_seen_to == listed_at - timedelta(minutes=2)


def test_what_was_listed_long_ago_is_not_handed_on(
    ada: Browser,
    place: str,
    workspace: WorkspaceHandle,
    connection: Connection,
    runtime: Runtime,
    clock: StoppedClock,
) -> None:
    workspace.page("Handbook")
    ada.get(place)
    clock.advance(minutes=6)

    assert PickerCache(runtime.redis, connection.id).listed(clock()) == ([], None)


def test_the_memory_of_a_connection_is_bounded(
    runtime: Runtime, connection: Connection, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.picker.cache.MOST_STUBS", 10)
    cache = PickerCache(runtime.redis, connection.id)
    listing = new_listing("", "all", clock())
    for start in (0, 8):
        cache.keep("", "all", listing, [_stub(start + number) for number in range(8)])

    assert len(cache.listed(clock())[0]) == 10
    assert len(cache.outline(clock()).entries) == 10


def _stub(number: int) -> Stub:
    return Stub(
        kind="page",
        id=f"00000000-0000-4000-8000-{number:012}",
        title=f"Page {number}",
        url="",
        icon=None,
        parent=Parent("workspace"),
        edited_at=None,
        created_at=None,
        in_trash=False,
        is_archived=False,
        properties={},
    )


# ---- How long it takes ---------------------------------------------------------------------------------------


@pytest.fixture
def handbook(workspace: WorkspaceHandle) -> str:
    """A page with forty sub-pages."""
    page = workspace.page("Handbook")
    for number in range(40):
        workspace.page(f"Chapter {number}", parent=page)
    return page.id


def said(ada: Browser, place: str, connection: Connection, **fields: object) -> str:
    answer = ada.post(f"{place}/estimate", {"connection_id": connection.id, **fields})
    assert answer.status_code == 200
    return " ".join(soup(answer.text).text.split())


def test_a_large_selection_says_how_many_requests_and_minutes(
    app: Flask, ada: Browser, place: str, handbook: str, connection: Connection
) -> None:
    slow(app)
    ada.get(place)

    assert said(ada, place, connection, notion_id=handbook, subpages=handbook) == (
        "41 requests to Notion, about 8 min"
    )
    assert said(ada, place, connection, notion_id=handbook) == ""
    assert said(ada, place, connection) == ""


def test_where_not_everything_was_listed_it_says_at_least(
    ada: Browser, place: str, workspace: WorkspaceHandle, connection: Connection, clock: StoppedClock
) -> None:
    bugs = workspace.database("Bugs")
    clock.advance(minutes=1)
    for number in range(700):
        bugs.row(f"Bug {number}")
    ada.get(place)

    assert said(ada, place, connection, notion_id=bugs.id).startswith("At least 4")


def test_what_another_connection_to_the_workspace_waits_for_comes_first(
    app: Flask,
    ada: Browser,
    cast: Cast,
    place: str,
    handbook: str,
    connection: Connection,
    clock: StoppedClock,
) -> None:
    slow(app)
    ada.get(place)
    other = Connection.create(
        organisation=cast.acme,
        bot_id="another",
        workspace_id=connection.workspace_id,
        created_at=clock(),
        access_token="sealed",
    )
    waiting = make_source(cast.chatbot, other, "Plans", clock(), status="training")
    for number in range(20):
        make_document(waiting, f"Plan {number}", clock(), requested_at=clock())

    assert said(ada, place, connection, notion_id=handbook, subpages=handbook) == (
        "41 requests to Notion, about 12 min, behind what is being read already"
    )


def test_holes_are_expected_as_often_as_before(
    app: Flask,
    ada: Browser,
    cast: Cast,
    place: str,
    handbook: str,
    connection: Connection,
    clock: StoppedClock,
) -> None:
    before = make_source(cast.chatbot, connection, "Plans", clock())
    Run.create(
        source=before,
        trigger="import",
        outcome="trained",
        fetched=100,
        requests=150,
        started_at=clock(),
        finished_at=clock(),
    )
    ada.get(place)

    assert said(ada, place, connection, notion_id=handbook, subpages=handbook).startswith(
        "61 requests"
    )  # 20 more


def test_a_large_import_is_asked_about_where_nobody_has_read_how_long_it_takes(
    app: Flask, ada: Browser, place: str, handbook: str, connection: Connection
) -> None:
    slow(app)
    ada.get(place)
    form = {"notion_id": handbook, "subpages": handbook, "connection_id": connection.id, "ask": "1"}

    question = ada.post(f"{place}/import", form | {"schedule": "weekly"})

    assert question.status_code == 200
    assert "41 requests to Notion, about 8 min." in question.text
    assert not Source.select().exists()
    fields = soup(question.text).select(".question form input[type=hidden]")
    answer = ada.post(f"{place}/import", {field["name"]: field["value"] for field in fields})
    assert answer.status_code == 303
    source = Source.get()
    assert (source.with_subpages, source.auto_retrain) == (True, "weekly")


def test_who_has_read_it_beside_the_button_is_not_asked(
    app: Flask, ada: Browser, place: str, handbook: str, connection: Connection
) -> None:
    slow(app)
    ada.get(place)
    form = {"notion_id": handbook, "subpages": handbook, "connection_id": connection.id, "ask": "1"}
    shown = soup(ada.post(f"{place}/estimate", form).text).select_one("input[name=confirmed]")

    assert ada.post(f"{place}/import", form | {"confirmed": shown["value"]}).status_code == 303
    assert Source.select().count() == 1


def test_a_small_import_and_one_that_does_not_ask_go_at_once(
    app: Flask, ada: Browser, place: str, handbook: str, connection: Connection
) -> None:
    ada.get(place)
    form = {"notion_id": handbook, "connection_id": connection.id}
    assert ada.post(f"{place}/import", form | {"ask": "1"}).status_code == 303

    slow(app)
    assert ada.post(f"{place}/import", form | {"subpages": handbook}).status_code == 303


# ---- What comes of it ----------------------------------------------------------------------------------------


def test_importing_a_stopped_source_again_resumes_it(
    cast: Cast, runtime: Runtime, connection: Connection, clock: StoppedClock
) -> None:
    pick = workspace_pick(connection)
    given = {"chatbot": cast.chatbot, "connection": connection, "picks": [pick]}
    import_picks(runtime, **given, schedule="live")
    Source.update(stopped_at=clock(), requested_at=None).execute()

    import_picks(runtime, **given, schedule="live")

    assert (Source.get().stopped_at, Source.get().requested_at) == (None, clock())
    assert Document.select().count() == 0
