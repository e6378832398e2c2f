"""Blocks of the block API as our tree, to fill what the markdown left out.

https://developers.notion.com/reference/block
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from extract.reading.blocks import MAX_DEPTH, Block, Inlines, Tree
from extract.reading.clean import clean
from extract.reading.rich_text import mapping, page_url, plain_text, runs_of, string
from extract.values import Json

_TEXT = {
    "paragraph": "paragraph",
    "bulleted_list_item": "bulleted_list_item",
    "numbered_list_item": "numbered_list_item",
    "to_do": "to_do",
    "toggle": "toggle",
    "quote": "quote",
    "callout": "callout",
    "template": "template",
    "column_list": "column_list",
    "column": "column",
    "tab": "tabs",
    "synced_block": "synced_block",
    "divider": "divider",
    "breadcrumb": "breadcrumb",
    "table_of_contents": "table_of_contents",
    "unsupported": "unsupported",
    "meeting_notes": "meeting_notes",
    "transcription": "meeting_notes",
}
_MEDIA = frozenset({"image", "video", "audio", "file", "pdf", "embed", "bookmark", "link_preview"})


def block_tree(blocks: Sequence[Json]) -> Tree:
    """The tree of these block objects; children are read where they are nested: in the block or its payload.

    Raises nothing: what is not a block is skipped, a kind nobody taught us keeps its text and is named in
    `unknown_tags`.
    """
    unknown: set[str] = set()
    return Tree(_blocks(blocks, unknown, 0), tuple(sorted(unknown)))


def _blocks(blocks: object, unknown: set[str], depth: int) -> tuple[Block, ...]:
    if not isinstance(blocks, Sequence) or isinstance(blocks, str):
        return ()
    out: list[Block] = []
    pending = [block for block in reversed(blocks) if isinstance(block, Mapping)]
    while pending:
        source = pending.pop()
        children = _children(source)
        if depth < MAX_DEPTH:
            out.append(_block(source, _blocks(children, unknown, depth + 1), unknown))
        else:
            out.append(_block(source, (), unknown))
            pending.extend(child for child in reversed(children) if isinstance(child, Mapping))
    return tuple(out)


def _children(block: Mapping[str, Json]) -> Sequence[Json]:
    for holder in (block, mapping(block.get(str(block.get("type"))))):
        children = holder.get("children")
        if isinstance(children, Sequence) and not isinstance(children, str):
            return children
    return ()


class _Source(NamedTuple):
    """One block object. `payload` is what it holds under its type's name; `children` are read already."""

    kind: str
    id: str
    payload: Mapping[str, Json]
    children: tuple[Block, ...]


def _block(given: Mapping[str, Json], children: tuple[Block, ...], unknown: set[str]) -> Block:
    kind = str(given.get("type"))
    source = _Source(kind, string(given.get("id")), mapping(given.get(kind)), children)
    if kind in _READERS:
        return _READERS[kind](source)
    if kind.startswith("heading_"):
        return Block("heading", _text(source.payload), children, {"level": kind[8:9]})
    title = source.payload.get("title")
    if kind in _TEXT:
        attrs = _attrs(kind, source.payload)
        return Block(_TEXT[kind], _text(source.payload) or runs_of(title), children, attrs)
    unknown.add(clean(kind)[:100])
    words = _text(source.payload) or runs_of(title or source.payload.get("caption"))
    return Block("group", words, children)


def _text(payload: Mapping[str, Json]) -> Inlines:
    return runs_of(payload.get("rich_text") or payload.get("text"))


def _media(source: _Source) -> Block:
    caption = runs_of(source.payload.get("caption"))
    return Block(source.kind, caption, source.children, _media_attrs(source.payload))


def _code(source: _Source) -> Block:
    payload = source.payload
    code = plain_text(payload.get("rich_text") or ())
    attrs = {"language": string(payload.get("language")), "code": code}
    return Block("code", runs_of(payload.get("caption")), source.children, attrs)


def _equation(source: _Source) -> Block:
    return Block("equation", (), source.children, {"code": string(source.payload.get("expression"))})


def _table(source: _Source) -> Block:
    has_header = source.payload.get("has_column_header")
    return Block("table", (), source.children, {"header": "yes"} if has_header else {})


def _table_row(source: _Source) -> Block:
    cells = source.payload.get("cells")
    cells = cells if isinstance(cells, Sequence) and not isinstance(cells, str) else ()
    return Block("table_row", (), tuple([Block("cell", runs_of(cell)) for cell in cells]))


def _child(source: _Source) -> Block:
    attrs = {"url": page_url(source.id)} if source.id else {}
    return Block(source.kind, runs_of(string(source.payload.get("title"))), (), attrs)


def _link_to_page(source: _Source) -> Block:
    kind = source.payload.get("type")
    target = source.payload.get(str(kind))
    url = page_url(target) if isinstance(target, str) and kind != "comment_id" else ""
    return Block("link_to_page", (), source.children, {"url": url} if url else {})


_READERS: Mapping[str, Callable[[_Source], Block]] = {
    **dict.fromkeys(_MEDIA, _media),
    "code": _code,
    "equation": _equation,
    "table": _table,
    "table_row": _table_row,
    "child_page": _child,
    "child_database": _child,
    "link_to_page": _link_to_page,
}
"""Kinds that hold more than text. https://developers.notion.com/reference/block#block-type-objects"""


def _attrs(kind: str, payload: Mapping[str, Json]) -> dict[str, str]:
    if kind == "to_do":
        return {"checked": "yes" if payload.get("checked") is True else ""}
    if kind == "callout":
        icon = string(mapping(payload.get("icon")).get("emoji"))
        return {"icon": icon} if icon else {}
    if kind == "numbered_list_item":
        start = payload.get("list_start_index")
        return {"start": str(start)} if isinstance(start, int) and start > 0 else {}
    return {}


def _media_attrs(payload: Mapping[str, Json]) -> dict[str, str]:
    url = string(payload.get("url"))
    for key in ("external", "file", "file_upload"):
        url = url or string(mapping(payload.get(key)).get("url"))
    attrs = {"url": url} if url else {}
    if name := string(payload.get("name")):
        attrs["name"] = name
    return attrs
