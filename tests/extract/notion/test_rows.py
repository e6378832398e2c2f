"""All rows of a data source: beyond the cap, past refused cursors and overloads, each row once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from extract.errors import InvalidRequest, Transient, WrongKind
from extract.notion.pagination import Listed
from extract.notion.rows import all_rows

FIRST = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)


class Table:
    """Notion's query endpoint over rows of given creation minutes, with a cap as Notion's."""

    def __init__(self, minutes: list[int], *, cap: int = 10) -> None:
        self.rows = [
            {"object": "page", "id": f"row-{number}", "created_time": iso(minute), "properties": {}}
            for number, minute in enumerate(minutes)
        ]
        self.cap = cap
        self.asked: list[Mapping[str, Any]] = []
        self.faults: dict[int, Exception] = {}
        self.forget_cursor_at: set[int] = set()
        self._number = count(1)

    def __call__(self, body: Mapping[str, Any]) -> Listed:
        number = next(self._number)
        self.asked.append(body)
        if number in self.faults:
            raise self.faults[number]
        conditions = body.get("filter", {}).get("and", [])
        since = next(
            (each["created_time"]["on_or_after"] for each in conditions if "created_time" in each), ""
        )
        window = sorted((row for row in self.rows if row["created_time"] >= since), key=created)
        start = int(body.get("start_cursor", "0"))
        end = min(start + body["page_size"], self.cap)
        capped = end >= self.cap and len(window) > self.cap
        more = not capped and end < len(window)
        lost = more and number in self.forget_cursor_at
        return Listed(tuple(window[start:end]), str(end) if more and not lost else None, lost, capped)

    def read(self, **more: Any) -> list[str]:
        options: dict[str, Any] = {"page_size": 4, "endpoint": "x"}
        return [stub.id for rows in all_rows(self, **(options | more)) for stub in rows]

    @property
    def ids(self) -> list[str]:
        return [row["id"] for row in self.rows]


def iso(minute: int) -> str:
    return (FIRST + timedelta(minutes=minute)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def created(row: Mapping[str, Any]) -> str:
    return str(row["created_time"])


def test_all_rows_come_once_oldest_first() -> None:
    table = Table([3, 1, 2, 5, 4, 0])

    assert table.read() == ["row-5", "row-1", "row-2", "row-0", "row-4", "row-3"]
    assert table.asked[0] == {
        "page_size": 4,
        "sorts": [{"timestamp": "created_time", "direction": "ascending"}],
    }
    assert table.asked[1]["start_cursor"] == "4"


def test_a_table_beyond_the_cap_is_read_in_windows() -> None:
    table = Table([number // 3 for number in range(57)])

    assert table.read() == table.ids
    windows = {str(body.get("filter")) for body in table.asked}
    assert len(windows) > 5


@pytest.mark.parametrize("before", [0, 3, 10])
def test_a_minute_with_more_rows_than_notion_lists_is_a_loud_error(before: int) -> None:
    table = Table([*range(before), *[before] * 11, before + 1])

    with pytest.raises(InvalidRequest) as failure:
        table.read()

    assert failure.value.code == "query_result_limit_reached"
    assert "same minute" in failure.value.sentence


def test_a_full_minute_exactly_at_the_cap_is_no_error() -> None:
    table = Table([0] * 9 + [1] * 5)

    assert table.read() == table.ids


def test_an_overload_halves_the_page_and_goes_on() -> None:
    table = Table(list(range(9)), cap=1000)
    table.faults = {number: Transient(status=503) for number in (2, 3)}

    assert table.read(page_size=40) == table.ids
    table = Table(list(range(90)), cap=1000)
    table.faults = {number: Transient(status=503) for number in (2, 3)}

    assert table.read(page_size=40) == table.ids
    assert [body["page_size"] for body in table.asked[:4]] == [40, 40, 20, 10]
    assert [body.get("start_cursor") for body in table.asked[:4]] == [None, "40", "40", "40"]


def test_an_overload_that_lasts_is_handed_up() -> None:
    table = Table(list(range(9)))
    table.faults = {number: Transient(status=503) for number in range(1, 99)}

    with pytest.raises(Transient):
        table.read(page_size=100)

    assert [body["page_size"] for body in table.asked] == [100, 50, 25, 12, 10]


def test_another_failure_does_not_change_the_page_size() -> None:
    table = Table(list(range(9)))
    table.faults = {1: Transient(status=502)}

    with pytest.raises(Transient):
        table.read(page_size=100)

    assert len(table.asked) == 1


def test_a_refused_cursor_goes_on_from_the_rows_already_read() -> None:
    table = Table(list(range(9)))
    table.faults = {3: InvalidRequest()}

    assert table.read(page_size=2) == table.ids


def test_a_cursor_refused_again_and_again_still_ends() -> None:
    table = Table([0] * 9)
    table.faults = {number: InvalidRequest() for number in range(2, 99, 2)}

    with pytest.raises(InvalidRequest):
        table.read()

    assert len(table.asked) < 6


def test_a_lost_cursor_goes_on_from_the_rows_already_read() -> None:
    table = Table(list(range(9)))
    table.forget_cursor_at = {1, 2}

    assert table.read(page_size=3) == table.ids


def test_a_listing_that_cannot_go_on_is_an_error_not_a_short_list() -> None:
    table = Table([0] * 9)
    table.forget_cursor_at = set(range(99))

    with pytest.raises(Transient) as failure:
        table.read(page_size=3)

    assert failure.value.code == "listing_broke_off"


def test_a_refused_query_is_not_asked_again() -> None:
    for refusal in (InvalidRequest(), WrongKind()):
        table = Table([0])
        table.faults = {1: refusal}
        with pytest.raises(type(refusal)):
            table.read()
        assert len(table.asked) == 1


def test_data_sources_of_a_wiki_and_unknown_objects_are_no_rows() -> None:
    table = Table([0, 1, 2])
    table.rows[0]["object"] = "data_source"
    table.rows[1]["object"] = "moon"

    assert table.read() == ["row-2"]
