"""One piece of canonical text cut to size: tables by rows, code by lines, text by sentences."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from extract.reading.canonical import Piece

_SENTENCE_END = re.compile(r"[.!?…]['\")\]”’»*_]*\s|[。！？．]|\n")
_SPACE = re.compile(r"\s")
_MAX_GRAPHEME = 256


def cut(piece: Piece, target: int) -> Iterator[tuple[str, str]]:
    """The piece as fragments near `target` characters, each with what joins it to the one before.

    Table fragments repeat their header, code fragments their fence; a line of code is never cut. The joint of
    the first
    fragment is a blank line; a later fragment stands in a passage of its own or behind a blank line.
    """
    if len(piece.text) <= target:
        yield "\n\n", piece.text
        return
    if piece.kind == "table":
        fragments = _table(piece.text, target)
    elif piece.kind == "code":
        fragments = _code(piece.text, target)
    else:
        fragments = _text(piece.text, target, piece.kind)
    glue = "\n" if piece.kind in ("list", "quote") else "\n\n"
    for at, fragment in enumerate(fragments):
        yield ("\n\n" if at == 0 else glue), fragment


def tail(text: str, size: int) -> str:
    """At most the last `size` characters of a text, from the start of a sentence or at least of a word."""
    if len(text) <= size:
        return text
    start = grapheme_start(text, len(text) - size)
    sentence = _SENTENCE_END.search(text, start, len(text) - 1)
    word = _SPACE.search(text, start)
    at = sentence.end() if sentence else word.end() if word else start
    return text[at:].strip()


def grapheme_start(text: str, at: int) -> int:
    """The nearest place at or before `at` that is not inside a user-perceived character.

    A simple reading of https://www.unicode.org/reports/tr29/: marks, joiners, variation selectors, skin
    tones, flags
    and conjoining jamo stay with what they modify. A run of more than 256 is cut all the same.
    """
    start = at
    while 0 < at < len(text) and start - at < _MAX_GRAPHEME and _joins(text, at):
        at -= 1
    return at if start - at < _MAX_GRAPHEME else start


def _joins(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if after < "\u0300" and before < "\u0300":
        return before == "\r" and after == "\n"
    if after in "\u200d\ufe0e\ufe0f\u20e3" or before == "\u200d" or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    if unicodedata.category(after) in ("Mn", "Mc", "Me") or "\U000e0020" <= after <= "\U000e007f":
        return True
    if "\U0001f1e6" <= after <= "\U0001f1ff" and "\U0001f1e6" <= before <= "\U0001f1ff":
        first = at
        while first > 0 and at - first < _MAX_GRAPHEME and "\U0001f1e6" <= text[first - 1] <= "\U0001f1ff":
            first -= 1
        return (at - first) % 2 == 1
    return (
        "\u1100" <= before <= "\u11ff"
        and "\u1160" <= after <= "\u11ff"
        or ("\uac00" <= before <= "\ud7a3" and "\u1160" <= after <= "\u11ff")
    )


def _table(text: str, target: int) -> Iterator[str]:
    lines = text.split("\n")
    head = "\n".join(lines[:2])
    # a header that would fill the passages by itself is said once
    repeated = head if len(head) <= target // 2 else ""
    rows: list[str] = [head]
    size = len(head)
    for line in lines[2:]:
        if size + len(line) + 1 > target and len(rows) > (1 if repeated or rows[0] is head else 0):
            yield "\n".join(rows)
            rows = [repeated] if repeated else []
            size = len(repeated)
        if len(line) > 4 * target:
            if rows and rows != [repeated]:
                yield "\n".join(rows)
            yield from _text(line, target, "text")
            rows = [repeated] if repeated else []
            size = len(repeated)
            continue
        rows.append(line)
        size += len(line) + 1
    if rows and rows != [repeated]:
        yield "\n".join(rows)
    elif rows == [head] and len(lines) == 2:
        yield head


def _code(text: str, target: int) -> Iterator[str]:
    opening, _, rest = text.partition("\n")
    marks = opening[: len(opening) - len(opening.lstrip("`"))]
    body, _, caption = rest.rpartition(f"\n{marks}")
    lines: list[str] = []
    size = 2 * len(opening)
    for line in body.split("\n"):
        if lines and size + len(line) + 1 > target:
            yield "\n".join([opening, *lines, marks])
            lines, size = [], 2 * len(opening)
        lines.append(line)
        size += len(line) + 1
    if lines:
        yield "\n".join([opening, *lines, marks])
    if caption.strip():
        yield caption.strip()


def _text(text: str, target: int, kind: str) -> Iterator[str]:
    """Whole lines while they fit; a longer line between sentences, else words, else graphemes."""
    gathered: list[str] = []
    size = 0
    for line in text.split("\n"):
        if gathered and size + len(line) + 1 > target:
            yield from _filled(gathered)
            gathered, size = [], 0
        if len(line) > target:
            *whole, rest = _sentences(line, target)
            yield from whole
            gathered, size = [rest], len(rest) + 1
            continue
        gathered.append(line)
        size += len(line) + 1
    yield from _filled(gathered)


def _filled(lines: list[str]) -> Iterator[str]:
    text = "\n".join(lines).strip("\n")
    if text.strip():
        yield text


def _sentences(line: str, target: int) -> list[str]:
    out: list[str] = []
    start = 0
    while len(line) - start > target:
        limit = start + target
        at = _last_end(_SENTENCE_END, line, start + target // 3, limit)
        at = at or _last_end(_SPACE, line, start + target // 3, limit)
        if not at:
            at = grapheme_start(line, limit)
            if at <= start:
                at = limit
                while at < len(line) and at - limit < _MAX_GRAPHEME and _joins(line, at):
                    at += 1
            if at > start + 1 and line[at - 1] == "\\":
                at -= 1
        out.append(line[start:at].rstrip())
        start = at
        while start < len(line) and line[start] == " ":
            start += 1
    out.append(line[start:])
    return [part for part in out if part.strip()] or [line]


def _last_end(pattern: re.Pattern[str], text: str, start: int, limit: int) -> int:
    at = 0
    for match in pattern.finditer(text, start, limit):
        at = match.end()
    return at
