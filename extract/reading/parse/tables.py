"""Tables, written as pipes or as tags, read into rows and cells."""

from __future__ import annotations

import re
from collections.abc import Iterator

from extract.reading.blocks import Draft
from extract.reading.parse.inline.scanner import parse_inline
from extract.reading.parse.tags import TABLE_TAGS, TagToken, tag_at

DELIMITER_ROW = re.compile(r"\s*+(?=[^\n]*\|)\|?\s*:?-+:?\s*+(?:\|\s*:?-+:?\s*+)*\|?\s*")
_BAR = re.compile(r"(?<!\\)\|")
_TOKEN = re.compile(
    r"\\.|`[^`\n]*+`|</?+(?:" + "|".join(sorted(TABLE_TAGS, key=len, reverse=True)) + r")(?=[\s/>])",
    re.I | re.S,
)


_END_CELL = frozenset({"td", "th", "tr", "table"})


def pipe_cells(line: str) -> list[str]:
    """The cells of one line of a pipe table, `\\|` read as a bar.

    https://github.github.com/gfm/#tables-extension-
    """
    line = line.strip()
    cells: list[str] = []
    start = 1 if line.startswith("|") else 0
    for match in _BAR.finditer(line, start):
        cells.append(line[start : match.start()])
        start = match.end()
    if line[start:].strip():
        cells.append(line[start:])
    return [cell.strip().replace("\\|", "|") for cell in cells]


def row_draft(cells: list[str], *, v2: bool, unknown: set[str]) -> Draft:
    """One row; the cells hold inline markdown."""
    return Draft(
        "table_row", children=[Draft("cell", parse_inline(cell, v2=v2, unknown=unknown)) for cell in cells]
    )


def pipe_table(lines: list[str], *, v2: bool, unknown: set[str]) -> Draft:
    """A pipe table of at least two lines, the second the delimiter row. An empty header is no header."""
    rows = [row_draft(pipe_cells(line), v2=v2, unknown=unknown) for at, line in enumerate(lines) if at != 1]
    return _table(rows, header=True)


def tag_table(source: str, *, v2: bool, unknown: set[str]) -> Draft:
    """A table written as `<table> <tr> <td>`, indented or not; stray text becomes a row of its own."""
    cells = _TagCells()
    for before, tag in _cut_at_tags(source):
        cells.add_text(before)
        if tag is not None:
            cells.add_tag(tag)
    cells.end_cell()
    rows = [row_draft(row, v2=v2, unknown=unknown) for row in cells.rows if row]
    return _table(rows, header=cells.says_header or (cells.begins_with_th and len(rows) > 1))


def _cut_at_tags(source: str) -> Iterator[tuple[str, TagToken | None]]:
    """The source cut at the tags of tables: pairs of (text before, tag); the last pair has no tag."""
    position = scan = 0
    while (match := _TOKEN.search(source, scan)) is not None:
        scan = match.end()
        if not match.group().startswith("<"):
            continue  # an escape, or code
        tag = tag_at(source, match.start())
        if tag is not None:
            yield source[position : match.start()], tag
            position = scan = tag.end
    yield source[position:], None


class _TagCells:
    """The cells of a table of tags, row by row. Rows and cells end where the next begins, closed or not."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = []
        self.says_header = False
        self.begins_with_th = (
            True  # every cell of the first row is a `<th>`, which a header column would have too
        )
        self._cell: list[str] | None = None

    def add_text(self, text: str) -> None:
        if self._cell is not None:
            self._cell.append(text)
        elif text.strip():
            self.rows.append([text])

    def add_tag(self, tag: TagToken) -> None:
        if tag.name in _END_CELL:
            self.end_cell()
        if tag.closing:
            return
        if tag.name == "table":
            self.says_header = tag.attrs.get("header-row") == "true"
            self.begins_with_th = tag.attrs.get("header-column") != "true"
        elif tag.name == "tr":
            self.rows.append([])
        elif tag.name in ("td", "th"):
            self._begin_cell(tag)

    def end_cell(self) -> None:
        if self._cell is not None:
            self.rows[-1].append(_tidy("".join(self._cell)))
            self._cell = None

    def _begin_cell(self, tag: TagToken) -> None:
        if not self.rows:
            self.rows.append([])
        if len(self.rows) == 1 and tag.name == "td":
            self.begins_with_th = False
        if tag.void:
            self.rows[-1].append("")
        else:
            self._cell = []


def _tidy(cell: str) -> str:
    return "\n".join(line.strip() for line in cell.strip().splitlines()) if "\n" in cell else cell.strip()


def _table(rows: list[Draft], *, header: bool) -> Draft:
    if header and rows and not any(cell.inlines for cell in rows[0].children):
        header, rows = False, rows[1:]
    return Draft("table", children=rows, attrs={"header": "yes"} if header else {})
