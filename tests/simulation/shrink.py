"""A failing story made short: halves, quarters and single steps are left out while it still fails in the same way."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.simulation.steps import Step

MOST_TRIES = 250


def shrink(steps: Sequence[Step], still_fails: Callable[[Sequence[Step]], bool]) -> tuple[Step, ...]:
    """The shortest story found of which no piece can be left out, within a number of tries."""
    kept, piece, tries = list(steps), max(1, len(steps) // 2), 0
    while piece:
        at, shorter = 0, False
        while at < len(kept):
            without = kept[:at] + kept[at + piece :]
            tries += 1
            if tries > MOST_TRIES:
                return tuple(kept)
            if still_fails(without):
                kept, shorter = without, True
            else:
                at += piece
        if piece == 1 and not shorter:
            break
        piece = piece if piece == 1 else piece // 2
    return tuple(kept)
