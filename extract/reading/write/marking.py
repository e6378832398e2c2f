"""Emphasis written where CommonMark reads it back as meant, and left out where it could not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from extract.reading.blocks import BOLD, ITALIC, STRIKE
from extract.reading.characters import is_punctuation
from extract.reading.write.escape import EDGE, escape_text

_MARKS = ((STRIKE, "~~"), (BOLD, "**"), (ITALIC, "*"))
ALL_MARKS = STRIKE | BOLD | ITALIC
_OUTSIDE = frozenset("([{<\"'“‘«—–-/.,;:!?)]}>”’»…|")
SIGNS = {
    marks: (
        "".join(sign for mark, sign in _MARKS if marks & mark),
        "".join(sign for mark, sign in reversed(_MARKS) if marks & mark),
    )
    for marks in range(ALL_MARKS + 1)
}


@dataclass(slots=True)
class Span:
    """A piece that emphasis covers whole or not at all. `text` is raw for `text`, finished for all else."""

    kind: str
    text: str
    marks: int
    first: str
    last: str


def written(units: list[Span], before: str, after: str, dollars: bool, cell: bool, in_link: bool) -> str:
    """The units joined, with delimiters where they are unambiguous; marks may be dropped, text never."""
    boundaries = _resolved(units)
    out: list[str] = []
    size = len(units)
    for at, unit in enumerate(units):
        if at in boundaries:
            out.append(boundaries[at])
        if unit.kind != "text":
            out.append(unit.text)
            continue
        left = EDGE if at in boundaries else units[at - 1].last if at else before
        right = EDGE if at + 1 in boundaries else units[at + 1].first if at + 1 < size else after
        right = "<" if cell and right == "\n" else right
        out.append(
            escape_text(unit.text, before=left, after=right, dollars=dollars, in_cell=cell, in_link=in_link)
        )
    out.append(boundaries.get(size, ""))
    return "".join(out)


def _resolved(units: list[Span]) -> dict[int, str]:
    """Take marks away until every delimiter reads as what it is, and say where these stand."""
    if not any(unit.marks for unit in units):
        _join(units)
        return {}
    boundaries = _boundaries(units)
    for attempt in range(3):
        bad = [at for at, (closes, opens) in boundaries.items() if not _clear(units, at, closes, opens)]
        if not bad:
            break
        for at in bad if attempt < 2 else range(len(units)):
            _unmark(units, at)
        boundaries = _boundaries(units)
    _join(units)
    return {at: closes + opens for at, (closes, opens) in _boundaries(units).items()}


def _join(units: list[Span]) -> None:
    """Neighbouring texts of the same marks become one, in place."""
    kept: list[Span] = []
    texts: list[str] = []
    for unit in units:
        if kept and unit.kind == "text" == kept[-1].kind and unit.marks == kept[-1].marks:
            texts.append(unit.text)
            kept[-1].last = unit.last
            continue
        if len(texts) > 1:
            kept[-1].text = "".join(texts)
        texts = [unit.text]
        kept.append(unit)
    if len(texts) > 1:
        kept[-1].text = "".join(texts)
    units[:] = kept


def _boundaries(units: Sequence[Span]) -> dict[int, tuple[str, str]]:
    """Where delimiters stand: place -> (those that close, those that open)."""
    found: dict[int, tuple[str, str]] = {}
    stack: list[tuple[int, str]] = []
    for at in range(len(units) + 1):
        marks = units[at].marks if at < len(units) else 0
        keep = 0
        while keep < len(stack) and marks & stack[keep][0]:
            keep += 1
        closes = "".join(sign for _, sign in reversed(stack[keep:]))
        del stack[keep:]
        have = sum(mark for mark, _ in stack)
        opens = ""
        for mark, sign in _MARKS:
            if marks & mark and not have & mark:
                stack.append((mark, sign))
                opens += sign
        if closes or opens:
            found[at] = (closes, opens)
    return found


def _clear(units: Sequence[Span], at: int, closes: str, opens: str) -> bool:
    """Whether the delimiters here read as what they are: at the edge of a word, and not of both kinds."""
    before = units[at - 1].last if at else " "
    after = units[at].first if at < len(units) else " "
    if closes and opens:
        return False
    outside, inside = (after, before) if closes else (before, after)
    if outside.isspace():
        return not inside.isspace()
    # between two punctuation marks a delimiter could open as well as close
    lone = "~" not in closes + opens or "*" not in closes + opens
    return outside in _OUTSIDE and lone and not inside.isspace() and not is_punctuation(inside)


def _unmark(units: Sequence[Span], at: int) -> None:
    """Take the marks from the stretch around an unclear place."""
    for step, start in ((1, at), (-1, at - 1)):
        place = start
        while 0 <= place < len(units) and units[place].marks:
            units[place].marks = 0
            place += step
