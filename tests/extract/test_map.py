"""The docstring of the package is a map: every module it names exists."""

from __future__ import annotations

import re
from importlib.util import find_spec

import pytest

import extract

_LINES = [line for line in (extract.__doc__ or "").splitlines() if line.startswith("    ")]
NAMED = [name for line in _LINES for name in re.split(r",\s*", re.split(r"\s{2,}", line.strip())[0])]


def test_the_way_of_an_edit_has_ten_steps() -> None:
    assert len(_LINES) == 10


@pytest.mark.parametrize("name", NAMED)
def test_a_module_that_the_map_names_exists(name: str) -> None:
    assert find_spec(f"extract.{name}") is not None
