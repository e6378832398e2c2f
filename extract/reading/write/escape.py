"""Literal characters that would read as markdown in our canonical text get a backslash; no others do."""

from __future__ import annotations

import re

_SUSPECT = re.compile(r"[\\`*_~\[\]<&!]")
EDGE = "\x01"
"""Stands for a delimiter of emphasis in `before` and `after`."""

_RISKY = (
    r"\\(?=[!-/:-@\[-`{-~\x01\n])"  # would escape what follows
    r"|`"
    r"|\*(?!\s|\Z)|(?<!\s)(?<!\A)\*"  # a star between spaces is a star
    r"|(?<![^\W_])_(?!\s|\Z)|(?<!\s)(?<!\A)_(?![^\W_])"  # an underscore inside a word is an underscore
    r"|~(?=[~\x01])|(?<=[~\x01])~"
    r"|\[(?=[\^\x01])|\](?=[(\[:\x01])"
    r"|<(?=[A-Za-z/!?\x01])"
    r"|&(?=[A-Za-z0-9#]+[;\x01]|\x01)"
    r"|!(?=[\[\x01])"
)
_IN_TEXT = re.compile(_RISKY)
_IN_LABEL = re.compile(_RISKY + r"|[\[\]]")
_LINE_START = re.compile(
    r"(?P<mark>#{1,6}(?=\s|$)|>|[-+*](?=\s|$)|\$\$$|:::|\|(?=.*\|)|`{3}|~{3}"
    r"|(?P<rule>[-=_*])(?:[ \t]*(?P=rule))*[ \t]*$)"
    r"|(?P<number>[0-9]{1,9})(?P<dot>[.)])(?=\s|$)"
    r"|(?P<task>\[[ xX]\])(?=\s|$)"
)
_TICKS = re.compile("`++")
_LONE_TICK = re.compile("(?<!`)`(?!`)")


def escape_text(
    text: str,
    *,
    before: str = "",
    after: str = "",
    dollars: bool = False,
    in_link: bool = False,
    in_cell: bool = False,
) -> str:
    """One run of literal text for the canonical form. Line starts are `escape_line_start`'s business.

    `before` and `after` are the characters around the run. `dollars`: more than one dollar sign is about, so
    a lone one
    could pair up. `in_link`: brackets must not end the label. `in_cell`: bars must not end the cell.
    """
    if _SUSPECT.search(text) is not None:
        start, end = len(before), len(before) + len(text)

        def escaped(match: re.Match[str]) -> str:
            return "\\" + match.group() if start <= match.start() < end else match.group()

        text = (_IN_LABEL if in_link else _IN_TEXT).sub(escaped, before + text + after)
        text = text[start : len(text) - len(after)] if after else text[start:]
    if dollars and "$" in text:
        text = text.replace("$", "\\$")
    if in_cell and "|" in text:
        text = text.replace("|", "\\|")
    return text


def escape_line_start(line: str) -> str:
    """A line that would begin a heading, list, quote, rule, fence or table, made plain text."""
    if not line or (line[0].isalpha() and line[0].isascii()):
        return line
    match = _LINE_START.match(line)
    if match is None:
        return line
    if match.group("number"):
        return f"{match.group('number')}\\{line[match.start('dot') :]}"
    return "\\" + line


def code_span(code: str) -> str:
    """Inline code with enough backticks around it."""
    code = " ".join(code.split("\n"))
    if "`" not in code:
        return (
            f"`{code}`"
            if code.strip() and not (code[0] == code[-1] == " ")
            else f"` {code} `"
            if code.strip()
            else ""
        )
    longest = max(len(run) for run in _TICKS.findall(code))
    ticks = "`" * (1 if longest > 1 and not _LONE_TICK.search(code) else longest + 1)
    return f"{ticks} {code} {ticks}"
