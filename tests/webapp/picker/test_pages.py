"""The picker: what Notion shares, searched, ticked and imported."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from extract.runtime import Runtime
from extract.store.models import Connection, Document, Source
from tests.clock import StoppedClock
from tests.webapp.conftest import Browser, Cast
from webapp.picker.cache import PickerCache

if TYPE_CHECKING:
    from sandbox import World
    from sandbox.world.world import WorkspaceHandle

_ROW = re.compile(
    r'<input type="checkbox"\s+name="notion_id"\s+value="([0-9a-f-]{36})"\s+data-title="([^"]*)"([^>]*)>'
)


def titles(text: str) -> list[str]:
    return [title for _, title, _ in _ROW.findall(text)]


def asked(world: World, endpoint: str = "search") -> int:
    return sum(1 for request in world.requests if request.endpoint == endpoint)


@pytest.fixture
def workspace(connection: Connection, world: World) -> WorkspaceHandle:
    return world.workspace_named("Acme")


@pytest.fixture
def place(cast: Cast) -> str:
    return f"/chatbots/{cast.chatbot.id}/notion"


def test_before_a_connection_there_is_an_invitation_to_connect(cast: Cast, ada: Browser, place: str) -> None:
    page = ada.get(place).text

    assert f'href="/notion/connect?chatbot={cast.chatbot.id}">Connect to Notion</a>' in page
    assert "practice workspace" in page


def test_it_lists_pages_and_databases_latest_edit_first(
    ada: Browser, place: str, workspace: WorkspaceHandle, clock: StoppedClock
) -> None:
    handbook = workspace.page("Handbook", icon="📗")
    clock.advance(minutes=1)
    workspace.database("Bugs", parent=handbook)
    clock.advance(minutes=1)
    workspace.page("週報")

    page = ada.get(place).text

    assert titles(page)[0] == "週報"
    assert set(titles(page)) == {"週報", "Bugs", "Handbook"}
    assert "📗" in page
    assert "Database in Handbook" in page


def test_rows_of_a_database_are_not_listed_but_the_database_is(
    ada: Browser, place: str, workspace: WorkspaceHandle, cast: Cast
) -> None:
    bugs = workspace.database("Bugs")
    for number in range(3):
        bugs.row(f"Bug {number}")

    page = ada.get(place).text

    assert titles(page) == ["Bugs"]
    assert f'value="{bugs.id}"' in page


def test_several_data_sources_of_one_database_are_one_row(
    ada: Browser, place: str, workspace: WorkspaceHandle
) -> None:
    tracker = workspace.database("Tracker")
    tracker.add_data_source("Tasks", {})

    rows = _ROW.findall(ada.get(place).text)

    assert [notion_id for notion_id, _, _ in rows] == [tracker.id]
    assert set(rows[0][1].split(" · ")) == {"Tracker", "Tasks"}


def test_search_finds_by_title_with_one_request(
    ada: Browser, place: str, workspace: WorkspaceHandle, world: World
) -> None:
    workspace.page("Onboarding plan")
    workspace.page("Menu")

    page = ada.get(f"{place}?q=onboard").text

    assert titles(page) == ["Onboarding plan"]
    assert asked(world) == 1


def test_typing_the_same_again_asks_nothing(
    ada: Browser, place: str, workspace: WorkspaceHandle, world: World
) -> None:
    workspace.page("Menu")
    ada.get(f"{place}?q=menu")
    ada.get(f"{place}?q=Menu")

    assert asked(world) == 1


def test_what_was_listed_is_found_even_where_notions_search_misses_it(
    ada: Browser, place: str, workspace: WorkspaceHandle, world: World
) -> None:
    menu = workspace.page("Menu of the week")
    ada.get(place)
    world.hide_from_search(menu)

    assert titles(ada.get(f"{place}?q=week").text) == ["Menu of the week"]


def test_the_filter_shows_only_pages_or_only_databases(
    ada: Browser, place: str, workspace: WorkspaceHandle
) -> None:
    workspace.page("Handbook")
    workspace.database("Bugs")

    assert titles(ada.get(f"{place}?kind=page").text) == ["Handbook"]
    assert titles(ada.get(f"{place}?kind=database").text) == ["Bugs"]
    assert set(titles(ada.get(f"{place}?kind=nonsense").text)) == {"Handbook", "Bugs"}


def test_load_more_continues_where_the_list_ended(
    ada: Browser, place: str, workspace: WorkspaceHandle, world: World, clock: StoppedClock
) -> None:
    for number in range(60):
        workspace.page(f"Page {number:02}")
        clock.advance(minutes=1)

    first = ada.get(place).text
    more = re.search(r'hx-get="([^"]*cursor=25[^"]*)"', first)
    assert more
    second = ada.fragment(more.group(1).replace("&amp;", "&")).text
    third = ada.fragment(f"{place}?cursor=50").text

    assert titles(first) == [f"Page {number:02}" for number in range(59, 34, -1)]
    assert titles(second) == [f"Page {number:02}" for number in range(34, 9, -1)]
    assert titles(third) == [f"Page {number:02}" for number in range(9, -1, -1)]
    assert "Load more" in second
    assert "Load more" not in third
    assert asked(world) == 2


def test_without_script_load_more_is_a_page_with_everything_so_far(
    ada: Browser, place: str, workspace: WorkspaceHandle
) -> None:
    for number in range(30):
        workspace.page(f"Page {number}")

    assert len(titles(ada.get(f"{place}?cursor=25").text)) == 30


def test_looking_through_rows_is_bounded_and_says_so(
    ada: Browser, place: str, workspace: WorkspaceHandle, world: World, clock: StoppedClock
) -> None:
    workspace.page("Old page")
    clock.advance(minutes=1)
    bugs = workspace.database("Bugs")
    clock.advance(minutes=1)
    for number in range(700):
        bugs.row(f"Bug {number}")

    first = ada.get(place).text

    assert asked(world) == 5
    assert titles(first) == ["Bugs"]
    assert "There may be more." in first
    second = ada.fragment(f"{place}?cursor=25").text
    assert asked(world) <= 10
    assert "Old page" in second + ada.get(f"{place}?cursor=25").text


def test_a_cursor_that_notion_forgot_starts_that_search_again(
    ada: Browser, place: str, workspace: WorkspaceHandle, world: World
) -> None:
    for number in range(130):
        workspace.page(f"Page {number}")
    ada.get(place)
    world.faults.fail("search", 400)

    page = ada.get(f"{place}?cursor=100").text

    assert len(titles(page)) == 125


def test_refresh_asks_notion_again(
    ada: Browser, place: str, workspace: WorkspaceHandle, world: World
) -> None:
    workspace.page("Menu")
    ada.get(place)
    workspace.page("New page")

    assert titles(ada.get(place).text) == ["Menu"]
    assert set(titles(ada.get(f"{place}?refresh=1").text)) == {"Menu", "New page"}


def test_htmx_gets_the_list_alone(ada: Browser, place: str, workspace: WorkspaceHandle) -> None:
    workspace.page("Menu")

    answer = ada.fragment(f"{place}?q=menu")

    assert answer.text.lstrip().startswith('<div id="results"')
    assert "HX-Request" in answer.headers["Vary"]


def test_what_is_imported_already_is_marked_and_cannot_be_ticked(
    ada: Browser, cast: Cast, place: str, workspace: WorkspaceHandle, connection: Connection, runtime: Runtime
) -> None:
    menu = workspace.page("Menu")
    Source.create(
        chatbot=cast.chatbot,
        connection=connection,
        kind="page",
        notion_id=menu.id,
        title="Menu",
        created_at=runtime.clock(),
    )

    page = ada.get(place).text

    assert "disabled" in _ROW.findall(page)[0][2]
    assert "In the knowledge base" in page


def test_import_makes_sources_without_asking_notion_again(
    ada: Browser, cast: Cast, place: str, workspace: WorkspaceHandle, connection: Connection, world: World
) -> None:
    handbook = workspace.page("Handbook")
    menu = workspace.page("Menu", parent=handbook)
    bugs = workspace.database("Bugs")
    ada.get(place)
    before = len(world.requests)

    answer = ada.post(
        f"{place}/import",
        {"notion_id": [menu.id, bugs.id, menu.id], "connection_id": connection.id, "schedule": "weekly"},
    )

    assert answer.status_code == 303
    assert answer.location == f"/chatbots/{cast.chatbot.id}/sources"
    assert len(world.requests) == before
    found = {source.title: source for source in Source.select()}
    assert found["Menu"].parent_label == "Handbook"
    assert (found["Menu"].kind, found["Bugs"].kind) == ("page", "database")
    assert found["Bugs"].notion_id == bugs.id
    assert {source.auto_retrain for source in found.values()} == {"weekly"}
    assert Document.select().where(Document.notion_id == menu.id).get().stub is not None
    assert "Importing 2 sources" in ada.get("/settings").text


def test_new_sources_follow_the_organisations_schedule_when_none_is_chosen(
    ada: Browser, cast: Cast, place: str, workspace: WorkspaceHandle, connection: Connection
) -> None:
    cast.acme.default_schedule = "daily"
    cast.acme.save()
    menu = workspace.page("Menu")

    assert '<option value="daily" selected>' in ada.get(place).text
    ada.post(f"{place}/import", {"notion_id": menu.id, "connection_id": connection.id})

    assert Source.get().auto_retrain == "daily"


def test_import_takes_a_link_that_was_never_listed(
    ada: Browser, place: str, workspace: WorkspaceHandle, connection: Connection
) -> None:
    menu = workspace.page("Menu")

    ada.post(f"{place}/import", {"notion_id": [menu.url], "connection_id": connection.id})

    assert Source.get().notion_id == menu.id


def test_import_says_what_could_not_be_found_and_imports_the_rest(
    ada: Browser, cast: Cast, place: str, workspace: WorkspaceHandle, connection: Connection
) -> None:
    menu = workspace.page("Menu")
    nowhere = "99999999-9999-4999-8999-999999999999"

    answer = ada.post(
        f"{place}/import", {"notion_id": [nowhere, menu.id, "hello"], "connection_id": connection.id}
    )

    assert answer.location == f"/chatbots/{cast.chatbot.id}/sources"
    assert [source.title for source in Source.select()] == ["Menu"]
    page = ada.get("/settings").text
    assert "Notion does not show this page to us" in page
    assert "This is not a link to a Notion page" in page


def test_importing_nothing_asks_to_tick_something(ada: Browser, place: str, connection: Connection) -> None:
    answer = ada.post(f"{place}/import", {"connection_id": connection.id})

    assert answer.location.startswith(place)
    assert "Nothing was ticked" in ada.get(answer.location).text


def test_importing_what_is_there_already_says_so(
    ada: Browser, place: str, workspace: WorkspaceHandle, connection: Connection
) -> None:
    menu = workspace.page("Menu")
    for _ in range(2):
        ada.post(f"{place}/import", {"notion_id": menu.id, "connection_id": connection.id})

    assert Source.select().count() == 1
    assert "in the knowledge base already" in ada.get("/settings").text


def test_an_import_into_a_chatbot_cannot_use_anothers_connection(
    ada: Browser, cast: Cast, place: str, connection: Connection
) -> None:
    Connection.update(organisation=cast.other).where(Connection.id == connection.id).execute()

    assert ada.post(f"{place}/import", {"notion_id": "x", "connection_id": connection.id}).status_code == 404


def test_an_unknown_schedule_is_refused_with_a_sentence(
    ada: Browser, place: str, workspace: WorkspaceHandle, connection: Connection
) -> None:
    menu = workspace.page("Menu")

    answer = ada.post(
        f"{place}/import", {"notion_id": menu.id, "connection_id": connection.id, "schedule": "hourly"}
    )

    assert "“hourly” is none of them" in ada.get(answer.location).text
    assert not Source.select().exists()


def test_a_pasted_link_becomes_a_ticked_row(
    ada: Browser, place: str, workspace: WorkspaceHandle, world: World, connection: Connection
) -> None:
    menu = workspace.page("Menu")
    world.hide_from_search(menu)

    row = ada.fragment(place, query_string={"link": menu.url}).text
    assert _ROW.findall(row) == [(menu.id, "Menu", " checked")]
    assert titles(ada.get(place, query_string={"link": menu.url}).text) == ["Menu"]

    before = asked(world, "page")
    ada.post(f"{place}/import", {"notion_id": menu.id, "connection_id": connection.id})
    assert Source.get().title == "Menu"
    assert asked(world, "page") == before


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ("https://example.com/99999999999949998999999999999999", "This is not a link to a Notion page"),
        ("99999999-9999-4999-8999-999999999999", "Notion does not show this page to us"),
    ],
)
def test_a_pasted_link_that_leads_nowhere_says_why(
    ada: Browser, place: str, connection: Connection, link: str, sentence: str
) -> None:
    assert sentence in ada.fragment(place, query_string={"link": link}).text


def test_a_connection_to_mend_says_so_and_offers_to_reconnect(
    ada: Browser, place: str, connection: Connection, world: World
) -> None:
    Connection.update(state="reconnect", error="Notion no longer accepts our access to Acme.").execute()

    page = ada.get(place).text

    assert "Notion no longer accepts our access to Acme." in page
    assert "Reconnect to Notion" in page
    assert asked(world) == 0


def test_a_revoked_access_is_noticed_here(
    ada: Browser, place: str, connection: Connection, world: World
) -> None:
    world.grant(connection.bot_id).revoke()

    page = ada.get(place).text

    assert "Reconnect to Notion" in page
    assert Connection.get().state == "reconnect"


def test_a_rate_limit_is_a_sentence_with_another_try(
    ada: Browser, place: str, connection: Connection, world: World
) -> None:
    world.faults.fail("search", 429, headers={"Retry-After": "30"})

    page = ada.fragment(place).text

    assert "Notion asks us to slow down" in page
    assert "Try again" in page


def test_several_workspaces_are_a_choice(
    ada: Browser, cast: Cast, place: str, connection: Connection, runtime: Runtime, world: World
) -> None:
    from extract import connections
    from extract.notion.oauth import TokenGrant

    beta = world.workspace("Beta")
    beta.page("Beta page")
    grant = world.install(beta).record
    second = connections.connect(
        runtime,
        organisation_id=cast.acme.id,
        grant=TokenGrant(
            access_token=grant.access_token,
            bot_id=grant.bot_id,
            workspace_id=beta.id,
            workspace_name="Beta",
        ),
    )

    page = ada.get(f"{place}?connection={second.id}").text

    assert re.search(rf'<option value="{second.id}" selected>\s*Beta', page)
    assert titles(page) == ["Beta page"]
    assert titles(ada.get(f"{place}?connection={connection.id}").text) == []


def test_titles_are_text_never_markup(ada: Browser, place: str, workspace: WorkspaceHandle) -> None:
    workspace.page("<script>alert(1)</script> \"quoted\" 'single'")

    page = ada.get(place).text

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_what_was_listed_is_forgotten_on_disconnect(
    ada: Browser, place: str, workspace: WorkspaceHandle, connection: Connection, runtime: Runtime
) -> None:
    workspace.page("Menu")
    ada.get(place)
    cache = PickerCache(runtime.redis, connection.id)
    assert cache.matching("menu", "all", runtime.clock())

    ada.post(f"/notion/connections/{connection.id}/disconnect")

    assert not cache.matching("menu", "all", runtime.clock())
    assert not runtime.redis.keys("hilal:picker:*")


def test_a_list_that_is_ten_minutes_old_is_asked_for_again(
    ada: Browser, place: str, workspace: WorkspaceHandle, clock: StoppedClock, world: World
) -> None:
    ada.get(place)
    clock.advance(minutes=11)
    ada.get(place)

    assert asked(world) == 4
