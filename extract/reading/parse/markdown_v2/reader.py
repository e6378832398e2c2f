"""Notion-flavored Markdown (v2): CommonMark blocks with GFM tables and tasks, and tags that hold blocks.

The reader is our own because libraries read CommonMark but not Notion's tags, which hold blocks, tables and
titles anywhere between its lines. https://developers.notion.com/guides/data-apis/notion-flavored-markdown
"""

from __future__ import annotations

from extract.reading.blocks import Draft, Tree
from extract.reading.clean import clean
from extract.reading.parse.markdown_v2.containers import OpenContainers
from extract.reading.parse.markdown_v2.lines import (
    BLOCK_STARTS,
    DIVIDER,
    FENCE,
    HEADING,
    ends_paragraph,
    is_item,
    item_start,
    rule_length,
    without_closing_hashes,
)
from extract.reading.parse.markdown_v2.raw import RawBlock
from extract.reading.parse.markdown_v2.text_lines import TextLines
from extract.reading.parse.open_blocks import STARTS_WITH_BLOCK_TAG, OpenBlocks
from extract.reading.parse.tables import DELIMITER_ROW
from extract.reading.parse.tags import TagToken

_MOST_CONTAINERS = 600
"""Of quotes and items in each other. Each line passes all of them, so a deeper one is read as text."""


def parse_v2(markdown: str) -> Tree:
    """Return the tree of a page in Notion-flavored Markdown. Takes any text, raises nothing."""
    return _Reader(clean(markdown)).read()


