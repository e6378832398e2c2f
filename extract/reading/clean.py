"""Characters that break PostgreSQL, XML or a reader's eyes are removed before all else."""

from __future__ import annotations

import re

# NUL and lone surrogates are refused by PostgreSQL; the other controls mean nothing in text; the
# bidirectional
# overrides and isolates reorder what a person sees (https://www.unicode.org/reports/tr9/, CVE-2021-42574);
# non-characters are not text (https://www.unicode.org/faq/private_use.html#nonchar1).
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff"
    "\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufeff\ufffe\uffff]"
)
_LINE_ENDS = re.compile("\r\n?|[\x85\u2028\u2029]")


def clean(text: str) -> str:
    """The text with every line end as a newline and without characters that carry no text."""
    if text.isascii() and text.isprintable():
        return text
    return _UNWANTED.sub("", _LINE_ENDS.sub("\n", text))


def one_line(text: str) -> str:
    """The text on a single line, white space collapsed."""
    return " ".join(clean(text).split())
