"""Pages, their properties and their errors, as the API tells them."""

import json
from typing import Any

import pytest

from extract.config.load import ROOT
from sandbox import World
from sandbox.world.world import GrantHandle, WorkspaceHandle
from tests.sandbox.conftest import Api, Time, title

SAMPLES = ROOT / "tests" / "data" / "sandbox"


def shape(value: Any) -> Any:
    """The keys of a JSON object, without what differs from page to page."""
    return {key: shape(each) for key, each in value.items()} if isinstance(value, dict) else None


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text())


def test_a_page_has_the_fields_of_a_recorded_one(api: Api, acme: WorkspaceHandle) -> None:
    api.version = "2025-09-03"
    plan = acme.page("Plan", parent=acme.page("Home"))
    assert shape(api.get(f"/v1/pages/{plan.id}")) == shape(sample("recorded_page.json"))


def test_a_database_has_the_fields_of_a_recorded_one(api: Api, acme: WorkspaceHandle) -> None:
    api.version = "2025-09-03"
    tasks = acme.database("Tasks", {"Name": "title"}, parent=acme.page("Home"))
    found = api.get(f"/v1/databases/{tasks.id}")
    assert shape(found) == shape(sample("recorded_database.json"))
    assert found["last_edited_time"] == "2026-11-22T12:00:30.000+00:00"


def test_a_data_source_has_the_fields_of_a_recorded_one(api: Api, acme: WorkspaceHandle) -> None:
    api.version = "2025-09-03"
    tasks = acme.database("Tasks", {"Name": "title"}, parent=acme.page("Home"), icon="⚙️")
    found = api.get(f"/v1/data_sources/{tasks.data_source.id}")
    assert shape(found) == shape(sample("recorded_data_source.json"))


def test_the_archived_alias_is_gone_in_the_newest_version(api: Api, acme: WorkspaceHandle) -> None:
    assert "archived" not in api.get(f"/v1/pages/{acme.page('Plan').id}")


def test_times_are_rounded_down_to_the_minute(api: Api, acme: WorkspaceHandle, time: Time) -> None:
    plan = acme.page("Plan")
    time.pass_(seconds=20)
    plan.edit("twice within one minute")
    assert api.get(f"/v1/pages/{plan.id}")["last_edited_time"] == "2026-11-22T12:00:00.000Z"
    time.pass_(seconds=60)
    plan.append("more")
    assert api.get(f"/v1/pages/{plan.id}")["last_edited_time"] == "2026-11-22T12:01:00.000Z"


def test_ids_are_accepted_without_dashes(api: Api, acme: WorkspaceHandle) -> None:
    plan = acme.page("Plan")
    assert api.get(f"/v1/pages/{plan.id.replace('-', '')}")["id"] == plan.id


def test_an_id_of_another_kind_says_what_it_is(api: Api, acme: WorkspaceHandle) -> None:
    tasks = acme.database("Tasks", {})
    answer = api.get(f"/v1/pages/{tasks.id}")
    assert (api.status, answer["code"]) == (400, "validation_error")
    assert answer["message"] == (
        f"Provided ID {tasks.id} is a database, not a page. Use the retrieve database API instead."
    )
    assert "is a page, not a database" in api.get(f"/v1/databases/{acme.page('Plan').id}")["message"]


def test_an_unshared_page_is_not_found(api: Api, grant: GrantHandle, acme: WorkspaceHandle) -> None:
    plan = acme.page("Plan")
    grant.unshare(plan)
    answer = api.get(f"/v1/pages/{plan.id}")
    assert (api.status, answer["code"]) == (404, "object_not_found")
    assert answer["message"].startswith(f"Could not find page with ID: {plan.id}. Make sure")
    assert set(answer) == {"object", "status", "code", "message", "additional_data", "request_id"}


def test_a_child_can_be_unshared_under_a_shared_parent(
    api: Api, grant: GrantHandle, acme: WorkspaceHandle
) -> None:
    home = acme.page("Home")
    child = acme.page("Child", parent=home)
    grandchild = acme.page("Grandchild", parent=child)
    grant.unshare(child)
    assert api.get(f"/v1/pages/{home.id}")["id"] == home.id
    api.get(f"/v1/pages/{grandchild.id}")
    assert api.status == 404
    grant.share(grandchild)
    assert api.get(f"/v1/pages/{grandchild.id}")["id"] == grandchild.id


