"""What both markdown formats share: the context of a rendering, colours, attributes, nesting of marks."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.editing.rich_text import PLAIN, item_plain
from sandbox.world.records import Block, Json, RichText

# Block types that neither format can say; they appear as <unknown>, with this word in `alt`.
UNSPEAKABLE = {
    "bookmark": "bookmark",
    "embed": "embed",
    "link_preview": "link_preview",
    "breadcrumb": "breadcrumb",
    "template": "template",
    "link_to_page": "alias",
}
TRANSCRIPT_OMITTED = "Transcript omitted. Read this page with include_transcript=true to load it."
SECTIONS = ("summary", "notes", "transcript")


@dataclass(frozen=True, slots=True)
class DatabaseTag:
    """What the tag of a child database says."""

    title: str
    data_source_id: str | None = None
    inline: bool = False
    icon: str | None = None


@dataclass(slots=True)
class RenderContext:
    """What a rendering needs from outside the tree. The defaults serve trees without references."""

    page_url: str = "https://app.notion.com/p/00000000000080008000000000000000"
    title: Callable[[str], str | None] = field(default=lambda _: "Untitled")
    url: Callable[[str], str] = field(
        default=lambda each: f"https://app.notion.com/p/{each.replace('-', '')}"
    )
    database: Callable[[str], DatabaseTag] = field(default=lambda _: DatabaseTag("Untitled"))
    sign: Callable[[str], str] = field(default=lambda url: url)
    user_name: Callable[[Json], str | None] = field(default=lambda user: user.get("name"))
    include_transcript: bool = False
    link_tags: bool = False  # v2 only: bookmarks and embeds as tags instead of <unknown>

    def block_url(self, block: Block) -> str:
        return f"{self.page_url}#{str(block.get('id') or '').replace('-', '')}"


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
    return color.removesuffix("_background") + "_bg" if color.endswith("_background") else color


def color_of(block: Block) -> str | None:
    color = (block.get(block["type"]) or {}).get("color") or "default"
    return None if color == "default" else short_color(color)


def attributes(**given: str | bool | None) -> str:
    """` name="value"` for each that is set, dashes for underscores."""
    parts = []
    for name, value in given.items():
        if value is None or value is False:
            continue
        shown = "true" if value is True else quoted(value)
        parts.append(f' {name.rstrip("_").replace("_", "-")}="{shown}"')
    return "".join(parts)


def quoted(value: str) -> str:
    return value.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace("\n", " ")


def icon_of(payload: Mapping[str, Any]) -> str | None:
    icon = payload.get("icon") or {}
    kind = icon.get("type")
    if kind == "emoji":
        return str(icon["emoji"])
    if kind == "custom_emoji":
        return f":{icon['custom_emoji'].get('name', '')}:"
    if kind in ("external", "file"):
        return str(icon[kind]["url"]).split("?")[0]
    return None


def texts(block: Block, name: str = "rich_text") -> RichText:
    found: RichText = (block.get(block["type"]) or {}).get(name) or []
    return found


def media_url(block: Block, context: RenderContext) -> str:
    """Where a media block's content is; hosted files get a fresh signature."""
    payload = block[block["type"]]
    kind = payload.get("type") or ("external" if "external" in payload else "file")
    url = str((payload.get(kind) or {}).get("url") or "")
    return context.sign(url) if kind == "file" else url


def unknown_alt(block: Block) -> str | None:
    """The `alt` of a block that markdown cannot say; None for one that it can."""
    kind = block["type"]
    if kind == "hole":
        return str(block["hole"]["alt"])
    if kind == "embed" and "file" in (block["embed"] or {}):
        return None
    if kind == "unsupported":
        return str((block["unsupported"] or {}).get("block_type") or "unsupported")
    return UNSPEAKABLE.get(kind)


def date_parts(date: Json) -> dict[str, str | None]:
    """Start and end of a date mention, split into day and time."""
    parts: dict[str, str | None] = {}
    for name in ("start", "end"):
        day, _, time = (date.get(name) or "").partition("T")
        parts[name] = day or None
        parts[f"{name}_time"] = time[:5] or None
    parts["time_zone"] = date.get("time_zone")
    return parts


def fence_for(content: str) -> str:
    longest = max((len(run) for run in re.findall("`+", content)), default=0)
    return "`" * max(3, longest + 1)


def link_target(url: str) -> str:
    """A URL that cannot end its own parentheses."""
    for character, code in (
        (" ", "%20"),
        ("(", "%28"),
        (")", "%29"),
        ("<", "%3C"),
        (">", "%3E"),
        ("\n", "%0A"),
    ):
        url = url.replace(character, code)
    return url


def sections_of(block: Block) -> list[tuple[str, list[Block]]]:
    """The parts of meeting notes that have content, in order."""
    found = []
    for position, child in enumerate(block.get("children") or ()):
        name = child.get("section") or SECTIONS[min(position, 2)]
        content = list(child.get("children") or ())
        if texts(child):
            content.insert(0, {"type": child["type"], child["type"]: child[child["type"]]})
        if content:
            found.append((name, content))
    return found
