"""Flat styled runs, written as the inline markdown of our canonical text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import dropwhile, groupby

from extract.reading.blocks import Inline, Inlines
from extract.reading.links import target_of
from extract.reading.runs import merged
from extract.reading.write.escape import EDGE, code_span, escape_line_start, escape_text
from extract.reading.write.marking import ALL_MARKS, SIGNS, Span, written

_SPACES = re.compile(r"[ \t\u00a0\u3000]{2,}|[\t\u00a0]")
_DOLLAR = re.compile(r"(?<!\\)((?:\\\\)*+)\$")
_OPEN_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*+\\$")
_NOT_IN_AUTOLINK = re.compile(r"[<>\s]")
_BREAK = Inline("break", "")


def inline_text(inlines: Inlines, *, cell: bool = False, flat: bool = False) -> str:
    """The canonical text of a run; lines separated by newlines (`<br>` in a cell, a space when `flat`).

    Emphasis is kept where CommonMark can say it, that is where it begins and ends at the edge of a word.
    """
    if not inlines:
        return ""
    if len(inlines) == 1 and inlines[0].kind == "text" and not inlines[0].marks and not inlines[0].href:
        text = _spaced(inlines[0].text).strip(" ")
        return _lines(escape_text(text, in_cell=cell, dollars=text.count("$") > 1), cell=cell, flat=flat)
    simple = _simple(inlines, cell)
    if simple is not None:
        return _lines(simple, cell=cell, flat=flat)
    runs = normal(inlines)
    dollars = (
        any(run.kind == "equation" for run in runs)
        or sum(f"{run.text}{run.href}".count("$") for run in runs) > 1
    )
    units: list[Span] = []
    at = 0
    while at < len(runs):
        end = at + 1
        href = runs[at].href
        while end < len(runs) and runs[end].href == href:
            end += 1
        units += [_link(runs[at:end], href, dollars, cell)] if href else _units(runs[at:end], cell)
        at = end
    return _lines(written(units, "", "", dollars, cell, False), cell=cell, flat=flat)


def _simple(inlines: Inlines, cell: bool) -> str | None:
    """The usual case in one pass: styled words that stand between spaces. None: it is not that simple."""
    out: list[str] = []
    bound = True  # at an edge, or behind a space
    last = len(inlines) - 1
    for at, (kind, text, marks, href) in enumerate(inlines):
        if kind == "text":
            if not text or "$" in text or "\n" in text or _SPACES.search(text):
                return None
            if not marks and not href:
                if text == " ":
                    return None
                if at and inlines[at - 1][0] == "text" and not inlines[at - 1][2] and not inlines[at - 1][3]:
                    return None
                out.append(
                    escape_text(
                        text, before=EDGE if at else "", after=EDGE if at < last else "", in_cell=cell
                    )
                )
                bound = text[-1] == " "
                if (
                    not bound
                    and at < last
                    and (inlines[at + 1][2] or inlines[at + 1][3] or inlines[at + 1][0] != "text")
                ):
                    return None
                continue
            if text[0] == " " or text[-1] == " ":
                return None
            inner = escape_text(text, before=EDGE, after=EDGE, in_cell=cell, in_link=bool(href))
        elif kind == "code" and "$" not in text:
            inner = code_span(text)
            inner = inner.replace("|", "\\|") if cell else inner
        else:
            return None
        following = inlines[at + 1] if at < last else None
        if (
            not bound
            or not inner
            or (following is not None and (following[0] != "text" or following[1][:1] != " "))
        ):
            return None
        if following is not None and (following[2] or following[3]):
            return None
        if href:
            target = target_of(href)
            if not target or target == text or "$" in target or kind != "text" or "mailto:" in target:
                return None
            inner = f"[{inner}]({destination(target, cell=cell)})"
        opening, closing = SIGNS[marks]
        out.append(f"{opening}{inner}{closing}")
        bound = False
    return "".join(out).strip(" ")


def normal(inlines: Inlines) -> Inlines:
    """Targets that we keep, white space styled like both its sides, equal neighbours as one run."""
    runs: list[Inline] = []
    for run in _code_joined([_kept_target(run) for run in inlines]):
        if run.kind == "text":
            text = _spaced(run.text).replace("\n", " ")
            if text[:1] != " " and text[-1:] != " ":
                if text:
                    runs.append(run if text is run.text else Inline("text", text, run.marks, run.href))
                continue
            core = text.strip(" ")
            start = text.find(core) if core else len(text)
            pieces = (text[:start], core, text[start + len(core) :])
            runs += [Inline("text", piece, run.marks, run.href) for piece in pieces if piece]
        elif run.kind == "break" or run.text.strip():
            runs.append(run)
    out: list[Inline] = []
    following = _next_words(runs)
    for at, run in enumerate(runs):
        if run.kind == "text" and run.text.isspace():
            left = out[-1] if out else _BREAK
            right = following[at]
            if left.kind == "break" or right.kind == "break" or left.text[-1:] == " ":
                continue
            run = Inline(
                "text", " ", left.marks & right.marks, left.href if left.href == right.href else None
            )
        out.append(run)
    return merged(out)


def _kept_target(run: Inline) -> Inline:
    return Inline(run.kind, run.text, run.marks, target_of(run.href) or None) if run.href else run


def _code_joined(runs: Sequence[Inline]) -> Iterator[Inline]:
    """Neighbouring code with one target as one run, with the marks that all of it has."""
    for (is_code, href), group in groupby(runs, key=lambda run: (run.kind == "code", run.href)):
        if not is_code:
            yield from group
            continue
        marks = ALL_MARKS
        joined = list(dropwhile(lambda run: not run.text.strip(), group))
        for run in joined:
            marks &= run.marks
        yield Inline("code", "".join([run.text for run in joined]), marks, href)


def _next_words(runs: list[Inline]) -> list[Inline]:
    """For each place, the next run that is not white space."""
    out = [_BREAK] * len(runs)
    after = _BREAK
    for at in range(len(runs) - 1, -1, -1):
        out[at] = after
        if runs[at].kind != "text" or not runs[at].text.isspace():
            after = runs[at]
    return out


def _lines(text: str, *, cell: bool, flat: bool) -> str:
    if "\n" not in text:
        return text if cell or flat else escape_line_start(text)
    lines = [line.strip(" ") for line in text.split("\n")]
    if flat:
        return " ".join(line for line in lines if line)
    if cell:
        return "<br>".join(lines)
    return "\n".join(escape_line_start(line) for line in lines if line)


def _spaced(text: str) -> str:
    return _SPACES.sub(" ", text) if _SPACES.search(text) else text


def _units(runs: Sequence[Inline], cell: bool) -> list[Span]:
    units: list[Span] = []
    for run in runs:
        if run.kind == "break":
            units.append(Span("break", "\n", 0, "\n", "\n"))
        elif run.kind == "text":
            units.append(Span("text", run.text, run.marks, run.text[0], run.text[-1]))
        else:
            text = code_span(run.text) if run.kind == "code" else _equation(run.text)
            if text:
                text = text.replace("|", "\\|") if cell else text
                units.append(Span(run.kind, text, run.marks, text[0], text[-1]))
    return units


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
    label = written(_units(bare, cell), "[", "]", dollars, cell, True).replace("\n", " ")
    return Span("link", f"[{label}]({destination(target, cell=cell)})", common, "[", ")")


def destination(url: str, *, cell: bool = False) -> str:
    """A link target that CommonMark reads back whole."""
    url = url.replace("\\", "%5C").replace("<", "%3C").replace(">", "%3E")
    if cell:
        url = url.replace("|", "%7C")
    depth = 0
    for char in url:
        depth += (char == "(") - (char == ")")
        if depth < 0 or depth > 30:
            break
    return url if depth == 0 else url.replace("(", "%28").replace(")", "%29")
