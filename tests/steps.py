"""Counts the steps of a piece of work, so that a test can tell linear from quadratic work without a clock."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any, TypeVar

T = TypeVar("T")

# methods of str that look at every character, or copy them
_WHOLE_TEXT = frozenset(
    (
        "casefold",
        "count",
        "encode",
        "expandtabs",
        "find",
        "index",
        "isprintable",
        "lower",
        "lstrip",
        "partition",
        "replace",
        "rfind",
        "rindex",
        "rpartition",
        "rsplit",
        "rstrip",
        "split",
        "splitlines",
        "strip",
        "translate",
        "upper",
    )
)
# ... but these may have been given limits, which cannot be seen from outside
_WITH_LIMITS = frozenset(("count", "find", "index", "rfind", "rindex"))
_CHARACTERS_A_STEP = 4  # few enough that a scan of the whole text, again and again, stands out
_TWICE = 2.4  # doubling linear work doubles its growth, doubling quadratic work makes it four times as large
_SLACK = 200


def steps_of(work: Callable[[], object]) -> int:
    """How many steps `work` takes: lines of Python, calls of C functions, characters that patterns look at.

    Deterministic. A method of a string counts by the length of the string (`find` and its like only in our own code,
    where a loop had better use a pattern, or a part of the text), a compiled pattern that is a global of
    a module of `extract` by the text from where it starts to where its match ends. Backtracking within a pattern is
    not seen: `tests/backtracking.py` counts that. Slices and `in` count one step, whatever their size.
    """
    count = 0

    def on_line(frame: Any, event: str, arg: Any) -> Any:
        nonlocal count
        count += 1
        return on_line

    def on_call(frame: Any, event: str, arg: Any) -> None:
        nonlocal count
        if event == "c_call":
            count += 1
            owner = getattr(arg, "__self__", None)
            if type(owner) is str and arg.__name__ in _WHOLE_TEXT:
                ours = "site-packages" not in frame.f_code.co_filename
                if ours or arg.__name__ not in _WITH_LIMITS:
                    count += len(owner) // _CHARACTERS_A_STEP

    with _patterns_counted() as looked_at:
        tracing, profiling = sys.gettrace(), sys.getprofile()
        sys.setprofile(on_call)
        sys.settrace(on_line)
        try:
            work()
        finally:
            sys.settrace(tracing)
            sys.setprofile(profiling)
    return count + looked_at[0] // _CHARACTERS_A_STEP


def grows_linearly(
    make: Callable[[int], T], run: Callable[[T], object], *, size: int = 50, tries: int = 3
) -> bool:
    """Whether the steps of `run(make(n))` grow no faster than n.

    Compares how much is added from `size` to twice `size`, and from there to four times `size`. Work that is
    quadratic up to a limit is linear beyond it: what fails is measured again with sizes four times as large.
    """
    run(make(1))
    for _ in range(tries):
        counts = []
        for factor in (1, 2, 4):
            given = make(size * factor)
            counts.append(steps_of(lambda given=given: run(given)))  # type: ignore[misc]
        first, second, third = counts
        if third - second <= _TWICE * (second - first) + _SLACK:
            return True
        size *= 4
    return False


class _CountedPattern:
    """Stands for a compiled pattern and counts the characters that its calls look at."""

    def __init__(self, pattern: re.Pattern[str], looked_at: list[int]) -> None:
        self._pattern = pattern
        self._looked_at = looked_at

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pattern, name)

    def search(self, text: str, *limits: int) -> re.Match[str] | None:
        return self._count(self._pattern.search(text, *limits), text, limits)

    def match(self, text: str, *limits: int) -> re.Match[str] | None:
        found = self._pattern.match(text, *limits)
        return self._count(found, text, limits) if found else None

    def finditer(self, text: str, *limits: int) -> Iterator[re.Match[str]]:
        start = limits[0] if limits else 0
        for found in self._pattern.finditer(text, *limits):
            self._looked_at[0] += found.end() - start
            start = found.end()
            yield found
        self._looked_at[0] += (limits[1] if len(limits) > 1 else len(text)) - start

    def fullmatch(self, text: str, *limits: int) -> re.Match[str] | None:
        return self._count(self._pattern.fullmatch(text, *limits), text, limits)

    def findall(self, text: str, *limits: int) -> list[Any]:
        self._count(None, text, limits)
        return self._pattern.findall(text, *limits)

    def sub(self, new: Any, text: str, count: int = 0) -> str:
        self._count(None, text, ())
        return self._pattern.sub(new, text, count)

    def split(self, text: str, maxsplit: int = 0) -> list[str | Any]:
        self._count(None, text, ())
        return self._pattern.split(text, maxsplit)

    def _count(self, found: re.Match[str] | None, text: str, limits: tuple[int, ...]) -> re.Match[str] | None:
        start = limits[0] if limits else 0
        limit = min(limits[1], len(text)) if len(limits) > 1 else len(text)
        self._looked_at[0] += max(0, (found.end() if found else limit) - start)
        return found


@contextmanager
def _patterns_counted() -> Iterator[list[int]]:
    """While it lasts, every pattern among the globals of the loaded modules of `extract` is a counted one."""
    looked_at = [0]
    patterns = _patterns(len(sys.modules))
    for module, key, value in patterns:
        setattr(module, key, _counted(value, looked_at))
    try:
        yield looked_at
    finally:
        for module, key, value in patterns:
            setattr(module, key, value)


@cache
def _patterns(loaded: int) -> list[tuple[ModuleType, str, Any]]:
    """The globals that hold patterns, while so many modules are loaded."""
    return [
        (module, key, value)
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] == "extract"
        for key, value in vars(module).items()
        if _counted(value, []) is not value
    ]


def _counted(value: Any, looked_at: list[int]) -> Any:
    if isinstance(value, re.Pattern):
        return _CountedPattern(value, looked_at)
    if type(value) is tuple:
        inner = tuple([_counted(one, looked_at) for one in value])
        return inner if any(one is not was for one, was in zip(inner, value, strict=True)) else value
    return value
