"""Tables in Notion-flavored Markdown: pipes for plain ones, tags for the rest."""

from sandbox.markdown.context import RenderContext, attributes, color_of
from sandbox.markdown.inline_v2 import inline_v2
from sandbox.state.records import Block


def table_v2(block: Block, context: RenderContext) -> str:
    """A table with pipes if its only header is the first row and no row has a colour; else with tags."""
    rows = [row for row in block.get("children") or () if row["type"] == "table_row"]
    table = block["table"]
    plain = table.get("has_column_header") and not table.get("has_row_header")
    if plain and rows and not any(color_of(row) for row in rows):
        return _piped(block, rows, context)
    return _tagged(block, rows, context)


def _piped(block: Block, rows: list[Block], context: RenderContext) -> str:
    width = max([len(row["table_row"]["cells"]) for row in rows] + [1])
    lines = []
    for row in rows:
        cells = [
            inline_v2(cell, context, breaks="<br />").replace("|", "\\|")
            for cell in row["table_row"]["cells"]
        ]
        lines.append("| " + " | ".join(cells + [""] * (width - len(cells))) + " |")
    lines.insert(1, "|" + " --- |" * width)
    return "\n".join(lines)


def _tagged(block: Block, rows: list[Block], context: RenderContext) -> str:
    table = block["table"]
    header_row, header_column = bool(table.get("has_column_header")), bool(table.get("has_row_header"))
    lines = [f"<table{attributes(header_row=header_row, header_column=header_column)}>"]
    for number, row in enumerate(rows):
        lines.append(f"<tr{attributes(color=color_of(row))}>")
        for position, cell in enumerate(row["table_row"]["cells"]):
            tag = "th" if (header_row and number == 0) or (header_column and position == 0) else "td"
            lines.append(f"<{tag}>{inline_v2(cell, context, breaks='<br />')}</{tag}>")
        lines.append("</tr>")
    return "\n".join([*lines, "</table>"])
