"""The target in the parentheses of a link. https://spec.commonmark.org/0.31.2/#link-destination"""

from __future__ import annotations

import re

_DESTINATION_STEP = re.compile(r"[()\\\s]")
_TITLE = re.compile(r"""\s{1,8}(?:"[^"\n]{0,500}"|'[^'\n]{0,500}')\s{0,8}""")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_MAX_DESTINATION = 8_000
_MAX_STEPS = 400


def destination_at(text: str, at: int, *, spaces: bool) -> tuple[str, int] | None:
    """The target in `(…)` at this place and where it ends; parentheses in it may nest."""
    if text[at : at + 1] != "(":
        return None
    position, depth, limit = at + 1, 0, at + _MAX_DESTINATION
    if text[position : position + 1] == "<":
        close = text.find(">", position, limit)
        if close > 0 and "\n" not in text[position:close] and text[close + 1 : close + 2] == ")":
            return text[position + 1 : close], close + 2
        return None
    for _ in range(_MAX_STEPS):
        step = _DESTINATION_STEP.search(text, position, limit)
        if step is None or depth > 32:
            return None
        char, position = step.group(), step.end()
        if char == "(":
            depth += 1
        elif char == "\\":
            position += 1
        elif char == ")":
            if depth == 0:
                break
            depth -= 1
        elif char.isspace():
            title = _TITLE.match(text, position - 1)
            if title is not None and depth == 0 and text[title.end() : title.end() + 1] == ")":
                return unescaped(text[at + 1 : position - 1]), title.end() + 1
            if not spaces or char == "\n":
                return None
    else:
        return None
    return unescaped(text[at + 1 : position - 1]), position


def unescaped(url: str) -> str:
    """The text without the backslashes before punctuation."""
    return _ESCAPED.sub(r"\1", url).strip() if "\\" in url else url.strip()
