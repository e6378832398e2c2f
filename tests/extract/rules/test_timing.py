"""What is stale, due or doubted: pure decisions, with the time as an argument."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from extract.rules.changes import Held, compare_listing, digest_of, recheck_time, schema_digest
from extract.rules.timing import (
    believable,
    few_of_each,
    following_sync,
    is_recent,
    next_check_at,
    next_sync,
    outcome_of,
    pause_after,
    round_of_checks,
    too_many_gone,
)
from extract.values import Parent, Stub

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
STUB = Stub(
    kind="page",
    id="11111111-1111-1111-1111-111111111111",
    title="Plan",
    url="https://app.notion.com/p/11111111111111111111111111111111",
    icon=None,
    parent=Parent("workspace"),
    edited_at=NOON,
    created_at=NOON,
    in_trash=False,
    is_archived=False,
    properties={"Note": {"id": "n", "type": "number", "number": 1}},
)
HELD = Held(edited_at=NOON, noticed_at=NOON, stub_digest=digest_of(STUB), wanted=False, removed=False)


@pytest.mark.parametrize(
    ("stub", "held", "verdict"),
    [
        (STUB, HELD, "same"),
        (replace(STUB, edited_at=NOON + timedelta(minutes=1)), HELD, "stale"),
        (replace(STUB, edited_at=NOON - timedelta(minutes=1), title="Older index"), HELD, "same"),
        (replace(STUB, title="Renamed in the same minute"), HELD, "stale"),
        (replace(STUB, properties={"Note": {"id": "n", "type": "number", "number": 2}}), HELD, "stale"),
        (STUB, replace(HELD, edited_at=None), "stale"),
        (STUB, replace(HELD, edited_at=None, noticed_at=None, wanted=True), "same"),
        (STUB, replace(HELD, wanted=True), "same"),
        (replace(STUB, edited_at=NOON + timedelta(minutes=1)), replace(HELD, wanted=True), "stale"),
        (replace(STUB, in_trash=True), HELD, "trashed"),
        (replace(STUB, in_trash=True), replace(HELD, removed=True), "same"),
        (STUB, replace(HELD, removed=True), "stale"),
        (replace(STUB, in_trash=True, edited_at=NOON - timedelta(minutes=1)), HELD, "same"),
        (replace(STUB, edited_at=NOON - timedelta(minutes=1)), replace(HELD, removed=True), "same"),
    ],
)
def test_a_listing_nominates_by_time_and_by_what_a_person_can_change(
    stub: Stub, held: Held, verdict: str
) -> None:
    assert compare_listing(stub, held) == verdict


@pytest.mark.parametrize("kind", ["formula", "rollup", "last_edited_time", "last_edited_by"])
def test_what_notion_computes_is_no_edit(kind: str) -> None:
    one, two = ({**STUB.properties, "X": {"id": "x", "type": kind, kind: value}} for value in ("a", "b"))

    assert digest_of(replace(STUB, properties=one)) == digest_of(replace(STUB, properties=two))


def test_a_page_read_within_its_minute_is_looked_at_once_more_after_it() -> None:
    again = recheck_time(NOON, read_at=NOON + timedelta(seconds=31))

    assert again is not None
    assert again >= NOON + timedelta(minutes=1)
    assert recheck_time(NOON, read_at=again) is None


def test_a_page_read_long_after_its_edit_needs_no_second_look() -> None:
    assert recheck_time(NOON, read_at=NOON + timedelta(minutes=5)) is None


def test_a_clock_that_is_behind_notions_still_looks_again() -> None:
    assert recheck_time(NOON, read_at=NOON - timedelta(minutes=3)) == recheck_time(NOON, read_at=NOON)


@pytest.mark.parametrize("behind", [timedelta(hours=2), timedelta(days=3650)])
def test_however_far_a_clock_is_behind_notions_the_look_after_the_minute_comes_soon(
    behind: timedelta,
) -> None:
    read_at = NOON - behind

    assert recheck_time(NOON, read_at=read_at) == read_at + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("ahead", "longest", "believed"),
    [
        (timedelta(days=-3650), timedelta(0), True),
        (timedelta(0), timedelta(0), True),
        (timedelta(minutes=1), timedelta(0), True),
        (timedelta(minutes=3), timedelta(0), False),
        (timedelta(minutes=3), timedelta(minutes=2), True),
        (timedelta(hours=2), timedelta(hours=1), False),
    ],
)
def test_a_moment_further_ahead_than_it_can_have_been_set_is_not_believed(
    ahead: timedelta, longest: timedelta, believed: bool
) -> None:
    assert believable(NOON + ahead, now=NOON, longest=longest) is believed


def test_what_was_listed_at_a_time_that_is_still_to_come_is_not_recent() -> None:
    def recent(ago: timedelta) -> bool:
        return is_recent(NOON - ago, now=NOON, within=timedelta(minutes=5))

    assert [recent(timedelta(minutes=each)) for each in (0, 4, 5, -1, -10)] == [
        True,
        True,
        False,
        True,
        False,
    ]


def test_pauses_grow_and_stay_bounded() -> None:
    pauses = [pause_after(attempts) for attempts in range(1, 60)]

    assert pauses == sorted(pauses)
    assert pauses[0] == timedelta(seconds=30)
    assert pauses[-1] == timedelta(hours=6)


def test_schedules_count_from_the_moment_they_are_saved() -> None:
    assert next_sync("daily", now=NOON) == NOON + timedelta(hours=24)
    assert next_sync("weekly", now=NOON) == NOON + timedelta(days=7)
    assert next_sync("monthly", now=NOON) == NOON + timedelta(days=30)
    assert next_sync("live", now=NOON) is next_sync("off", now=NOON) is None


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=40), timedelta(hours=23, minutes=59)])
def test_a_run_that_starts_late_does_not_move_the_time_of_day(late: timedelta) -> None:
    assert following_sync("daily", due_at=NOON, now=NOON + late) == NOON + timedelta(hours=24)


@pytest.mark.parametrize(("schedule", "days"), [("daily", 1), ("weekly", 7), ("monthly", 30)])
def test_after_missed_runs_the_next_one_is_on_the_same_grid_and_still_to_come(
    schedule: str, days: int
) -> None:
    now = NOON + timedelta(days=100, hours=5)

    following = following_sync(schedule, due_at=NOON, now=now)

    assert following is not None
    assert now < following <= now + timedelta(days=days)
    assert (following - NOON) % timedelta(days=days) == timedelta(0)
    assert following_sync("live", due_at=NOON, now=now) is None


def test_a_thousand_that_are_due_at_once_are_started_a_few_of_each_connection_at_a_time() -> None:
    due = [(number, number % 2) for number in range(1000)]

    assert few_of_each(due, waiting={}, most=3) == [0, 1, 2, 3, 4, 5]
    assert few_of_each(due, waiting={0: 3, 1: 2}, most=3) == [1]
    assert few_of_each(due, waiting={0: 9, 1: 9}, most=3) == []


@pytest.mark.parametrize(
    ("pages", "rows", "hours"),
    [(0, 0, 24), (25_920, 0, 24), (25_920 * 3, 0, 72), (0, 100_000, 24), (25_920, 2_592_000, 48)],
)
def test_looks_take_longer_where_their_share_is_too_small(pages: int, rows: int, hours: int) -> None:
    """18 a minute are 25,920 a day; a hundred rows cost what a page costs."""
    assert round_of_checks(
        pages=pages, rows=rows, per_window=18, window=timedelta(minutes=1), period=timedelta(hours=24)
    ) == timedelta(hours=hours)


def test_daily_looks_are_spread_over_the_day() -> None:
    times = [next_check_at(f"page {number}", now=NOON, hours=24, first=True) for number in range(2_400)]
    by_hour = [sum(hour <= (at - NOON) / timedelta(hours=1) < hour + 1 for at in times) for hour in range(24)]

    assert min(by_hour) > 60
    assert max(by_hour) < 140


def test_later_looks_come_at_least_once_a_period() -> None:
    assert all(
        next_check_at(f"page {number}", now=NOON, hours=24, first=False) - NOON <= timedelta(hours=24)
        for number in range(500)
    )


@pytest.mark.parametrize(
    ("doubted", "removed", "live", "too_many"),
    [
        (10, 0, 12, False),
        (11, 0, 12, True),
        (100, 0, 1_000, False),
        (251, 0, 1_000, True),
        (1, 10, 30, True),
        (1, 9, 31, False),
        (1, 250, 750, True),
        (1, 249, 751, False),
    ],
)
def test_many_pages_gone_within_a_day_are_doubted_together_whether_or_not_some_were_removed(
    doubted: int, removed: int, live: int, too_many: bool
) -> None:
    assert too_many_gone(doubted=doubted, removed=removed, live=live) is too_many


@pytest.mark.parametrize(
    ("readable", "with_text", "failed", "listing_failed", "outcome"),
    [
        (3, 2, 1, False, "trained"),
        (3, 2, 0, True, "trained"),
        (1, 0, 0, False, "empty"),
        (0, 0, 0, False, "empty"),
        (0, 0, 2, False, "failed"),
        (1, 0, 2, False, "empty"),
        (0, 0, 0, True, "failed"),
    ],
)
def test_a_source_has_failed_only_when_nothing_of_it_could_be_read(
    readable: int, with_text: int, failed: int, listing_failed: bool, outcome: str
) -> None:
    assert outcome == outcome_of(
        readable=readable, with_text=with_text, failed=failed, listing_failed=listing_failed
    )


def test_a_renamed_or_retyped_column_changes_the_schema_but_a_new_option_does_not() -> None:
    schema = {"Price": {"id": "p", "type": "number", "number": {"format": "euro"}}}

    def changed(**column: object) -> bool:
        return schema_digest(schema) != schema_digest({"Price": {**schema["Price"], **column}})

    assert schema_digest(schema) != schema_digest({"Cost": schema["Price"]})
    assert changed(type="rich_text")
    assert changed(number={"format": "percent"})
    assert not changed(description="what it costs")
