"""Blocks of the block API as our tree, to fill what the markdown left out.

https://developers.notion.com/reference/block
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from extract.reading.blocks import MAX_DEPTH, Block, Tree
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


def _block(source: Mapping[str, Json], children: tuple[Block, ...], unknown: set[str]) -> Block:
    kind = str(source.get("type"))
    payload = mapping(source.get(kind))
    inlines = runs_of(payload.get("rich_text") or payload.get("text"))
    if kind in _MEDIA:
        return Block(kind, runs_of(payload.get("caption")), children, _media(payload))
    if kind.startswith("heading_"):
        return Block("heading", inlines, children, {"level": kind[8:9]})
    if kind == "code":
        attrs = {
            "language": string(payload.get("language")),
            "code": plain_text(payload.get("rich_text") or ()),
        }
        return Block("code", runs_of(payload.get("caption")), children, attrs)
    if kind == "equation":
        return Block("equation", (), children, {"code": string(payload.get("expression"))})
    if kind == "table":
        return Block("table", (), children, {"header": "yes"} if payload.get("has_column_header") else {})
    if kind == "table_row":
        cells = payload.get("cells")
        cells = cells if isinstance(cells, Sequence) and not isinstance(cells, str) else ()
        return Block("table_row", (), tuple([Block("cell", runs_of(cell)) for cell in cells]))
    if kind in ("child_page", "child_database"):
        notion_id = string(source.get("id"))
        return Block(
            kind, runs_of(string(payload.get("title"))), (), {"url": page_url(notion_id)} if notion_id else {}
        )
    if kind == "link_to_page":
        target = payload.get(str(payload.get("type")))
        url = page_url(target) if isinstance(target, str) and payload.get("type") != "comment_id" else ""
        return Block("link_to_page", (), children, {"url": url} if url else {})
    if kind in _TEXT:
        return Block(_TEXT[kind], inlines or runs_of(payload.get("title")), children, _attrs(kind, payload))
    unknown.add(clean(kind)[:100])
    return Block("group", inlines or runs_of(payload.get("title") or payload.get("caption")), children)


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


def _media(payload: Mapping[str, Json]) -> dict[str, str]:
    url = string(payload.get("url"))
    for key in ("external", "file", "file_upload"):
        url = url or string(mapping(payload.get(key)).get("url"))
    attrs = {"url": url} if url else {}
    if name := string(payload.get("name")):
        attrs["name"] = name
    return attrs
