"""The stack of open blocks while a page is read: what both markdown readers share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from extract.reading.blocks import MAX_DEPTH, NO_ATTRS, Draft, Tree
from extract.reading.parse.inline.scanner import parse_inline
from extract.reading.parse.tags import (
    BLOCK_TAGS,
    CLOSERS,
    CONTAINERS,
    DATES,
    LEAVES,
    MENTIONS,
    STYLES,
    VOIDS,
    TagToken,
    kept,
    plain_name,
    tag_at,
)

_NAMES = "|".join(
    sorted((re.escape(name).replace(r"\-", "[-_]") for name in BLOCK_TAGS), key=len, reverse=True)
)
_STRUCTURE = re.compile(rf"\\.|`[^`\n]*+`|<(/?+)({_NAMES})(?=[\s/>])", re.IGNORECASE)
STARTS_WITH_BLOCK_TAG = re.compile(rf"</?+(?:{_NAMES})(?=[\s/>])", re.IGNORECASE)
_LONE_TAG = re.compile(r"<(/?+)([A-Za-z][\w-]*+)(\s[^<>]*+)?>\s*+$")
WORD = re.compile(r"\S")
_UNTITLED = frozenset({"column_list", "column", "tabs", "synced_block", "group", "meeting_summary",
                       "meeting_notes_section", "meeting_transcript"})  # fmt: skip


@dataclass(slots=True)
class Frame:
    """One open block. `indent` is what a line needs to belong to it: tabs (v1), columns (v2), -1 nothing."""

    draft: Draft
    children: list[Draft]
    tag: str
    indent: int
    depth: int
    takes_title: bool = False
    marker: str = ""


class OpenBlocks:
    """Open blocks, outermost first. Blocks deeper than MAX_DEPTH become siblings there."""

    __slots__ = ("_closing_names", "_source", "_v2", "frames", "open_tags", "root", "unknown")

    def __init__(self, source: str, *, v2: bool) -> None:
        self.root = Draft("page")
        self.frames = [Frame(self.root, self.root.children, "", -1, 0)]
        self.open_tags: dict[str, int] = {}
        self.unknown: set[str] = set()
        self._source = source
        self._v2 = v2
        self._closing_names: frozenset[str] | None = None

    def tree(self) -> Tree:
        """Everything read so far, closed and frozen."""
        return Tree(tuple([draft.freeze() for draft in self.root.children]), tuple(sorted(self.unknown)))

    def add(self, draft: Draft) -> None:
        """Put a finished block under the innermost open one."""
        top = self.frames[-1]
        top.takes_title = False
        top.children.append(draft)

    def open(
        self, draft: Draft, *, tag: str = "", indent: int = -1, takes_title: bool = False, marker: str = ""
    ) -> Frame:
        """Put a block under the innermost open one and open it."""
        top = self.frames[-1]
        self.add(draft)
        depth = top.depth + 1
        children = draft.children if depth < MAX_DEPTH else top.children
        frame = Frame(draft, children, tag, indent, depth, takes_title, marker)
        self.frames.append(frame)
        if tag:
            self.open_tags[tag] = self.open_tags.get(tag, 0) + 1
        return frame

    def pop(self) -> Frame:
        """Close the innermost open block."""
        frame = self.frames.pop()
        if frame.tag:
            self.open_tags[frame.tag] -= 1
        return frame

    def text(self, text: str) -> None:
        """One run of text: the title of the innermost open block if it waits for one, else a paragraph."""
        text = text.strip()
        if not text:
            return
        image = image_draft(text, v2=self._v2, unknown=self.unknown)
        if image is not None:
            self.add(image)
            return
        inlines = parse_inline(text, v2=self._v2, unknown=self.unknown)
        top = self.frames[-1]
        if top.takes_title:
            top.takes_title = False
            top.draft.inlines = inlines
        elif inlines:
            self.add(Draft("paragraph", inlines))

    def open_tag(self, tag: TagToken, indent: int) -> bool:
        """Open (or place) the block that this tag begins. False: not a tag of a block."""
        name = tag.name
        if name in VOIDS:
            if VOIDS[name]:
                self.add(Draft(VOIDS[name], attrs=kept(tag.attrs)))
            return True
        kind = CONTAINERS.get(name) or LEAVES.get(name)
        if kind is None:
            return False
        if name == "summary" and self._summary_of_toggle(tag, indent):
            return True
        attrs = dict(kept(tag.attrs))
        if name in ("h1", "h2", "h3", "h4", "h5", "h6"):
            attrs["level"] = name[1]
        elif kind == "toggle" and attrs.get("heading", "")[:1] == "h":
            kind, attrs["level"] = "heading", attrs["heading"][1:2]
        elif name == "li":
            kind = self._item_kind()
        elif kind == "to_do":
            attrs["checked"] = "yes" if attrs.get("checked") == "true" else ""
        draft = Draft(kind, attrs=attrs or NO_ATTRS)
        if tag.void:
            self.add(draft)
        else:
            self.open(draft, tag=name, indent=indent, takes_title=kind not in _UNTITLED)
        return True

    def close_tag(self, name: str) -> None:
        """Close everything down to the open tag of this name; nothing when there is none."""
        if self.open_tags.get(name):
            while self.pop().tag != name:
                pass

    def structure(self, text: str, start: int = 0) -> Iterator[tuple[str, TagToken | None]]:
        """The text cut at the tags of blocks: pairs of (text before, tag); the last pair has no tag.

        A leaf (`<page>`, `<file>`, ...) counts only where text begins, otherwise it is part of its sentence.
        """
        position = start
        scan = start
        word = -1  # where the first word behind `position` stands; -1: not yet looked for
        while True:
            match = _STRUCTURE.search(text, scan)
            if match is None:
                break
            scan = match.end()
            if match.group(2) is None:
                continue
            name = plain_name(match.group(2))
            if match.group(1):
                if not self.open_tags.get(name):
                    continue
            elif name in LEAVES:
                if word < position:
                    found = WORD.search(text, position)
                    word = found.start() if found else len(text)
                if word < match.start():
                    continue
            tag = tag_at(text, match.start())
            if tag is None:
                continue
            yield text[position : match.start()], tag
            position = scan = tag.end
        yield text[position:], None

    def lone_unknown_tag(self, text: str) -> bool:
        """Take a line that is nothing but a tag nobody taught us; its content stays, as content."""
        match = _LONE_TAG.match(text)
        if match is None:
            return False
        name = plain_name(match.group(2))
        if name in _INLINE_NAMES:
            return False
        if match.group(1):
            self.unknown.add(name)
            self.close_tag(name)
            return True
        tag = tag_at(text, 0)
        if tag is None or not (tag.void or tag.attrs or name in self._closers()):
            return False
        self.unknown.add(name)
        if not tag.void and name in self._closers():
            self.open(Draft("group"), tag=name)
        return True

    def _closers(self) -> frozenset[str]:
        if self._closing_names is None:
            found = CLOSERS.findall(self._source)
            self._closing_names = frozenset(plain_name(name) for name in found)
        return self._closing_names

    def _summary_of_toggle(self, tag: TagToken, indent: int) -> bool:
        top = self.frames[-1]
        if top.tag not in ("details", "toggle") or top.draft.inlines or top.children:
            return False
        top.takes_title = False
        if not tag.void:
            self.frames.append(Frame(top.draft, top.children, "summary", indent, top.depth, True))
            self.open_tags["summary"] = self.open_tags.get("summary", 0) + 1
        return True

    def _item_kind(self) -> str:
        for frame in reversed(self.frames[-16:]):
            if frame.tag in ("ul", "ol"):
                return "numbered_list_item" if frame.tag == "ol" else "bulleted_list_item"
        return "bulleted_list_item"


_INLINE_NAMES = frozenset({"br", *STYLES, *MENTIONS, *DATES, *BLOCK_TAGS})


def image_draft(text: str, *, v2: bool, unknown: set[str]) -> Draft | None:
    """The image that a whole line `![caption](url)` is, or None."""
    if not text.startswith("![") or text[-1] != ")":
        return None
    caption, found, url = text[2:-1].rpartition("](")
    if not found or "![" in caption or (")" in url and "(" not in url) or len(url.split()) > 1:
        return None
    attrs: Mapping[str, str] = {"url": url.strip().strip("<>").strip("{}")}
    return Draft("image", parse_inline(caption, v2=v2, unknown=unknown), attrs=attrs)
