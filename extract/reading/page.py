"""A page's title, properties and tree made into what the index needs: text, digest, links, passages."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Literal

from extract.reading.blocks import Block, Tree, text_of
from extract.reading.clean import clean, one_line
from extract.reading.cut.chunks import Chunking, passages
from extract.reading.links import is_notion_host, is_safe, notion_id_of, target_of
from extract.reading.write.canonical import pieces
from extract.reading.write.escape import escape_line_start, escape_text
from extract.reading.write.flow import LINKED_MEDIA, link_or_caption
from extract.values import BodyChild, PageLink, PageReading, Property

_PLAIN_URL = re.compile(r"https?://[^\s<>*`\\_\[\]]+(?:_[^\s<>*`\\_\[\]]+)*")
_EMBEDS = frozenset({"embed", "link_preview", "external_object", "custom_block"})


def read_page(
    *,
    title: str,
    url: str,
    properties: tuple[Property, ...],
    tree: Tree,
    unread_blocks: int = 0,
    chunking: Chunking | None = None,
) -> PageReading:
    """The whole reading of a page. Raises nothing, whatever the content.

    `text` is the title as a heading, the property lines, and the body, all of it in `passages` too, in that
    order.
    `digest` leaves the volatile properties out. `url` names the page and is no part of what is hashed.
    """
    title = one_line(title) or "Untitled"
    head = f"# {escape_text(title)}"
    lines = [property_line(prop) for prop in properties]
    front = f"{head}\n\n{chr(10).join(lines)}" if lines else head
    body_pieces = pieces(tree.blocks)
    body = "\n\n".join([piece.text for piece in body_pieces])
    steady = [line for line, one in zip(lines, properties, strict=True) if not one.volatile]
    captions = list(_bare(tree))
    return PageReading(
        title=title,
        text=f"{front}\n\n{body}" if body else front,
        digest=hashlib.sha256("\x00".join([head, *steady, "", body]).encode()).hexdigest(),
        properties=properties,
        links=_links(properties, tree, own=notion_id_of(url)),
        passages=passages(front, body_pieces, chunking or Chunking(), front_joins=not lines),
        unread_blocks=unread_blocks,
        unknown_tags=tree.unknown_tags,
        images_without_caption=captions.count("image"),
        embeds_without_caption=sum(kind in _EMBEDS for kind in captions),
        children=_children(tree),
        read_as_plain_text=tree.is_plain,
        characters_left_out=tree.characters_left_out,
    )


def has_text(tree: Tree) -> bool:
    """Whether a body holds any words: text, code, an equation or a caption, not just media."""
    return any(
        text_of(block.inlines).strip() or block.attrs.get("code", "").strip() or block.attrs.get("subject")
        for block in tree.walk()
    )


def property_line(one: Property) -> str:
    """`Name: value` on one line, as plain text; an address stays as it is."""
    name = escape_line_start(escape_text(one_line(one.name)))
    text = one_line(one.text)
    return f"{name}: {text if _PLAIN_URL.fullmatch(text) else escape_text(text)}"


def _bare(tree: Tree) -> Iterator[str]:
    """The kinds of images, embeds and other media that have no words with them."""
    for block in tree.walk():
        if (block.kind == "image" or block.kind in LINKED_MEDIA) and not text_of(block.inlines).strip():
            yield block.kind


def _children(tree: Tree) -> tuple[BodyChild, ...]:
    found: dict[str, BodyChild] = {}
    for block in tree.walk():
        if block.kind in ("child_page", "child_database"):
            notion_id = _notion_id(block.attrs.get("url", ""))
            if notion_id is not None:
                kind: Literal["page", "database"] = "page" if block.kind == "child_page" else "database"
                found.setdefault(notion_id, BodyChild(kind, notion_id, one_line(text_of(block.inlines))))
    return tuple(found.values())


def _links(properties: tuple[Property, ...], tree: Tree, own: str | None) -> tuple[PageLink, ...]:
    found: dict[tuple[str, str], PageLink] = {}
    for one in properties:
        if one.kind == "url" and is_safe(one.text):
            found[one.name, one.text] = PageLink(one.name, one.text, _notion_id(one.text))
    for block in tree.walk():
        for text, href in _hrefs(block):
            target = target_of(href)
            if target and (text, target) not in found:
                found[text, target] = PageLink(text or target, target, _notion_id(target))
    return tuple(
        [
            link
            for link in found.values()
            if link.notion_id is None or link.notion_id != own or "#" not in link.url
        ]
    )


def _hrefs(block: Block) -> Iterator[tuple[str, str]]:
    texts: list[str] = []
    href = ""
    for run in link_or_caption(block):
        if run.href != href and href:
            yield one_line("".join(texts)), href
            texts = []
        href = run.href or ""
        if href:
            texts.append(" " if run.kind == "break" else run.text)
    if href:
        yield one_line("".join(texts)), href


def _notion_id(url: str) -> str | None:
    return (
        notion_id_of(url)
        if is_notion_host(clean(url).partition("://")[2].partition("/")[0].lower())
        else None
    )
