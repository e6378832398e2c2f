"""Pairs of `*`, `_` and `~~`, found as CommonMark finds them, in linear time.

https://spec.commonmark.org/0.31.2/#phase-2-inline-structure
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from extract.reading.blocks import BOLD, ITALIC, STRIKE
from extract.reading.characters import is_punctuation
from extract.reading.runs import MarkSpan


@dataclass(slots=True)
class Delimiter:
    """A run of one delimiter character. `node` is its place among the nodes, `left` what is not used up."""

    node: int
    char: str
    left: int
    length: int
    can_open: bool
    can_close: bool


def flanks(char: str, before: str, after: str, strict: bool) -> tuple[bool, bool]:
    """Return whether a run of `char` between these two characters can open and can close.

    `strict` is CommonMark's rule, https://spec.commonmark.org/0.31.2/#left-flanking-delimiter-run. Without it only
    white space matters: v1 escapes every literal delimiter, so whatever is not escaped is meant.
    """
    left, right = _side(before), _side(after)
    if not strict:
        return right != "space", left != "space"
    opens = right != "space" and (right != "punctuation" or left != "word")
    closes = left != "space" and (left != "punctuation" or right != "word")
    if char != "_":
        return opens, closes
    return opens and (not closes or left == "punctuation"), closes and (not opens or right == "punctuation")


def _side(char: str) -> Literal["space", "punctuation", "word"]:
    """What stands beside a delimiter; the ends of the text count as white space."""
    if not char or char.isspace():
        return "space"
    return "punctuation" if is_punctuation(char) else "word"


def pair(delimiters: list[Delimiter]) -> list[MarkSpan]:
    """The spans that these delimiters make; each delimiter's `left` becomes what stays literal."""
    spans: list[MarkSpan] = []
    openers: list[Delimiter] = []
    floors: dict[tuple[str, bool, int], int] = {}
    for closer in delimiters:
        while closer.can_close and closer.left:
            key = (closer.char, closer.can_open, closer.length % 3)
            at = _opener_for(closer, openers, floors.get(key, 0))
            if at < 0:
                floors[key] = len(openers)
                break
            opener = openers[at]
            used = 2 if opener.left >= 2 and closer.left >= 2 else 1
            mark = STRIKE if closer.char == "~" else BOLD if used == 2 else ITALIC
            spans.append((opener.node, closer.node, mark))
            opener.left -= used
            closer.left -= used
            del openers[at + (1 if opener.left else 0) :]
            for other, floor in floors.items():
                floors[other] = min(floor, len(openers))
            if closer.char == "~":
                break
        if closer.can_open and closer.left:
            openers.append(closer)
    return spans


def toggle(delimiters: list[Delimiter]) -> list[MarkSpan]:
    """The spans of v1, where every unescaped delimiter is meant: `**` switches bold, `*` italic, `~~` strike.

    CommonMark's rules would misread what Notion writes, such as `**a:**b` or `*a**b*****c**`.
    """
    spans: list[MarkSpan] = []
    opened: dict[int, Delimiter] = {}
    for one in delimiters:
        while one.left:
            mark, used = _switched(one, opened)
            if not mark:
                break
            opener = opened.pop(mark, None)
            if opener is not None:
                spans.append((opener.node, one.node, mark))
            else:
                opened[mark] = one
            one.left -= used
    for mark, opener in opened.items():
        opener.left += 1 if mark == ITALIC else 2
    return spans


def _switched(one: Delimiter, opened: dict[int, Delimiter]) -> tuple[int, int]:
    """Which mark the next part of this run switches, and how many characters that takes; 0 for none."""
    if one.char == "~":
        fits = one.can_close if STRIKE in opened else one.can_open
        return (STRIKE, 2) if fits and one.left >= 2 else (0, 0)
    closes = {mark for mark, held in opened.items() if one.can_close and held is not one}
    if one.left >= 3:  # what is open ends first
        order = [(ITALIC, 1, True), (BOLD, 2, True), (BOLD, 2, False), (ITALIC, 1, False)]
    elif one.left == 2:
        order = [(BOLD, 2, True), (BOLD, 2, False), (ITALIC, 1, True)]
    else:
        order = [(ITALIC, 1, True), (ITALIC, 1, False)]
    for mark, size, closing in order:
        if mark in closes if closing else one.can_open and mark not in opened:
            return mark, size
    return 0, 0


def _opener_for(closer: Delimiter, openers: list[Delimiter], floor: int) -> int:
    for at in range(len(openers) - 1, floor - 1, -1):
        opener = openers[at]
        if opener.char != closer.char or (closer.char == "~" and min(opener.left, closer.left) < 2):
            continue
        both = opener.can_close or closer.can_open
        thirds = (opener.length + closer.length) % 3 == 0
        if both and thirds and (opener.length % 3 or closer.length % 3):
            continue
        return at
    return -1
