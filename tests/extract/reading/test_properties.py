"""Properties read as `Name: value`, whatever their type."""

from __future__ import annotations

from typing import Any

import pytest

from extract.reading import capped_properties, page_title, read_properties, relation_ids, stub_digest

ID = "01234567-89ab-cdef-0123-456789abcdef"
TITLES = {ID: "Garden *plan*"}


def text(kind: str, inner: Any, **schema: Any) -> str:
    """The text of one property."""
    found = read_properties(
        {"P": {"id": "p", "type": kind, kind: inner}}, schema={"P": schema} if schema else None, titles=TITLES
    )
    return found[0].text if found else ""


def rich(*parts: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": {"content": part}, "plain_text": part} for part in parts]


CASES: dict[str, list[tuple[Any, dict[str, Any], str]]] = {
    "rich_text": [(rich("one ", "two\nthree"), {}, "one two three"), ([], {}, "")],
    "number": [
        (12, {}, "12"),
        (0, {}, "0"),
        (1e21, {}, "1000000000000000000000"),
        (0.1, {}, "0.1"),
        (0.25, {"number": {"format": "percent"}}, "25%"),
        (0.07, {"number": {"format": "percent"}}, "7%"),
        (1234567.5, {"number": {"format": "number_with_commas"}}, "1,234,567.5"),
        (1234.5, {"number": {"format": "dollar"}}, "$1,234.50"),
        (-3, {"number": {"format": "euro"}}, "-€3.00"),
        (1500, {"number": {"format": "yen"}}, "¥1,500"),
        (3, {"number": {"format": "zloty"}}, "3.00 zł"),
        (3, {"number": {"format": "galactic_credit"}}, "3"),
        (None, {}, ""),
    ],
    "select": [({"id": "1", "name": "Warn", "color": "red"}, {}, "Warn"), (None, {}, "")],
    "status": [({"id": "1", "name": "In progress"}, {}, "In progress")],
    "multi_select": [([{"name": "a"}, {"name": "b"}], {}, "a, b"), ([], {}, "")],
    "date": [
        ({"start": "2026-09-15", "end": None}, {}, "2026-09-15"),
        ({"start": "2026-09-15", "end": "2026-09-18"}, {}, "2026-09-15 → 2026-09-18"),
        ({"start": "2026-09-15T09:00:00.000+02:00", "end": None}, {}, "2026-09-15 09:00 +02:00"),
        (
            {"start": "2026-09-15T09:00:30.000Z", "time_zone": "Europe/Berlin"},
            {},
            "2026-09-15 09:00:30 UTC Europe/Berlin",
        ),
        (None, {}, ""),
    ],
    "people": [([{"object": "user", "id": "1", "name": "Ada"}, {"object": "user", "id": "2"}], {}, "Ada")],
    "files": [
        ([{"name": "a.png", "type": "file", "file": {"url": "https://x"}}, {"name": "b"}], {}, "a.png, b")
    ],
    "checkbox": [(True, {}, "Yes"), (False, {}, "No")],
    "url": [("https://example.com/a_b", {}, "https://example.com/a_b"), (None, {}, "")],
    "email": [("ada@example.com", {}, "ada@example.com")],
    "phone_number": [("+49 30", {}, "+49 30")],
    "formula": [
        ({"type": "string", "string": "ok"}, {}, "ok"),
        ({"type": "number", "number": 6}, {}, "6"),
        ({"type": "boolean", "boolean": False}, {}, "No"),
        ({"type": "date", "date": {"start": "2026-01-02", "end": None}}, {}, "2026-01-02"),
        ({"type": "string", "string": None}, {}, ""),
        ({"type": "unsupported", "unsupported": {}}, {}, "not available through Notion's API"),
    ],
    "relation": [([{"id": ID}, {"id": "unknown"}], {}, "Garden *plan*"), ([], {}, "")],
    "rollup": [
        ({"type": "number", "number": 6, "function": "sum"}, {}, "6"),
        ({"type": "number", "number": 0.5, "function": "percent_checked"}, {}, "50%"),
        ({"type": "date", "date": {"start": "2026-01-02"}, "function": "latest_date"}, {}, "2026-01-02"),
        (
            {
                "type": "array",
                "function": "show_original",
                "array": [
                    {"type": "title", "title": rich("Kerosine")},
                    {"type": "number", "number": 2},
                    {"type": "people", "people": [{"name": "Ada"}]},
                    {"type": "checkbox", "checkbox": True},
                    {"type": "relation", "relation": [{"id": ID}]},
                    {"type": "formula", "formula": {"type": "string", "string": "f"}},
                ],
            },
            {},
            "Kerosine, 2, Ada, Yes, Garden *plan*, f",
        ),
        (
            {"type": "unsupported", "unsupported": {}, "function": "sum"},
            {},
            "not available through Notion's API",
        ),
    ],
    "created_time": [("2026-07-09T18:33:00.000Z", {}, "2026-07-09 18:33 UTC")],
    "last_edited_time": [("2026-07-09T18:33:00.000Z", {}, "2026-07-09 18:33 UTC")],
    "created_by": [
        ({"object": "user", "id": "1", "name": "Ada"}, {}, "Ada"),
        ({"object": "user", "id": "1"}, {}, ""),
    ],
    "last_edited_by": [({"object": "user", "id": "1", "name": "Ada"}, {}, "Ada")],
    "unique_id": [
        ({"prefix": "TASK", "number": 42}, {}, "TASK-42"),
        ({"prefix": None, "number": 4}, {}, "4"),
    ],
    "verification": [
        ({"state": "unverified", "date": None}, {}, "unverified"),
        (
            {
                "state": "verified",
                "verified_by": {"name": "Ada"},
                "date": {"start": "2026-01-02", "end": None},
            },
            {},
            "verified (2026-01-02, by Ada)",
        ),
    ],
    "button": [({}, {}, "")],
    "place": [
        ({"lat": 1.5, "lon": 2, "name": "Home", "address": "Main St 1"}, {}, "Home, Main St 1"),
        ({"lat": 1.5, "lon": 2, "name": None, "address": None}, {}, "1.5, 2"),
    ],
    "last_visited_time": [("2026-07-09T18:33:00.000Z", {}, "2026-07-09 18:33 UTC")],
    "hologram": [({"name": "beam"}, {}, "beam"), ("plain", {}, "plain"), ({"a": {"b": 1}}, {}, "")],
}


@pytest.mark.parametrize(
    ("kind", "inner", "schema", "expected"),
    [(kind, *case) for kind, cases in CASES.items() for case in cases],
)
def test_a_property_reads_as_the_table_says(
    kind: str, inner: Any, schema: dict[str, Any], expected: str
) -> None:
    """Every property type of the API, and one nobody has taught us."""
    assert text(kind, inner, **schema) == expected


def test_order_is_the_schemas_then_by_name() -> None:
    """Whatever order the reply has, the text does not change."""
    values = {name: {"id": name, "type": "number", "number": 1} for name in ("z", "a", "m")}
    names = [one.name for one in read_properties(values, schema={"m": {}, "z": {}}, titles={})]

    assert names == ["m", "z", "a"]
    assert [one.name for one in read_properties(values, schema=None, titles={})] == ["a", "m", "z"]


def test_only_edits_and_visits_are_volatile() -> None:
    """Formulas and rollups are content."""
    values = {
        kind: {"id": kind, "type": kind, kind: inner}
        for kind, inner in {
            "last_edited_time": "2026-01-01T00:00:00Z",
            "last_edited_by": {"name": "Ada"},
            "last_visited_time": "2026-01-01T00:00:00Z",
            "formula": {"type": "number", "number": 1},
            "rollup": {"type": "number", "number": 1},
        }.items()
    }

    volatile = {one.kind for one in read_properties(values, schema=None, titles={}) if one.volatile}

    assert volatile == {"last_edited_time", "last_edited_by", "last_visited_time"}


def test_lists_that_notion_cut_are_named_and_can_be_completed() -> None:
    """25 of something may be more than 25: the property endpoint has the rest."""
    values = {
        "R": {"id": "r", "type": "relation", "relation": [{"id": ID}], "has_more": True},
        "P": {"id": "p", "type": "people", "people": [{"name": f"n{at}"} for at in range(25)]},
        "Q": {"id": "q", "type": "people", "people": [{"name": "only"}]},
        "T": {"id": "t", "type": "rich_text", "rich_text": [{"type": "mention", "plain_text": "@"}] * 25},
    }
    other = "11111111111111111111111111111111"
    full = [
        {"object": "property_item", "type": "relation", "relation": {"id": ID}},
        {"object": "property_item", "type": "relation", "relation": {"id": other}},
    ]
    people = [{"object": "property_item", "type": "people", "people": {"name": f"n{at}"}} for at in range(27)]

    found = read_properties(
        values, schema=None, titles={ID: "One", other: "Two"}, completed={"r": full, "p": people}
    )

    assert capped_properties(values) == ("r", "p", "t")
    assert {one.name: one.text for one in found}["R"] == "One, Two"
    assert {one.name: one.text for one in found}["P"].endswith("n25, n26")


def test_related_pages_are_found_in_relations_and_rollups() -> None:
    """Once each, dashed and lower-case."""
    other = "AAAAAAAABBBBCCCCDDDDEEEEEEEEEEEE"
    values = {
        "R": {"id": "r", "type": "relation", "relation": [{"id": ID}, {"id": other}]},
        "U": {
            "id": "u",
            "type": "rollup",
            "rollup": {"type": "array", "array": [{"type": "relation", "relation": [{"id": ID}]}]},
        },
    }

    assert relation_ids(values) == (ID, "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee")


def test_a_page_without_a_title_is_untitled() -> None:
    """The title property is found by its type, whatever its name."""
    assert page_title({"Name": {"type": "title", "title": rich("A ", "b\x00")}}) == "A b"
    assert page_title({"Name": {"type": "title", "title": []}}) == page_title({}) == "Untitled"


def test_the_stub_digest_moves_with_edits_and_only_with_them() -> None:
    """Signatures, avatars, colours and edit times move by themselves."""

    def page(**changes: Any) -> dict[str, Any]:
        given = {
            "sig": "1",
            "avatar": "a",
            "color": "red",
            "edited": "2026-01-01",
            "name": "Ada",
            "file": "a.png",
            **changes,
        }
        return {
            "F": {
                "id": "f",
                "type": "files",
                "files": [
                    {
                        "name": given["file"],
                        "file": {
                            "url": f"https://prod-files-secure.s3.us-west-2.amazonaws.com/a/{given['file']}?X-Amz-Signature={given['sig']}",
                            "expiry_time": given["sig"],
                        },
                    }
                ],
            },
            "S": {
                "id": "s",
                "type": "select",
                "select": {"id": "1", "name": given["name"], "color": given["color"]},
            },
            "P": {
                "id": "p",
                "type": "people",
                "people": [{"object": "user", "id": "1", "avatar_url": given["avatar"]}],
            },
            "E": {"id": "e", "type": "last_edited_time", "last_edited_time": given["edited"]},
        }

    before = stub_digest(page(), "T")

    assert before == stub_digest(page(sig="2", avatar="b", color="blue", edited="2026-02-02"), "T")
    assert before != stub_digest(page(name="Bob"), "T")
    assert before != stub_digest(page(file="b.png"), "T")
    assert before != stub_digest(page(), "U")


@pytest.mark.parametrize(
    "nonsense", [None, 1, "x", [], [None], {"type": 1}, {"type": "rollup", "rollup": {"type": "array"}}]
)
def test_nonsense_raises_nothing(nonsense: Any) -> None:
    """Untrusted JSON of any shape."""
    values = {
        "P": nonsense,
        "Q": {"type": "relation", "relation": nonsense},
        "R": {"type": "rollup", "rollup": nonsense},
    }

    read_properties(values, schema={"P": nonsense}, titles={})
    capped_properties(values)
    relation_ids(values)
    page_title(values)
    stub_digest(values, "T")


@pytest.mark.parametrize("kind", list(CASES))
def test_any_type_survives_any_value(kind: str) -> None:
    """Values of the wrong shape are skipped, or read for what they are."""
    for inner in (
        None,
        1,
        True,
        "x",
        [],
        [1, None],
        {},
        {"id": 1, "name": 2, "start": 3, "type": 4},
        [{"id": 5, "name": 6}],
    ):
        text(kind, inner)
