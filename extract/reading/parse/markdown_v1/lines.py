"""What the prefix of a v1 line says, and the attributes at its end. Pure.

https://developers.notion.com/guides/data-apis/enhanced-markdown
"""

from __future__ import annotations

import re

_HEADING = re.compile(r"(#{1,6})(?:\s++|$)")
# Notion writes bullets as "- " and numbers as "1. "; "+ a" and "1) a" are text that it does not escape
_TODO = re.compile(r"[-*]\s++\[([ xX])\](?:\s++|$)")
_BULLET = re.compile(r"[-*](?:\s++|$)")
_NUMBER = re.compile(r"([0-9]{1,9})\.(?:\s++|$)")
_DIVIDER = re.compile(r"(?:-{3,}+|\*{3,}+|_{3,}+)$")
_ATTRIBUTES = re.compile(r"\{((?:\s*+[\w-]++\s*+=\s*+\"[^\"]*+\")++)\s*+\}")
_ATTRIBUTE = re.compile(r"(?<![\w-])([\w-]++)\s*+=\s*+\"([^\"]*+)\"")


def split_attributes(content: str) -> tuple[str, dict[str, str]]:
    """Return a block's first line without its trailing `{color="…"}`, and those attributes."""
    start = content.rfind("{")
    if start < 0 or content[-1:] != "}" or content[start - 1 : start] == "\\":
        return content, {}
    match = _ATTRIBUTES.fullmatch(content, start)
    if match is None:
        return content, {}
    return content[:start].rstrip(), {
        name.lower(): value for name, value in _ATTRIBUTE.findall(match.group(1))
    }


def classified(content: str, attrs: dict[str, str]) -> tuple[str, str, dict[str, str]]:
    """Return the kind of block that a line's prefix says, the text behind it, and what the block needs to keep.

    A paragraph keeps the attributes that are given.
    """
    first = content[0]
    if first == "#":
        match = _HEADING.match(content)
        if match is not None:
            return "heading", content[match.end() :], {"level": str(len(match.group(1)))}
    elif first in "-*_":
        if _DIVIDER.match(content):
            return "divider", "", {}
        match = _TODO.match(content)
        if match is not None:
            return "to_do", content[match.end() :], {"checked": "yes" if match.group(1) in "xX" else ""}
        match = _BULLET.match(content)
        if match is not None:
            return "bulleted_list_item", content[match.end() :], {}
    elif first == ">":
        return "quote", content[1:], {}
    elif first.isdigit():
        match = _NUMBER.match(content)
        if match is not None:
            return "numbered_list_item", content[match.end() :], {"start": match.group(1)}
    return "paragraph", content, attrs
