"""Parses a query into units: words, phrases in quotes, the last word as far as it is typed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from extract.search.stems import stem
from extract.search.words import LONGEST, Word, fold, terms, words

LONGEST_QUERY = 1_000  # characters; what follows is not read
MOST_UNITS = 48  # of one query: of a pasted page, the first different words are used
MOST_STARTS = 500  # of a phrase in one text; more would hardly raise a score
MOST_TERMS = 64  # of one phrase: of a longer one, the beginning is used

_QUOTED = re.compile(r'"([^"]*)"|“([^“”]*)”|„([^„“”]*)[“”]|«([^«»]*)»')
_LETTERS_DIGITS = re.compile(r"([a-z]+)(\d+)|(\d+)([a-z]+)")
# What may still be missing of a word whose beginning is typed, where its stem is shorter than that.
_ENDINGS = (
    "e",
    "s",
    "d",
    "g",
    "n",
    "y",
    "on",
    "ng",
    "ed",
    "ly",
    "es",
    "ty",
    "al",
    "ion",
    "ing",
    "ent",
    "ness",
)
# Words that say nothing about the topic of a text, as `terms` makes them.
STOP = frozenset(
    terms(
        "a an the and or but if of at by for with about into to from in on is are was were be been being"
        " am do does did doing done has have had having what which who whom whose when where why how that"
        " this these those there here it its he she they them their his her we us our you your i me my as"
        " so than then can could should would will shall may might must not no nor s t please tell der die"
        " das ein eine einer eines einem einen und oder in im von zu zum zur mit auf für ist sind war"
        " waren wird werden wurde wurden was wer wie wo wann warum welche welcher welches den dem des es"
        " sich nicht hat le la les un une des du de et ou est sont dans pour par sur que qui quel quelle"
        " quels quelles comment el los las unos unas y o es son en por para con del al qué cuál cómo quién"
        " dónde и в во на с со к по о об от до из у за не что кто как где когда почему какой какая какое"
        " какие был была было были это ли для а но или ما من في على إلى عن هل كم متى أين كيف هو هي التي"
        " الذي هذا هذه كان كانت ماذا لماذا أو ثم مع"
    )
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Terms that follow each other; with `prefix` the last one is only its beginning."""

    terms: tuple[str, ...]
    prefix: bool = False

    def starts(self, text: Sequence[str], places: Mapping[str, Sequence[int]]) -> Sequence[int]:
        """Return where the phrase begins in `text`, the terms of a text in order; `places` is `places_of(text)`.

        Several terms are searched for around the rarest of them, at `MOST_STARTS` places at most.
        """
        *complete, last = self.terms
        if not complete:
            begun = [term for term in places if term.startswith(last)] if self.prefix else [last]
            return [place for term in begun for place in places.get(term, ())]
        rarest = min(range(len(complete)), key=lambda at: len(places.get(complete[at], ())))
        found = (place - rarest for place in places.get(complete[rarest], ())[:MOST_STARTS])
        return [start for start in found if start >= 0 and self._begins(text, start, complete, last)]

    def _begins(self, text: Sequence[str], start: int, complete: list[str], last: str) -> bool:
        end = start + len(complete)
        if end >= len(text) or list(text[start:end]) != complete:
            return False
        return text[end].startswith(last) if self.prefix else text[end] == last


def places_of(text: Sequence[str], wanted: Collection[str] | None = None) -> dict[str, list[int]]:
    """Return term -> its places in `text`, in ascending order; with `wanted`, of these terms only."""
    places: dict[str, list[int]] = {}
    for place, term in enumerate(text):
        if wanted is None or term in wanted:
            places.setdefault(term, []).append(place)
    return places


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing to search for, in any of its forms. `place` is its order in the query."""

    forms: tuple[Phrase, ...]
    place: int
    required: bool = False
    stop: bool = False


def parse(query: str) -> tuple[Unit, ...]:
    """Return the different units of the first `LONGEST_QUERY` characters of `query`, in order."""
    return _parsed(query[:LONGEST_QUERY])


@lru_cache(maxsize=256)
def _parsed(query: str) -> tuple[Unit, ...]:
    units: dict[tuple[Phrase, ...], Unit] = {}
    for forms, required, stop in _read(query):
        if forms not in units or (required and not units[forms].required):
            units[forms] = Unit(forms, len(units), required, stop)
        if len(units) >= MOST_UNITS:
            break
    return tuple(units.values())


def _read(query: str) -> Iterator[tuple[tuple[Phrase, ...], bool, bool]]:
    for match in _QUOTED.finditer(query):
        quoted = next(group for group in match.groups() if group is not None)
        if forms := _quoted(quoted):
            yield forms, True, False
    rest = _QUOTED.sub(lambda match: " " * len(match[0]), query)
    found = list(words(rest))
    for word in found:
        typing = word is found[-1] and word.end == len(rest)
        if word.unspaced:
            yield from ((forms, False, False) for forms in _run(word))
        elif len(word.parts) == 1 and not word.joined_forms:
            term = word.parts[0][0]
            yield _word(rest[word.start : word.end], term, typing), False, term in STOP
        else:
            yield from ((forms, False, False) for forms in _compound(word, typing))


def _quoted(text: str) -> tuple[Phrase, ...]:
    """Return a quoted text as a phrase, and as another one with its compounds split."""
    found = list(words(text))
    if not found:
        return ()
    full = [term for word in found for term in word.terms()]
    apart = [term for word in found for term, _, _ in word.parts]
    if found[-1].unspaced and len(found[-1].parts) > 1:
        full.pop()
        apart.pop()
    return tuple(dict.fromkeys((_phrase(full), _phrase(apart))))


def _phrase(terms: Sequence[str]) -> Phrase:
    return Phrase(tuple(terms[:MOST_TERMS]))


def _run(word: Word) -> Iterator[tuple[Phrase, ...]]:
    pairs = [term for term, _, _ in word.parts]
    if len(pairs) == 1:
        yield (Phrase((pairs[0],), prefix=True),)
    for pair in pairs[:-1]:
        yield (Phrase((pair,)),)


def _word(written: str, term: str, typing: bool) -> tuple[Phrase, ...]:
    forms = [Phrase((term,))]
    begun = fold(written)[:LONGEST]
    if split := _LETTERS_DIGITS.fullmatch(begun):
        forms.append(Phrase(tuple(stem(part) for part in split.groups() if part)))
    if typing and len(begun) >= 2:
        forms.append(Phrase((begun,), prefix=True))
        if begun.isascii():
            stems = {stem(begun + ending) for ending in _ENDINGS} if len(begun) > 3 else set()
            forms += [Phrase((stemmed,)) for stemmed in sorted(stems) if len(stemmed) < len(begun)]
        elif len(term) >= 2:
            forms.append(Phrase((term,), prefix=True))
    return tuple(dict.fromkeys(forms))


def _compound(word: Word, typing: bool) -> Iterator[tuple[Phrase, ...]]:
    """Yield the forms of a compound, joined and split, together; and each part by itself, unless one has a digit."""
    parts = tuple(term for term, _, _ in word.parts)
    forms = [Phrase((joined,)) for joined in word.joined_forms]
    if len(parts) > 1:
        forms.append(_phrase(parts))
    if typing:
        forms += [Phrase(form.terms, prefix=True) for form in tuple(forms)]
    if forms:
        yield tuple(dict.fromkeys(forms))
    if not any(char.isdigit() for part in parts for char in part) or not forms:
        yield from ((Phrase((part,)),) for part in parts if len(part) > 1 and part not in STOP)
