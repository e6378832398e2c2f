"""Every regular expression of the product takes linear time, whatever the text."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import daemon
import extract
import sandbox
import webapp
from tests.backtracking import slow_text

_STARTS = (
    "daemon.__main__",
    "sandbox.__main__",
    "webapp.__main__",
    "webapp.wsgi",
    "extract.store.migrations",
    "extract.migrations",
)
"""Modules that start something, or that are no modules, when imported."""

_MODULES = [
    importlib.import_module(module.name)
    for package in (extract, daemon, sandbox, webapp)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not module.name.startswith(_STARTS)
]
_SOURCES = {module.__name__: ast.parse(Path(str(module.__file__)).read_text()) for module in _MODULES}


def _found(value: Any) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif type(value) in (tuple, list):
        for one in value:
            yield from _found(one)


def _calls(source: ast.Module) -> Iterator[tuple[str, str]]:
    """What is called as a method of what: `(_FENCE, match)`."""
    for node in ast.walk(source):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Name):
                yield owner.id, node.func.attr


PATTERNS = {
    (module.__name__, f"{name}{at or ''}"): pattern
    for module in _MODULES
    for name, value in vars(module).items()
    for at, pattern in enumerate(_found(value))
}
_USES: dict[tuple[str, str], set[str]] = {}
for _module, _source in _SOURCES.items():
    for _name, _method in _calls(_source):
        # A public name is used by other modules too.
        _USES.setdefault((_module if _name.startswith("_") else "", _name), set()).add(_method)


@pytest.fixture(autouse=True)
def _deep_recursion() -> Iterator[None]:
    """The matcher recurses for each repetition of a group."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.parametrize("name", {pattern: name for name, pattern in PATTERNS.items()}.values(), ids=".".join)
def test_no_text_takes_a_pattern_more_than_linear_time(name: tuple[str, str]) -> None:
    """Asked as its module asks it: of one place only, or of the whole text."""
    module, variable = name
    uses = _USES.get((module if variable.startswith("_") else "", variable), set())

    assert slow_text(PATTERNS[name], at_start=bool(uses) and uses <= {"match", "fullmatch"}) == ""


@pytest.mark.parametrize(
    "slow",
    [
        r"(`{3,}|~{3,})\s*([^`\n]*)$",
        r"<(mention)(\s[^<>\n]{0,4000}?)\s*(/?)>",
        r"(?:a+)+$",
        r"(?:a|a)*$",
        r"a*a*b",
        r"(?:\s*x\s*)*$",
    ],
)
def test_slow_patterns_are_found(slow: str) -> None:
    """Each takes time that grows with the square of the text, or faster."""
    assert slow_text(re.compile(slow), at_start=True) != ""


def test_a_pattern_that_is_fast_at_one_place_may_be_slow_over_a_text() -> None:
    """From every blank `search` looks to the end of the blanks."""
    pattern = re.compile(r"\s*+$")

    assert slow_text(pattern, at_start=True) == ""
    assert slow_text(re.compile(r"\s*+x")) != ""


def test_every_pattern_is_a_global() -> None:
    """So that the tests above see it."""
    for source in _SOURCES.values():
        assert not [
            method
            for owner, method in _calls(source)
            if owner == "re" and method not in ("compile", "escape")
        ]
