"""Inline tags of both formats: styles, mentions, dates, and tags that are not known.

https://developers.notion.com/guides/data-apis/enhanced-markdown#rich-text
"""

from __future__ import annotations

from html import unescape
from typing import NamedTuple

from extract.reading.clean import clean
from extract.reading.dates import mention_text
from extract.reading.parse.inline.destinations import unescaped
from extract.reading.parse.inline.draft import InlineDraft
from extract.reading.parse.tags import CLOSERS, DATES, MENTIONS, STYLES, TagToken, plain_name

_MOST_OPEN = 64
"""A closing tag looks for its opening one among so many: malformed text must not cost quadratic time."""

_KNOWN = frozenset({*STYLES, *MENTIONS, *DATES})


class _OpenTag(NamedTuple):
    """A tag that waits for its end. `says` is a mention's target, or the text of a date."""

    name: str
    node: int
    mark: int
    says: str


class TagReader:
    """Takes the tags of one text and puts what they mean into its draft."""

    __slots__ = ("_draft", "_last_closers", "_open_tags", "_text", "_unknown", "_v2")

    def __init__(self, text: str, draft: InlineDraft, *, v2: bool, unknown: set[str]) -> None:
        self._text = text
        self._draft = draft
        self._v2 = v2
        self._unknown = unknown
        self._open_tags: list[_OpenTag] = []
        self._last_closers: dict[str, int] | None = None

    def read(self, tag: TagToken) -> int:
        """Take one tag. Return the place after it, or after its label where that is read with it."""
        if tag.closing:
            self._close(tag)
        elif tag.name in DATES:
            self._date(tag)
        elif tag.name in MENTIONS:
            return self._mention(tag)
        elif tag.name in STYLES:
            if not tag.void:
                self._open(tag, mark=STYLES[tag.name])
        else:
            self._unknown_tag(tag)
        return tag.end

    def _date(self, tag: TagToken) -> None:
        text = mention_text(tag.attrs)
        if self._has_label(tag):
            self._open(tag, says=text)
        else:
            self._draft.add("text", text)

    def _mention(self, tag: TagToken) -> int:
        href = tag.attrs.get("url") or tag.attrs.get("href") or ""
        if not self._has_label(tag):
            if href.startswith(("http://", "https://", "/")):
                self._draft.add("text", href, href)
        elif tag.name == "a":
            self._open(tag, says=href)
        else:
            return self._label(tag, href)
        return tag.end

    def _label(self, tag: TagToken, href: str) -> int:
        """A mention's text is a title: literal, but for escapes, whichever way they are written."""
        close = next(
            match for match in CLOSERS.finditer(self._text, tag.end) if plain_name(match.group(1)) == tag.name
        )
        label = unescaped(self._text[tag.end : close.start()])
        self._draft.add("text", clean(unescape(label)) if self._v2 else label, href)
        return close.end()

    def _unknown_tag(self, tag: TagToken) -> None:
        self._unknown.add(tag.name)
        if not tag.void and not tag.attrs and not self._is_closed(tag):
            self._draft.literal(self._text[tag.start : tag.end])  # `<name>` that a person typed

    def _has_label(self, tag: TagToken) -> bool:
        return not tag.void and self._is_closed(tag)

    def _is_closed(self, tag: TagToken) -> bool:
        """Return True if a closing tag of this name follows."""
        if self._last_closers is None:
            self._last_closers = {
                plain_name(match.group(1)): match.start() for match in CLOSERS.finditer(self._text)
            }
        return self._last_closers.get(tag.name, -1) >= tag.end

    def _open(self, tag: TagToken, *, mark: int = 0, says: str = "") -> None:
        self._open_tags.append(_OpenTag(tag.name, self._draft.next_node(), mark, says))

    def _close(self, tag: TagToken) -> None:
        if tag.name not in _KNOWN:
            self._unknown.add(tag.name)
            return
        opening = self._pop(tag.name)
        if opening is None:
            return
        self._draft.next_node()
        if tag.name in DATES:
            if opening.says:  # the attributes say it better than the label
                self._draft.forget_from(opening.node)
                self._draft.add("text", opening.says)
        elif opening.mark:
            self._draft.mark_from(opening.node, opening.mark)
        elif opening.says:
            self._draft.link_from(opening.node, opening.says)

    def _pop(self, name: str) -> _OpenTag | None:
        """Close the innermost open tag of this name, and those inside it."""
        tags = self._open_tags
        for at in range(len(tags) - 1, max(0, len(tags) - _MOST_OPEN) - 1, -1):
            if tags[at].name == name:
                opening = tags[at]
                del tags[at:]
                return opening
        return None
