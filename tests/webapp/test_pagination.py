"""Which rows a page of a numbered list shows."""

from __future__ import annotations

import pytest

from webapp.pagination import PageRange


@pytest.mark.parametrize(("found", "pages"), [(0, 1), (1, 1), (50, 1), (51, 2), (100, 2), (101, 3)])
def test_every_row_is_on_a_page(found: int, pages: int) -> None:
    assert PageRange(1, 50, found).pages == pages


@pytest.mark.parametrize(("asked", "shown"), [(-3, 1), (0, 1), (2, 2), (3, 3), (99, 3)])
def test_a_page_beyond_the_end_becomes_the_nearest_one(asked: int, shown: int) -> None:
    assert PageRange.nearest(asked, size=50, found=120).number == shown


def test_a_page_names_the_positions_of_its_rows() -> None:
    ranges = [PageRange(number, 50, 120) for number in (1, 2, 3)]

    assert [(page.offset, page.first, page.last) for page in ranges] == [
        (0, 1, 50),
        (50, 51, 100),
        (100, 101, 120),
    ]
