"""Cursors are opaque and come back as they were written."""

from __future__ import annotations

from webapp.api.cursors import read_cursor, write_cursor


def test_a_cursor_comes_back_as_it_was() -> None:
    assert read_cursor(write_cursor(31)) == 31
    assert read_cursor("") == 0
