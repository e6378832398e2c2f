"""Tables, written as pipes or as tags, read into rows and cells."""

from __future__ import annotations

import re

from extract.reading.blocks import Draft
from extract.reading.parse.inline.scanner import parse_inline
from extract.reading.parse.tags import TABLE_TAGS, plain_name, tag_at

DELIMITER_ROW = re.compile(r"\s*+(?=[^\n]*\|)\|?\s*:?-+:?\s*+(?:\|\s*:?-+:?\s*+)*\|?\s*")
_BAR = re.compile(r"(?<!\\)\|")
_TOKEN = re.compile(
    r"\\.|`[^`\n]*+`|</?+(?:" + "|".join(sorted(TABLE_TAGS, key=len, reverse=True)) + r")(?=[\s/>])",
    re.I | re.S,
)


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
    rows: list[list[str]] = []
    cell: list[str] | None = None
    header = False
    heads_only = True
    position = scan = 0
    while True:
        match = _TOKEN.search(source, scan)
        tag = None
        if match is not None:
            scan = match.end()
            if not match.group().startswith("<"):
                continue
            tag = tag_at(source, match.start())
            if tag is None:
                continue
            scan = tag.end
        before = source[position : match.start() if match else len(source)]
        if cell is not None:
            cell.append(before)
        elif before.strip():
            rows.append([before])
        if match is None or tag is None:
            break
        position = tag.end
        name = plain_name(tag.name)
        if name in ("td", "th", "tr", "table") and cell is not None:
            rows[-1].append(_tidy("".join(cell)))
            cell = None
        if tag.closing:
            continue
        if name == "table":
            header = tag.attrs.get("header-row") == "true"
            heads_only = tag.attrs.get("header-column") != "true"
        elif name == "tr":
            rows.append([])
        elif name in ("td", "th"):
            if not rows:
                rows.append([])
            if len(rows) == 1 and name == "td":
                heads_only = False
            if tag.void:
                rows[-1].append("")
            else:
                cell = []
    if cell is not None:
        rows[-1].append(_tidy("".join(cell)))
    drafts = [row_draft(row, v2=v2, unknown=unknown) for row in rows if row]
    return _table(drafts, header=header or (heads_only and len(drafts) > 1))


def _tidy(cell: str) -> str:
    return "\n".join(line.strip() for line in cell.strip().splitlines()) if "\n" in cell else cell.strip()


def _table(rows: list[Draft], *, header: bool) -> Draft:
    if header and rows and not any(cell.inlines for cell in rows[0].children):
        header, rows = False, rows[1:]
    return Draft("table", children=rows, attrs={"header": "yes"} if header else {})
