"""JSON of Notion's as our values: both time formats, old versions, partial objects, and anything that is neither."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.notion.stubs import (
    bot_of,
    dashed,
    database_of,
    icon_of,
    markdown_of,
    moment_of,
    parent_of,
    stub_of,
)
from extract.values import DataSourceRef, Parent

PAGE = "6a0d5b1e-0b0d-4f8a-9c8e-0d5b1e0b0d4f"
BASE = "7b0d5b1e-0b0d-4f8a-9c8e-0d5b1e0b0d4f"
SOURCE = "8c0d5b1e-0b0d-4f8a-9c8e-0d5b1e0b0d4f"

ROW: dict[str, Any] = {
    "object": "page",
    "id": PAGE.replace("-", "").upper(),
    "created_time": "2026-07-04T09:08:00.000Z",
    "last_edited_time": "2026-07-04T09:09:00.000Z",
    "icon": {"type": "emoji", "emoji": "🐞"},
    "parent": {"type": "data_source_id", "data_source_id": SOURCE.replace("-", ""), "database_id": BASE},
    "in_trash": False,
    "is_archived": True,
    "properties": {
        "Name": {"id": "title", "type": "title", "title": [{"plain_text": "Fix "}, {"plain_text": "it"}]}
    },
    "url": "https://app.notion.com/p/Fix-it-6a0d5b1e0b0d4f8a9c8e0d5b1e0b0d4f",
    "something_new": {"type": "unheard_of"},
}


def test_a_row_says_where_it_sits_and_when_it_moved() -> None:
    stub = stub_of(ROW)

    assert stub is not None
    assert (stub.kind, stub.id, stub.title, stub.icon) == ("page", PAGE, "Fix it", "🐞")
    assert stub.parent == Parent("data_source_id", SOURCE, BASE)
    assert stub.database_id == BASE
    assert stub.created_at == datetime(2026, 7, 4, 9, 8, tzinfo=UTC)
    assert stub.edited_at == datetime(2026, 7, 4, 9, 9, tzinfo=UTC)
    assert (stub.in_trash, stub.is_archived, stub.partial) == (False, True, False)
    assert stub.properties is ROW["properties"]


def test_a_data_source_sits_where_its_database_sits() -> None:
    stub = stub_of(
        {
            "object": "data_source",
            "id": SOURCE,
            "title": [{"plain_text": "Tasks"}],
            "parent": {"type": "database_id", "database_id": BASE},
            "database_parent": {"type": "page_id", "page_id": PAGE},
            "properties": {"Name": {"id": "title", "name": "Name", "type": "title", "title": {}}},
        }
    )

    assert stub is not None
    assert (stub.kind, stub.title, stub.database_id) == ("data_source", "Tasks", BASE)
    assert stub.parent == Parent("page_id", PAGE, BASE)
    assert stub.properties["Name"]["id"] == "title"


def test_without_a_place_a_data_source_sits_in_its_database() -> None:
    stub = stub_of(
        {"object": "data_source", "id": SOURCE, "parent": {"type": "database_id", "database_id": BASE}}
    )

    assert stub is not None
    assert stub.parent == Parent("database_id", BASE, BASE)


def test_a_partial_object_is_known_as_partial() -> None:
    stub = stub_of({"object": "page", "id": PAGE})

    assert stub is not None
    assert (stub.id, stub.title, stub.partial) == (PAGE, "Untitled", True)
    assert (stub.edited_at, stub.parent.kind) == (None, "unknown")


@pytest.mark.parametrize(
    "value", [{"object": "view", "id": PAGE}, {"object": "page"}, {"id": PAGE}, [], None, "x"]
)
def test_other_objects_are_no_stubs(value: object) -> None:
    assert stub_of(value) is None


def test_old_versions_say_archived_for_trashed() -> None:
    old = stub_of({"object": "page", "id": PAGE, "archived": True})
    new = stub_of({"object": "page", "id": PAGE, "archived": True, "in_trash": False})

    assert old is not None
    assert new is not None
    assert (old.in_trash, new.in_trash) == (True, False)


def test_a_database_lists_its_data_sources() -> None:
    container = database_of(
        {
            "object": "database",
            "id": BASE.replace("-", ""),
            "title": [{"plain_text": "Work"}],
            "parent": {"type": "workspace", "workspace": True},
            "data_sources": [{"id": SOURCE.upper(), "name": "Tasks"}, {"id": PAGE}, {"name": "no id"}, 7],
            "icon": None,
            "url": "https://app.notion.com/p/x",
            "in_trash": False,
        }
    )

    assert container is not None
    assert (container.id, container.title, container.parent) == (BASE, "Work", Parent("workspace"))
    assert container.data_sources == (DataSourceRef(SOURCE, "Tasks"), DataSourceRef(PAGE, "Untitled"))


def test_an_address_that_is_no_web_address_never_becomes_a_link() -> None:
    stub = stub_of({**ROW, "url": "javascript:alert(1)"})

    assert stub is not None
    assert stub.url == ""


def test_a_title_is_one_line() -> None:
    source = stub_of({"object": "data_source", "id": SOURCE, "title": [{"plain_text": " A\n B "}]})

    assert source is not None
    assert source.title == "A B"


def test_a_linked_view_has_no_data_sources() -> None:
    container = database_of({"object": "database", "id": BASE, "data_sources": []})

    assert container is not None
    assert (container.data_sources, container.title) == ((), "Untitled")


def test_markdown_names_what_could_not_be_read() -> None:
    page = markdown_of(
        {
            "object": "page_markdown",
            "id": PAGE,
            "markdown": "# A",
            "truncated": True,
            "unknown_block_ids": [SOURCE.replace("-", ""), SOURCE, 5, BASE],
        },
        PAGE.replace("-", ""),
    )

    assert page is not None
    assert (page.page_id, page.markdown) == (PAGE, "# A")
    assert page.unknown_block_ids == (SOURCE, BASE)


def test_an_answer_without_a_body_is_not_an_empty_body() -> None:
    assert markdown_of({"object": "page_markdown", "id": PAGE}, PAGE) is None
    assert markdown_of({"markdown": ""}, PAGE) is not None


def test_the_bot_knows_its_workspace() -> None:
    bot = bot_of(
        {
            "object": "user",
            "id": PAGE,
            "name": "Hilal",
            "bot": {"workspace_id": BASE, "workspace_name": "Acme"},
        }
    )

    assert bot is not None
    assert (bot.id, bot.name, bot.workspace_id, bot.workspace_name) == (PAGE, "Hilal", BASE, "Acme")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-07-04T09:08:00.000Z", datetime(2026, 7, 4, 9, 8, tzinfo=UTC)),
        ("2026-07-04T09:08:57.778+00:00", datetime(2026, 7, 4, 9, 8, 57, 778_000, tzinfo=UTC)),
        ("2026-07-04T11:08:00+02:00", datetime(2026, 7, 4, 9, 8, tzinfo=UTC)),
        ("2026-07-04T09:08:00", datetime(2026, 7, 4, 9, 8, tzinfo=UTC)),
        ("0001-01-01T00:00:00+23:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (1_700_000_000, None),
    ],
)
def test_times_of_both_formats_become_utc(text: object, expected: datetime | None) -> None:
    assert moment_of(text) == expected


@pytest.mark.parametrize(
    ("icon", "expected"),
    [
        ({"type": "emoji", "emoji": "🐞"}, "🐞"),
        ({"type": "external", "external": {"url": "https://x.test/a.png"}}, "https://x.test/a.png"),
        ({"type": "external", "external": {"url": "javascript:alert(1)"}}, None),
        ({"type": "file", "file": {"url": "https://s3/signed", "expiry_time": "…"}}, None),
        (
            {"type": "custom_emoji", "custom_emoji": {"id": "x", "name": "n", "url": "https://s3/signed"}},
            None,
        ),
        ({"type": "icon", "icon": {"name": "bug", "color": "red"}}, None),
        ({"type": "emoji", "emoji": "x" * 1000}, None),
        ({"type": "external"}, None),
        (None, None),
        ("🐞", None),
    ],
)
def test_an_icon_is_an_emoji_or_a_lasting_address(icon: object, expected: str | None) -> None:
    assert icon_of(icon) == expected


def test_ids_have_one_spelling() -> None:
    assert dashed(PAGE.replace("-", "").upper()) == dashed(PAGE) == PAGE
    assert dashed("some_id") == "some_id"


def test_a_parent_of_a_new_kind_is_kept_by_name() -> None:
    assert parent_of({"type": "agent_id", "agent_id": PAGE}) == Parent("agent_id", PAGE)
    assert parent_of({"type": "moon", "moon": {"id": 7}}) == Parent("moon")
    assert parent_of(None) == Parent("unknown")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
KEYS = [
    "id",
    "title",
    "parent",
    "database_parent",
    "properties",
    "icon",
    "data_sources",
    "unknown_block_ids",
    "markdown",
    "bot",
    "in_trash",
    "created_time",
    "last_edited_time",
    "type",
    "name",
    "url",
    "database_id",
    "page_id",
    "external",
    "emoji",
    "workspace_id",
]
objects = st.builds(
    lambda kind, fields: {"object": kind, **fields},
    st.sampled_from(["page", "data_source", "database", "user", "page_markdown", "x"]),
    st.dictionaries(
        st.sampled_from(KEYS), json_values | st.dictionaries(st.sampled_from(KEYS), json_values), max_size=9
    ),
)


@given(objects | json_values)
def test_no_json_is_an_exception(value: object) -> None:
    for read in (stub_of, database_of, bot_of, parent_of, icon_of, moment_of):
        read(value)
    markdown_of(value, PAGE)
