"""One run of inline markdown, v1 or v2, read into flat styled runs in linear time.

The product has markdown readers of its own because this is its work: libraries read CommonMark, but neither
Notion's tags nor the first format, whose rules of escaping and emphasis are others.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping
from html import unescape

from extract.reading.blocks import Inline, Inlines
from extract.reading.characters import ASCII_PUNCTUATION
from extract.reading.clean import clean
from extract.reading.parse.inline.destinations import destination_at
from extract.reading.parse.inline.draft import InlineDraft
from extract.reading.parse.inline.emphasis import flanks
from extract.reading.parse.inline.tag_reader import TagReader
from extract.reading.parse.tags import tag_at

_SPECIAL = re.compile(r"[\\`*_~$\[\]<&\n]")
_TICKS = re.compile(r"`+")
_MATH = re.compile(r"\$`([^`\n]++)`\$|\$((?:[^$\\\n]|\\[^\n])++)\$")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_AUTOLINK = re.compile(
    r"<((?:https?|ftp|mailto|tel|notion|user|collection|agent):[^\s<>]{1,4000}"
    r"|[\w.+-]{1,100}@[\w.-]{1,200})>",
    re.I,
)
_CITATION = re.compile(r"\[\^([^\s\[\]]{1,4000})\]")
_BR = re.compile(r"<br\s?/?>")


def parse_inline(text: str, *, v2: bool, unknown: set[str]) -> Inlines:
    """Return the runs of one block's text. Names of unknown tags are added to `unknown`; their text stays.

    Inline vocabulary: https://developers.notion.com/guides/data-apis/enhanced-markdown#rich-text
    """
    if _SPECIAL.search(text) is None:
        return (Inline("text", text),) if text else ()
    return _Scanner(text, v2=v2, unknown=unknown).read()


class _Scanner:
    """Goes from one special character to the next; the method for each returns the place to go on at."""

    __slots__ = ("_draft", "_tags", "_text", "_ticks", "_v2")

    def __init__(self, text: str, *, v2: bool, unknown: set[str]) -> None:
        self._text = text
        self._v2 = v2
        self._draft = InlineDraft(v2=v2)
        self._tags = TagReader(text, self._draft, v2=v2, unknown=unknown)
        self._ticks: dict[int, list[int]] | None = None

    def read(self) -> Inlines:
        text, position, literal = self._text, 0, self._draft.literal
        while (found := _SPECIAL.search(text, position)) is not None:
            at = found.start()
            literal(text[position:at])
            position = _METHODS[text[at]](self, at)
        literal(text[position:])
        return self._draft.runs()

    def _escape(self, at: int) -> int:
        following = self._text[at + 1 : at + 2]
        if following == "\n":
            return self._break(at + 2)
        if following in ASCII_PUNCTUATION:
            self._draft.literal(following)
            return at + 2
        return self._as_text(at)

    def _newline(self, at: int) -> int:
        return self._break(at + 1)

    def _break(self, position: int) -> int:
        """Break the line; it goes on at the next character that is no blank."""
        self._draft.add_break()
        text = self._text
        while position < len(text) and text[position] in " \t":
            position += 1
        return position

    def _code(self, at: int) -> int:
        """https://spec.commonmark.org/0.31.2/#code-spans"""
        length = self._run_length(at)
        starts = self._tick_runs().get(length, [])
        index = bisect_left(starts, at + length)
        if index == len(starts):
            self._draft.literal("`" * length)
            return at + length
        code = self._text[at + length : starts[index]].replace("\n", " ")
        if len(code) > 2 and code[0] == code[-1] == " " and code.strip():
            code = code[1:-1]
        for number, line in enumerate((code,) if self._v2 else _BR.split(code)):
            if number:
                self._draft.add_break()
            self._draft.add("code", line)
        return starts[index] + length

    def _tick_runs(self) -> dict[int, list[int]]:
        """Where runs of backticks begin, by their length."""
        if self._ticks is None:
            self._ticks = {}
            for run in _TICKS.finditer(self._text):
                self._ticks.setdefault(run.end() - run.start(), []).append(run.start())
        return self._ticks

    def _run_length(self, at: int) -> int:
        """How often the character at this place is repeated."""
        text, end = self._text, at + 1
        while end < len(text) and text[end] == text[at]:
            end += 1
        return end - at

    def _delimiter(self, at: int) -> int:
        text, char, length = self._text, self._text[at], self._run_length(at)
        end = at + length
        can_open = can_close = False
        if not (char == "_" and not self._v2) and not (char == "~" and length < 2):
            can_open, can_close = flanks(char, text[at - 1 : at], text[end : end + 1], self._v2)
        if can_open or can_close:
            self._draft.add_delimiter(char, length, can_open=can_open, can_close=can_close)
        else:
            self._draft.literal(text[at:end])
        return end

    def _math(self, at: int) -> int:
        match = _MATH.match(self._text, at)
        if match is None:
            return self._as_text(at)
        quoted, bare = match.groups()
        source = quoted if quoted is not None else bare
        # in v2, dollars with blanks inside them are money
        fits = not self._v2 or quoted is not None or not (bare[0].isspace() or bare[-1].isspace())
        if not fits or not source.strip():
            return self._as_text(at)
        self._draft.add("equation", source.strip())
        return match.end()

    def _bracket(self, at: int) -> int:
        citation = _CITATION.match(self._text, at)
        if citation is not None and ("://" in citation.group(1) or citation.group(1).startswith("{{")):
            target = citation.group(1).strip("{}")
            self._draft.add("text", target, target)
            return citation.end()
        self._draft.open_bracket()
        return at + 1

    def _link_end(self, at: int) -> int:
        if not self._draft.brackets:
            return self._as_text(at)
        opening = self._draft.brackets.pop()
        found = destination_at(self._text, at + 1, spaces=not self._v2)
        if found is None:
            return self._as_text(at)
        href, end = found
        self._draft.close_link(opening, href)
        return end

    def _tag(self, at: int) -> int:
        autolink = _AUTOLINK.match(self._text, at)
        if autolink is not None:
            target = autolink.group(1)
            self._draft.add("text", target, target if ":" in target else f"mailto:{target}")
            return autolink.end()
        tag = tag_at(self._text, at)
        if tag is None:
            return self._as_text(at)
        return self._break(tag.end) if tag.name == "br" else self._tags.read(tag)

    def _entity(self, at: int) -> int:
        entity = _ENTITY.match(self._text, at) if self._v2 else None
        if entity is None:
            return self._as_text(at)
        self._draft.literal(clean(unescape(entity.group())))
        return entity.end()

    def _as_text(self, at: int) -> int:
        self._draft.literal(self._text[at])
        return at + 1


_METHODS: Mapping[str, Callable[[_Scanner, int], int]] = {
    "\\": _Scanner._escape,
    "\n": _Scanner._newline,
    "`": _Scanner._code,
    "*": _Scanner._delimiter,
    "_": _Scanner._delimiter,
    "~": _Scanner._delimiter,
    "$": _Scanner._math,
    "[": _Scanner._bracket,
    "]": _Scanner._link_end,
    "<": _Scanner._tag,
    "&": _Scanner._entity,
}
