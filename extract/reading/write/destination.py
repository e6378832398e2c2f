"""The target of a link as the canonical text writes it."""

from __future__ import annotations

_DEEPEST = 30
"""Of parentheses in each other. Readers may limit it: https://spec.commonmark.org/0.31.2/#link-destination"""


def destination(url: str, *, cell: bool = False) -> str:
    """Return a link target that CommonMark reads back whole, in a cell of a GFM table with `cell`."""
    url = url.replace("\\", "%5C").replace("<", "%3C").replace(">", "%3E")
    if cell:
        url = url.replace("|", "%7C")
    depth = 0
    for char in url:
        depth += (char == "(") - (char == ")")
        if depth < 0 or depth > _DEEPEST:
            break
    return url if depth == 0 else url.replace("(", "%28").replace(")", "%29")
