"""The tag vocabulary of both markdown formats, and the reading of one tag.

https://developers.notion.com/guides/data-apis/enhanced-markdown (v1, names with underscores) and
https://developers.notion.com/guides/data-apis/notion-flavored-markdown (v2, names with hyphens).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from html import unescape
from typing import NamedTuple

from bs4 import BeautifulSoup, Tag

from extract.reading.blocks import BOLD, ITALIC, NO_ATTRS, STRIKE
from extract.reading.clean import clean

# Containers: tag -> kind of block. They may hold a title on the line of the tag, and blocks.
CONTAINERS: Mapping[str, str] = {
    "p": "paragraph",
    "h1": "heading",
    "h2": "heading",
    "h3": "heading",
    "h4": "heading",
    "h5": "heading",
    "h6": "heading",
    "quote": "quote",
    "callout": "callout",
    "toggle": "toggle",
    "details": "toggle",
    "summary": "meeting_summary",
    "notes": "meeting_notes_section",
    "transcript": "meeting_transcript",
    "meeting-notes": "meeting_notes",
    "transcription": "meeting_notes",
    "meeting-notes-section-summary": "meeting_summary",
    "meeting-notes-section-notes": "meeting_notes_section",
    "meeting-notes-section-transcript": "meeting_transcript",
    "ul": "group",
    "ol": "group",
    "li": "bulleted_list_item",
    "todo": "to_do",
    "columns": "column_list",
    "column": "column",
    "tabs": "tabs",
    "tab": "tab",
    "synced-block": "synced_block",
    "synced-block-reference": "synced_block",
    "mail": "mail",
}

# Leaves: a title, link or caption, never blocks. They end with their paragraph even when nobody closes them.
LEAVES: Mapping[str, str] = {
    "page": "child_page",
    "folder": "child_page",
    "database": "child_database",
    "image": "image",
    "audio": "audio",
    "video": "video",
    "file": "file",
    "pdf": "pdf",
    "embed": "embed",
    "bookmark": "bookmark",
    "link-preview": "link_preview",
    "external-object-instance": "external_object",
    "custom-block": "custom_block",
}

# Tags without text of their own.
VOIDS: Mapping[str, str] = {
    "empty-block": "",
    "table-of-contents": "table_of_contents",
    "breadcrumb": "breadcrumb",
    "unknown": "unknown",
}

TABLE_TAGS = frozenset({"table", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "td", "th"})

# Inline tags that only style their text; colours and underline are dropped.
STYLES: Mapping[str, int] = {
    "b": BOLD,
    "strong": BOLD,
    "i": ITALIC,
    "em": ITALIC,
    "s": STRIKE,
    "del": STRIKE,
    "strike": STRIKE,
    "u": 0,
    "span": 0,
    "code": 0,
    "sub": 0,
    "sup": 0,
    "mark": 0,
}

# Inline tags that point somewhere; the text between open and close is theirs.
MENTIONS = frozenset(
    {
        "mention",
        "mention-user",
        "mention-page",
        "mention-database",
        "mention-data-source",
        "mention-agent",
        "a",
        "page",
        "folder",
        "database",
    }
)
DATES = frozenset({"date", "mention-date"})

BLOCK_TAGS = frozenset({*CONTAINERS, *LEAVES, *VOIDS, "table", "equation"})

# The attributes that the tree keeps; colours, ratios and the rest are layout.
_KEPT = (
    "url",
    "alt",
    "icon",
    "checked",
    "heading",
    "type",
    "subject",
    "from",
    "to",
    "cc",
    "bcc",
    "start",
    "integration",
)

_ATTRS = r"""(?:\s++[A-Za-z_:][\w:.-]*+(?:\s*+=\s*+(?:"[^"\n]*+"|'[^'\n]*+'|[^\s"'<>=`]++))?+)*+"""
TAG = re.compile(rf"<(/?+)([A-Za-z][\w-]*+)({_ATTRS})\s*+(/?+)>")
CLOSERS = re.compile(r"</([A-Za-z][\w-]*+)\s*+>")
_STRICT_ATTRIBUTE = re.compile(r'(?<=\s)([\w:.-]++)="([^"]*+)"')
_STRICT_ATTRS = re.compile(r'(?:\s++[\w:.-]++="[^"]*+")*+\s*+')
_MAX_TAG = 4_000


class TagToken(NamedTuple):
    """One tag as found in a line. `name` is lower-case with hyphens for underscores."""

    name: str
    attrs: Mapping[str, str]
    closing: bool
    void: bool
    start: int
    end: int


def tag_at(text: str, position: int) -> TagToken | None:
    """The tag that begins at `position`, or None when what stands there is no tag."""
    match = TAG.match(text, position)
    if match is not None:
        slash, name, attrs, void = match.groups()
        end = match.end()
        if attrs.endswith("/"):  # an unquoted value swallowed the slash of <a b=c/>
            attrs, void = attrs[:-1], "/"
    else:
        head = _BROKEN.match(text, position)
        if head is None:
            return None
        slash, name, attrs, void = "", head.group(1), head.group(2), ""
        if attrs.endswith("/") and head.end(2) + 1 == head.end():
            attrs, void = attrs[:-1], "/"
        attrs = attrs.rstrip()
        end = head.end()
    name = plain_name(name)
    return TagToken(name, attributes(attrs) if attrs else NO_ATTRS, bool(slash), bool(void), position, end)


# A tag of ours whose attributes are not well formed (a stray quote, say): taken up to its first ">".
_BROKEN = re.compile(
    r"<((?:mention|page|database|folder|callout|details|toggle|synced|table|columns?|tabs?|unknown|"
    r"span|image|audio|video|file|pdf|embed|bookmark|meeting)[\w-]{0,40})(\s[^<>\n]{0,4000}+)\s*+>"
)


def plain_name(name: str) -> str:
    """One spelling for a tag's name in both formats."""
    return name.lower().replace("_", "-")


@lru_cache(maxsize=2048)
def attributes(source: str) -> Mapping[str, str]:
    """The attributes of one tag. `{{…}}` around a value, as Notion's own examples have it, is removed."""
    if _STRICT_ATTRS.fullmatch(source):
        found = {name.lower(): unescape(value) for name, value in _STRICT_ATTRIBUTE.findall(source)}
    else:
        found = {}
        element = BeautifulSoup(f"<x {source[:_MAX_TAG]}>", "html.parser").find("x")
        if isinstance(element, Tag):
            found = {name: value for name, value in element.attrs.items() if isinstance(value, str)}
    return {plain_name(name): _unwrapped(value) for name, value in found.items()}


def kept(attrs: Mapping[str, str]) -> Mapping[str, str]:
    """What the tree remembers of a tag: `url` for any of `url`, `source`, `src`; no colours."""
    if not attrs:
        return NO_ATTRS
    out = {name: attrs[name] for name in _KEPT if attrs.get(name)}
    url = attrs.get("url") or attrs.get("source") or attrs.get("src") or ""
    if url:
        out["url"] = url
    return out


def _unwrapped(value: str) -> str:
    value = clean(value).strip()
    return value[2:-2].strip() if value.startswith("{{") and value.endswith("}}") else value
