"""Where a text answers a query, for a person to see: the places to mark, and the window to show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .queries import Phrase, parse
from .words import places

SNIPPET = 240  # characters

_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")

Span = tuple[int, int, int]  # start, end, and which unit of the query


def highlight_spans(text: str, words: str) -> tuple[tuple[int, int], ...]:
    """The places in `text` that the query `words` matches, as start and end, in order, never overlapping."""
    return tuple((start, end) for start, end, _ in _matches(text, words))


def snippet(text: str, words: str, length: int = SNIPPET) -> str:
    """The stretch of `text`, about `length` characters, that holds most of the query; cut between words.

    Links are shown by their words alone: a target says nothing to a reader, and would be cut in the middle.
    """
    text = _LINK.sub(r"\1", text)
    if len(text) <= length:
        return " ".join(text.split())
    return _cut(text, _window(_matches(text, words), length), length)


def _matches(text: str, query: str) -> list[Span]:
    units = parse(query)
    # Words that tell nothing are marked only when nothing else was asked for.
    units = tuple(unit for unit in units if not unit.stop) or units
    found = list(places(text))
    by_term: dict[str, list[int]] = {}
    for number, (term, _, _) in enumerate(found):
        by_term.setdefault(term, []).append(number)
    spans = [
        (found[first][1], found[last][2], unit.place)
        for unit in units
        for form in unit.forms
        for first, last in _places_of(form, found, by_term)
    ]
    return _merged(spans)


def _places_of(
    form: Phrase, found: Sequence[tuple[str, int, int]], by_term: dict[str, list[int]]
) -> Iterator[tuple[int, int]]:
    *whole, last = form.terms
    if not whole:
        terms = [term for term in by_term if term.startswith(last)] if form.prefix else [last]
        yield from ((number, number) for term in terms for number in by_term.get(term, ()))
        return
    for first in by_term.get(whole[0], ()):
        end = first + len(whole)
        if end < len(found) and [term for term, _, _ in found[first:end]] == whole:
            term = found[end][0]
            if term == last or (form.prefix and term.startswith(last)):
                yield first, end


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end, unit in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]), merged[-1][2])
        else:
            merged.append((start, end, unit))
    return merged


def _window(matches: Sequence[Span], length: int) -> int:
    """Where the window starts that shows most different units, then most matches; the first such."""
    best, best_worth = 0, (0, 0)
    for number, (start, _, _) in enumerate(matches):
        inside = [match for match in matches[number:] if match[1] <= start + length]
        worth = (len({unit for _, _, unit in inside}), len(inside))
        if worth > best_worth:
            used = inside[-1][1] - start
            best, best_worth = max(0, start - (length - used) // 2), worth
    return best


def _cut(text: str, start: int, length: int) -> str:
    start = max(0, min(start, len(text) - length))
    end = start + length
    inside = text[start:end]
    # A stretch without spaces, as Chinese has, is cut where it is.
    if start and not text[start - 1].isspace() and (cut := _first_space(inside[: length // 4])) is not None:
        inside = inside[cut:]
    if end < len(text) and not text[end].isspace():
        tail = _first_space(inside[::-1][: length // 4])
        inside = inside[: len(inside) - tail] if tail is not None else inside
    return ("… " if start else "") + " ".join(inside.split()) + (" …" if end < len(text) else "")


def _first_space(text: str) -> int | None:
    return next((number for number, char in enumerate(text) if char.isspace()), None)
