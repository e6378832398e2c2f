"""What a listing or an event means for a page that is held: the decision tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from extract.rules.changes import (
    Held,
    compare_event,
    compare_listing,
    computed_digest_of,
    digest_of,
    recheck_time,
    schema_digest,
)
from extract.values import Stub
from tests import rows
from tests.clock import START

EDITED = START.replace(second=0)
BEFORE, AFTER = EDITED - timedelta(minutes=1), EDITED + timedelta(minutes=1)
FORMULA = {"type": "formula", "formula": {"number": 1}}


def held(stub: Stub, **values: object) -> Held:
    """What is held of a page that was read with `stub`."""
    same = {"edited_at": stub.edited_at, "noticed_at": stub.edited_at, "requested": False, "removed": False}
    return Held(**{**same, **rows.told_by(stub), **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("told", "facts", "verdict"),
    [
        # nothing moved, and each thing that may move
        ({}, {}, "same"),
        ({"edited_at": AFTER}, {}, "stale"),
        ({"title": "Renamed"}, {}, "stale"),
        ({"icon": "x"}, {}, "stale"),
        ({"url": "https://www.notion.so/renamed"}, {}, "stale"),
        ({"properties": {"Price": {"type": "number", "number": 5}}}, {}, "stale"),
        # an index that lags tells nothing, whatever else it shows
        ({"edited_at": BEFORE}, {}, "same"),
        ({"edited_at": BEFORE, "title": "Old name"}, {}, "same"),
        ({"edited_at": BEFORE, "in_trash": True}, {}, "same"),
        # the trash
        ({"in_trash": True}, {}, "trashed"),
        ({"in_trash": True, "edited_at": AFTER}, {}, "trashed"),
        ({"in_trash": True, "edited_at": None}, {}, "trashed"),
        # a tombstone: shown again it comes back, in the trash it stays
        ({}, {"removed": True}, "stale"),
        ({"edited_at": BEFORE}, {"removed": True}, "same"),
        ({"in_trash": True}, {"removed": True}, "same"),
        # a time that is not known
        ({}, {"edited_at": None}, "stale"),
        ({"edited_at": None}, {}, "stale"),
        ({"edited_at": None}, {"requested": True}, "same"),
        ({}, {"requested": True, "noticed_at": None}, "same"),
        # what is wanted is compared with what was last noticed, not with what was last read
        ({}, {"requested": True, "edited_at": BEFORE}, "same"),
        ({"edited_at": AFTER}, {"requested": True, "edited_at": BEFORE}, "stale"),
        ({}, {"noticed_at": AFTER}, "same"),
    ],
)
def test_what_a_listing_means_for_a_page_that_is_held(
    told: dict[str, object], facts: dict[str, object], verdict: str
) -> None:
    stub = rows.stub(edited_at=EDITED)

    assert compare_listing(replace(stub, **told), held(stub, **facts)) == verdict  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("thorough", "known", "verdict"), [(False, True, "same"), (True, True, "stale"), (True, False, "same")]
)
def test_what_notion_computes_counts_only_for_a_thorough_look_at_what_was_known(
    thorough: bool, known: bool, verdict: str
) -> None:
    stub = rows.stub(properties={"Total": FORMULA})
    moved = replace(stub, properties={"Total": {"type": "formula", "formula": {"number": 2}}})
    facts = held(stub) if known else held(stub, computed_digest="")

    assert compare_listing(moved, facts, thorough=thorough) == verdict
    assert compare_listing(stub, facts, thorough=thorough) == "same"


@pytest.mark.parametrize("kind", ["formula", "rollup", "last_edited_time", "last_edited_by"])
def test_what_moves_without_a_person_is_not_in_the_digest_of_a_stub(kind: str) -> None:
    stub = rows.stub()
    moving = replace(stub, properties={"Moving": {"type": kind, kind: "1"}})

    assert digest_of(moving) == digest_of(stub)
    assert bool(computed_digest_of(moving)) == (kind in ("formula", "rollup"))


@pytest.mark.parametrize(
    ("columns", "same"),
    [
        ({"Price": {"id": "p", "type": "number", "number": {"format": "euro"}}}, True),
        ({"Price": {"id": "p", "type": "number", "number": {"format": "euro"}, "description": "x"}}, True),
        ({"Cost": {"id": "p", "type": "number", "number": {"format": "euro"}}}, False),
        ({"Price": {"id": "q", "type": "number", "number": {"format": "euro"}}}, False),
        ({"Price": {"id": "p", "type": "select"}}, False),
        ({"Price": {"id": "p", "type": "number", "number": {"format": "dollar"}}}, False),
        ({}, False),
    ],
)
def test_a_schema_is_another_when_what_its_rows_show_is(columns: dict[str, object], same: bool) -> None:
    schema = {"Price": {"id": "p", "type": "number", "number": {"format": "euro"}}}

    assert (schema_digest(columns) == schema_digest(schema)) == same


def test_the_order_of_columns_is_not_part_of_a_schema_nor_what_is_no_column() -> None:
    one, two = {"id": "a", "type": "number"}, {"id": "b", "type": "select"}

    assert schema_digest({"A": one, "B": two}) == schema_digest({"B": two, "A": one, "Odd": None})


@pytest.mark.parametrize(
    ("read_after", "again_after"),
    [
        (30, 80),  # the minute is open: once it has closed, and clocks may differ by twenty seconds
        (79, 80),
        (80, None),
        (3600, None),
        (-1800, -1200),  # an edit far ahead of our clock is not waited for
    ],
)
def test_a_page_read_in_its_open_minute_is_read_once_more_after_it(
    read_after: int, again_after: int | None
) -> None:
    asked = recheck_time(EDITED, read_at=EDITED + timedelta(seconds=read_after))

    assert asked == (None if again_after is None else EDITED + timedelta(seconds=again_after))
    assert recheck_time(None, read_at=EDITED) is None


@pytest.mark.parametrize(
    ("synced", "recheck", "requested", "verdict"),
    [
        (None, None, None, "read"),  # never read
        (-60, None, None, "read"),  # read before
        (10, None, None, "read"),  # read so soon after that the clocks may differ
        (90, None, None, "known"),  # read after, its minute closed
        (5, 50, None, "check"),  # the recheck reads the body, and now the page object too
        (30, 50, None, "known"),  # read after; the recheck makes sure of its minute
        (-60, 5, None, "read"),  # the recheck was meant for an earlier minute
        (-60, None, 25, "known"),  # requested since, not read yet
        (-60, None, 5, "read"),  # requested at about that time
    ],
)
def test_what_an_event_asks_for_a_page(
    synced: float | None, recheck: float | None, requested: float | None, verdict: str
) -> None:
    def moment(after: float | None) -> object:
        return None if after is None else START + timedelta(seconds=after)

    facts = {"synced_at": moment(synced), "recheck_at": moment(recheck), "requested_at": moment(requested)}

    assert compare_event(START, **facts) == verdict  # type: ignore[arg-type]
    assert compare_event(None, **facts) == "read"  # type: ignore[arg-type]