def test_trash_takes_children_along_and_restore_brings_them_back(api: Api, acme: WorkspaceHandle) -> None:
    home = acme.page("Home")
    child = acme.page("Child", parent=home)
    earlier = acme.page("Thrown earlier", parent=home)
    earlier.trash()
    home.trash()
    assert api.get(f"/v1/pages/{child.id}")["in_trash"] is True
    home.restore()
    assert api.get(f"/v1/pages/{child.id}")["in_trash"] is False
    assert api.get(f"/v1/pages/{earlier.id}")["in_trash"] is True


def test_a_purged_page_is_gone_with_its_children(api: Api, acme: WorkspaceHandle) -> None:
    home = acme.page("Home")
    child = acme.page("Child", parent=home)
    home.purge()
    for page in (home, child):
        api.get(f"/v1/pages/{page.id}")
        assert api.status == 404


def test_moving_keeps_the_id_and_changes_the_parent(api: Api, acme: WorkspaceHandle, time: Time) -> None:
    home, other = acme.page("Home"), acme.page("Other")
    plan = acme.page("Plan", "text", parent=home)
    time.pass_(minutes=5)
    plan.move(other)
    found = api.get(f"/v1/pages/{plan.id}")
    assert found["parent"] == {"type": "page_id", "page_id": other.id}
    assert found["last_edited_time"] == "2026-11-22T12:00:00.000Z"
    assert "Plan" not in api.markdown(home)
    assert "Plan" in api.markdown(other)


def test_a_page_in_a_toggle_has_a_block_as_parent(api: Api, acme: WorkspaceHandle) -> None:
    home = acme.page("Home")
    child = acme.page("Child", parent=home)
    hidden = [{"type": "child_page", "id": child.id, "child_page": {}}]
    home.set_blocks([{"type": "toggle", "toggle": {"rich_text": ["More"]}, "children": hidden}])
    toggle = home.blocks[0]["id"]
    assert api.get(f"/v1/pages/{child.id}")["parent"] == {"type": "block_id", "block_id": toggle}


def test_editing_a_child_does_not_move_the_parents_time(api: Api, acme: WorkspaceHandle, time: Time) -> None:
    home = acme.page("Home")
    child = acme.page("Child", parent=home)
    time.pass_(minutes=3)
    child.edit("new")
    assert api.get(f"/v1/pages/{home.id}")["last_edited_time"] == "2026-11-22T12:00:00.000Z"


ROW: dict[str, Any] = {
    "Meaning": "Application **programming** interface",
    "Tags": ["a", "b"],
    "Kind": "Noun",
    "State": "Done",
    "Due": "2026-11-22",
    "Owner": "Ada",
    "Price": 0.25,
    "Ok": True,
    "Site": "https://acme.test",
    "Papers": ["docs/a.pdf"],
    "Total": 12,
}
SCHEMA: dict[str, Any] = {
    "Term": "title",
    "Meaning": "rich_text",
    "Tags": "multi_select",
    "Kind": "select",
    "State": "status",
    "Due": "date",
    "Owner": "people",
    "Price": {"number": {"format": "percent"}},
    "Ok": "checkbox",
    "Site": "url",
    "Papers": "files",
    "Total": {"formula": {"expression": "12"}},
    "No": {"unique_id": {"prefix": "T"}},
    "Made": "created_time",
    "By": "created_by",
    "Press": "button",
}


def test_a_row_shows_every_kind_of_value(api: Api, acme: WorkspaceHandle) -> None:
    row = acme.database("Glossary", SCHEMA).row("API", ROW)
    found = api.get(f"/v1/pages/{row.id}")
    values = {name: each[each["type"]] for name, each in found["properties"].items()}
    assert found["parent"]["type"] == "data_source_id"
    assert title(found) == "API"
    assert [each["plain_text"] for each in values["Meaning"]] == ["Application ", "programming", " interface"]
    assert [each["name"] for each in values["Tags"]] == ["a", "b"]
    assert (values["Kind"]["name"], values["State"]["name"]) == ("Noun", "Done")
    assert values["Due"] == {"start": "2026-11-22", "end": None, "time_zone": None}
    assert values["Owner"][0]["name"] == "Ada Lovelace"
    assert (values["Price"], values["Ok"], values["Site"]) == (0.25, True, "https://acme.test")
    assert values["Papers"][0]["file"]["expiry_time"] == "2026-11-22T13:00:30.000Z"
    assert values["Total"] == {"type": "number", "number": 12}
    assert values["No"] == {"prefix": "T", "number": 1}
    assert values["Made"] == "2026-11-22T12:00:00.000Z"
    assert values["Press"] == {}


