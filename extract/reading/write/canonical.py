"""A block tree written as our canonical text: plain CommonMark with GFM tables, the same for both formats."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import dropwhile

from extract.reading.blocks import Block, Tree, text_of
from extract.reading.clean import one_line
from extract.reading.pieces import Piece, fence_for
from extract.reading.write.flow import LIST_ITEMS, flow
from extract.reading.write.inline_text import inline_text

_CLOSING_HASHES = re.compile(r"(?:^|(?<=\s))(?=#+$)")
_MAX_NUMBER = 999_999_999


def body_text(tree: Tree) -> str:
    """The canonical text of a body."""
    return "\n\n".join([piece.text for piece in pieces(tree.blocks)])


def pieces(blocks: Sequence[Block]) -> list[Piece]:
    """The canonical text of these blocks, one piece per block between blank lines; a list is one piece."""
    out: list[Piece] = []
    items: list[str] = []
    family = ""
    number = 0
    for block in flow(blocks):
        if block.kind in LIST_ITEMS:
            ours = "1" if block.kind == "numbered_list_item" else "-"
            if items and family != ours:
                out.append(Piece("list", "\n".join(items)))
                items = []
            number = number + 1 if items else _start(block)
            family = ours
            item = _item(block, f"{number if number <= _MAX_NUMBER else 1}." if ours == "1" else "-")
            if item:
                items.append(item)
            elif ours == "1":
                number -= 1
            continue
        piece = _piece(block)
        if piece is None:
            continue
        if items:
            out.append(Piece("list", "\n".join(items)))
            items = []
        out.append(piece)
    if items:
        out.append(Piece("list", "\n".join(items)))
    return out


def _start(block: Block) -> int:
    digits = block.attrs.get("start", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else 1


def _piece(block: Block) -> Piece | None:
    """The piece of a block that is no list item; None when it says nothing."""
    read = _PIECES.get(block.kind)
    if read is not None:
        return read(block)
    text = inline_text(block.inlines)
    return Piece("text", text) if text else None


def _heading(block: Block) -> Piece | None:
    text = inline_text(block.inlines, flat=True)
    if not text:
        return None
    level = _level(block)
    text = _CLOSING_HASHES.sub(r"\\", text, count=1)
    return Piece("heading", f"{'#' * level} {text}", level, one_line(text_of(block.inlines)))


def _equation(block: Block) -> Piece | None:
    lines = [line.strip() for line in block.attrs.get("code", "").split("\n")]
    lines = [line for line in lines if line and line != "$$"]
    return Piece("equation", "$$\n" + "\n".join(lines) + "\n$$") if lines else None


def _divider(block: Block) -> Piece:
    return Piece("divider", "---")


def _quote(block: Block) -> Piece | None:
    inner = _inner(block)
    if not inner:
        return None
    return Piece("quote", "\n".join(["> " + line if line else ">" for line in inner.split("\n")]))


def _level(block: Block) -> int:
    digits = block.attrs.get("level", "1")
    return min(max(int(digits), 1), 6) if digits in ("1", "2", "3", "4", "5", "6") else 1


def _code(block: Block) -> Piece | None:
    code = block.attrs.get("code", "").strip("\n")
    caption = inline_text(block.inlines)
    if not code.strip():
        return Piece("text", caption) if caption else None
    fence = fence_for(code)
    language = one_line(block.attrs.get("language", "")).replace("`", "")
    text = f"{fence}{language}\n{code}\n{fence}"
    return Piece("code", f"{text}\n\n{caption}" if caption else text)


def _item(block: Block, marker: str) -> str:
    inner = _inner(block)
    if not inner:
        return ""
    width = len(marker) + 1
    box = "" if block.kind != "to_do" else "[x] " if block.attrs.get("checked") else "[ ] "
    if "\n" not in inner:
        return f"{marker} {box}{inner}"
    pad = " " * width
    lines = inner.split("\n")
    return "\n".join([f"{marker} {box}{lines[0]}", *[pad + line if line else "" for line in lines[1:]]])


def _inner(block: Block) -> str:
    """The content of a list item or a quote: its text, then its children; nested lists stay close."""
    text = inline_text(block.inlines)
    if not block.children:
        return text
    parts = pieces(block.children)
    if not text:
        parts = list(dropwhile(lambda part: part.kind == "divider", parts))
    if not parts:
        return text
    out = [text] if text else []
    tight = block.kind in LIST_ITEMS
    for at, part in enumerate(parts):
        if out:
            out.append(
                "\n"
                if tight and part.kind == "list" and (at == 0 or parts[at - 1].kind != "list")
                else "\n\n"
            )
        out.append(part.text)
    return "".join(out)


def _table(block: Block) -> Piece | None:
    rows = [[inline_text(cell.inlines, cell=True) for cell in row.children] for row in block.children]
    header = bool(block.attrs.get("header")) and bool(rows) and any(rows[0])
    rows = [row for row in rows if any(row)]
    if not rows:
        return None
    width = max(len(row) for row in rows)
    head = rows.pop(0) if header else []
    head = head + [""] * (width - len(head))
    lines = [_row(head), "|" + " --- |" * width]
    lines += [_row(row) for row in rows]
    return Piece("table", "\n".join(lines))


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


_PIECES: Mapping[str, Callable[[Block], Piece | None]] = {
    "heading": _heading,
    "code": _code,
    "equation": _equation,
    "divider": _divider,
    "table": _table,
    "quote": _quote,
}
