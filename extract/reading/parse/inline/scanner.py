"""One run of inline markdown, v1 or v2, read into flat styled runs in linear time."""

from __future__ import annotations

import re
from bisect import bisect_left
from html import unescape
from typing import NamedTuple

from extract.reading.blocks import Inline, InlineKind, Inlines
from extract.reading.characters import ASCII_PUNCTUATION
from extract.reading.clean import clean
from extract.reading.dates import mention_text
from extract.reading.parse.inline.destinations import destination_at, unescaped
from extract.reading.parse.inline.emphasis import Delimiter, flanks, pair, toggle
from extract.reading.parse.tags import CLOSERS, DATES, MENTIONS, STYLES, TagToken, plain_name, tag_at
from extract.reading.runs import MarkSpan, styled

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


class _Open(NamedTuple):
    """An inline tag or bracket that waits for its end."""

    name: str
    node: int
    mark: int
    href: str
    delimiters: int


def parse_inline(text: str, *, v2: bool, unknown: set[str]) -> Inlines:
    """The runs of one block's text. Names of tags nobody taught us are added to `unknown`; their text stays.

    Inline vocabulary: https://developers.notion.com/guides/data-apis/enhanced-markdown#rich-text
    """
    if _SPECIAL.search(text) is None:
        return (Inline("text", text),) if text else ()
    return _Scanner(text, v2, unknown).read()


