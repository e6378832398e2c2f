"""How many requests, how many minutes: arithmetic over counts and the budget."""

from __future__ import annotations

from datetime import timedelta

import pytest

from extract.rules.estimate import Load, Pace, estimate, lasting, minutes, table_load, with_holes

FRESH = Pace(limit=150, window=timedelta(seconds=60), free=150)


def test_what_fits_into_the_open_window_takes_no_time() -> None:
    assert lasting(150, FRESH) == timedelta()
    assert lasting(0, Pace(limit=150, window=timedelta(seconds=60), free=0)) == timedelta()


@pytest.mark.parametrize(("requests", "windows"), [(151, 1), (300, 1), (301, 2), (10_000, 66)])
def test_what_does_not_fit_waits_for_whole_windows(requests: int, windows: int) -> None:
    assert lasting(requests, FRESH) == timedelta(minutes=windows)


def test_a_spent_window_and_a_pause_of_notions_come_first() -> None:
    spent = Pace(limit=150, window=timedelta(seconds=60), free=0, pause=timedelta(seconds=30))

    assert lasting(1, spent) == timedelta(seconds=90)


def test_what_waits_already_is_in_front() -> None:
    found = estimate(Load(pages=100), FRESH, ahead=350)

    assert (found.requests, found.ahead, found.lasts) == (100, 350, timedelta(minutes=2))


def test_a_larger_plan_is_faster() -> None:
    larger = Pace(limit=510, window=timedelta(seconds=60), free=510)

    assert lasting(10_000, larger) < lasting(10_000, FRESH) / 3


def test_a_database_costs_its_listing_and_one_request_a_row() -> None:
    assert table_load(0).requests == 3
    assert table_load(100) == Load(pages=100, listings=3)
    assert table_load(250).listings == 5
    assert table_load(250, tables=4).listings == 9


def test_holes_are_counted_as_they_have_been_so_far() -> None:
    assert with_holes(Load(pages=200, listings=4), 1.25) == Load(pages=200, listings=4, holes=50)
    assert with_holes(Load(pages=200), 1.0).requests == 200


def test_a_sum_is_the_least_when_one_part_is() -> None:
    assert (Load(pages=1) + Load(pages=2, unlisted=1, is_least=True)) == Load(3, 1, is_least=True)


def test_begun_minutes_count() -> None:
    assert minutes(timedelta()) == 0
    assert minutes(timedelta(seconds=61)) == 2
