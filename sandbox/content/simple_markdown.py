"""The simple markdown that people type in the practice workspace: text → block JSON."""

import re
import textwrap
from collections.abc import Mapping
from typing import Any

from sandbox.content.simple_inline import Names, NoNames, parse_inline
from sandbox.state.records import Block, RichText
from sandbox.state.rich_text import text_items

COLORS = ("gray", "brown", "orange", "yellow", "green", "blue", "purple", "pink", "red")
_FENCE = re.compile(r"(`{3,}+)\s*+([^`]*+)$")
_HEADING = re.compile(r"(#{1,4})\s++(.*+)$")
_LIST = re.compile(r"(?:[-*+]|(?P<number>\d{1,9})[.)])(?:\s++(?P<box>\[[ xX]\]))?(?:\s++(?P<text>.*+))?$")
_IMAGE = re.compile(r"!\[(?P<caption>.*)\]\((?P<url>(?:(?!\]\()\S)+)\)$")
_COMMAND = re.compile(r"!(?P<name>[a-z_]++)(?:\s++(?P<rest>.*+))?$")
_COLOR = re.compile(r"\s\{(?P<color>(?:" + "|".join(COLORS) + r")(?:_background)?)\}$")
_SEPARATOR = re.compile(r"\|(?:\s*+(?:={2,}+|:?+-++:?+)\s*+\|)++\s*+$")
_BETWEEN_CELLS = re.compile(r"(?<!\\)\|")
_MEDIA = ("image", "video", "audio", "file", "pdf")
_COMMANDS = (
    *_MEDIA,
    "callout",
    "toggle",
    "bookmark",
    "embed",
    "link_preview",
    "columns",
    "column",
    "block",
    "toc",
)


class Reader:
    """Parses one body. `known` holds blocks that the text only names, as `!block <id>`."""

    def __init__(self, names: Names | None = None, known: Mapping[str, Block] | None = None) -> None:
        self._names = names or NoNames()
        self._known = known or {}

    def read(self, text: str) -> list[Block]:
        """The blocks of a body, nested by indentation."""
        lines = _spaces_for_tabs(text.split("\n"))
        return self._blocks(textwrap.dedent("\n".join(lines)).strip("\n").split("\n"))

    def _blocks(self, lines: list[str]) -> list[Block]:
        blocks: list[Block] = []
        at = 0
        while at < len(lines):
            if not lines[at].strip():
                at += 1
                continue
            found, at = self._block(lines, at)
            blocks.extend(found)
        return blocks

    def _block(self, lines: list[str], at: int) -> tuple[list[Block], int]:
        line = lines[at].strip()
        if fence := _FENCE.match(line):
            return self._code(lines, at, fence)
        if line.startswith("$$"):
            return self._equation(lines, at)
        if line == "---":
            return [block("divider")], at + 1
        if line.startswith("|") and line.endswith("|") and len(line) > 1:
            return self._table(lines, at)
        if (command := _COMMAND.match(line)) and command["name"] in _COMMANDS:
            return self._command(lines, at, command["name"], command["rest"] or "")
        if image := _IMAGE.match(line):
            return [media("image", image["url"], self._inline(image["caption"]))], at + 1
        if heading := _HEADING.match(line):
            return [self._texted(f"heading_{len(heading[1])}", heading[2], is_toggleable=False)], at + 1
        if item := _LIST.match(line):
            return self._list_item(lines, at, item)
        if line.startswith(">"):
            return self._lines_of(lines, at, "quote", ">")
        return self._lines_of(lines, at, "paragraph", "")

    def _code(self, lines: list[str], at: int, fence: re.Match[str]) -> tuple[list[Block], int]:
        margin = len(lines[at]) - len(lines[at].lstrip())
        body: list[str] = []
        at += 1
        while at < len(lines) and lines[at].strip() != fence[1]:
            body.append(lines[at][margin:] if not lines[at][:margin].strip() else lines[at])
            at += 1
        language = fence[2].strip() or "plain text"
        from_text = text_items("\n".join(body))
        return [block("code", rich_text=from_text, caption=[], language=language)], at + 1

    def _equation(self, lines: list[str], at: int) -> tuple[list[Block], int]:
        line = lines[at].strip()
        if len(line) > 4 and line.endswith("$$"):
            return [block("equation", expression=line[2:-2].strip())], at + 1
        body = [line[2:].strip()] if line[2:].strip() else []
        at += 1
        while at < len(lines) and lines[at].strip() != "$$":
            body.append(lines[at].strip())
            at += 1
        return [block("equation", expression="\n".join(body))], at + 1

    def _table(self, lines: list[str], at: int) -> tuple[list[Block], int]:
        rows: list[list[RichText]] = []
        header = first_column = False
        while at < len(lines) and lines[at].strip().startswith("|"):
            line = lines[at].strip()
            if _SEPARATOR.match(line):
                header, first_column = header or len(rows) == 1, "=" in line.split("|")[1]
            else:
                cells = _BETWEEN_CELLS.split(line.strip("|") if not line.endswith("\\|") else line[1:])
                rows.append([self._inline(cell.strip().replace("<br>", "\n")) for cell in cells])
            at += 1
        width = max((len(row) for row in rows), default=1)
        table = block("table", table_width=width, has_column_header=header, has_row_header=first_column)
        table["children"] = [block("table_row", cells=row + [[]] * (width - len(row))) for row in rows]
        return [table], at

    def _command(self, lines: list[str], at: int, name: str, rest: str) -> tuple[list[Block], int]:
        if name == "block":
            kept = self._known.get(rest.split(" ")[0])
            return [kept] if kept else [], at + 1
        if name == "toc":
            return [block("table_of_contents", color="default")], at + 1
        url, _, caption = rest.partition(" ")
        if name in ("bookmark", "embed"):
            return [block(name, url=url, caption=self._inline(caption))], at + 1
        if name == "link_preview":
            return [block(name, url=url)], at + 1
        if name in _MEDIA:
            return [media(name, url, self._inline(caption))], at + 1
        if name in ("columns", "column"):
            made = block("column_list" if name == "columns" else "column")
            if rest.strip():
                made["column"]["width_ratio"] = float(rest)
        elif name == "callout":
            made = self._callout(rest)
        elif heading := _HEADING.match(rest):
            made = self._texted(f"heading_{len(heading[1])}", heading[2], is_toggleable=True)
        else:
            made = self._texted("toggle", rest)
        return self._with_children(made, lines, at + 1)

    def _callout(self, rest: str) -> Block:
        first, _, text = rest.partition(" ")
        icon = (
            {"type": "emoji", "emoji": first}
            if first and not first[0].isascii() and not first[0].isalnum()
            else None
        )
        return self._texted("callout", text if icon else rest, icon=icon)

    def _list_item(self, lines: list[str], at: int, item: re.Match[str]) -> tuple[list[Block], int]:
        text = item["text"] or ""
        if item["box"]:
            made = self._texted("to_do", text, checked=item["box"] != "[ ]")
        else:
            made = self._texted("numbered_list_item" if item["number"] else "bulleted_list_item", text)
        return self._with_children(made, lines, at + 1)

    def _lines_of(self, lines: list[str], at: int, kind: str, marker: str) -> tuple[list[Block], int]:
        """A paragraph or quote: following lines of the same kind are line breaks within it."""
        margin = len(lines[at]) - len(lines[at].lstrip())
        texts = [_strip_marker(lines[at].strip(), marker)]
        at += 1
        while at < len(lines) and _continues(lines[at], margin, marker):
            texts.append(_strip_marker(lines[at].strip(), marker))
            at += 1
        return self._with_children(self._texted(kind, "\n".join(texts)), lines, at, margin)

    def _with_children(
        self, made: Block, lines: list[str], at: int, margin: int | None = None
    ) -> tuple[list[Block], int]:
        if margin is None:
            margin = len(lines[at - 1]) - len(lines[at - 1].lstrip())
        end = at
        for position in range(at, len(lines)):
            if lines[position].strip():
                if len(lines[position]) - len(lines[position].lstrip()) < margin + 2:
                    break
                end = position + 1
        inner = textwrap.dedent("\n".join(lines[at:end])).split("\n")
        children = self._blocks(inner)
        if children:
            made["children"] = children
        return [made], end if children else at

    def _texted(self, kind: str, text: str, **payload: Any) -> Block:
        color = "default"
        if coloured := _COLOR.search(text):
            color, text = coloured["color"], text[: coloured.start()]
        if kind == "paragraph":
            payload.setdefault("icon", None)
        return block(kind, rich_text=self._inline(text), **payload, color=color)

    def _inline(self, text: str) -> RichText:
        return parse_inline(text, self._names)


