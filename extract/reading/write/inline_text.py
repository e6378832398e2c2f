"""Flat styled runs, written as the inline markdown of our canonical text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from extract.reading.blocks import Inline, Inlines
from extract.reading.write.destination import destination
from extract.reading.write.escape import code_span, escape_line_start, escape_text
from extract.reading.write.marking import ALL_MARKS, Span, written
from extract.reading.write.simple import simple_text
from extract.reading.write.white_space import normal, single_spaced

_DOLLAR = re.compile(r"(?<!\\)((?:\\\\)*+)\$")
_OPEN_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*+\\$")
_NOT_IN_AUTOLINK = re.compile(r"[<>\s]")


def inline_text(inlines: Inlines, *, cell: bool = False, flat: bool = False) -> str:
    """The canonical text of a run; lines separated by newlines (`<br>` in a cell, a space when `flat`).

    Emphasis is kept where CommonMark can say it, that is where it begins and ends at the edge of a word.
    """
    if not inlines:
        return ""
    if len(inlines) == 1 and inlines[0].kind == "text" and not inlines[0].marks and not inlines[0].href:
        text = single_spaced(inlines[0].text).strip(" ")
        return _lines(escape_text(text, in_cell=cell, dollars=text.count("$") > 1), cell=cell, flat=flat)
    simple = simple_text(inlines, cell=cell)
    if simple is not None:
        return _lines(simple, cell=cell, flat=flat)
    runs = normal(inlines)
    dollars = _may_pair_dollars(runs)
    spans: list[Span] = []
    for href, group in groupby(runs, key=lambda run: run.href):
        members = list(group)
        spans += [_link(members, href, dollars, cell)] if href else _spans(members, cell)
    return _lines(written(spans, "", "", dollars, cell, False), cell=cell, flat=flat)


def _may_pair_dollars(runs: Sequence[Inline]) -> bool:
    """Return True if there is a second dollar sign that a lone one could make an equation with."""
    return (
        any(run.kind == "equation" for run in runs)
        or sum(f"{run.text}{run.href}".count("$") for run in runs) > 1
    )


def _lines(text: str, *, cell: bool, flat: bool) -> str:
    if "\n" not in text:
        return text if cell or flat else escape_line_start(text)
    lines = [line.strip(" ") for line in text.split("\n")]
    if flat:
        return " ".join(line for line in lines if line)
    if cell:
        return "<br>".join(lines)
    return "\n".join(escape_line_start(line) for line in lines if line)


def _spans(runs: Sequence[Inline], cell: bool) -> list[Span]:
    spans: list[Span] = []
    for run in runs:
        if run.kind == "break":
            spans.append(Span("break", "\n", 0, "\n", "\n"))
        elif run.kind == "text":
            spans.append(Span("text", run.text, run.marks, run.text[0], run.text[-1]))
        else:
            text = code_span(run.text) if run.kind == "code" else _equation(run.text)
            if text:
                text = text.replace("|", "\\|") if cell else text
                spans.append(Span(run.kind, text, run.marks, text[0], text[-1]))
    return spans


def _equation(source: str) -> str:
    source = " ".join(source.split())
    source = _DOLLAR.sub(r"\1\\$", source)
    if _OPEN_ESCAPE.search(source):
        source += "\\"
    return f"${source}$" if source else ""


def _link(runs: Sequence[Inline], target: str, dollars: bool, cell: bool) -> Span:
    """A link is one unit: marks that it has throughout stand around it, others within."""
    common = ALL_MARKS
    for run in runs:
        if run.text.strip():
            common &= run.marks
    words = "".join(" " if run.kind == "break" else run.text for run in runs)
    shown = words.replace("|", "%7C") if cell else words
    if words in (target, target.removeprefix("mailto:")) and not _NOT_IN_AUTOLINK.search(shown):
        return Span("link", f"<{shown}>", common, "<", ">")
    bare = [run._replace(marks=run.marks & ~common, href=None) for run in runs]
    label = written(_spans(bare, cell), "[", "]", dollars, cell, True).replace("\n", " ")
    return Span("link", f"[{label}]({destination(target, cell=cell)})", common, "[", ")")
