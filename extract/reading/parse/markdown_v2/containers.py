"""The quotes and list items that are open, and which of them a line goes on with.

https://spec.commonmark.org/0.31.2/#phase-1-block-structure
"""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

from extract.reading.parse.open_blocks import Frame, OpenBlocks

_TAB = 4  # columns: https://spec.commonmark.org/0.31.2/#tabs


class Continued(NamedTuple):
    """Where the content of a line begins. `containers` go on; `spare` columns are left of a tab."""

    position: int
    containers: int
    spare: int


class OpenContainers:
    """Quotes and list items among the open blocks, outermost first."""

    __slots__ = ("_frames", "_open_blocks", "_quotes")

    def __init__(self, open_blocks: OpenBlocks) -> None:
        self._open_blocks = open_blocks
        self._frames: list[tuple[int, Frame]] = []  # with their places among the open blocks
        self._quotes: list[int] = []  # which of them are quotes

    def __len__(self) -> int:
        return len(self._frames)

    def add(self, frame: Frame) -> None:
        """Add what has just been opened."""
        if frame.marker == ">":
            self._quotes.append(len(self._frames))
        self._frames.append((len(self._open_blocks.frames) - 1, frame))

    def close(self, keep: int) -> None:
        """Close all but the first `keep`, with the blocks inside them."""
        at = self._frames[keep][0]
        while len(self._open_blocks.frames) > at:
            self._open_blocks.pop()
        del self._frames[keep:]
        self._forget_quotes()

    def forget_closed(self) -> None:
        """Forget those that a tag around them has closed."""
        while self._frames and self._frames[-1][0] >= len(self._open_blocks.frames):
            self._frames.pop()
        self._forget_quotes()

    def continued(self, line: str) -> Continued:
        """Return how far the containers reach into this line."""
        position = column = spare = 0
        for count, (_, frame) in enumerate(self._frames):
            if position == len(line) and not spare:
                return Continued(position, self._continued_by_blank(count), 0)
            start = Continued(position, count, spare)
            if frame.marker == ">":
                end = _behind_quote(line, position)
                if end is None:
                    return start
                position = column = end
                spare = 0
                continue
            missing = frame.indent - spare
            while missing > 0 and position < len(line):
                char = line[position]
                if char not in " \t":
                    return start
                width = _TAB - column % _TAB if char == "\t" else 1
                position, column, missing = position + 1, column + width, missing - width
            spare = max(0, -missing)
        return Continued(position, len(self._frames), spare)

    def _continued_by_blank(self, count: int) -> int:
        """A blank line goes on with list items, but not with a quote."""
        quote = bisect_left(self._quotes, count)
        return self._quotes[quote] if quote < len(self._quotes) else len(self._frames)

    def _forget_quotes(self) -> None:
        while self._quotes and self._quotes[-1] >= len(self._frames):
            self._quotes.pop()


def _behind_quote(line: str, position: int) -> int | None:
    """The place behind `>` and one blank; None where no `>` stands."""
    while line[position : position + 1] in (" ", "\t") and position < len(line):
        position += 1
    if line[position : position + 1] != ">":
        return None
    return position + (2 if line[position + 1 : position + 2] == " " else 1)