class _Reader:
    __slots__ = ("_at", "_containers", "_lasts", "_lines", "_open", "_raw", "_text")

    def __init__(self, source: str) -> None:
        self._lines = source.split("\n")
        self._open = OpenBlocks(source, v2=True)
        self._containers = OpenContainers(self._open)
        self._text = TextLines(self._open)
        self._raw: RawBlock | None = None
        self._at = 0
        self._lasts = {
            end: max((at for at, line in enumerate(self._lines) if end in line), default=-1)
            if end in source
            else -1
            for end in ("$$", "</equation>", "</table>")
        }
        """The last line with each of these: what nothing ends does not begin."""

    def read(self) -> Tree:
        for at, line in enumerate(self._lines):
            self._at = at
            self._line(line)
        self._end_raw()
        self._text.end()
        return self._open.tree()

    def _line(self, line: str) -> None:
        position, count, spare = self._containers.continued(line)
        rest = " " * spare + line[position:] if spare else line[position:]
        is_blank = not rest.strip()
        if self._raw is not None:
            if count == len(self._containers) or (is_blank and self._raw.kind == "code"):
                self._raw_line(self._raw, rest)
                return
            self._end_raw()
        if count < len(self._containers):
            if not is_blank and self._is_lazy(rest):
                self._text.paragraph.append(rest.strip())
                return
            self._text.end()
            self._containers.close(count)
        if is_blank:
            self._text.end()
            self._open.frames[-1].takes_title = False
            return
        self._block(rest)

    def _is_lazy(self, rest: str) -> bool:
        """Return True if the line goes on with a paragraph although its containers do not.

        https://spec.commonmark.org/0.31.2/#paragraph-continuation-text
        """
        if not self._text.paragraph:
            return False
        text = rest.lstrip()
        return not is_item(text) and (text[0] not in BLOCK_STARTS or not self._ends_paragraph(text))

    def _ends_paragraph(self, text: str) -> bool:
        return self._is_table(text) if text[0] == "|" else ends_paragraph(text)

    def _block(self, rest: str) -> None:
        """Read a line whose containers are known: the containers that begin on it, then what they hold."""
        rule = rule_length(rest)
        while True:
            text = rest.lstrip(" \t")
            if not text:
                return
            if text[0] not in BLOCK_STARTS or len(self._containers) >= _MOST_CONTAINERS:
                break
            if self._text.paragraph and not self._ends_paragraph(text):
                break
            if text[0] == ">":
                self._text.end()
                self._containers.add(self._open.open(Draft("quote"), takes_title=True, marker=">"))
                rest = text[2:] if text[1:2] == " " else text[1:]
                continue
            is_rule = len(text) <= rule and DIVIDER.match(text) is not None
            width = 0 if is_rule else self._open_item(text, rest)
            if not width:
                break
            rest = text[width:]
        self._content(text)

    def _open_item(self, text: str, rest: str) -> int:
        """Open the list item that begins here. Return the width of its marker, 0 when there is none."""
        item = item_start(text)
        if item is None:
            return 0
        self._text.end()
        indent = len(rest[: len(rest) - len(text)].expandtabs(4))
        draft = Draft(item.kind, attrs=item.attrs)
        self._containers.add(
            self._open.open(draft, indent=indent + item.content, takes_title=True, marker="-")
        )
        return item.width

    def _content(self, text: str) -> None:
        if self._text.pipes:
            if "|" in text:
                self._text.pipes.append(text)
                return
            self._text.end_pipes()
        if text[0] == "<" and self._tag_line(text):
            return
        may_begin = text[0] in BLOCK_STARTS and (not self._text.paragraph or self._ends_paragraph(text))
        if not may_begin or not self._leaf(text):
            self._text_line(text)

    def _leaf(self, text: str) -> bool:
        """Read a block that holds no others, by the line's first character. Return False when it is none."""
        first = text[0]
        if first == "#":
            return self._heading(text)
        if first in "`~":
            return self._fence(text)
        if first == "$":
            return text.startswith("$$") and self._equation(text)
        if first in "-*_" and DIVIDER.match(text):
            self._text.end()
            self._open.add(Draft("divider"))
            return True
        return False

    def _heading(self, text: str) -> bool:
        match = HEADING.match(text)
        if match is None:
            return False
        self._text.end()
        self._open.open(Draft("heading", attrs={"level": str(len(match.group(1)))}), takes_title=True)
        self._inline_line(without_closing_hashes(text[match.end() :]))
        self._text.end()
        self._open.pop()
        return True

    def _fence(self, text: str) -> bool:
        fence = FENCE.match(text)
        if fence is None:
            return False
        self._begin_raw("code", fence.group(1), info=fence.group(2).strip())
        return True

    def _equation(self, text: str) -> bool:
        text = text.strip()
        if len(text) > 4 and text.endswith("$$"):
            self._text.end()
            self._open.add(Draft("equation", attrs={"code": text[2:-2].strip()}))
            return True
        if text != "$$" or self._at >= self._lasts["$$"]:
            return False
        self._begin_raw("equation", "$$")
        return True

    def _text_line(self, text: str) -> None:
        if "|" in text and not self._text.paragraph and self._is_table(text):
            self._text.pipes.append(text)
        else:
            self._inline_line(text)

    def _inline_line(self, text: str) -> None:
        """Read a line of a paragraph; tags of blocks in it (closing ones, mostly) count where they stand."""
        if "<" not in text:
            self._text.paragraph.append(text.rstrip())
            return
        for before, tag in self._open.structure(text):
            if before.strip():
                self._text.paragraph.append(before.strip())
            if tag is not None:
                self._tag(tag)

    def _tag_line(self, text: str) -> bool:
        """Read a line that begins with a tag of a block. Return False when it does not."""
        for name in ("table", "equation"):
            if text.startswith("<" + name) and text[len(name) + 1 : len(name) + 2] in (" ", ">"):
                end = f"</{name}>"
                if self._at <= self._lasts[end]:
                    self._raw_line(self._begin_raw(name, end), text)
                    return True
        if STARTS_WITH_BLOCK_TAG.match(text):
            self._inline_line(text)
            return True
        return not self._text.paragraph and self._open.lone_unknown_tag(text)

    def _tag(self, tag: TagToken) -> None:
        if tag.closing:
            self._text.end_paragraph()
            self._open.close_tag(tag.name)
            self._containers.forget_closed()
            return
        self._text.end()
        if not self._open.open_tag(tag, -1) and tag.name in ("table", "equation"):
            self._open.open(Draft("group"), tag=tag.name)

    def _is_table(self, text: str) -> bool:
        """Return True if the next line makes this one the head of a table.

        https://github.github.com/gfm/#tables-extension-
        """
        if self._at + 1 >= len(self._lines) or "|" not in text:
            return False
        return DELIMITER_ROW.fullmatch(self._lines[self._at + 1].lstrip(" \t>")) is not None

    def _begin_raw(self, kind: str, close: str, *, info: str = "") -> RawBlock:
        self._text.end()
        line = self._lines[self._at]
        indent = len(line) - len(line.lstrip(" ")) if not self._containers else 0
        self._raw = RawBlock(kind, close, indent, info)
        return self._raw

    def _raw_line(self, raw: RawBlock, text: str) -> None:
        rest = raw.add(text)
        if rest is None:
            return
        self._end_raw()
        if rest.strip():
            self._inline_line(rest.strip())
            self._text.end()

    def _end_raw(self) -> None:
        if self._raw is not None:
            self._open.add(self._raw.draft(unknown=self._open.unknown))
            self._raw = None
