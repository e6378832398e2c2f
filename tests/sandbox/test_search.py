"""Search: what is in it, in which order, and what it hides."""

from sandbox import World
from sandbox.world.world import GrantHandle, WorkspaceHandle
from tests.sandbox.conftest import Api, Time, title


def test_the_latest_edit_comes_first(api: Api, acme: WorkspaceHandle, time: Time) -> None:
    for name in ("One", "Two", "Three"):
        acme.page(name)
        time.pass_(minutes=1)
    acme.find("One").edit("changed")
    assert api.search() == ["One", "Three", "Two"]
    oldest_first = {"timestamp": "last_edited_time", "direction": "ascending"}
    assert api.search(sort=oldest_first) == ["Two", "Three", "One"]


def test_titles_match_regardless_of_case_and_text_does_not(api: Api, acme: WorkspaceHandle) -> None:
    acme.page("Staff Handbook")
    acme.page("Other", "handbook")
    assert api.search(query="HANDB") == ["Staff Handbook"]


def test_rows_and_data_sources_are_in_it_and_can_be_told_apart(api: Api, acme: WorkspaceHandle) -> None:
    acme.database("Glossary", {"Term": "title"}).row("API")
    only = {"property": "object"}
    assert api.search(filter={**only, "value": "data_source"}) == ["Glossary"]
    assert api.search(filter={**only, "value": "page"}) == ["API"]
    api.post("/v1/search", {"filter": {**only, "value": "database"}})
    assert api.status == 400


def test_trashed_things_appear_only_when_asked_for(api: Api, acme: WorkspaceHandle) -> None:
    acme.page("Kept")
    acme.page("Thrown").trash()
    assert api.search() == ["Kept"]
    assert api.search(filter={"in_trash": True}) == ["Thrown"]
    acme_page = acme.find("Thrown")
    acme_page.restore()
    assert api.search(filter={"in_trash": True}) == []


def test_pages_of_results_follow_each_other(api: Api, acme: WorkspaceHandle) -> None:
    for number in range(7):
        acme.page(f"Page {number}")
    acme.database("Table", {})
    found, cursor = [], None
    while True:
        body = api.post("/v1/search", {"page_size": 3, **({"start_cursor": cursor} if cursor else {})})
        found += [title(each) for each in body["results"]]
        cursor = body["next_cursor"]
        assert body["has_more"] is (cursor is not None)
        if cursor is None:
            break
    assert sorted(found) == [*(f"Page {number}" for number in range(7)), "Table"]
    assert body["type"] == "page_or_data_source"


def test_a_cursor_of_another_listing_is_refused(api: Api, acme: WorkspaceHandle) -> None:
    for number in range(3):
        acme.page(f"Page {number}")
    cursor = api.post("/v1/search", {"page_size": 1})["next_cursor"]
    for body in ({"start_cursor": cursor, "query": "x"}, {"start_cursor": "nonsense"}, {"page_size": 101}):
        assert (api.post("/v1/search", body)["code"], api.status) == ("validation_error", 400)


def test_only_what_is_shared_is_found(world: World, acme: WorkspaceHandle) -> None:
    home = acme.page("Home")
    acme.page("Inside", parent=home)
    acme.page("Elsewhere")
    api = Api(world, world.install(acme, share=[home]))
    assert sorted(api.search()) == ["Home", "Inside"]


def test_the_index_can_lag_and_forget(world: World, api: Api, acme: WorkspaceHandle, time: Time) -> None:
    forgotten = acme.page("Forgotten")
    world.hide_from_search(forgotten)
    world.search_lag_seconds = 30
    acme.page("Fresh")
    assert api.search() == []
    time.pass_(seconds=31)
    assert api.search() == ["Fresh"]
    assert api.get(f"/v1/pages/{forgotten.id}")["id"] == forgotten.id


def test_another_workspace_stays_out_of_sight(world: World, api: Api, grant: GrantHandle) -> None:
    world.workspace("Other", user="Bob").page("Secret")
    assert api.search() == []
