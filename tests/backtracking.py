"""A backtracking matcher that counts its steps: finds regular expressions that take more than linear time.

It walks the tree that `re` parses a pattern into, and tries what `re` tries in the same order. `re` itself gives no
count, and its shortcuts save constants only.
"""

from __future__ import annotations

import re
import re._constants as op  # type: ignore[import-not-found]  # typeshed leaves it out
import re._parser as parser  # type: ignore[import-not-found]  # typeshed leaves it out
from collections.abc import Iterator
from itertools import product
from typing import Any

_CATEGORIES = {
    op.CATEGORY_DIGIT: r"\d",
    op.CATEGORY_NOT_DIGIT: r"\D",
    op.CATEGORY_SPACE: r"\s",
    op.CATEGORY_NOT_SPACE: r"\S",
    op.CATEGORY_WORD: r"\w",
    op.CATEGORY_NOT_WORD: r"\W",
}
_ONE_CHARACTER = (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN)
_MOST_TOKENS = 7
_MOST_STARTS = 4
_MISFIT = "\n\x07"  # ends what a set may repeat, so that the pattern has to try again
_MOST_STEPS = 50_000  # for texts of some hundred characters


class TooManyStepsError(Exception):
    """The pattern tries so much that waiting for the end would be waiting for ever."""


