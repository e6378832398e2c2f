"""What one line of v2 begins: headings, list items, fences, rules. Pure.

https://spec.commonmark.org/0.31.2/ · https://github.github.com/gfm/#task-list-items-extension-
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from extract.reading.blocks import NO_ATTRS
from extract.reading.parse.open_blocks import STARTS_WITH_BLOCK_TAG

HEADING = re.compile(r"(#{1,6})(?:[ \t]++|$)")
DIVIDER = re.compile(r"(?:(?:-[ \t]*+){3,}|(?:\*[ \t]*+){3,}|(?:_[ \t]*+){3,})$")
FENCE = re.compile(r"(`{3,}+|~{3,}+)[ \t]*+([^`\n]*+)$")
BLOCK_STARTS = frozenset("#-*+_>`~$<|0123456789")
"""A line that begins with another character is text."""

_BULLET = re.compile(r"[-*+](?:[ \t]++|$)")
_NUMBER = re.compile(r"([0-9]{1,9})[.)](?:[ \t]++|$)")
_TASK = re.compile(r"\[([ xX])\](?:[ \t]++|$)")


class ItemStart(NamedTuple):
    """The beginning of a list item. Its text begins at `width`, lines that belong to it at column `content`."""

    kind: str
    attrs: Mapping[str, str]
    content: int
    width: int


def item_start(text: str) -> ItemStart | None:
    """Return the list item that begins with this text, which has no blanks before it; None if none does.

    https://spec.commonmark.org/0.31.2/#list-items
    """
    is_bullet = text[0] in "-*+"
    match = _BULLET.match(text) if is_bullet else _NUMBER.match(text)
    if match is None:
        return None
    width = match.end()
    bare = len(match.group().rstrip(" \t"))
    if width == len(text) or width - bare > 4:  # an empty item, or one that begins with indented text
        width = min(bare + 1, len(text))
    content = max(width, bare + 1)
    if not is_bullet:
        return ItemStart("numbered_list_item", {"start": match.group(1)}, content, width)
    task = _TASK.match(text, width)
    if task is None:
        return ItemStart("bulleted_list_item", NO_ATTRS, content, width)
    return ItemStart("to_do", {"checked": "yes" if task.group(1) in "xX" else ""}, content, task.end())


def is_item(text: str) -> bool:
    """Return True if the text begins as a list item does, even an empty one."""
    return _NUMBER.match(text) is not None or _BULLET.match(text) is not None


def ends_paragraph(text: str) -> bool:
    """Return True if this line, which begins as a block may, ends the paragraph before it.

    Tables are not seen here. An item does so when it is not empty, and a number only when it is 1:
    https://spec.commonmark.org/0.31.2/#lists
    """
    first = text[0]
    if first in _ENDS:
        return _ENDS[first].match(text) is not None
    if first in "-*+_":
        return DIVIDER.match(text) is not None or _is_filled(_BULLET.match(text), text)
    number = _NUMBER.match(text)
    return _is_filled(number, text) and number is not None and int(number.group(1)) == 1


_ENDS: Mapping[str, re.Pattern[str]] = {
    "#": HEADING,
    "`": FENCE,
    "~": FENCE,
    ">": re.compile(">"),
    "$": re.compile(r"\$\$"),
    "<": STARTS_WITH_BLOCK_TAG,
}


def _is_filled(marker: re.Match[str] | None, text: str) -> bool:
    return marker is not None and marker.end() < len(text)


def rule_length(line: str) -> int:
    """Return how many characters at the end are blanks and one of `-`, `*`, `_`: no rule is longer."""
    bare = line.rstrip(" \t")
    return len(line) - len(line.rstrip(" \t" + bare[-1])) if bare and bare[-1] in "-*_" else 0


def without_closing_hashes(text: str) -> str:
    """Return the text of a heading. https://spec.commonmark.org/0.31.2/#atx-headings"""
    text = text.rstrip()
    bare = text.rstrip("#")
    return bare.rstrip() if bare != text and (not bare or bare[-1] in " \t") else text
