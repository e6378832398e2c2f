"""Splits and folds text into the terms it is found by: the same for texts and queries, on both databases."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from extract.search.stems import stem

LONGEST = 64  # characters of one term: longer ones are blobs nobody types
MOST = 15_000  # terms of one field: PostgreSQL knows no position beyond 16,383

_LONGEST_STEMMED = 2 * LONGEST  # an ending that far back is beyond what a term keeps
_LONGEST_FOLDED = 8 * LONGEST  # characters as written: accents and vowel signs fold to nothing
_LONGEST_CACHED = 4 * LONGEST  # characters of a token: the caches hold many short ones, and no blobs


def _ranges(*categories: str) -> str:
    """The characters of these Unicode categories, as the inside of a regular expression's class."""
    spans: list[list[int]] = []
    for code in range(0x300, 0x1F000):
        if unicodedata.category(chr(code)) in categories:
            if spans and spans[-1][1] == code - 1:
                spans[-1][1] = code
            else:
                spans.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in spans)


# Han, kana, bopomofo, hangul; Thai, Lao, Myanmar, Khmer: written without spaces, or without reliable ones.
_UNSPACED = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3041-\u30fa\u30fc-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uffdc\U00020000-\U0003ffff\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\ua9e0-\ua9ff\uaa60-\uaa7f"
)
_MARKS = _ranges("Mn", "Mc")
_LETTER = rf"(?:[^\W_]|[{_MARKS}\u200c\u200d\u00ad])"
_WORD = rf"[^\W_]{_LETTER}*"
_JOINT = r"(?:[-.@+'’‐‑]|_+|(?<=\d),(?=\d{3}(?!\d)))"
_TOKEN = re.compile(rf"{_WORD}(?:{_JOINT}{_WORD})*(?:(?:\+\+|\#)(?!\w))?")
_PLAIN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_PIECE = re.compile(_WORD)
_RUN = re.compile(rf"[{_UNSPACED}{_MARKS}]+|[^{_UNSPACED}]+")
_STARTS_RUN = re.compile(rf"[{_UNSPACED}]")
_CLUSTER = re.compile(rf"[\u0e40-\u0e44\u0ec0-\u0ec4]?.[{_MARKS}\u200c\u200d\u00ad\uff9e\uff9f]*", re.DOTALL)
_CAMEL = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|.")
_CAMELLED = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]{2}")
_VERSION = re.compile(r"v\d+", re.IGNORECASE)
# Combining accents; Hebrew points; Arabic vowel signs and tatweel; joiners and soft hyphens.
_DROPPED = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
    "\u06d6-\u06ed\u200c\u200d\u00ad\ufe00-\ufe0f]"
)
_ALIKE = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th"}
    | {"ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ۀ": "ه", "ٱ": "ا"}
)


@dataclass(frozen=True, slots=True)
class Word:
    """One word as written at `start:end`. `parts` are its terms in order, each with its own place;
    `joined_forms` are what else it is known by (`sync_engine` is `syncengine`, then `sync`, `engine`)."""

    start: int
    end: int
    parts: tuple[tuple[str, int, int], ...]
    joined_forms: tuple[str, ...] = ()
    unspaced: bool = False

    def terms(self) -> list[str]:
        """Return all terms that the word is found by."""
        return [*self.joined_forms, *(part[0] for part in self.parts)]


def fold(text: str) -> str:
    """Return `text` without case, accents, vowel signs and compatibility forms; digits of every script as 0–9."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = unicodedata.normalize("NFC", _DROPPED.sub("", unicodedata.normalize("NFKD", folded)))
    folded = folded.translate(_ALIKE)
    if not folded.isascii():
        digits = (str(unicodedata.decimal(char, char)) for char in folded)
        folded = "".join(digits)
    # Compatibility forms may be replaced by signs (½ by 1⁄2); a term has none.
    return "".join(char for char in folded if not char.isascii() or char.isalnum())


def terms(text: str) -> list[str]:
    """Return the terms that `text` is found by, in order: the first `MOST` of them."""
    found: list[str] = []
    for match in _TOKEN.finditer(text):
        token = match[0]
        found += _cached_terms(token) if len(token) <= _LONGEST_CACHED else _terms(token)
        if len(found) >= MOST:
            break
    return found[:MOST]


def _terms(token: str) -> tuple[str, ...]:
    if _PLAIN.fullmatch(token):
        return (_plain_term(token),)
    return tuple(term for word in _words(token) for term in word.terms())


_cached_terms = lru_cache(maxsize=65_536)(_terms)


def _plain_term(token: str) -> str:
    return stem(token[:_LONGEST_STEMMED].lower())[:LONGEST]


def places(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the terms of `text`, each with its start and end."""
    for match in _TOKEN.finditer(text):
        token, start = match[0], match.start()
        if _PLAIN.fullmatch(token):
            yield _plain_term(token), start, match.end()
            continue
        for word in _words(token):
            for joined in word.joined_forms:
                yield joined, start + word.start, start + word.end
            for term, first, last in word.parts:
                yield term, start + first, start + last


