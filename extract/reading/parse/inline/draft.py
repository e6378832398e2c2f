"""The runs of one text while it is read: nodes in their order, with marks and links laid over them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from extract.reading.blocks import InlineKind, Inlines
from extract.reading.parse.inline.emphasis import Delimiter, pair, toggle
from extract.reading.runs import LinkSpan, MarkSpan, styled


class OpenBracket(NamedTuple):
    """A `[` that may begin a link: its node, and how many delimiters stood before it."""

    node: int
    delimiters: int


class InlineDraft:
    """Nodes, and the intervals of them that carry marks or links. `literal` takes text as it is."""

    __slots__ = ("_buffer", "_delimiters", "_links", "_nodes", "_spans", "_v2", "brackets", "literal")

    def __init__(self, *, v2: bool) -> None:
        self._v2 = v2
        self._buffer: list[str] = []
        self._nodes: list[tuple[InlineKind, str]] = []
        self._delimiters: list[Delimiter] = []
        self._spans: list[MarkSpan] = []
        self._links: list[LinkSpan] = []
        self.brackets: list[OpenBracket] = []
        self.literal: Callable[[str], None] = self._buffer.append

    def runs(self) -> Inlines:
        """Return the finished runs; delimiters that found no partner are text."""
        self._flush()
        self._pair_from(0)
        return styled(self._nodes, self._spans, self._links)

    def next_node(self) -> int:
        """Return the place of the node that comes next."""
        self._flush()
        return len(self._nodes)

    def add(self, kind: InlineKind, value: str, href: str = "") -> None:
        """Add a node of its own, linked to `href` if there is one; nothing for an empty value."""
        self._flush()
        if value:
            if href:
                self._links.append((len(self._nodes), len(self._nodes) + 1, href))
            self._nodes.append((kind, value))

    def add_break(self) -> None:
        """Add a line break; blanks before it go."""
        self._flush()
        if self._nodes and self._nodes[-1][0] == "text":
            self._nodes[-1] = ("text", self._nodes[-1][1].rstrip(" \t"))
        self._nodes.append(("break", ""))

    def add_delimiter(self, char: str, length: int, *, can_open: bool, can_close: bool) -> None:
        """Add a run of `*`, `_` or `~` that may begin or end emphasis."""
        self._flush()
        self._delimiters.append(Delimiter(len(self._nodes), char, length, length, can_open, can_close))
        self._nodes.append(("text", ""))

    def open_bracket(self) -> None:
        """Add a `[` that may turn out to begin a link."""
        self._flush()
        self.brackets.append(OpenBracket(len(self._nodes), len(self._delimiters)))
        self._nodes.append(("text", "["))

    def close_link(self, opening: OpenBracket, href: str) -> None:
        """Link what follows `opening`; no bracket before it begins a link any more.

        https://spec.commonmark.org/0.31.2/#links: a link contains no other link.
        """
        self._flush()
        self._pair_from(opening.delimiters)
        self._nodes[opening.node] = ("text", "")
        self._links.append((opening.node, len(self._nodes), href))
        self.brackets.clear()

    def mark_from(self, node: int, mark: int) -> None:
        """Lay a mark over the nodes from `node` on."""
        self._spans.append((node - 1, len(self._nodes), mark))

    def link_from(self, node: int, href: str) -> None:
        """Lay a link over the nodes from `node` on."""
        self._links.append((node, len(self._nodes), href))

    def forget_from(self, node: int) -> None:
        """Drop the nodes from `node` on, and all that is laid over them."""
        del self._nodes[node:]
        while self._delimiters and self._delimiters[-1].node >= node:
            self._delimiters.pop()
        while self.brackets and self.brackets[-1].node >= node:
            self.brackets.pop()
        while self._spans and self._spans[-1][1] >= node:
            self._spans.pop()
        while self._links and self._links[-1][1] > node:
            self._links.pop()

    def _flush(self) -> None:
        if self._buffer:
            value = "".join(self._buffer)
            self._buffer.clear()
            if value:
                self._nodes.append(("text", value))

    def _pair_from(self, start: int) -> None:
        """Pair the delimiters from `start` on; what is left of them becomes text again."""
        delimiters = self._delimiters[start:]
        self._spans += pair(delimiters) if self._v2 else toggle(delimiters)
        for delimiter in delimiters:
            self._nodes[delimiter.node] = ("text", delimiter.char * delimiter.left)
        del self._delimiters[start:]
