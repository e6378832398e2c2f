"""Places in a text that are not inside a character as a person sees it.

A simple reading of https://www.unicode.org/reports/tr29/: marks, joiners, variation selectors, skin tones, flags
and conjoining jamo stay with what they modify.
"""

from __future__ import annotations

import unicodedata

_LONGEST = 256
"""Code points of one character. A longer run of joined ones is cut all the same, so that cutting stays linear."""

_JOINERS = "\u200d\ufe0e\ufe0f\u20e3"
"""Zero-width joiner, variation selectors, keycap."""


def grapheme_start(text: str, at: int) -> int:
    """Return the nearest place at or before `at` that is not inside a character."""
    start = at
    while 0 < at < len(text) and start - at < _LONGEST and _joins(text, at):
        at -= 1
    return at if start - at < _LONGEST else start


def grapheme_end(text: str, start: int, limit: int, *, most: int) -> int:
    """Return the last place from `start` to `limit` that is not inside a character, or the first one behind.

    It is at most `most` behind `limit`.
    """
    at = grapheme_start(text, limit)
    if at <= start:
        at = limit
        while at < len(text) and at - limit < min(_LONGEST, most) and _joins(text, at):
            at += 1
    return at


def _joins(text: str, at: int) -> bool:
    """Return True if the code points around this place are one character."""
    before, after = text[at - 1], text[at]
    if after < "\u0300" and before < "\u0300":
        return before == "\r" and after == "\n"
    if before == "\u200d" or _modifies(after):
        return True
    if _is_regional(after) and _is_regional(before):
        return _is_inside_flag(text, at)
    return _is_jamo_vowel_or_tail(after) and (
        "\u1100" <= before <= "\u11ff" or "\uac00" <= before <= "\ud7a3"
    )


def _modifies(char: str) -> bool:
    """Return True for joiners, skin tones, marks and tags."""
    return (
        char in _JOINERS
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or unicodedata.category(char) in ("Mn", "Mc", "Me")
        or "\U000e0020" <= char <= "\U000e007f"
    )


def _is_regional(char: str) -> bool:
    """Return True for the letters of which two make a flag."""
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _is_inside_flag(text: str, at: int) -> bool:
    first = at
    while first > 0 and at - first < _LONGEST and _is_regional(text[first - 1]):
        first -= 1
    return (at - first) % 2 == 1


def _is_jamo_vowel_or_tail(char: str) -> bool:
    return "\u1160" <= char <= "\u11ff"