def words(text: str) -> Iterator[Word]:
    """Yield the words of `text`, each with its start and end."""
    for match in _TOKEN.finditer(text):
        start = match.start()
        for word in _words(match[0]):
            parts = tuple((term, start + first, start + last) for term, first, last in word.parts)
            yield Word(start + word.start, start + word.end, parts, word.joined_forms, word.unspaced)


def _words(token: str) -> tuple[Word, ...]:
    """Return the words of one run of letters and joining signs; several if its script changes."""
    return _cached_words(token) if len(token) <= _LONGEST_CACHED else _split(token)


def _split(token: str) -> tuple[Word, ...]:
    if _STARTS_RUN.search(token):
        return tuple(_mixed(token))
    pieces = [(match[0], match.start(), match.end()) for match in _PIECE.finditer(token)]
    possessive = len(pieces) > 1 and pieces[-1][0] in ("s", "S") and token[pieces[-1][1] - 1] in "'’"
    if possessive:
        pieces.pop()
    word = _compound(token, pieces)
    return (word,) if word.parts else ()


_cached_words = lru_cache(maxsize=32_768)(_split)


def _compound(token: str, pieces: list[tuple[str, int, int]]) -> Word:
    parts: list[tuple[str, int, int]] = []
    joined_forms: list[str] = []
    joined = "".join(fold(text[:_LONGEST_FOLDED]) for text, _, _ in pieces)
    joined_is_a_term = len(joined) <= LONGEST
    elided = "'" in token or "’" in token
    if len(pieces) > 1 and not elided and len(pieces) <= 8 and joined_is_a_term:
        joined_forms.append(joined)
    if token.endswith(("++", "#")) and joined_is_a_term:
        joined_forms.append(joined + ("sharp" if token.endswith("#") else "plusplus"))
    for number, (text, start, end) in enumerate(pieces):
        if _VERSION.fullmatch(text) and number == 0 and len(pieces) > 1:
            joined_forms += [joined[1 : LONGEST + 1], fold(text)[:LONGEST]]
            text, start = text[1:], start + 1
        if len(text) <= LONGEST and text.isascii() and _CAMELLED.search(text):
            if len(pieces) == 1:
                joined_forms.append(stem(fold(text)))
            parts += [
                (stem(fold(match[0])), start + match.start(), start + match.end())
                for match in _CAMEL.finditer(text)
            ]
        elif folded := fold(text[:_LONGEST_FOLDED]):
            parts.append((stem(folded[:_LONGEST_STEMMED])[:LONGEST], start, end))
    return Word(0, len(token), tuple(parts), tuple(dict.fromkeys(joined_forms)))


def _mixed(token: str) -> Iterator[Word]:
    for match in _RUN.finditer(token):
        if _STARTS_RUN.match(match[0]):
            clusters = [
                (folded, match.start() + cluster.start(), match.start() + cluster.end())
                for cluster in _CLUSTER.finditer(match[0])
                if (folded := fold(cluster[0][:_LONGEST_FOLDED])[: LONGEST // 2])
            ]
            if clusters:
                yield Word(match.start(), match.end(), tuple(_pairs(clusters)), unspaced=True)
        else:
            for word in _words(match[0]):
                parts = tuple((term, match.start() + a, match.start() + b) for term, a, b in word.parts)
                yield Word(match.start(), match.end(), parts, word.joined_forms)


def _pairs(clusters: list[tuple[str, int, int]]) -> Iterator[tuple[str, int, int]]:
    """Overlapping pairs, then the last one alone: so every character begins some term."""
    for left, right in zip(clusters, clusters[1:], strict=False):
        yield left[0] + right[0], left[1], right[2]
    yield clusters[-1]
