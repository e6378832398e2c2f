"""Text → the words it is found by: one folding for text and query, for both databases."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from .stems import stem

LONGEST = 64  # characters of one term: longer ones are blobs nobody types
MOST = 15_000  # terms of one field: PostgreSQL knows no position beyond 16,383


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
_CAMELLED = re.compile(r"[a-z][A-Z]|[A-Z]{2,}[a-z]{2}")
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
    `wholes` are what else it is known by (`sync_engine` is `syncengine`, then `sync`, `engine`)."""

    start: int
    end: int
    parts: tuple[tuple[str, int, int], ...]
    wholes: tuple[str, ...] = ()
    unspaced: bool = False

    def terms(self) -> list[str]:
        return [*self.wholes, *(part[0] for part in self.parts)]


def fold(text: str) -> str:
    """`text` without case, accents, vowel signs and compatibility forms; digits of every script as 0–9."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = unicodedata.normalize("NFC", _DROPPED.sub("", unicodedata.normalize("NFKD", folded)))
    folded = folded.translate(_ALIKE)
    if not folded.isascii():
        digits = (str(unicodedata.decimal(char, char)) for char in folded)
        folded = "".join(digits)
    # What the compatibility forms unfold to may hold signs (½ is 1⁄2): a term holds none.
    return "".join(char for char in folded if not char.isascii() or char.isalnum())


def terms(text: str) -> list[str]:
    """Every term that `text` is found by, in order."""
    found: list[str] = []
    for token in _TOKEN.findall(text):
        found += _terms(token)
    return found[:MOST]


@lru_cache(maxsize=65_536)
def _terms(token: str) -> tuple[str, ...]:
    if _PLAIN.fullmatch(token):
        return (stem(token.lower())[:LONGEST],)
    return tuple(term for word in _words(token) for term in word.terms())


def places(text: str) -> Iterator[tuple[str, int, int]]:
    """The same terms, each with where it is written."""
    for match in _TOKEN.finditer(text):
        token, start = match[0], match.start()
        if _PLAIN.fullmatch(token):
            yield stem(token.lower())[:LONGEST], start, match.end()
            continue
        for word in _words(token):
            for whole in word.wholes:
                yield whole, start + word.start, start + word.end
            for term, first, last in word.parts:
                yield term, start + first, start + last


def words(text: str) -> Iterator[Word]:
    """The words of `text`, each with its place."""
    for match in _TOKEN.finditer(text):
        start = match.start()
        for word in _words(match[0]):
            parts = tuple((term, start + first, start + last) for term, first, last in word.parts)
            yield Word(start + word.start, start + word.end, parts, word.wholes, word.unspaced)


@lru_cache(maxsize=32_768)
def _words(token: str) -> tuple[Word, ...]:
    """The words of one run of letters and joints; several when scripts change within it."""
    if _STARTS_RUN.search(token):
        return tuple(_mixed(token))
    pieces = [(match[0], match.start(), match.end()) for match in _PIECE.finditer(token)]
    possessive = len(pieces) > 1 and pieces[-1][0] in ("s", "S") and token[pieces[-1][1] - 1] in "'’"
    if possessive:
        pieces.pop()
    word = _compound(token, pieces)
    return (word,) if word.parts else ()


def _compound(token: str, pieces: list[tuple[str, int, int]]) -> Word:
    parts: list[tuple[str, int, int]] = []
    wholes: list[str] = []
    joined = "".join(fold(text) for text, _, _ in pieces)
    elided = "'" in token or "’" in token
    if len(pieces) > 1 and not elided and len(pieces) <= 8 and len(joined) <= LONGEST:
        wholes.append(joined)
    if token.endswith(("++", "#")):
        wholes.append(joined + ("sharp" if token.endswith("#") else "plusplus"))
    for number, (text, start, end) in enumerate(pieces):
        if _VERSION.fullmatch(text) and number == 0 and len(pieces) > 1:
            wholes += [joined[1:], fold(text)]
            text, start = text[1:], start + 1
        if _CAMELLED.search(text) and text.isascii() and len(text) <= LONGEST:
            if len(pieces) == 1:
                wholes.append(stem(fold(text)))
            parts += [
                (stem(fold(match[0])), start + match.start(), start + match.end())
                for match in _CAMEL.finditer(text)
            ]
        elif folded := fold(text):
            parts.append((stem(folded)[:LONGEST], start, end))
    return Word(0, len(token), tuple(parts), tuple(dict.fromkeys(wholes)))


def _mixed(token: str) -> Iterator[Word]:
    for match in _RUN.finditer(token):
        if _STARTS_RUN.match(match[0]):
            clusters = [
                (folded, match.start() + cluster.start(), match.start() + cluster.end())
                for cluster in _CLUSTER.finditer(match[0])
                if (folded := fold(cluster[0]))
            ]
            if clusters:
                yield Word(match.start(), match.end(), tuple(_pairs(clusters)), unspaced=True)
        else:
            for word in _words(match[0]):
                parts = tuple((term, match.start() + a, match.start() + b) for term, a, b in word.parts)
                yield Word(match.start(), match.end(), parts, word.wholes)


def _pairs(clusters: list[tuple[str, int, int]]) -> Iterator[tuple[str, int, int]]:
    """Overlapping pairs, then the last one alone: so every character begins some term."""
    for left, right in zip(clusters, clusters[1:], strict=False):
        yield left[0] + right[0], left[1], right[2]
    yield clusters[-1]
