"""Scores how well a text answers a query, in Python, so that both databases give the same order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from extract.search.query import Phrase, Unit, places_of

K1 = 1.0  # how soon a word's further occurrences stop counting
FLATNESS = 0.75  # how much a long text's words count less
TITLE = 2.0
HEADINGS = 1.5
STOP_WEIGHT = 0.2  # the weight of a stop word
BEGINNING = 0.6  # what a word counts of which only the beginning was typed
NEAR = 0.7  # what two adjacent words add, as a part of the smaller of their weights
REACH = 6  # words
SAME_DOCUMENT = 0.9  # what each further passage of a document counts, against the one before

_NOWHERE: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk as the index holds it: its fields as terms."""

    chunk_id: int
    document_id: int
    title: Sequence[str]
    headings: Sequence[str]
    body: Sequence[str]


def rarity(found: int, total: int) -> float:
    """Return the weight of a word that `found` of `total` chunks contain: the rarer, the larger."""
    return math.log(1 + (max(total - found, 0) + 0.5) / (found + 0.5))


def rank(
    candidates: Sequence[Candidate], units: Sequence[Unit], weights: Mapping[int, float], limit: int
) -> list[tuple[Candidate, float]]:
    """Return the best `limit` candidates with their scores, best first.

    Each further passage of a document scores less, so that other documents are shown as well.
    """
    if not candidates:
        return []
    scorer = _Scorer(units, weights, usual=sum(len(chunk.body) for chunk in candidates) / len(candidates))
    scored = [(scorer.score(candidate), candidate) for candidate in candidates]
    scored = [pair for pair in scored if pair[0] > 0]
    scored.sort(key=lambda pair: (-pair[0], pair[1].chunk_id))
    return _varied(scored, limit)


def _varied(scored: list[tuple[float, Candidate]], limit: int) -> list[tuple[Candidate, float]]:
    chosen: list[tuple[Candidate, float]] = []
    taken: dict[int, int] = {}
    while scored and len(chosen) < limit:
        best, best_points = 0, -1.0
        for number, (points, candidate) in enumerate(scored):
            if points <= best_points:
                break
            lowered = points * SAME_DOCUMENT ** taken.get(candidate.document_id, 0)
            if lowered > best_points:
                best, best_points = number, lowered
        _, candidate = scored.pop(best)
        taken[candidate.document_id] = taken.get(candidate.document_id, 0) + 1
        chosen.append((candidate, best_points))
    return chosen


class _Scorer:
    """BM25 over title, headings and body, plus a bonus for words of the query that are near each other."""

    def __init__(self, units: Sequence[Unit], weights: Mapping[int, float], usual: float) -> None:
        self._units = units
        self._weights = weights
        self._usual = usual or 1.0
        forms = [form for unit in units for form in unit.forms]
        self._terms = frozenset(term for form in forms for term in form.terms)
        self._beginnings = tuple({form.terms[-1] for form in forms if form.prefix})

    def score(self, candidate: Candidate) -> float:
        title, headings, body = (
            self._places(field) for field in (candidate.title, candidate.headings, candidate.body)
        )
        length = 1 - FLATNESS + FLATNESS * len(candidate.body) / self._usual
        total = 0.0
        before: tuple[float, Sequence[int]] = (0.0, _NOWHERE)
        for unit in self._units:
            often, spots = _find(unit.forms, candidate.body, body) if body else (0.0, _NOWHERE)
            often /= length
            if title:
                often += TITLE * _find(unit.forms, candidate.title, title)[0]
            if headings:
                often += HEADINGS * _find(unit.forms, candidate.headings, headings)[0]
            weight = self._weights[unit.place]
            if often:
                total += weight * often * (K1 + 1) / (K1 + often)
            elif unit.required:
                return 0.0
            if not unit.stop:
                total += NEAR * _nearness(before, (weight, spots))
                before = (weight, spots)
        return total

    def _places(self, field: Sequence[str]) -> dict[str, list[int]]:
        """Return term -> its places in the field, for the terms of all units."""
        wanted = self._terms
        if self._beginnings:
            wanted = wanted | {term for term in field if term.startswith(self._beginnings)}
        return places_of(field, wanted)


def _nearness(left: tuple[float, Sequence[int]], right: tuple[float, Sequence[int]]) -> float:
    """Return the bonus for two neighbours of the query that are near each other in the text."""
    if not left[1] or not right[1]:
        return 0.0
    gap = _gap(left[1], right[1])
    return min(left[0], right[0]) / gap if gap <= REACH else 0.0


def _gap(left: Sequence[int], right: Sequence[int]) -> int:
    """Return the smallest distance, at least 1, between two places; both sequences ascend and are not empty."""
    at, other, least = 0, 0, REACH + 1
    while at < len(left) and other < len(right) and least > 1:
        least = min(least, max(abs(left[at] - right[other]), 1))
        if left[at] < right[other]:
            at += 1
        else:
            other += 1
    return least


def _find(
    forms: Sequence[Phrase], field: Sequence[str], places: Mapping[str, list[int]]
) -> tuple[float, Sequence[int]]:
    """Return how often any form occurs in the field, a prefix counting less, and where."""
    if len(forms) == 1 and len(forms[0].terms) == 1 and not forms[0].prefix:
        spots = places.get(forms[0].terms[0], _NOWHERE)
        return len(spots), spots
    exact: set[int] = set()
    begun: set[int] = set()
    for form in forms:
        (begun if form.prefix else exact).update(form.starts(field, places))
    begun -= exact
    return len(exact) + BEGINNING * len(begun), sorted(exact | begun)