def test_filter_properties_keeps_only_what_is_asked(api: Api, acme: WorkspaceHandle) -> None:
    row = acme.database("Glossary", SCHEMA).row("API", ROW)
    assert list(api.get(f"/v1/pages/{row.id}", filter_properties="title")["properties"]) == ["Term"]
    api.get(f"/v1/pages/{row.id}", filter_properties="nothing")
    assert api.status == 400


@pytest.fixture
def related(acme: WorkspaceHandle) -> Any:
    terms = acme.database("Terms", {"Name": "title", "Size": "number"})
    log = acme.database(
        "Log",
        {
            "Name": "title",
            "Terms": {"relation": {"data_source_id": terms.data_source}},
            "Sum": {"rollup": {"relation": "Terms", "property": "Size", "function": "sum"}},
            "All": {"rollup": {"relation": "Terms", "property": "Size", "function": "show_original"}},
        },
    )
    rows = [terms.row(f"Term {number}", {"Size": number}) for number in range(30)]
    return log.row("Entry", {"Terms": rows}), terms


def test_relations_are_capped_and_complete_through_the_property_endpoint(api: Api, related: Any) -> None:
    entry, _ = related
    value = api.get(f"/v1/pages/{entry.id}")["properties"]["Terms"]
    assert (len(value["relation"]), value["has_more"]) == (25, True)
    path = f"/v1/pages/{entry.id}/properties/{value['id']}"
    first = api.get(path, page_size=20)
    rest = api.get(path, page_size=20, start_cursor=first["next_cursor"])
    assert (len(first["results"]), len(rest["results"]), rest["has_more"]) == (20, 10, False)
    assert first["property_item"]["type"] == "relation"
    assert set(first["results"][0]) == {"object", "type", "id", "relation"}


def test_rollups_follow_what_they_point_at_without_an_edit(
    api: Api, related: Any, acme: WorkspaceHandle, time: Time
) -> None:
    entry, terms = related
    time.pass_(minutes=5)
    terms.rows[0].set({"Size": 1000})
    found = api.get(f"/v1/pages/{entry.id}")
    assert found["properties"]["Sum"]["rollup"] == {
        "type": "number",
        "number": sum(range(30)) + 1000,
        "function": "sum",
    }
    assert found["last_edited_time"] == "2026-11-22T12:00:00.000Z"


def test_a_relation_to_an_unshared_database_reads_empty(api: Api, related: Any, grant: GrantHandle) -> None:
    entry, terms = related
    grant.unshare(terms)
    value = api.get(f"/v1/pages/{entry.id}")["properties"]["Terms"]
    assert (value["relation"], value["has_more"]) == ([], False)


def test_rollup_items_are_valid_on_the_last_page(api: Api, related: Any) -> None:
    entry, _ = related
    wanted = api.get(f"/v1/pages/{entry.id}")["properties"]["All"]["id"]
    first = api.get(f"/v1/pages/{entry.id}/properties/{wanted}", page_size=25)
    assert first["property_item"]["rollup"]["type"] == "incomplete"
    last = api.get(f"/v1/pages/{entry.id}/properties/{wanted}", start_cursor=first["next_cursor"])
    assert last["property_item"]["rollup"]["array"] == []


def test_single_values_come_without_a_list(api: Api, acme: WorkspaceHandle) -> None:
    row = acme.database("Glossary", SCHEMA).row("API", ROW)
    wanted = api.get(f"/v1/pages/{row.id}")["properties"]["Price"]["id"]
    answer = api.get(f"/v1/pages/{row.id}/properties/{wanted}")
    assert (answer["object"], answer["number"]) == ("property_item", 0.25)
    listed = api.get(f"/v1/pages/{row.id}/properties/title")
    assert listed["results"][0]["title"]["plain_text"] == "API"


def test_a_world_with_a_seed_makes_the_same_ids(time: Time) -> None:
    made = [World(clock=time, seed=3).workspace("A").page("B").id for _ in range(2)]
    assert made[0] == made[1]
