"""Notion-flavored Markdown (v2): CommonMark blocks with GFM tables and tasks, and tags that hold blocks.

https://developers.notion.com/guides/data-apis/notion-flavored-markdown
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

from extract.reading.blocks import NO_ATTRS, Draft, Tree
from extract.reading.clean import clean
from extract.reading.parse.open_blocks import STARTS_WITH_BLOCK_TAG, Frame, OpenBlocks
from extract.reading.parse.tables import DELIMITER_ROW, pipe_table, tag_table
from extract.reading.parse.tags import LEAVES, TagToken

_HEADING = re.compile(r"(#{1,6})(?:[ \t]++|$)")
_DIVIDER = re.compile(r"(?:(?:-[ \t]*+){3,}|(?:\*[ \t]*+){3,}|(?:_[ \t]*+){3,})$")
_BULLET = re.compile(r"[-*+](?:[ \t]++|$)")
_NUMBER = re.compile(r"([0-9]{1,9})[.)](?:[ \t]++|$)")
_TASK = re.compile(r"\[([ xX])\](?:[ \t]++|$)")
_FENCE = re.compile(r"(`{3,}+|~{3,}+)[ \t]*+([^`\n]*+)$")
_MAX_MARKERS = 600
_BLOCK_STARTS = frozenset("#-*+_>`~$<|0123456789")


def parse_v2(markdown: str) -> Tree:
    """The tree of a page in Notion-flavored Markdown. Takes any text, raises nothing."""
    return _Reader(clean(markdown)).read()


@dataclass(slots=True)
class _Raw:
    """Lines taken as they are until `close`: a fence, an equation, a table of tags."""

    kind: str
    close: str
    indent: int
    info: str
    lines: list[str]


class _Reader:
    __slots__ = ("_at", "_lasts", "_lines", "_markers", "_outline", "_paragraph", "_pipes", "_quotes", "_raw")

    def __init__(self, source: str) -> None:
        self._lines = source.split("\n")
        self._outline = OpenBlocks(source, v2=True)
        self._markers: list[tuple[int, Frame]] = []
        self._quotes: list[int] = []  # which of the markers are quotes
        self._paragraph: list[str] = []
        self._pipes: list[str] = []
        self._raw: _Raw | None = None
        self._at = 0
        self._lasts = {
            mark: max((at for at, line in enumerate(self._lines) if mark in line), default=-1)
            if mark in source
            else -1
            for mark in ("$$", "</equation>", "</table>")
        }

    def read(self) -> Tree:
        for at, line in enumerate(self._lines):
            self._at = at
            self._line(line)
        self._end_raw()
        self._end_text()
        return self._outline.tree()

    def _line(self, line: str) -> None:
        position, matched, spare = self._continued(line)
        rest = " " * spare + line[position:] if spare else line[position:]
        blank = not rest.strip()
        if self._raw is not None:
            if matched == len(self._markers) or (blank and self._raw.kind == "code"):
                self._raw_line(rest)
                return
            self._end_raw()
        if matched < len(self._markers):
            if not blank and self._is_lazy(rest):
                self._paragraph.append(rest.strip())
                return
            self._end_text()
            self._close_markers(matched)
        if blank:
            self._end_text()
            self._outline.frames[-1].takes_title = False
            return
        self._block(rest)

    def _continued(self, line: str) -> tuple[int, int, int]:
        """How far the open quotes and items reach into this line, how many go on, columns left of a tab."""
        position = column = spare = 0
        for count, (_, frame) in enumerate(self._markers):
            if position == len(line) and not spare:
                # the line is blank from here: items go on, a quote does not
                quote = bisect_left(self._quotes, count)
                return position, self._quotes[quote] if quote < len(self._quotes) else len(self._markers), 0
            start = (position, count, spare)
            if frame.marker == ">":
                while line[position : position + 1] in (" ", "\t") and position < len(line):
                    position += 1
                if line[position : position + 1] != ">":
                    return start
                position += 2 if line[position + 1 : position + 2] == " " else 1
                column, spare = position, 0
                continue
            missing = frame.indent - spare
            while missing > 0 and position < len(line):
                char = line[position]
                if char not in " \t":
                    return start
                width = 4 - column % 4 if char == "\t" else 1
                position, column, missing = position + 1, column + width, missing - width
            spare = max(0, -missing)
        return position, len(self._markers), spare

    def _close_markers(self, keep: int) -> None:
        at = self._markers[keep][0]
        while len(self._outline.frames) > at:
            self._outline.pop()
        del self._markers[keep:]
        self._forget_quotes()

    def _open_marker(self, frame: Frame) -> None:
        if frame.marker == ">":
            self._quotes.append(len(self._markers))
        self._markers.append((len(self._outline.frames) - 1, frame))

    def _forget_quotes(self) -> None:
        while self._quotes and self._quotes[-1] >= len(self._markers):
            self._quotes.pop()

    def _is_lazy(self, rest: str) -> bool:
        if not self._paragraph:
            return False
        text = rest.lstrip()
        if _NUMBER.match(text) or _BULLET.match(text):
            return False
        return text[0] not in _BLOCK_STARTS or not self._starts_block(text)

    def _starts_block(self, text: str) -> bool:
        """Whether a line may end the paragraph before it."""
        first = text[0]
        if first == "#":
            return _HEADING.match(text) is not None
        if first in "`~":
            return _FENCE.match(text) is not None
        if first == ">":
            return True
        if first == "$":
            return text.startswith("$$")
        if first == "|":
            return self._is_table(text)
        if first == "<":
            return STARTS_WITH_BLOCK_TAG.match(text) is not None
        if first in "-*+_":
            bullet = _BULLET.match(text)
            return _DIVIDER.match(text) is not None or (bullet is not None and bullet.end() < len(text))
        number = _NUMBER.match(text)
        return number is not None and number.end() < len(text) and int(number.group(1)) == 1

    def _block(self, rest: str) -> None:
        """A line whose open containers are dealt with: new markers, then what they hold."""
        outline = self._outline
        ruled = _ruled(rest)
        while True:
            text = rest.lstrip(" \t")
            indent = len(rest[: len(rest) - len(text)].expandtabs(4))
            if not text:
                return
            if text[0] not in _BLOCK_STARTS or len(self._markers) >= _MAX_MARKERS:
                break
            if self._paragraph and not self._starts_block(text):
                break
            if text[0] == ">":
                self._end_text()
                self._open_marker(outline.open(Draft("quote"), takes_title=True, marker=">"))
                rest = text[2:] if text[1:2] == " " else text[1:]
                continue
            width = 0 if len(text) <= ruled and _DIVIDER.match(text) else self._open_item(text, indent)
            if not width:
                break
            rest = text[width:]
        self._content(text)

    def _open_item(self, text: str, indent: int) -> int:
        """Open the list item that begins here; the width of its marker, 0 when there is none."""
        attrs: dict[str, str] = {}
        if text[0] in "-*+":
            match, kind = _BULLET.match(text), "bulleted_list_item"
        elif text[0].isdigit():
            match, kind = _NUMBER.match(text), "numbered_list_item"
            if match is not None:
                attrs = {"start": match.group(1)}
        else:
            return 0
        if match is None:
            return 0
        self._end_text()
        width = match.end()
        bare = len(match.group().rstrip(" \t"))
        if width == len(text) or width - bare > 4:
            width = min(bare + 1, len(text))
        content = bare + 1 if width <= bare else width
        task = _TASK.match(text, width) if kind == "bulleted_list_item" else None
        if task is not None:
            kind, attrs = "to_do", {"checked": "yes" if task.group(1) in "xX" else ""}
        self._open_marker(
            self._outline.open(
                Draft(kind, attrs=attrs or NO_ATTRS), indent=indent + content, takes_title=True, marker="-"
            )
        )
        return task.end() if task is not None else width

    def _content(self, text: str) -> None:
        outline = self._outline
        if self._pipes:
            if "|" in text:
                self._pipes.append(text)
                return
            self._end_pipes()
        first = text[0]
        if first == "<" and self._tag_line(text):
            return
        if first not in _BLOCK_STARTS or (self._paragraph and not self._starts_block(text)):
            self._text_line(text)
            return
        if first == "#":
            match = _HEADING.match(text)
            if match is not None:
                self._end_text()
                outline.open(Draft("heading", attrs={"level": str(len(match.group(1)))}), takes_title=True)
                self._inline_line(_without_closing_hashes(text[match.end() :]))
                self._end_text()
                outline.pop()
                return
        elif first in "`~":
            fence = _FENCE.match(text)
            if fence is not None:
                self._begin_raw("code", fence.group(1), fence.group(2).strip(), text)
                return
        elif first == "$":
            if text.startswith("$$") and self._equation(text):
                return
        elif first in "-*_" and _DIVIDER.match(text):
            self._end_text()
            outline.add(Draft("divider"))
            return
        self._text_line(text)

    def _text_line(self, text: str) -> None:
        if "|" in text and not self._paragraph and self._is_table(text):
            self._pipes.append(text)
            return
        self._inline_line(text)

    def _inline_line(self, text: str) -> None:
        """A line of a paragraph; tags of blocks in it (closing ones, mostly) take effect where they stand."""
        if "<" not in text:
            self._paragraph.append(text.rstrip())
            return
        for before, tag in self._outline.structure(text):
            if before.strip():
                self._paragraph.append(before.strip())
            if tag is not None:
                self._tag(tag)

    def _tag_line(self, text: str) -> bool:
        for name in ("table", "equation"):
            if text.startswith("<" + name) and text[len(name) + 1 : len(name) + 2] in (" ", ">"):
                end = f"</{name}>"
                if self._at <= self._lasts[end]:
                    self._begin_raw(name, end, "", text)
                    self._raw_line(text)
                    return True
        if self._paragraph and not STARTS_WITH_BLOCK_TAG.match(text):
            return False
        if not STARTS_WITH_BLOCK_TAG.match(text):
            return self._outline.lone_unknown_tag(text)
        self._inline_line(text)
        return True

    def _tag(self, tag: TagToken) -> None:
        outline = self._outline
        if tag.closing:
            self._end_paragraph()
            outline.close_tag(tag.name)
            while self._markers and self._markers[-1][0] >= len(outline.frames):
                self._markers.pop()
            self._forget_quotes()
            return
        self._end_text()
        if not outline.open_tag(tag, -1) and tag.name in ("table", "equation"):
            outline.open(Draft("group"), tag=tag.name)

    def _end_text(self) -> None:
        self._end_paragraph()
        if self._pipes:
            self._end_pipes()
        while self._outline.frames[-1].tag in LEAVES:
            self._outline.pop()

    def _end_paragraph(self) -> None:
        if self._paragraph:
            text = "\n".join(self._paragraph)
            self._paragraph = []
            self._outline.text(text)

    def _is_table(self, text: str) -> bool:
        if self._at + 1 >= len(self._lines) or "|" not in text:
            return False
        return DELIMITER_ROW.fullmatch(self._lines[self._at + 1].lstrip(" \t>")) is not None

    def _end_pipes(self) -> None:
        lines, self._pipes = self._pipes, []
        self._outline.add(pipe_table(lines, v2=True, unknown=self._outline.unknown))

    def _equation(self, text: str) -> bool:
        text = text.strip()
        if len(text) > 4 and text.endswith("$$"):
            self._end_text()
            self._outline.add(Draft("equation", attrs={"code": text[2:-2].strip()}))
            return True
        if text != "$$" or self._at >= self._lasts["$$"]:
            return False
        self._begin_raw("equation", "$$", "", text)
        return True

    def _begin_raw(self, kind: str, close: str, info: str, text: str) -> None:
        self._end_text()
        line = self._lines[self._at]
        indent = len(line) - len(line.lstrip(" ")) if not self._markers else 0
        self._raw = _Raw(kind, close, indent, info, [])

    def _raw_line(self, text: str) -> None:
        raw = self._raw
        if raw is None:
            return
        stripped = text.strip()
        if raw.close.startswith("</"):
            body, found, rest = text.partition(raw.close)
            raw.lines.append(body)
            if found:
                self._end_raw()
                if rest.strip():
                    self._inline_line(rest.strip())
                    self._end_text()
            return
        if stripped.startswith(raw.close) and not stripped.strip(raw.close[0]):
            self._end_raw()
            return
        lead = len(text) - len(text.lstrip(" "))
        raw.lines.append(text[min(raw.indent, lead) :])

    def _end_raw(self) -> None:
        raw, self._raw = self._raw, None
        if raw is None:
            return
        body = "\n".join(raw.lines)
        outline = self._outline
        if raw.kind == "code":
            outline.add(Draft("code", attrs={"language": raw.info, "code": body}))
        elif raw.kind == "table":
            outline.add(tag_table(body, v2=True, unknown=outline.unknown))
        else:
            if body.lstrip().startswith("<equation"):
                body = body.partition(">")[2].replace("&lt;", "<").replace("&gt;", ">")
            outline.add(Draft("equation", attrs={"code": body.strip()}))


def _ruled(line: str) -> int:
    """How many characters at the end of the line are blanks and one of `-`, `*`, `_`: no rule is longer."""
    bare = line.rstrip(" \t")
    return len(line) - len(line.rstrip(" \t" + bare[-1])) if bare and bare[-1] in "-*_" else 0


def _without_closing_hashes(text: str) -> str:
    text = text.rstrip()
    bare = text.rstrip("#")
    return bare.rstrip() if bare != text and (not bare or bare[-1] in " \t") else text
