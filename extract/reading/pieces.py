"""One block of the canonical text: `write` makes such pieces, `cut` gathers and divides them."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

PieceKind = Literal["heading", "text", "list", "quote", "code", "table", "equation", "divider"]

_TICKS = re.compile("`++")


class Piece(NamedTuple):
    """One block of the canonical text that stands between blank lines. `title` is a heading's bare text."""

    kind: PieceKind
    text: str
    level: int = 0
    title: str = ""


def fence_for(code: str) -> str:
    """Return a fence of backticks longer than any run of them in the code.

    https://spec.commonmark.org/0.31.2/#fenced-code-blocks
    """
    longest = max((len(run) for run in _TICKS.findall(code)), default=2) if "```" in code else 2
    return "`" * (longest + 1)
