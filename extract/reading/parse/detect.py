"""Which of the two markdown formats a page is written in, told by its syntax."""

from __future__ import annotations

import re
from typing import Literal

Format = Literal["v1", "v2"]

_FENCED = re.compile(r"^([ \t]*)(`{3,}+|~{3,}+)[^\n]*\n(?:(?![ \t]*\2)[^\n]*\n)*+[^\n]*", re.MULTILINE)
_CODE = re.compile(r"`[^`\n]*+`")
_V1 = re.compile(
    r"<(?:empty-block\s*/>|details\b|summary\b|synced_block|table_of_contents|mention-[a-z]|br>|"
    r"notes>|transcript>|span\s[^<>\n]*underline=|(?:audio|video|file|pdf|embed)\s[^<>\n]*\bsrc=)"
)
_V2 = re.compile(
    r"<(?:p(?:\s[^<>\n]*)?/?>|h[1-4][\s>]|(?:quote|toggle|todo|ul|ol|li|mail|folder|bookmark)[\s>]|"
    r"custom-block[\s>]|synced-block|table-of-contents|mention\s|date\s|br />|/?[bius]>|"
    r"external_object_instance|equation|meeting-notes-section|th[\s>]|image\s|(?:audio|video|file|pdf|embed)\s[^<>\n]*\bsource=)"
)
# signs that are no tags, each looked for only where its first characters occur
_V1_SIGNS = (
    ('="', re.compile(r"\{(?:color|toggle)=\"[^\"\n]*\"[^{}\n]*\}$", re.MULTILINE)),
    ("\n\t", re.compile(r"(?<=[^\n]\n)\t+(?![-*+\s]|[0-9]+[.)])\S")),
    (":::", re.compile(r"^::: ?\w", re.MULTILINE)),
)
_V2_SIGNS = (("\\\n", re.compile(r"(?<!\\)\\$", re.MULTILINE)),)
_BARE_UNDERSCORE = re.compile(r"(?<![\\\w])_+[^\W_]|[^\W_]_+(?!\w)")
_ENOUGH = 20


def detect(markdown: str) -> Format:
    """The format of a page: by what only one of them has, else by how blocks are separated.

    v2 puts a blank line between blocks, v1 a single newline, and then plain lines follow each other directly.
    """
    text = _FENCED.sub(r"\1```", markdown) if "```" in markdown or "~~~" in markdown else markdown
    if "`" in text:
        text = _CODE.sub("", text)
    tags = "<" in text
    first = _count(_V1, text) if tags else 0
    second = _count(_V2, text) if tags else 0
    first += sum(_count(pattern, text) for sign, pattern in _V1_SIGNS if sign in text)
    second += sum(_count(pattern, text) for sign, pattern in _V2_SIGNS if sign in text)
    if first != second:
        return "v1" if first > second else "v2"
    # v1 does not escape underscores; read as v2, `__init__` would lose them
    return "v1" if _lines_touch(text) or _BARE_UNDERSCORE.search(text) else "v2"


def _count(pattern: re.Pattern[str], text: str) -> int:
    total = 0
    for _ in pattern.finditer(text):
        total += 1
        if total == _ENOUGH:
            break
    return total


def _lines_touch(text: str) -> bool:
    previous = ""
    for line in text.split("\n"):
        if previous and line and previous[0] not in "|>-*+ \t" and not previous[0].isdigit() and line.strip():
            backslashes = len(previous) - len(previous.rstrip("\\"))
            if backslashes % 2 == 0:
                return True
        previous = line.rstrip()
    return False
