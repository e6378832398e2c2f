"""Enhanced markdown (v1): one block a line, tabs for nesting, tags for the rest.

https://developers.notion.com/guides/data-apis/enhanced-markdown
"""

from __future__ import annotations

import re

from extract.reading.blocks import NO_ATTRS, Draft, Tree
from extract.reading.clean import clean
from extract.reading.parse.markdown_v1.lines import classified, split_attributes
from extract.reading.parse.open_blocks import WORD, OpenBlocks
from extract.reading.parse.tables import DELIMITER_ROW, pipe_table, tag_table
from extract.reading.parse.tags import LEAVES

_FENCE = re.compile(r"(`{3,}+|~{3,}+)\s*+([^`\n]*+)$")
_COLONS = re.compile(r":::[ ]*+(?:([a-z_]++)\b[ ]*+(.*+))?$")
_TITLED_BELOW = frozenset({"callout", "tab", "meeting-notes", "details"})
_TABLE_LINE = re.compile(r"\s*</?(?:table|colgroup|col|thead|tbody|tr|td|th)\b", re.IGNORECASE)


def parse_v1(markdown: str) -> Tree:
    """The tree of a page in enhanced markdown. Takes any text, raises nothing."""
    return _Reader(clean(markdown)).read()


class _Reader:
    __slots__ = ("_at", "_last_dollars", "_last_equation", "_lines", "_open")

    def __init__(self, source: str) -> None:
        self._lines = source.split("\n")
        self._open = OpenBlocks(source, v2=False)
        self._at = 0
        self._last_dollars = (
            max((at for at, line in enumerate(self._lines) if line.strip() == "$$"), default=-1)
            if "$$" in source
            else -1
        )
        self._last_equation = (
            max((at for at, line in enumerate(self._lines) if "</equation>" in line), default=-1)
            if "</equation>" in source
            else -1
        )

    def read(self) -> Tree:
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            content = line.lstrip("\t")
            depth = len(line) - len(content)
            content = content.strip()
            if content:
                self._line(content, depth)
        return self._open.tree()

    def _line(self, content: str, depth: int) -> None:
        self._close_deeper(depth)
        if self._signed(content, depth):
            return
        if "<" in content:
            is_tag = content[0] == "<"
            if is_tag and (self._raw_tag(content) or self._open.lone_unknown_tag(content)):
                return
            if self._structured(content, depth):
                return
        self._plain(content, depth)

    def _close_deeper(self, depth: int) -> None:
        """Close the blocks that a line of this depth does not belong to."""
        frames = self._open.frames
        while len(frames) > 1:
            top = frames[-1]
            if top.tag not in LEAVES and (top.indent <= depth if top.tag else top.indent < depth):
                return
            self._open.pop()

    def _signed(self, content: str, depth: int) -> bool:
        """Read a line that begins with a sign of code, an equation, a table or `:::`. Return False if it does not."""
        first = content[0]
        if first in "`~":
            return self._fence(content, depth)
        if first == "$":
            return content.startswith("$$") and self._equation(content)
        if first == ":":
            return self._colons(content, depth)
        return first == "|" and self._pipes()

    def _plain(self, content: str, depth: int) -> None:
        """A line without tags of blocks: its prefix says what it is."""
        open_blocks = self._open
        attrs: dict[str, str] = {}
        if content[-1] == "}":
            content, attrs = split_attributes(content)
            if not content:
                return
        kind, rest, kept = classified(content, attrs)
        if kind == "divider":
            open_blocks.add(Draft("divider"))
        elif kind == "paragraph":
            top = open_blocks.frames[-1]
            if top.takes_title and top.tag:
                open_blocks.text(rest)
                return
            before = len(top.children)
            open_blocks.text(rest)
            if len(top.children) > before:
                self._reopen(top.children[-1], depth)
        else:
            open_blocks.open(Draft(kind, attrs=kept or NO_ATTRS), indent=depth, takes_title=True)
            open_blocks.text(rest)
            open_blocks.frames[-1].takes_title = False

    def _reopen(self, draft: Draft, depth: int) -> None:
        """Let what was just added have children: indented lines may follow."""
        self._open.frames[-1].children.pop()
        self._open.open(draft, indent=depth)

    def _structured(self, content: str, depth: int) -> bool:
        open_blocks = self._open
        for at, (before, tag) in enumerate(open_blocks.structure(content)):
            if tag is None:
                if at == 0:
                    return False
                if before.strip():
                    self._plain(before.strip(), depth + 1)
                break
            if before.strip():
                if at == 0:
                    self._plain(before.strip(), depth)
                else:
                    open_blocks.text(before)
            if tag.closing:
                open_blocks.close_tag(tag.name)
            elif tag.name == "table" or tag.name == "equation":
                self._at -= 1
                self._lines[self._at] = content[tag.start :]
                self._raw_from_here(tag.name)
                break
            else:
                open_blocks.open_tag(tag, depth)
                if open_blocks.frames[-1].tag == tag.name and tag.name in _TITLED_BELOW:
                    # what follows on this line is the title; an indented line is a block of its own
                    open_blocks.frames[-1].takes_title = WORD.search(content, tag.end) is not None
        return True

    def _raw_tag(self, content: str) -> bool:
        for name in ("table", "equation"):
            if content.startswith("<" + name) and content[len(name) + 1 : len(name) + 2] in (" ", ">", "\t"):
                self._at -= 1
                self._raw_from_here(name)
                return True
        return False

    def _raw_from_here(self, name: str) -> None:
        if name == "table":
            self._table()
            return
        line = self._lines[self._at].strip()
        start = line.find(">") + 1
        parts = [line[start:]]
        self._at += 1
        while "</equation>" not in parts[-1] and self._at <= self._last_equation:
            parts.append(self._lines[self._at].strip())
            self._at += 1
        body, _, rest = "\n".join(parts).partition("</equation>")
        self._open.add(Draft("equation", attrs={"code": body.strip()}))
        if rest.strip():
            self._open.text(rest)

    def _table(self) -> None:
        open_blocks = self._open
        collected: list[str] = []
        rest = ""
        in_cell = False
        while self._at < len(self._lines):
            line = self._lines[self._at].strip()
            if collected and not in_cell and line and not _TABLE_LINE.match(line):
                break
            self._at += 1
            end = line.find("</table>")
            if end >= 0:
                collected.append(line[:end])
                rest = line[end + 8 :]
                break
            collected.append(line)
            last_open = max(line.rfind("<td"), line.rfind("<th"))
            last_close = max(line.rfind("</td>"), line.rfind("</th>"), line.rfind("</tr>"))
            in_cell = last_open > last_close if last_open >= 0 or last_close >= 0 else in_cell
        open_blocks.add(tag_table("\n".join(collected), v2=False, unknown=open_blocks.unknown))
        if rest.strip():
            open_blocks.text(rest)

    def _pipes(self) -> bool:
        lines = self._lines
        if self._at >= len(lines) or not DELIMITER_ROW.fullmatch(lines[self._at].strip()):
            return False
        end = self._at + 1
        while end < len(lines) and lines[end].lstrip().startswith("|"):
            end += 1
        rows = lines[self._at - 1 : end]
        self._open.add(pipe_table(rows, v2=False, unknown=self._open.unknown))
        self._at = end
        return True

    def _fence(self, content: str, depth: int) -> bool:
        fence = _FENCE.match(content)
        if fence is None:
            return False
        marks, info = fence.groups()
        collected: list[str] = []
        while self._at < len(self._lines):
            line = self._lines[self._at]
            self._at += 1
            stripped = line.strip()
            if stripped.startswith(marks) and not stripped.strip(marks[0]):
                break
            common = 0
            while common < depth and line[common : common + 1] == "\t":
                common += 1
            collected.append(line[common:])
        language = split_attributes(info.strip())[0]
        self._open.add(Draft("code", attrs={"language": language, "code": "\n".join(collected)}))
        return True

    def _equation(self, content: str) -> bool:
        if content != "$$":
            if len(content) > 4 and content.endswith("$$"):
                self._open.add(Draft("equation", attrs={"code": content[2:-2].strip()}))
                return True
            return False
        if self._at > self._last_dollars:
            return False
        collected: list[str] = []
        while (line := self._lines[self._at].strip()) != "$$":
            collected.append(line)
            self._at += 1
        self._at += 1
        self._open.add(Draft("equation", attrs={"code": "\n".join(collected).strip()}))
        return True

    def _colons(self, content: str, depth: int) -> bool:
        """`::: callout {icon="…"}` … `:::`, the fences of older copies of Notion's documentation."""
        match = _COLONS.match(content)
        if match is None:
            return False
        name, rest = match.groups()
        if not name:
            self._open.close_tag(":::")
            return True
        text, attrs = split_attributes((rest or "").strip())
        icon = {"icon": attrs["icon"]} if attrs.get("icon") else NO_ATTRS
        kind = "callout" if name == "callout" else "toggle" if name in ("toggle", "details") else "group"
        self._open.open(Draft(kind, attrs=icon), tag=":::", indent=depth, takes_title=bool(text))
        if text:
            self._open.text(text)
        return True
