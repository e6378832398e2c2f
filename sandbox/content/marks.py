"""The marks of rich text (bold, colour, link …) as a tree, so that written markers never cross."""

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.state.records import Json
from sandbox.state.rich_text import PLAIN, item_plain


@dataclass(frozen=True, slots=True)
class Leaf:
    """One rich text item, or a piece of one, with its marks."""

    item: Json
    text: str
    marks: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Marked:
    """Leaves and marked groups under one mark."""

    kind: str
    value: str
    inside: tuple["Leaf | Marked", ...]


def leaves(items: Sequence[Json], hoist_spaces: bool) -> list[Leaf]:
    """Items with their marks; v1 moves white space at the edges of emphasis out of it."""
    found: list[Leaf] = []
    for item in items:
        text, marks = item_plain(item), marks_of(item)
        if not marks:
            found.append(Leaf(item, text, marks))
            continue
        emphasis = {mark for mark in marks if mark[0] in ("bold", "italic", "strikethrough")}
        if not (
            hoist_spaces and emphasis and item.get("type", "text") == "text" and ("code", "") not in marks
        ):
            found.append(Leaf(item, text, marks))
            continue
        core = text.strip()
        if not core:
            found.append(Leaf(item, text, marks - emphasis))
            continue
        start = text.index(core)
        for piece, piece_marks in (
            (text[:start], marks - emphasis),
            (core, marks),
            (text[start + len(core) :], marks - emphasis),
        ):
            if piece:
                found.append(Leaf(item, piece, piece_marks))
    return found


_NO_MARKS: frozenset[tuple[str, str]] = frozenset()


def marks_of(item: Json) -> frozenset[tuple[str, str]]:
    """The marks of a rich text item as (kind, value), such as ("color", "red")."""
    given = item.get("annotations") or PLAIN
    if given == PLAIN and not item.get("href") and not (item.get("text") or {}).get("link"):
        return _NO_MARKS
    marks = {(name, "") for name in ("bold", "italic", "strikethrough", "underline") if given.get(name)}
    kind = item.get("type", "text")
    if given.get("code") and kind == "text":
        marks.add(("code", ""))
    color = given.get("color") or "default"
    if color != "default":
        marks.add(("color", short_color(color)))
    if kind == "text":
        link = (item.get("text") or {}).get("link") or {}
        if link.get("url"):
            marks.add(("link", str(link["url"])))
    return frozenset(marks)


_OUTERMOST_FIRST = ("link", "color", "underline", "strikethrough", "bold", "italic", "code")


def nest(run: Sequence[Leaf]) -> list[Leaf | Marked]:
    """Marks as a tree: what spans furthest lies outermost, so that no markers ever cross."""
    nested: list[Leaf | Marked] = []
    at = 0
    while at < len(run):
        if not run[at].marks:
            nested.append(run[at])
            at += 1
            continue
        mark, end = max(
            ((mark, _reach(run, at, mark)) for mark in sorted(run[at].marks)),
            key=lambda pair: (
                pair[0][0] == "link",
                pair[0][0] != "code",
                pair[1],
                -_OUTERMOST_FIRST.index(pair[0][0]),
            ),
        )
        inside = [Leaf(leaf.item, leaf.text, leaf.marks - {mark}) for leaf in run[at:end]]
        nested.append(Marked(mark[0], mark[1], tuple(nest(inside))))
        at = end
    return nested


def _reach(run: Sequence[Leaf], at: int, mark: tuple[str, str]) -> int:
    """How far a mark spans. Nothing nests within code, so code ends where other marks begin."""
    alone = mark[0] == "code"
    end = at
    while end < len(run) and mark in run[end].marks and (not alone or len(run[end].marks) == 1):
        end += 1
    return end


def short_color(color: str) -> str:
    """A colour as markdown writes it: "red_bg" for "red_background"."""
    return color.removesuffix("_background") + "_bg" if color.endswith("_background") else color
