"""A block tree written as our canonical text: plain CommonMark with GFM tables, the same for both formats."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from extract.reading.blocks import Block, Inline, Inlines, Tree, text_of
from extract.reading.clean import one_line
from extract.reading.escape import fence_for
from extract.reading.inline import merged
from extract.reading.inline_text import inline_text
from extract.reading.links import file_name, target_of

PieceKind = Literal["heading", "text", "list", "quote", "code", "table", "equation", "divider"]

LIST_ITEMS = frozenset({"bulleted_list_item", "numbered_list_item", "to_do"})
LINKED_MEDIA = frozenset(
    {"video", "audio", "file", "pdf", "embed", "bookmark", "link_preview", "external_object", "custom_block"}
)
SILENT = frozenset({"unknown", "table_of_contents", "breadcrumb", "unsupported", "template"})
_MEETING_ORDER = {"meeting_summary": 1, "meeting_notes_section": 2, "meeting_transcript": 3}
_OMITTED = re.compile(
    r"transcript\b.{0,80}\b(?:omitted|not included|include_transcript)|include_transcript", re.I | re.S
)
_CLOSING_HASHES = re.compile(r"(?:^|(?<=\s))(?=#+$)")
_MAX_NUMBER = 999_999_999


class Piece(NamedTuple):
    """One block of the canonical text that stands between blank lines. `title` is a heading's bare text."""

    kind: PieceKind
    text: str
    level: int = 0
    title: str = ""


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


def flow(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks that remain when layout is dropped: containers give their title as a paragraph, then their children."""
    for block in blocks:
        kind = block.kind
        if kind in LIST_ITEMS or kind in ("quote", "table"):
            yield block
        elif kind == "callout":
            yield from _callout(block)
        elif kind == "meeting_notes":
            if block.inlines:
                yield Block("paragraph", block.inlines)
            yield from flow(sorted(block.children, key=lambda child: _MEETING_ORDER.get(child.kind, 0)))
        elif kind == "meeting_transcript" and _is_placeholder(block):
            continue
        elif kind == "mail":
            yield from _mail(block)
        elif kind in SILENT:
            yield from flow(block.children)
        else:
            if kind in ("heading", "code", "equation", "divider"):
                yield Block(kind, block.inlines, (), block.attrs)
            else:
                inlines = link_or_caption(block)
                if inlines:
                    yield Block("paragraph", inlines)
            if block.children:
                yield from flow(block.children)


def link_or_caption(block: Block) -> Inlines:
    """The runs that stand for a block: its text, a media's caption linked to what it shows, a child page's link."""
    inlines = block.inlines
    url = block.attrs.get("url", "")
    if block.kind in ("child_page", "child_database", "link_to_page"):
        return tuple([run._replace(href=url) for run in inlines]) if inlines else linked(url, url)
    if block.kind not in LINKED_MEDIA:
        return inlines
    if not inlines:
        name = block.attrs.get("name") or ""
        if block.kind in ("file", "pdf", "video", "audio"):
            name = name or file_name(url)
        return linked(name or (url if target_of(url) else ""), url)
    if any(run.href for run in inlines):
        return inlines
    return tuple([run if run.kind == "break" else run._replace(href=url or None) for run in inlines])


def linked(label: str, url: str) -> Inlines:
    """One run of text that links to `url`; none when there is nothing to show."""
    label = one_line(label)
    return (Inline("text", label, 0, url or None),) if label else ()


def _callout(block: Block) -> Iterator[Block]:
    inlines, children = block.inlines, block.children
    if not text_of(inlines).strip():
        inlines = ()
    if not inlines and children and children[0].kind == "paragraph":
        inlines, children = children[0].inlines, children[0].children + children[1:]
    icon = block.attrs.get("icon", "").strip()
    if inlines:
        if (
            icon
            and len(icon) <= 16
            and not any(char.isalnum() or char in "/:<" for char in icon if char.isascii())
        ):
            inlines = merged([Inline("text", one_line(icon) + " "), *inlines])
        yield Block("paragraph", inlines)
    yield from flow(children)


def _mail(block: Block) -> Iterator[Block]:
    runs: list[Inline] = []
    for name in ("from", "to", "cc", "bcc", "subject"):
        value = one_line(block.attrs.get(name, ""))
        if value:
            if runs:
                runs.append(Inline("break", ""))
            runs.append(Inline("text", f"{name.capitalize()}: {value}"))
    if runs:
        yield Block("paragraph", tuple(runs))
    if block.inlines:
        yield Block("paragraph", block.inlines)
    yield from flow(block.children)


def _is_placeholder(block: Block) -> bool:
    """Whether a transcript only says that Notion left it out."""
    children = block.children
    if len(children) > 1 or any(child.children for child in children):
        return False
    text = text_of(block.inlines) + "".join(text_of(child.inlines) for child in children)
    return len(text) < 300 and _OMITTED.search(text) is not None


def _start(block: Block) -> int:
    digits = block.attrs.get("start", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else 1


def _piece(block: Block) -> Piece | None:
    kind = block.kind
    if kind == "heading":
        text = inline_text(block.inlines, flat=True)
        if not text:
            return None
        level = _level(block)
        text = _CLOSING_HASHES.sub(r"\\", text, count=1)
        return Piece("heading", f"{'#' * level} {text}", level, one_line(text_of(block.inlines)))
    if kind == "code":
        return _code(block)
    if kind == "equation":
        lines = [line.strip() for line in block.attrs.get("code", "").split("\n")]
        lines = [line for line in lines if line and line != "$$"]
        return Piece("equation", "$$\n" + "\n".join(lines) + "\n$$") if lines else None
    if kind == "divider":
        return Piece("divider", "---")
    if kind == "table":
        return _table(block)
    if kind == "quote":
        inner = _inner(block)
        return (
            Piece("quote", "\n".join(["> " + line if line else ">" for line in inner.split("\n")]))
            if inner
            else None
        )
    text = inline_text(block.inlines)
    return Piece("text", text) if text else None


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
    """The content of a list item or a quote: its text, then its children; nested lists stay close to the text."""
    text = inline_text(block.inlines)
    if not block.children:
        return text
    parts = pieces(block.children)
    if not text:
        while parts and parts[0].kind == "divider":
            parts.pop(0)
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
