"""Canonical pieces gathered into passages: by structure, near a target size, nothing lost, in linear time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from extract.reading.cut.cutting import cut, cut_text, tail
from extract.reading.cut.graphemes import grapheme_start
from extract.reading.pieces import Piece
from extract.values import Passage

_LONGEST_TITLE = 200
"""Every passage of a section repeats its headings: a longer one is cut there. Its own passage holds it whole."""


@dataclass(frozen=True, slots=True)
class Chunking:
    """Sizes in characters: passages aim at `target`, and repeat up to `overlap` of the one before.

    No passage is longer than `most`, as long as `target` is at least 50.
    """

    target: int = 1200
    overlap: int = 0

    def __post_init__(self) -> None:
        if self.target < 1 or not 0 <= self.overlap < self.target:
            raise ValueError("target must be positive, and overlap smaller than target")

    @property
    def most(self) -> int:
        """What a passage may hold when a row of a table or a line of code is longer than `target`."""
        return 4 * self.target


class _Part(NamedTuple):
    """What is never divided again: a piece, or a fragment of one, under its headings."""

    text: str
    path: tuple[str, ...]
    is_heading: bool
    starts_section: bool
    glue: str


def passages(
    front: str, pieces: Sequence[Piece], chunking: Chunking, *, front_joins: bool = False
) -> tuple[Passage, ...]:
    """The passages of a page. `front` (title and properties) opens the first one.

    No passage holds text from both sides of a heading of the two top levels in use; a heading without text of
    its own
    goes with what follows it. `front_joins`: the front is a bare title, which goes with what follows, too.
    """
    *ahead, front = cut_text(front, chunking.target) if len(front) > chunking.most else [front]
    groups = _Groups(front, chunking, front_joins=front_joins)
    for part in _parts(pieces, chunking):
        groups.add(part)
    return _finished(ahead, front, groups.all(), chunking)


class _Groups:
    """Parts gathered into groups, one for each passage."""

    def __init__(self, front: str, chunking: Chunking, *, front_joins: bool) -> None:
        self._chunking = chunking
        self._groups: list[list[_Part]] = []
        self._current: list[_Part] = []
        self._has_front = bool(front)
        self._size = len(front)
        self._has_text = bool(front) and not front_joins

    def add(self, part: _Part) -> None:
        length = len(part.text) + 2
        crosses = part.starts_section and self._has_text
        if crosses or self._is_full(length):
            fits = length + self._chunking.target // 2 <= self._chunking.most
            self._begin(carries=fits and not crosses)
        self._current.append(part)
        self._size += length
        self._has_text = self._has_text or not part.is_heading

    def all(self) -> list[list[_Part]]:
        """Return the groups. The first is empty when only the front is there."""
        last = [self._current] if self._current or self._is_first() else []
        return [*self._groups, *last]

    def _is_first(self) -> bool:
        """Return True if the front belongs to the group that is being gathered."""
        return self._has_front and not self._groups

    def _is_full(self, length: int) -> bool:
        if not self._current and not self._is_first():
            return False
        size, target = self._size, self._chunking.target
        if size + length > self._chunking.most:
            return True
        return size + length > target and (self._has_text or size > target)

    def _begin(self, *, carries: bool) -> None:
        """Begin the next group, with the headings at the end of this one if it `carries` them."""
        carried = _trailing_headings(self._current, self._chunking.target) if carries else []
        self._groups.append(self._current)
        self._current = carried
        self._size = sum(len(part.text) + 2 for part in carried)
        self._has_text = False


def _trailing_headings(group: list[_Part], target: int) -> list[_Part]:
    """Headings at the end of a group belong to the next one, as long as something stays and they are few."""
    at = len(group)
    size = 0
    while at > 1 and group[at - 1].is_heading and size + len(group[at - 1].text) <= target // 2:
        at -= 1
        size += len(group[at].text) + 2
    carried = group[at:]
    del group[at:]
    return carried


def _finished(
    ahead: Sequence[str], front: str, groups: list[list[_Part]], chunking: Chunking
) -> tuple[Passage, ...]:
    out: list[Passage] = []
    seen: dict[tuple[tuple[str, ...], str], int] = {}

    def add(path: tuple[str, ...], text: str) -> None:
        count = seen.get((path, text), 0)
        seen[path, text] = count + 1
        out.append(Passage(text, path, passage_digest(path, text, count)))

    for text in ahead:
        add((), text)
    previous: list[_Part] = []
    for number, group in enumerate(groups):
        text = "".join([part.text if at == 0 else part.glue + part.text for at, part in enumerate(group)])
        path = _common(group)
        if front and number == 0:
            text = f"{front}\n\n{text}" if text else front
        elif (
            chunking.overlap
            and previous
            and group
            and not group[0].starts_section
            and not previous[-1].is_heading
        ):
            repeated = tail(previous[-1].text, chunking.overlap)
            fits = len(repeated) + 2 + len(text) <= chunking.most
            text = f"{repeated}\n\n{text}" if repeated and fits else text
        add(path, text)
        previous = group
    return tuple(out)


def passage_digest(path: tuple[str, ...], text: str, occurrence: int = 0) -> str:
    """The identity of a passage: its heading path and text, and which of several identical ones it is."""
    material = "\x00".join([*path, "", text, str(occurrence) if occurrence else ""])
    return hashlib.sha256(material.encode()).hexdigest()


def _common(group: list[_Part]) -> tuple[str, ...]:
    """The headings under which everything that is text in the group stands."""
    paths = [part.path for part in group if not part.is_heading] or [part.path for part in group]
    if not paths:
        return ()
    path = paths[0]
    for other in paths[1:]:
        if other is not path and other != path:
            keep = 0
            while keep < min(len(path), len(other)) and path[keep] == other[keep]:
                keep += 1
            path = path[:keep]
    return path


def _parts(pieces: Sequence[Piece], chunking: Chunking) -> Iterator[_Part]:
    levels = sorted({piece.level for piece in pieces if piece.kind == "heading"})[:2]
    border = levels[-1] if levels else 0
    stack: list[tuple[int, str]] = []
    path: tuple[str, ...] = ()
    for piece in pieces:
        if piece.kind == "heading":
            while stack and stack[-1][0] >= piece.level:
                stack.pop()
            stack.append((piece.level, _in_path(piece.title)))
            path = tuple(title for _, title in stack)
            for at, (glue, text) in enumerate(cut(piece, chunking.target, chunking.most)):
                yield _Part(text, path, True, at == 0 and piece.level <= border, glue)
        else:
            for glue, text in cut(piece, chunking.target, chunking.most):
                yield _Part(text, path, False, False, glue)


def _in_path(title: str) -> str:
    if len(title) <= _LONGEST_TITLE:
        return title
    return f"{title[: grapheme_start(title, _LONGEST_TITLE)].rstrip()}…"
