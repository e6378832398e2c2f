"""Which rows one page of a numbered list shows. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PageRange:
    """Page `number`, counted from 1, of a list of `found` rows with `size` rows a page."""

    number: int
    size: int
    found: int

    @classmethod
    def nearest(cls, number: int, *, size: int, found: int) -> PageRange:
        """The page asked for; a number beyond either end becomes the first or the last page."""
        return cls(min(max(number, 1), cls(1, size, found).pages), size, found)

    @property
    def pages(self) -> int:
        """How many pages there are; an empty list has one."""
        return max(-(-self.found // self.size), 1)

    @property
    def offset(self) -> int:
        """How many rows come before this page."""
        return (self.number - 1) * self.size

    @property
    def first(self) -> int:
        """The position of the first row of this page, counted from 1."""
        return self.offset + 1

    @property
    def last(self) -> int:
        """The position of the last row of this page."""
        return min(self.offset + self.size, self.found)
