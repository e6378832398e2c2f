"""Flat styled runs put together: intervals of marks and links laid over nodes, equal neighbours joined."""

from __future__ import annotations

from collections.abc import Sequence

from extract.reading.blocks import BOLD, ITALIC, STRIKE, Inline, InlineKind, Inlines

MarkSpan = tuple[int, int, int]
"""Nodes strictly between the first and the second number carry the mark that is the third."""

LinkSpan = tuple[int, int, str]
"""Nodes from the first number up to, but not including, the second link to the third."""


def styled(
    nodes: Sequence[tuple[InlineKind, str]], spans: Sequence[MarkSpan], links: Sequence[LinkSpan]
) -> Inlines:
    """Return the runs of nodes whose marks and links are given as intervals of nodes."""
    if not spans and not links:
        return merged([Inline(kind, value) for kind, value in nodes if value or kind == "break"])
    styles, targets = _style_changes(spans), _target_changes(links)
    style = 0
    href: str | None = None
    runs: list[Inline] = []
    for index, (kind, value) in enumerate(nodes):
        style = styles.get(index, style)
        href = targets.get(index, href)
        if value or kind == "break":
            runs.append(Inline(kind, value, style, href))
    return merged(runs)


def _style_changes(spans: Sequence[MarkSpan]) -> dict[int, int]:
    """The marks from each node on at which they change."""
    steps: dict[int, list[tuple[int, int]]] = {}
    for start, end, mark in spans:
        steps.setdefault(start + 1, []).append((mark, 1))
        steps.setdefault(end, []).append((mark, -1))
    depth = {BOLD: 0, ITALIC: 0, STRIKE: 0}
    styles: dict[int, int] = {}
    for index in sorted(steps):
        for mark, step in steps[index]:
            depth[mark] += step
        styles[index] = sum(mark for mark, open_spans in depth.items() if open_spans > 0)
    return styles


def _target_changes(links: Sequence[LinkSpan]) -> dict[int, str | None]:
    """The target from each node on at which it changes; of links in each other the inner one counts."""
    starts: dict[int, list[str]] = {}
    ends: dict[int, int] = {}
    for start, end, href in links:
        starts.setdefault(start, []).append(href)
        ends[end] = ends.get(end, 0) + 1
    open_links: list[str] = []
    targets: dict[int, str | None] = {}
    for index in sorted({*starts, *ends}):
        if open_links and index in ends:
            del open_links[-ends[index] :]
        open_links += starts.get(index, ())
        targets[index] = open_links[-1] if open_links else None
    return targets


def merged(runs: Sequence[Inline]) -> Inlines:
    """Neighbours of the same style as one run, no line breaks at the ends: what makes both formats alike."""
    out: list[Inline] = []
    texts: list[str] = []
    last: Inline | None = None
    for run in runs:
        if last is not None and run[0] == "text" == last[0] and run[2] == last[2] and run[3] == last[3]:
            texts.append(run[1])
            continue
        if len(texts) > 1 and last is not None:
            out[-1] = Inline("text", "".join(texts), last[2], last[3])
        texts = [run[1]]
        last = run
        out.append(run)
    if len(texts) > 1 and last is not None:
        out[-1] = Inline("text", "".join(texts), last[2], last[3])
    while out and out[-1].kind == "break":
        out.pop()
    first = 0
    while first < len(out) and out[first].kind == "break":
        first += 1
    return tuple(out[first:] if first else out)
