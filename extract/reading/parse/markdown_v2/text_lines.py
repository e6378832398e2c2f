"""Lines of text that wait for their end: those of a paragraph, or of a table written with pipes."""

from __future__ import annotations

from extract.reading.parse.open_blocks import OpenBlocks
from extract.reading.parse.tables import pipe_table
from extract.reading.parse.tags import LEAVES


class TextLines:
    """The text of the innermost open block that is not in the tree yet: `paragraph` or `pipes`."""

    __slots__ = ("_open_blocks", "paragraph", "pipes")

    def __init__(self, open_blocks: OpenBlocks) -> None:
        self._open_blocks = open_blocks
        self.paragraph: list[str] = []
        self.pipes: list[str] = []

    def end(self) -> None:
        """Put all of it into the tree, and close the leaves: they end with their paragraph."""
        self.end_paragraph()
        if self.pipes:
            self.end_pipes()
        while self._open_blocks.frames[-1].tag in LEAVES:
            self._open_blocks.pop()

    def end_paragraph(self) -> None:
        """Put the paragraph into the tree."""
        if self.paragraph:
            text = "\n".join(self.paragraph)
            self.paragraph = []
            self._open_blocks.text(text)

    def end_pipes(self) -> None:
        """Put the table into the tree."""
        lines, self.pipes = self.pipes, []
        self._open_blocks.add(pipe_table(lines, v2=True, unknown=self._open_blocks.unknown))
