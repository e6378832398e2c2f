"""The usual text in one pass: plain words, and styled words that stand between spaces."""

from __future__ import annotations

from extract.reading.blocks import Inline, Inlines
from extract.reading.links import target_of
from extract.reading.write.destination import destination
from extract.reading.write.escape import EDGE, code_span, escape_text
from extract.reading.write.marking import SIGNS
from extract.reading.write.white_space import SPACES


def simple_text(inlines: Inlines, *, cell: bool) -> str | None:
    """Return the canonical text of these runs, before its lines are escaped; None if they are not that simple.

    What it returns is what the general way would return; most paragraphs take this way, which is faster.
    """
    out: list[str] = []
    last = len(inlines) - 1
    for at, run in enumerate(inlines):
        if at and not _are_apart(inlines[at - 1], run):
            return None
        if _is_plain(run):
            text = _words(run.text, before=EDGE if at else "", after=EDGE if at < last else "", cell=cell)
        else:
            text = _styled(run, cell=cell)
        if not text:
            return None
        out.append(text)
    return "".join(out).strip(" ")


def _is_plain(run: Inline) -> bool:
    return run.kind == "text" and not run.marks and not run.href


def _are_apart(left: Inline, right: Inline) -> bool:
    """Return True if one of two neighbours is plain words, with a space towards the other, which is not."""
    if _is_plain(left):
        return left.text[-1:] == " " and not _is_plain(right)
    return right.text[:1] == " " and _is_plain(right)


def _is_tidy(text: str) -> bool:
    """Return True if the text holds nothing that could pair up, break the line or be taken together."""
    return bool(text) and "$" not in text and "\n" not in text and SPACES.search(text) is None


def _words(text: str, *, before: str, after: str, cell: bool) -> str | None:
    if not _is_tidy(text) or text == " ":
        return None
    return escape_text(text, before=before, after=after, in_cell=cell)


def _styled(run: Inline, *, cell: bool) -> str | None:
    """Marked or linked words, or code, with the signs around them."""
    if run.kind == "code" and not run.href and "$" not in run.text:
        inner = code_span(run.text)
        inner = inner.replace("|", "\\|") if cell else inner
    elif run.kind == "text" and _is_tidy(run.text) and run.text[0] != " " and run.text[-1] != " ":
        inner = escape_text(run.text, before=EDGE, after=EDGE, in_cell=cell, in_link=bool(run.href))
    else:
        return None
    if not inner:
        return None
    if run.href:
        target = target_of(run.href)
        if not target or target == run.text or "$" in target or "mailto:" in target:
            return None
        inner = f"[{inner}]({destination(target, cell=cell)})"
    opening, closing = SIGNS[run.marks]
    return f"{opening}{inner}{closing}"