class Matcher:
    """Finds what a pattern finds, and keeps the number of `steps` that took: characters and places tried."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.pattern = pattern
        self.tree = list(parser.parse(pattern.pattern, pattern.flags))
        self.steps = 0
        self._text = ""
        self._groups: dict[int, tuple[int, int]] = {}
        self._known: dict[tuple[int, str], bool] = {}

    def found(self, text: str, *, at_start: bool = False) -> list[tuple[int, int]]:
        """The spans of all matches, as `finditer` gives them; `at_start`: of the one that `match` gives."""
        self._text, self.steps = text, 0
        spans: list[tuple[int, int]] = []
        at = 0
        advances = False  # after an empty match, the next one at its place is not empty
        while at <= (0 if at_start else len(text)):
            end = next((end for end in self._ends(self.tree, 0, at) if end > at or not advances), None)
            if end is not None:
                spans.append((at, end))
            advances = end == at
            at = at + 1 if end is None else end
        return spans

    def _ends(self, items: list[Any], index: int, at: int) -> Iterator[int]:
        """Where a match of items[index:] that begins here can end, in the order of preference."""
        if index == len(items):
            yield at
            return
        kind, given = items[index]
        for end in self._item(kind, given, at):
            yield from self._ends(items, index + 1, end)

    def _item(self, kind: Any, given: Any, at: int) -> Iterator[int]:
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise TooManyStepsError
        if kind in _ONE_CHARACTER:
            if at < len(self._text) and self._fits(kind, given, self._text[at]):
                yield at + 1
        elif kind is op.AT:
            if self._stands(given, at):
                yield at
        elif kind is op.BRANCH:
            for items in given[1]:
                yield from self._ends(list(items), 0, at)
        elif kind is op.SUBPATTERN:
            yield from self._group(given[0], list(given[3]), at)
        elif kind is op.GROUPREF:
            start, end = self._groups.get(given, (0, -1))
            if end >= start and self._text.startswith(self._text[start:end], at):
                yield at + end - start
        elif kind is op.ATOMIC_GROUP:
            yield from self._first(self._ends(list(given), 0, at))
        elif kind in (op.ASSERT, op.ASSERT_NOT):
            start = at if given[0] > 0 else at - given[1].getwidth()[0]
            holds = start >= 0 and any(True for _ in self._ends(list(given[1]), 0, start))
            if holds is (kind is op.ASSERT):
                yield at
        elif kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            least, most, items = given
            ends = self._repeated(list(items), least, most, at, lazy=kind is op.MIN_REPEAT)
            yield from self._first(ends) if kind is op.POSSESSIVE_REPEAT else ends
        else:
            raise NotImplementedError(f"{kind} in {self.pattern.pattern}")

    def _group(self, number: int | None, items: list[Any], at: int) -> Iterator[int]:
        for end in self._ends(items, 0, at):
            if number is not None:
                self._groups[number] = (at, end)
            yield end

    def _repeated(self, items: list[Any], least: int, most: int, at: int, *, lazy: bool) -> Iterator[int]:
        if len(items) == 1 and items[0][0] in _ONE_CHARACTER:
            kind, given = items[0]
            yield from self._run(kind, given, least, most, at, lazy=lazy)
            return
        if lazy and least <= 0:
            yield at
        if most > 0:
            for end in self._ends(items, 0, at):
                if end > at or least > 0:
                    yield from self._repeated(items, least - 1, most - 1, end, lazy=lazy)
        if not lazy and least <= 0:
            yield at

    def _run(self, kind: Any, given: Any, least: int, most: int, at: int, *, lazy: bool) -> Iterator[int]:
        end = at
        while end < len(self._text) and end - at < most and self._fits(kind, given, self._text[end]):
            end += 1
            if lazy and end - at > least:
                self.steps += 1
                yield end - 1
        self.steps += end - at
        if end - at >= least:
            for place in (end,) if lazy else range(end, at + least - 1, -1):
                self.steps += 1
                yield place

    @staticmethod
    def _first(ends: Iterator[int]) -> Iterator[int]:
        for end in ends:
            yield end
            return

    def _fits(self, kind: Any, given: Any, char: str) -> bool:
        key = (id(given), char) if kind is op.IN else (int(kind) << 32 | (given or 0), char)
        if key not in self._known:
            self._known[key] = self._is(kind, given, char)
        return self._known[key]

    def _is(self, kind: Any, given: Any, char: str) -> bool:
        if kind is op.ANY:
            return char != "\n" or bool(self.pattern.flags & re.DOTALL)
        if kind is op.IN:
            negated = given[0][0] is op.NEGATE
            return any(self._is(kind, one, char) for kind, one in given[1 if negated else 0 :]) is not negated
        if kind is op.CATEGORY:
            return re.match(_CATEGORIES[given], char) is not None
        cases = {char, char.lower(), char.upper()} if self.pattern.flags & re.IGNORECASE else {char}
        if kind is op.RANGE:
            return any(given[0] <= ord(one) <= given[1] for one in cases if len(one) == 1)
        return (chr(given) in cases) is (kind is op.LITERAL)

    def _stands(self, where: Any, at: int) -> bool:
        text = self._text
        if where is op.AT_BEGINNING and self.pattern.flags & re.MULTILINE:
            return at == 0 or text[at - 1] == "\n"
        if where in (op.AT_BEGINNING, op.AT_BEGINNING_STRING):
            return at == 0
        if where is op.AT_END and self.pattern.flags & re.MULTILINE:
            return at == len(text) or text[at] == "\n"
        if where is op.AT_END:
            return text[at:] in ("", "\n")
        if where is op.AT_END_STRING:
            return at == len(text)
        sides = [bool(re.match(r"\w", side)) for side in (text[max(0, at - 1) : at], text[at : at + 1])]
        return (sides[0] != sides[1]) is (where is op.AT_BOUNDARY)


def is_linear(pattern: re.Pattern[str], *, at_start: bool = False) -> bool:
    """Whether no text made of what the pattern speaks of takes it more than linear time.

    `at_start`: it is only ever asked whether one place matches, else it looks through the whole text. Repeats that
    are bounded by more than some hundreds count as unbounded. Raises AssertionError where the matcher and `re` differ.
    """
    return not slow_text(pattern, at_start=at_start)


def slow_text(pattern: re.Pattern[str], *, at_start: bool = False) -> str:
    """The beginning of a text that takes the pattern more than linear time; empty when there is none."""
    matcher = Matcher(pattern)
    tokens, starts = vocabulary(matcher)

    def text(size: int, form: int, prefix: str, a: str, b: str) -> str:
        if form == 0:
            return prefix + (a + b) * size + _MISFIT
        return prefix + a * size + (b if form == 1 else b * size + _MISFIT)

    for form, prefix, a, b in product((0, 1, 2), starts, tokens, tokens):
        if form == 0 and a > b and prefix == "":
            continue
        for size in (8, 64):
            counts = []
            for factor in (1, 2, 4):
                given = text(size * factor, form, prefix, a, b)
                try:
                    spans = matcher.found(given, at_start=at_start)
                except TooManyStepsError:
                    return text(8, form, prefix, a, b)
                if not at_start:
                    assert spans == [found.span() for found in pattern.finditer(given)], (pattern, given)
                counts.append(matcher.steps)
            if counts[2] - counts[1] <= 2.4 * (counts[1] - counts[0]) + 60:
                break
        else:
            return text(8, form, prefix, a, b)
    return ""


def vocabulary(matcher: Matcher) -> tuple[list[str], list[str]]:
    """Texts that the pattern tells apart (its words, a character of each set), and texts that lead to its repeats."""
    words: dict[str, None] = {}
    single: dict[str, None] = {}
    starts: dict[str, None] = {"": None}

    def walk(items: list[Any], before: str) -> str:
        """Take the vocabulary of these items; a text that leads to their end."""
        word = ""
        for kind, given in [*items, (None, None)]:
            if kind is op.LITERAL:
                word += chr(given)
                before += chr(given)
                continue
            if word:
                words[word] = single[word[0]] = single[word[-1]] = None
                word = ""
            if kind in (op.IN, op.NOT_LITERAL):
                inside = [char for char in 'a0_ -"`<\\x\n\t$é' if matcher._fits(kind, given, char)][:1]
                outside = [char for char in '!>`"\n a<[' if not matcher._fits(kind, given, char)][:1]
                single.update(dict.fromkeys(inside + outside))
                before += "".join(inside)
            elif kind is op.BRANCH:
                before = [walk(list(one), before) for one in given[1]][0]
            elif kind is op.SUBPATTERN:
                before = walk(list(given[3]), before)
            elif kind is op.ATOMIC_GROUP:
                before = walk(list(given), before)
            elif kind in (op.ASSERT, op.ASSERT_NOT):
                walk(list(given[1]), before)
            elif kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
                least, most, repeated = given
                if most > _MOST_TOKENS:
                    starts[before] = None
                once = walk(list(repeated), before)[len(before) :]
                before += once * min(least, 3)
        return before

    walk(matcher.tree, "")
    return list(dict.fromkeys([*single, *words, "!"]))[:_MOST_TOKENS], list(starts)[:_MOST_STARTS]