def read_simple(
    text: str, names: Names | None = None, known: Mapping[str, Block] | None = None
) -> list[Block]:
    """The blocks that a body of simple markdown means."""
    return Reader(names, known).read(text)


def block(kind: str, **payload: Any) -> Block:
    """A block with this payload, without id and times."""
    return {"type": kind, kind: payload}


def media(kind: str, url: str, caption: RichText) -> Block:
    """A media block; a URL without a host is a file that the workspace hosts itself."""
    if url.startswith(("http://", "https://")):
        where: Block = {"type": "external", "external": {"url": url}}
    else:
        where = {"type": "file", "file": {"url": url}}
    made = block(kind, caption=caption, **where)
    if kind == "file":
        made["file"]["name"] = url.rsplit("/", 1)[-1].split("?")[0]
    return made


def _spaces_for_tabs(lines: list[str]) -> list[str]:
    """Nesting by tabs becomes nesting by two spaces; tabs within code stay."""
    fence = ""
    tabs = 0
    changed: list[str] = []
    for line in lines:
        stripped = line.lstrip("\t ")
        margin = line[: len(line) - len(stripped)]
        if fence:
            taken = min(tabs, len(margin) - len(margin.lstrip("\t")))
            changed.append("  " * taken + line[taken:])
            fence = "" if stripped.strip() == fence else fence
            continue
        if opened := _FENCE.match(stripped):
            fence, tabs = opened[1], margin.count("\t")
        changed.append(margin.replace("\t", "  ") + stripped)
    return changed


def _strip_marker(line: str, marker: str) -> str:
    return line[len(marker) :].removeprefix(" ") if marker else line


def _continues(line: str, margin: int, marker: str) -> bool:
    stripped = line.strip()
    if not stripped or len(line) - len(line.lstrip()) != margin:
        return False
    if marker:
        return stripped.startswith(marker)
    return not (
        stripped.startswith((">", "```", "$$", "|"))
        or stripped == "---"
        or _HEADING.match(stripped)
        or _LIST.match(stripped)
        or _IMAGE.match(stripped)
        or ((command := _COMMAND.match(stripped)) and command["name"] in _COMMANDS)
    )
