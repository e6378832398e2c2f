"""Runs made regular before they are written: targets that we keep, single spaces, white space as runs of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import dropwhile, groupby

from extract.reading.blocks import Inline, Inlines
from extract.reading.links import target_of
from extract.reading.runs import merged
from extract.reading.write.marking import ALL_MARKS

SPACES = re.compile(r"[ \t\u00a0\u3000]{2,}|[\t\u00a0]")
"""Blanks that become one space."""

_BREAK = Inline("break", "")


def normal(inlines: Inlines) -> Inlines:
    """Return the runs with targets that we keep, white space styled like both its sides, equal neighbours joined."""
    kept = [_with_kept_target(run) for run in inlines]
    runs = list(_with_single_spaces(_with_joined_code(kept)))
    return merged(list(_with_styled_spaces(runs)))


def single_spaced(text: str) -> str:
    """Return the text with every stretch of blanks as one space."""
    return SPACES.sub(" ", text) if SPACES.search(text) else text


def _with_kept_target(run: Inline) -> Inline:
    return Inline(run.kind, run.text, run.marks, target_of(run.href) or None) if run.href else run


def _with_joined_code(runs: Sequence[Inline]) -> Iterator[Inline]:
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


def _with_single_spaces(runs: Iterable[Inline]) -> Iterator[Inline]:
    """Text without its outer white space, which becomes a run of its own; nothing that is empty."""
    for run in runs:
        if run.kind == "text":
            text = single_spaced(run.text).replace("\n", " ")
            if text[:1] == " " or text[-1:] == " ":
                yield from _cut_at_edges(text, run)
            elif text:
                yield run if text is run.text else Inline("text", text, run.marks, run.href)
        elif run.kind == "break" or run.text.strip():
            yield run


def _cut_at_edges(text: str, run: Inline) -> Iterator[Inline]:
    core = text.strip(" ")
    start = text.find(core) if core else len(text)
    for piece in (text[:start], core, text[start + len(core) :]):
        if piece:
            yield Inline("text", piece, run.marks, run.href)


def _with_styled_spaces(runs: list[Inline]) -> Iterator[Inline]:
    """White space as one space with what both its sides have; none at the ends of a line."""
    left = _BREAK
    for run, right in zip(runs, _next_words(runs), strict=True):
        if _is_space(run):
            if left.kind == "break" or right.kind == "break" or left.text[-1:] == " ":
                continue
            run = Inline(
                "text", " ", left.marks & right.marks, left.href if left.href == right.href else None
            )
        left = run
        yield run


def _next_words(runs: list[Inline]) -> list[Inline]:
    """For each place, the next run that is not white space."""
    out = [_BREAK] * len(runs)
    after = _BREAK
    for at in range(len(runs) - 1, -1, -1):
        out[at] = after
        if not _is_space(runs[at]):
            after = runs[at]
    return out


def _is_space(run: Inline) -> bool:
    return run.kind == "text" and run.text.isspace()
