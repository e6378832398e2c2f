"""A block tree without its layout: containers unfolded into the blocks a reader meets one after the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from extract.reading.blocks import Block, Inline, Inlines, text_of
from extract.reading.clean import one_line
from extract.reading.links import file_name, target_of
from extract.reading.runs import merged

LIST_ITEMS = frozenset({"bulleted_list_item", "numbered_list_item", "to_do"})
LINKED_MEDIA = frozenset(
    {"video", "audio", "file", "pdf", "embed", "bookmark", "link_preview", "external_object", "custom_block"}
)
SILENT = frozenset({"unknown", "table_of_contents", "breadcrumb", "unsupported", "template"})
_MEETING_ORDER = {"meeting_summary": 1, "meeting_notes_section": 2, "meeting_transcript": 3}
_OMITTED = re.compile(
    r"transcript\b.{0,80}\b(?:omitted|not included|include_transcript)|include_transcript", re.I | re.S
)


def flow(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks that remain without layout: containers give their title, then their children."""
    for block in blocks:
        kind = block.kind
        if kind in LIST_ITEMS or kind in ("quote", "table"):
            yield block
        elif kind in _UNFOLDED:
            yield from _UNFOLDED[kind](block)
        elif kind in SILENT:
            yield from flow(block.children)
        else:
            if kind in ("heading", "code", "equation", "divider"):
                yield Block(kind, block.inlines, (), block.attrs)
            elif inlines := link_or_caption(block):
                yield Block("paragraph", inlines)
            if block.children:
                yield from flow(block.children)


def link_or_caption(block: Block) -> Inlines:
    """The runs that stand for a block: its text, a media's linked caption, a child page's linked title."""
    inlines = block.inlines
    url = block.attrs.get("url", "")
    if block.kind in ("child_page", "child_database", "link_to_page"):
        return tuple([run._replace(href=url) for run in inlines]) if inlines else linked(url, url)
    if block.kind not in LINKED_MEDIA:
        return inlines
    if not inlines:
        return linked(_media_name(block, url), url)
    if any(run.href for run in inlines):
        return inlines
    return tuple([run if run.kind == "break" else run._replace(href=url or None) for run in inlines])


def _media_name(block: Block, url: str) -> str:
    """What a media without a caption is called: by Notion, by its file, else its address."""
    name = block.attrs.get("name") or ""
    if not name and block.kind in ("file", "pdf", "video", "audio"):
        name = file_name(url)
    return name or (url if target_of(url) else "")


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
        if _is_emoji(icon):
            inlines = merged([Inline("text", one_line(icon) + " "), *inlines])
        yield Block("paragraph", inlines)
    yield from flow(children)


def _is_emoji(icon: str) -> bool:
    """Return True if the icon is shown with the text, other than an address or a name."""
    return 0 < len(icon) <= 16 and not any(char.isalnum() or char in "/:<" for char in icon if char.isascii())


def _meeting_notes(block: Block) -> Iterator[Block]:
    if block.inlines:
        yield Block("paragraph", block.inlines)
    yield from flow(sorted(block.children, key=lambda child: _MEETING_ORDER.get(child.kind, 0)))


def _meeting_transcript(block: Block) -> Iterator[Block]:
    if _is_placeholder(block):
        return
    if block.inlines:
        yield Block("paragraph", block.inlines)
    yield from flow(block.children)


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


_UNFOLDED: Mapping[str, Callable[[Block], Iterator[Block]]] = {
    "callout": _callout,
    "meeting_notes": _meeting_notes,
    "meeting_transcript": _meeting_transcript,
    "mail": _mail,
}
