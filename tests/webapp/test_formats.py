"""Times, sizes and counts as text for people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from webapp import formats

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "said"),
    [(0.2, "every hour"), (24, "every 24 hours"), (30, "every 30 hours"), (72, "every 3 days")],
)
def test_how_often(hours: float, said: str) -> None:
    assert formats.every(timedelta(hours=hours)) == said


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=4, seconds=30), "4 min ago"),
        (timedelta(hours=3), "3 h ago"),
        (timedelta(hours=30), "yesterday"),
        (timedelta(days=5), "5 days ago"),
        (timedelta(days=40), "13 Oct"),
        (timedelta(days=400), "18 Oct 2025"),
    ],
)
def test_how_long_ago(passed: timedelta, said: str) -> None:
    assert formats.ago(NOW - passed, NOW) == said


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(0), "now"),
        (timedelta(seconds=20), "in 1 min"),
        (timedelta(minutes=59), "in 59 min"),
        (timedelta(hours=8), "today, 17:00"),
        (timedelta(days=1), "tomorrow, 09:00"),
        (timedelta(days=8), "30 Nov, 09:00"),
        (timedelta(days=60), "21 Jan 2027, 09:00"),
    ],
)
def test_how_soon(left: timedelta, said: str) -> None:
    assert formats.soon(NOW + left, NOW) == said


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0.5, "1 min"), (59, "59 min"), (130, "2 h"), (72 * 60, "3 days"), (5_256_000, "3,650 days")],
)
def test_how_long(minutes: float, said: str) -> None:
    assert formats.span(timedelta(minutes=minutes)) == said


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 B"), (999, "999 B"), (14_200, "14 kB"), (1_234_567, "1.2 MB")]
)
def test_sizes(count: int, said: str) -> None:
    assert formats.filesize(count) == said


def test_counts() -> None:
    assert formats.counted(1, "source") == "1 source"
    assert formats.counted(2400, "source") == "2,400 sources"
    assert formats.counted(2, "entry", "entries") == "2 entries"
