"""What people see of a text that matches a query: the places to highlight, and the part to show."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from extract.search.query import parse, places_of
from extract.search.words import places

SNIPPET = 240  # characters
LONGEST = 20_000  # characters of a text that are searched

_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")

Span = tuple[int, int, int]  # start, end, and which unit of the query


def highlight_spans(text: str, words: str) -> tuple[tuple[int, int], ...]:
    """Return the places in `text` that the query `words` matches, as start and end, in order, never overlapping.

    Only the first `LONGEST` characters are searched.
    """
    return tuple((start, end) for start, end, _ in _matches(text[:LONGEST], words))


def snippet(text: str, words: str, length: int = SNIPPET) -> str:
    """Return the part of `text`, about `length` characters, that contains most of the query; cut between words.

    Links are shown without their targets, which say nothing to a reader and might be cut in the middle. Only the first
    `LONGEST` characters are searched.
    """
    text = _LINK.sub(r"\1", text[:LONGEST])
    if len(text) <= length:
        return " ".join(text.split())
    return _cut(text, _window(_matches(text, words), length), length)


def _matches(text: str, query: str) -> list[Span]:
    units = parse(query)
    # Stop words are highlighted only if the query has no other words.
    units = tuple(unit for unit in units if not unit.stop) or units
    found = list(places(text))
    terms = [term for term, _, _ in found]
    where = places_of(terms)
    spans = [
        (found[start][1], found[start + len(form.terms) - 1][2], unit.place)
        for unit in units
        for form in unit.forms
        for start in form.starts(terms, where)
    ]
    return _merged(spans)


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end, unit in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]), merged[-1][2])
        else:
            merged.append((start, end, unit))
    return merged


def _window(matches: Sequence[Span], length: int) -> int:
    """Return the start of the first window that shows most different units, then most matches."""
    best, best_worth = 0, (0, 0)
    inside: Counter[int] = Counter()  # the units of the matches from `number` up to `end`
    end = 0
    for number, (start, _, unit) in enumerate(matches):
        while end < len(matches) and matches[end][1] <= start + length:
            inside[matches[end][2]] += 1
            end += 1
        worth = (len(inside), end - number)
        if worth > best_worth:
            used = matches[end - 1][1] - start
            best, best_worth = max(0, start - (length - used) // 2), worth
        if end == number:  # this match alone is longer than the window
            end += 1
        elif inside[unit] == 1:
            del inside[unit]
        else:
            inside[unit] -= 1
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
