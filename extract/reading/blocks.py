"""The small block tree that both markdown formats and the block API are read into."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, NamedTuple

BOLD = 1
ITALIC = 2
STRIKE = 4

MAX_DEPTH = 40
"""Deeper blocks become siblings at this depth: no page needs more, and recursion over a tree stays safe."""

NO_ATTRS: Mapping[str, str] = MappingProxyType({})

InlineKind = Literal["text", "code", "equation", "break"]
HoleReason = Literal["unsupported", "truncated"]


class Inline(NamedTuple):
    """A run of text with one style. `href` is the target of a link or of a mention, as Notion wrote it."""

    kind: InlineKind
    text: str
    marks: int = 0
    href: str | None = None


Inlines = tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """One block. `kind` is Notion's own block type name, or one of the few that only the markdown has.

    A table's children are `table_row`, theirs are `cell`. `attrs` holds what the kind needs to be rendered
    (`level`, `checked`, `language`, `code`, `icon`, `url`, ...), never colours.
    """

    kind: str
    inlines: Inlines = ()
    children: tuple[Block, ...] = ()
    attrs: Mapping[str, str] = field(default_factory=dict)


class Hole(NamedTuple):
    """A part of a page that one more request could fill. `alt` is Notion's name for what is missing."""

    block_id: str | None
    alt: str
    page_id: str | None
    reason: HoleReason


@dataclass(frozen=True, slots=True)
class Tree:
    """A page body. `unknown_tags` names, once each and sorted, the tags nobody taught us.

    `is_plain`: some of it was more than is read with its structure. `characters_left_out`: not read at all.
    """

    blocks: tuple[Block, ...] = ()
    unknown_tags: tuple[str, ...] = ()
    is_plain: bool = False
    characters_left_out: int = 0

    def walk(self) -> Iterator[Block]:
        """Every block, parents before children, in reading order."""
        pending = list(reversed(self.blocks))
        while pending:
            block = pending.pop()
            yield block
            pending.extend(reversed(block.children))


@dataclass(slots=True)
class Draft:
    """A block under construction; `freeze` makes it a Block."""

    kind: str
    inlines: Inlines = ()
    children: list[Draft] = field(default_factory=list)
    attrs: Mapping[str, str] = field(default_factory=dict)

    def freeze(self) -> Block:
        """The finished block. Recursive: drafts never nest deeper than MAX_DEPTH and a few."""
        return Block(self.kind, self.inlines, tuple([child.freeze() for child in self.children]), self.attrs)


def text_of(inlines: Inlines) -> str:
    """The bare words of a run, without any markup; line breaks as newlines."""
    return "".join(["\n" if run.kind == "break" else run.text for run in inlines])
