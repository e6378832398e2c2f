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


def written(spans: list[Span], before: str, after: str, dollars: bool, cell: bool, in_link: bool) -> str:
    """The spans joined, with delimiters where they are unambiguous; marks may be dropped, text never."""
    boundaries = _resolved(spans)
    out: list[str] = []
    size = len(spans)
    for at, span in enumerate(spans):
        if at in boundaries:
            out.append(boundaries[at])
        if span.kind != "text":
            out.append(span.text)
            continue
        left = EDGE if at in boundaries else spans[at - 1].last if at else before
        right = EDGE if at + 1 in boundaries else spans[at + 1].first if at + 1 < size else after
        right = "<" if cell and right == "\n" else right
        out.append(
            escape_text(span.text, before=left, after=right, dollars=dollars, in_cell=cell, in_link=in_link)
        )
    out.append(boundaries.get(size, ""))
    return "".join(out)


def _resolved(spans: list[Span]) -> dict[int, str]:
    """Take marks away until every delimiter reads as what it is, and say where these stand."""
    if not any(span.marks for span in spans):
        _join(spans)
        return {}
    boundaries = _boundaries(spans)
    for attempt in range(3):
        bad = [at for at, (closes, opens) in boundaries.items() if not _clear(spans, at, closes, opens)]
        if not bad:
            break
        for at in bad if attempt < 2 else range(len(spans)):
            _unmark(spans, at)
        boundaries = _boundaries(spans)
    _join(spans)
    return {at: closes + opens for at, (closes, opens) in _boundaries(spans).items()}


def _join(spans: list[Span]) -> None:
    """Neighbouring texts of the same marks become one, in place."""
    kept: list[Span] = []
    texts: list[str] = []
    for span in spans:
        if kept and span.kind == "text" == kept[-1].kind and span.marks == kept[-1].marks:
            texts.append(span.text)
            kept[-1].last = span.last
            continue
        if len(texts) > 1:
            kept[-1].text = "".join(texts)
        texts = [span.text]
        kept.append(span)
    if len(texts) > 1:
        kept[-1].text = "".join(texts)
    spans[:] = kept


def _boundaries(spans: Sequence[Span]) -> dict[int, tuple[str, str]]:
    """Where delimiters stand: place -> (those that close, those that open)."""
    found: dict[int, tuple[str, str]] = {}
    stack: list[tuple[int, str]] = []
    for at in range(len(spans) + 1):
        marks = spans[at].marks if at < len(spans) else 0
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


def _clear(spans: Sequence[Span], at: int, closes: str, opens: str) -> bool:
    """Whether the delimiters here read as what they are: at the edge of a word, and not of both kinds."""
    before = spans[at - 1].last if at else " "
    after = spans[at].first if at < len(spans) else " "
    if closes and opens:
        return False
    outside, inside = (after, before) if closes else (before, after)
    if outside.isspace():
        return not inside.isspace()
    # between two punctuation marks a delimiter could open as well as close
    lone = "~" not in closes + opens or "*" not in closes + opens
    return outside in _OUTSIDE and lone and not inside.isspace() and not is_punctuation(inside)


def _unmark(spans: Sequence[Span], at: int) -> None:
    """Take the marks from the stretch around an unclear place."""
    for step, start in ((1, at), (-1, at - 1)):
        place = start
        while 0 <= place < len(spans) and spans[place].marks:
            spans[place].marks = 0
            place += step
