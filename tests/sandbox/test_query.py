"""Queries of data sources: filters, sorts, the cap, archives."""

from typing import Any

import pytest

from sandbox import World
from sandbox.world.handles import DatabaseHandle
from sandbox.world.world import WorkspaceHandle
from tests.sandbox.conftest import Api, Time, title


@pytest.fixture
def table(acme: WorkspaceHandle, time: Time) -> DatabaseHandle:
    made = acme.database(
        "Tasks",
        {
            "Name": "title",
            "Size": "number",
            "Tags": "multi_select",
            "State": "status",
            "Due": "date",
            "Done": "checkbox",
            "Note": "rich_text",
        },
    )
    rows: list[tuple[str, dict[str, Any]]] = [
        ("Apples", {"Size": 3, "Tags": ["red", "sweet"], "State": "Done", "Due": "2026-11-01", "Done": True}),
        ("Bread", {"Size": 1, "Tags": ["sweet"], "State": "In progress", "Note": "Whole *grain*"}),
        ("Corn", {"Size": None, "State": "Not started", "Due": "2026-11-30"}),
    ]
    for name, values in rows:
        made.row(name, values)
        time.pass_(minutes=1)
    return made


def names(answer: dict[str, Any]) -> list[str]:
    return [title(each) for each in answer["results"]]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"property": "Size", "number": {"greater_than": 1}}, ["Apples"]),
        ({"property": "Size", "number": {"is_empty": True}}, ["Corn"]),
        ({"property": "Tags", "multi_select": {"contains": "sweet"}}, ["Apples", "Bread"]),
        ({"property": "State", "status": {"equals": ["Done", "Not started"]}}, ["Apples", "Corn"]),
        ({"property": "Due", "date": {"on_or_after": "2026-11-22"}}, ["Corn"]),
        ({"property": "Due", "date": {"past_month": {}}}, ["Apples"]),
        ({"property": "Done", "checkbox": {"equals": False}}, ["Bread", "Corn"]),
        ({"property": "Note", "rich_text": {"contains": "GRAIN"}}, ["Bread"]),
        ({"property": "Name", "title": {"starts_with": "b"}}, ["Bread"]),
        (
            {
                "or": [
                    {"property": "Name", "title": {"equals": "Corn"}},
                    {
                        "and": [
                            {"property": "Size", "number": {"less_than": 5}},
                            {"property": "Done", "checkbox": {"equals": True}},
                        ]
                    },
                ]
            },
            ["Apples", "Corn"],
        ),
        ({"timestamp": "last_edited_time", "last_edited_time": {"after": "2026-11-22T12:00:00Z"}}, ["Bread", "Corn"]),
        ({"timestamp": "created_time", "created_time": {"on_or_before": "2026-11-22T12:01:00Z"}}, ["Apples", "Bread"]),
        ({"timestamp": "created_time", "created_time": {"this_week": {}}}, ["Apples", "Bread", "Corn"]),
    ],
)  # fmt: skip
def test_filters_keep_the_rows_they_mean(
    api: Api, table: DatabaseHandle, given: dict[str, Any], expected: list[str]
) -> None:
    assert names(api.query(table, filter=given)) == expected


@pytest.mark.parametrize(
    "given",
    [
        {"property": "Nothing", "number": {"equals": 1}},
        {"property": "Size", "rich_text": {"equals": "1"}},
        {"property": "Size", "number": {"resembles": 1}},
        {"and": [{"or": [{"and": [{"property": "Size", "number": {"equals": 1}}]}]}]},
        {"timestamp": "last_edited_time", "last_edited_time": {"after": "soon"}},
    ],
)
def test_filters_that_notion_refuses_are_refused(api: Api, table: DatabaseHandle, given: Any) -> None:
    assert (api.query(table, filter=given)["code"], api.status) == ("validation_error", 400)


def test_sorts_by_property_and_by_time_with_empty_values_last(api: Api, table: DatabaseHandle) -> None:
    by_size = [{"property": "Size", "direction": "descending"}]
    assert names(api.query(table, sorts=by_size)) == ["Apples", "Bread", "Corn"]
    newest = [{"timestamp": "last_edited_time", "direction": "descending"}]
    assert names(api.query(table, sorts=newest)) == ["Corn", "Bread", "Apples"]


def test_a_row_edit_moves_the_row_and_not_its_database(api: Api, table: DatabaseHandle, time: Time) -> None:
    path = f"/v1/data_sources/{table.data_source.id}"
    before = api.get(path)["last_edited_time"], api.get(f"/v1/databases/{table.id}")["last_edited_time"]
    time.pass_(hours=1)
    table.rows[0].set({"Size": 9})
    after = api.get(path)["last_edited_time"], api.get(f"/v1/databases/{table.id}")["last_edited_time"]
    assert before == after
    newest = [{"timestamp": "last_edited_time", "direction": "descending"}]
    assert names(api.query(table, sorts=newest))[0] == "Apples"


def test_trashed_rows_vanish_and_archived_ones_are_a_list_of_their_own(
    api: Api, table: DatabaseHandle
) -> None:
    apples, bread, _ = table.rows
    apples.trash()
    bread.archive()
    assert names(api.query(table)) == ["Corn"]
    assert names(api.query(table, is_archived=True)) == ["Bread"]
    assert api.get(f"/v1/pages/{bread.id}")["is_archived"] is True
    bread.unarchive()
    assert names(api.query(table)) == ["Bread", "Corn"]


def test_a_query_ends_at_the_cap_and_says_so(world: World, api: Api, table: DatabaseHandle) -> None:
    first = api.query(table, page_size=2)
    assert "request_status" not in first
    assert "request_status" not in api.query(table, start_cursor=first["next_cursor"])
    world.query_cap = 2
    capped = api.query(table)
    assert (len(capped["results"]), capped["has_more"]) == (2, False)
    assert capped["request_status"] == {
        "type": "incomplete",
        "incomplete_reason": "query_result_limit_reached",
    }


def test_pages_of_rows_follow_each_other_and_cursors_do_not_travel(api: Api, table: DatabaseHandle) -> None:
    first = api.query(table, page_size=2)
    assert names(api.query(table, start_cursor=first["next_cursor"])) == ["Corn"]
    api.query(table, start_cursor="elsewhere")
    assert api.status == 400


def test_only_asked_properties_come_along(api: Api, table: DatabaseHandle) -> None:
    path = f"/v1/data_sources/{table.data_source.id}/query?filter_properties=title"
    assert list(api.post(path)["results"][0]["properties"]) == ["Name"]


def test_a_row_that_is_not_shared_is_left_out(api: Api, table: DatabaseHandle) -> None:
    api.grant.unshare(table.rows[1])
    assert names(api.query(table)) == ["Apples", "Corn"]


def test_a_database_can_have_several_data_sources(api: Api, table: DatabaseHandle) -> None:
    second = table.add_data_source("Later", {"Name": "title"})
    second.row("Dates")
    listed = api.get(f"/v1/databases/{table.id}")["data_sources"]
    assert [each["name"] for each in listed] == ["Tasks", "Later"]
    assert names(api.post(f"/v1/data_sources/{second.id}/query")) == ["Dates"]
