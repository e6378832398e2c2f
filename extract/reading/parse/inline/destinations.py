"""The target in the parentheses of a link. https://spec.commonmark.org/0.31.2/#link-destination"""

from __future__ import annotations

import re

_DESTINATION_STEP = re.compile(r"[()\\\s]")
_TITLE = re.compile(r"""\s{1,8}(?:"[^"\n]{0,500}"|'[^'\n]{0,500}')\s{0,8}""")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_MAX_DESTINATION = 8_000
_MAX_STEPS = 400
_MAX_DEPTH = 32


def destination_at(text: str, at: int, *, spaces: bool) -> tuple[str, int] | None:
    """Return the target in `(…)` at this place and where it ends; None when there is none.

    Parentheses in it may nest. With `spaces`, blanks belong to it, as v1 writes them.
    """
    if text[at : at + 1] != "(":
        return None
    if text[at + 1 : at + 2] == "<":
        return _in_angle_brackets(text, at + 1)
    position, depth, limit = at + 1, 0, at + _MAX_DESTINATION
    for _ in range(_MAX_STEPS):
        step = _DESTINATION_STEP.search(text, position, limit)
        if step is None or depth > _MAX_DEPTH:
            return None
        char, position = step.group(), step.end()
        if char == "(":
            depth += 1
        elif char == "\\":
            position += 1
        elif char == ")":
            if depth == 0:
                return unescaped(text[at + 1 : position - 1]), position
            depth -= 1
        else:
            end = _end_of_title(text, position - 1) if depth == 0 else None
            if end is not None:
                return unescaped(text[at + 1 : position - 1]), end
            if not spaces or char == "\n":
                return None
    return None


def _in_angle_brackets(text: str, at: int) -> tuple[str, int] | None:
    close = text.find(">", at, at - 1 + _MAX_DESTINATION)
    if close > 0 and "\n" not in text[at:close] and text[close + 1 : close + 2] == ")":
        return text[at + 1 : close], close + 2
    return None


def _end_of_title(text: str, at: int) -> int | None:
    """The end of a link whose title begins at this white space. https://spec.commonmark.org/0.31.2/#link-title"""
    title = _TITLE.match(text, at)
    if title is not None and text[title.end() : title.end() + 1] == ")":
        return title.end() + 1
    return None


def unescaped(url: str) -> str:
    """The text without the backslashes before punctuation."""
    return _ESCAPED.sub(r"\1", url).strip() if "\\" in url else url.strip()