class _Scanner:
    __slots__ = (
        "_brackets",
        "_buffer",
        "_closers",
        "_delimiters",
        "_links",
        "_nodes",
        "_spans",
        "_tags",
        "_text",
        "_ticks",
        "_unknown",
        "_v2",
    )

    def __init__(self, text: str, v2: bool, unknown: set[str]) -> None:
        self._text = text
        self._v2 = v2
        self._unknown = unknown
        self._buffer: list[str] = []
        self._nodes: list[tuple[InlineKind, str]] = []
        self._delimiters: list[Delimiter] = []
        self._spans: list[MarkSpan] = []
        self._links: list[tuple[int, int, str]] = []
        self._brackets: list[_Open] = []
        self._tags: list[_Open] = []
        self._ticks: dict[int, list[int]] | None = None
        self._closers: dict[str, int] | None = None

    def read(self) -> Inlines:
        text, position = self._text, 0
        while True:
            found = _SPECIAL.search(text, position)
            if found is None:
                self._buffer.append(text[position:])
                break
            at = found.start()
            self._buffer.append(text[position:at])
            position = self._special(text[at], at)
        self._flush()
        self._spans += self._paired(self._delimiters)
        self._restore(0)
        return styled(self._nodes, self._spans, self._links)

    def _special(self, char: str, at: int) -> int:
        text = self._text
        following = text[at + 1 : at + 2]
        if char == "\\":
            if following == "\n":
                return self._break(at + 2)
            if following in ASCII_PUNCTUATION and following:
                self._buffer.append(following)
                return at + 2
        elif char == "\n":
            return self._break(at + 1)
        elif char == "`":
            return self._code(at)
        elif char in "*~_":
            return self._delimiter(char, at)
        elif char == "$":
            return self._math(at)
        elif char == "[":
            return self._bracket(at)
        elif char == "]":
            return self._link_end(at)
        elif char == "<":
            return self._tag(at)
        elif char == "&" and self._v2:
            entity = _ENTITY.match(text, at)
            if entity is not None:
                self._buffer.append(clean(unescape(entity.group())))
                return entity.end()
        self._buffer.append(char)
        return at + 1

    def _break(self, position: int) -> int:
        self._flush()
        if self._nodes and self._nodes[-1][0] == "text":
            self._nodes[-1] = ("text", self._nodes[-1][1].rstrip(" \t"))
        self._nodes.append(("break", ""))
        text = self._text
        while position < len(text) and text[position] in " \t":
            position += 1
        return position

    def _code(self, at: int) -> int:
        text = self._text
        if self._ticks is None:
            self._ticks = {}
            for run in _TICKS.finditer(text):
                self._ticks.setdefault(run.end() - run.start(), []).append(run.start())
        opening = _TICKS.match(text, at)
        length = opening.end() - at if opening else 1
        starts = self._ticks.get(length, [])
        index = bisect_left(starts, at + length)
        if index == len(starts):
            self._buffer.append("`" * length)
            return at + length
        code = text[at + length : starts[index]].replace("\n", " ")
        if len(code) > 2 and code[0] == code[-1] == " " and code.strip():
            code = code[1:-1]
        for part, line in enumerate((code,) if self._v2 else _BR.split(code)):
            if part:
                self._break(0)
            self._node("code", line)
        return starts[index] + length

    def _delimiter(self, char: str, at: int) -> int:
        text, end = self._text, at + 1
        while end < len(text) and text[end] == char:
            end += 1
        if (char == "_" and not self._v2) or (char == "~" and end - at < 2):
            self._buffer.append(text[at:end])
            return end
        can_open, can_close = flanks(char, text[at - 1 : at], text[end : end + 1], self._v2)
        if not can_open and not can_close:
            self._buffer.append(text[at:end])
            return end
        self._flush()
        self._delimiters.append(Delimiter(len(self._nodes), char, end - at, end - at, can_open, can_close))
        self._nodes.append(("text", ""))
        return end

    def _math(self, at: int) -> int:
        match = _MATH.match(self._text, at)
        if match is not None:
            quoted, bare = match.groups()
            source = quoted if quoted is not None else bare
            apt = quoted is not None or not (bare[0].isspace() or bare[-1].isspace())
            if source.strip() and (apt or not self._v2):
                self._node("equation", source.strip())
                return match.end()
        self._buffer.append("$")
        return at + 1

    def _bracket(self, at: int) -> int:
        citation = _CITATION.match(self._text, at)
        if citation is not None and ("://" in citation.group(1) or citation.group(1).startswith("{{")):
            target = citation.group(1).strip("{}")
            self._node("text", target, target)
            return citation.end()
        self._flush()
        self._brackets.append(_Open("[", len(self._nodes), 0, "", len(self._delimiters)))
        self._nodes.append(("text", "["))
        return at + 1

    def _link_end(self, at: int) -> int:
        if self._brackets:
            opening = self._brackets.pop()
            found = destination_at(self._text, at + 1, spaces=not self._v2)
            if found is not None:
                href, end = found
                self._flush()
                self._spans += self._paired(self._delimiters[opening.delimiters :])
                self._restore(opening.delimiters)
                self._nodes[opening.node] = ("text", "")
                self._links.append((opening.node, len(self._nodes), href))
                self._brackets.clear()
                return end
        self._buffer.append("]")
        return at + 1

    def _paired(self, delimiters: list[Delimiter]) -> list[MarkSpan]:
        return pair(delimiters) if self._v2 else toggle(delimiters)

    def _tag(self, at: int) -> int:
        text = self._text
        autolink = _AUTOLINK.match(text, at)
        if autolink is not None:
            target = autolink.group(1)
            self._node("text", target, target if ":" in target else f"mailto:{target}")
            return autolink.end()
        tag = tag_at(text, at)
        if tag is None:
            self._buffer.append("<")
            return at + 1
        if tag.name == "br":
            return self._break(tag.end)
        if tag.closing:
            self._close(tag)
        elif tag.name in DATES:
            if tag.void or not self._is_closed(tag):
                self._node("text", mention_text(tag.attrs))
            else:
                self._open(tag, 0, mention_text(tag.attrs))
        elif tag.name in MENTIONS:
            href = tag.attrs.get("url") or tag.attrs.get("href") or ""
            if tag.void or not self._is_closed(tag):
                if href.startswith(("http://", "https://", "/")):
                    self._node("text", href, href)
            elif tag.name == "a":
                self._open(tag, 0, href)
            else:
                return self._label(tag, href)
        elif tag.name in STYLES:
            if not tag.void:
                self._open(tag, STYLES[tag.name], "")
        else:
            self._unknown.add(tag.name)
            if not tag.void and not tag.attrs and not self._is_closed(tag):
                self._buffer.append(text[at : tag.end])
        return tag.end

    def _label(self, tag: TagToken, href: str) -> int:
        """A mention's text is a title: literal, but for escapes, whichever way they are written."""
        close = next(
            match for match in CLOSERS.finditer(self._text, tag.end) if plain_name(match.group(1)) == tag.name
        )
        label = unescaped(self._text[tag.end : close.start()])
        self._node("text", clean(unescape(label)) if self._v2 else label, href)
        return close.end()

    def _is_closed(self, tag: TagToken) -> bool:
        if self._closers is None:
            self._closers = {
                plain_name(match.group(1)): match.start() for match in CLOSERS.finditer(self._text)
            }
        return self._closers.get(tag.name, -1) >= tag.end

    def _open(self, tag: TagToken, mark: int, href: str) -> None:
        self._flush()
        self._tags.append(_Open(tag.name, len(self._nodes), mark, href, len(self._delimiters)))

    def _close(self, tag: TagToken) -> None:
        if tag.name not in STYLES and tag.name not in MENTIONS and tag.name not in DATES:
            self._unknown.add(tag.name)
            return
        tags = self._tags
        floor = max(0, len(tags) - 64)
        index = next((at for at in range(len(tags) - 1, floor - 1, -1) if tags[at].name == tag.name), -1)
        if index < 0:
            return
        self._flush()
        opening = tags[index]
        del tags[index:]
        if tag.name in DATES:
            if opening.href:
                self._forget(opening.node)
                self._node("text", opening.href)
        elif opening.mark:
            self._spans.append((opening.node - 1, len(self._nodes), opening.mark))
        elif opening.href:
            self._links.append((opening.node, len(self._nodes), opening.href))

    def _forget(self, node: int) -> None:
        """Drop everything read since `node`: the date's attributes say it better than its label."""
        del self._nodes[node:]
        while self._delimiters and self._delimiters[-1].node >= node:
            self._delimiters.pop()
        while self._brackets and self._brackets[-1].node >= node:
            self._brackets.pop()
        while self._spans and self._spans[-1][1] >= node:
            self._spans.pop()
        while self._links and self._links[-1][1] > node:
            self._links.pop()

    def _node(self, kind: InlineKind, value: str, href: str = "") -> None:
        self._flush()
        if value:
            if href:
                self._links.append((len(self._nodes), len(self._nodes) + 1, href))
            self._nodes.append((kind, value))

    def _flush(self) -> None:
        if self._buffer:
            value = "".join(self._buffer)
            self._buffer.clear()
            if value:
                self._nodes.append(("text", value))

    def _restore(self, start: int) -> None:
        """Delimiters that found no partner become text again."""
        for one in self._delimiters[start:]:
            self._nodes[one.node] = ("text", one.char * one.left)
        del self._delimiters[start:]
