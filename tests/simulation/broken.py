"""An invariant that did not hold, and a process that was killed: the two ways a step may end early."""

from __future__ import annotations


class Broken(AssertionError):
    """`invariant` is its short name, by which a shrunken story is known to fail in the same way."""

    def __init__(self, invariant: str, detail: str = "") -> None:
        super().__init__(f"{invariant}: {detail}" if detail else invariant)
        self.invariant = invariant


class Killed(BaseException):
    """The process is gone, as by SIGKILL. No `except Exception` of the product may see it."""
