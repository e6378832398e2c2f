"""One piece of canonical text cut to size: tables by rows, code by lines, text by sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator

from extract.reading.cut.graphemes import grapheme_end, grapheme_start
from extract.reading.pieces import Piece, fence_for

_SENTENCE_END = re.compile(r"[.!?…]['\")\]”’»*_]*\s|[。！？．]|\n")
_SPACE = re.compile(r"\s")
_CODE_END = re.compile(r"[,;:(){}\[\]<>|&=]")
_LONG_FENCE = 16  # a longer one is not repeated: each fragment gets what it needs


def cut(piece: Piece, target: int, most: int) -> Iterator[tuple[str, str]]:
    """The piece as fragments near `target` characters, none longer than `most`, each with what joins it on.

    Table fragments repeat their header, code fragments their fence. A row of a table or a line of code that is
    longer than `target` stays whole as long as it fits into `most`. The joint of the first fragment is a blank
    line; a later fragment stands in a passage of its own or behind a blank line.
    """
    if len(piece.text) <= target:
        yield "\n\n", piece.text
        return
    if piece.kind == "table":
        fragments = _table(piece.text, target, most)
    elif piece.kind == "code":
        fragments = _code(piece.text, target, most)
    else:
        fragments = cut_text(piece.text, target)
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


def _table(text: str, target: int, most: int) -> Iterator[str]:
    lines = text.split("\n")
    head = "\n".join(lines[:2])
    # a header that would fill the passages by itself is said once
    repeated = head if len(head) <= target // 2 else ""
    rows, size = [head], len(head)
    has_row, head_is_said = False, False
    if size > most:
        yield from cut_text(lines[0], target)
        rows, size, head_is_said = [], 0, True
    for line in lines[2:]:
        length = len(line) + 1
        if size + length > (target if has_row else most):
            if has_row or not head_is_said:
                yield "\n".join(rows)
            rows, size = ([repeated], len(repeated)) if repeated else ([], 0)
            has_row, head_is_said = False, True
        if size + length > most:
            yield from cut_text(line, target)
            continue
        rows.append(line)
        size += length
        has_row = True
    if has_row or not head_is_said:
        yield "\n".join(rows)


def _code(text: str, target: int, most: int) -> Iterator[str]:
    opening, _, rest = text.partition("\n")
    marks = opening[: len(opening) - len(opening.lstrip("`"))]
    body, _, caption = rest.rpartition(f"\n{marks}")
    language = opening[len(marks) :]
    if len(language) > target // 2:
        yield from cut_text(language, target)
        language = ""
    own_fence = len(marks) > _LONG_FENCE
    around = 0 if own_fence else 2 * (len(marks) + len(language))
    longest = target if own_fence else most - around - 2
    lines: list[str] = []
    size = around
    for line in body.split("\n"):
        for part in _code_line(line, target) if len(line) > longest else (line,):
            if lines and size + len(part) + 1 > target:
                yield _fenced(lines, language, marks if not own_fence else "")
                lines, size = [], around
            lines.append(part)
            size += len(part) + 1
    if lines:
        yield _fenced(lines, language, marks if not own_fence else "")
    yield from cut_text(caption.strip(), target)


def _fenced(lines: list[str], language: str, marks: str) -> str:
    body = "\n".join(lines)
    marks = marks or fence_for(body)
    return f"{marks}{language}\n{body}\n{marks}"


def _code_line(line: str, target: int) -> Iterator[str]:
    """A long line of code in parts, every character kept: cut behind white space, else behind punctuation."""
    start = 0
    while len(line) - start > target:
        limit = start + target
        at = _last_end(_SPACE, line, start + target // 3, limit)
        at = at or _last_end(_CODE_END, line, start + target // 3, limit)
        at = at or grapheme_end(line, start, limit, most=target)
        yield line[start:at]
        start = at
    yield line[start:]


def cut_text(text: str, target: int) -> Iterator[str]:
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
            at = grapheme_end(line, start, limit, most=target)
            if at > start + 1 and line[at - 1] == "\\":
                at -= 1
        out.append(line[start:at].rstrip())
        start = at
        while start < len(line) and line[start] == " ":
            start += 1
    out.append(line[start:])
    return [part for part in out if part.strip()] or [""]


def _last_end(pattern: re.Pattern[str], text: str, start: int, limit: int) -> int:
    at = 0
    for match in pattern.finditer(text, start, limit):
        at = match.end()
    return at
