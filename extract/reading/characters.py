"""Which characters are punctuation, for reading emphasis and for writing it."""

from __future__ import annotations

import unicodedata

ASCII_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
"""https://spec.commonmark.org/0.31.2/#ascii-punctuation-character"""


def is_punctuation(char: str) -> bool:
    """Return True if CommonMark counts `char` as punctuation: ASCII punctuation, and Unicode P and S.

    https://spec.commonmark.org/0.31.2/#unicode-punctuation-character
    """
    if char.isascii():
        return char in ASCII_PUNCTUATION
    return unicodedata.category(char)[0] in "PS"
