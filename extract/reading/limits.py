"""How much of a page is read, and how much of it with its structure: counted, so the same page reads the same."""

from __future__ import annotations

from dataclasses import replace

from extract.reading.blocks import Block, Inline, Tree
from extract.reading.clean import clean
from extract.reading.parse.detect import detect
from extract.reading.parse.markdown_v1.reader import parse_v1
from extract.reading.parse.markdown_v2.reader import parse_v2

MOST_CHARACTERS = 4_000_000
"""Of one page. What is beyond is left out, and counted."""

MOST_SIGNS = 200_000
"""Of one page: ends of lines and what may be markup. A page with more of them is read as plain text.

They take most of the time; a page of ten thousand blocks of styled text has about seventy thousand.
"""

SIGNS = (*"\n\\`*_~$[]<>&|", "- ", "+ ", ". ", ") ")
_REFERENCES = ("<page", "<database", "<unknown")
_MOST_REFERENCES = 5_000
_LONGEST_REFERENCE = 4_000
_SHORTEST_PARAGRAPH = 1_000


class ReadingLimits:
    """What is left for the further parts of one page: Notion gives a long page in several answers."""

    def __init__(self) -> None:
        self._characters = MOST_CHARACTERS
        self._signs = MOST_SIGNS

    def parse(self, markdown: str) -> Tree:
        """The tree of the next part of the page, with its structure as long as the limits allow."""
        text = markdown[: self._characters]
        left_out = len(markdown) - len(text)
        self._characters -= len(text)
        signs = sum(text.count(sign) for sign in SIGNS)
        is_plain = signs > self._signs
        if is_plain:
            tree = _plain(text)
        else:
            self._signs -= signs
            tree = parse_v1(text) if detect(text) == "v1" else parse_v2(text)
        return replace(tree, is_plain=is_plain, characters_left_out=left_out)


def parse(markdown: str) -> Tree:
    """The tree of a page body, in whichever of Notion's two markdown formats it is. Raises nothing.

    Beyond `MOST_SIGNS` it is a tree of plain paragraphs, with markup as text; beyond `MOST_CHARACTERS` the rest is
    left out. The tree tells both.
    """
    return ReadingLimits().parse(markdown)


def _plain(text: str) -> Tree:
    """Paragraphs of whole lines; a blank line ends one that is long enough to fill most of a passage.

    Lines that name sub-pages, databases or holes are read as what they are.
    """
    blocks: list[Block] = []
    lines: list[str] = []
    references = length = 0

    def end_paragraph() -> None:
        if lines:
            blocks.append(Block("paragraph", (Inline("text", "\n".join(lines)),)))
            lines.clear()

    for line in clean(text).split("\n"):
        line = line.strip()
        is_reference = line.startswith(_REFERENCES) and len(line) <= _LONGEST_REFERENCE
        if is_reference and references < _MOST_REFERENCES:
            references += 1
            end_paragraph()
            blocks.extend(parse_v1(line).blocks)
        elif line:
            lines.append(line)
            length += len(line)
        elif length >= _SHORTEST_PARAGRAPH:
            end_paragraph()
            length = 0
    end_paragraph()
    return Tree(tuple(blocks))
