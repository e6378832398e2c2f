"""What both markdown formats share: the context of a rendering, colours, attributes of tags."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.content.marks import short_color
from sandbox.state.records import Block, Json, RichText

# Block types without a form in either format. They become <unknown> with this word in `alt`.
WITHOUT_A_FORM = {
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
    """The attributes of a child database's tag."""

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
        default=lambda identifier: f"https://app.notion.com/p/{identifier.replace('-', '')}"
    )
    database: Callable[[str], DatabaseTag] = field(default=lambda _: DatabaseTag("Untitled"))
    sign: Callable[[str], str] = field(default=lambda url: url)
    user_name: Callable[[Json], str | None] = field(default=lambda user: user.get("name"))
    include_transcript: bool = False
    link_tags: bool = False  # v2 only: bookmarks and embeds as tags instead of <unknown>

    def block_url(self, block: Block) -> str:
        """The address of a block within its page."""
        return f"{self.page_url}#{str(block.get('id') or '').replace('-', '')}"


def color_of(block: Block) -> str | None:
    """The colour of a block as markdown writes it; None for the default."""
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
    """A value that can stand between double quotes in a tag."""
    return value.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace("\n", " ")


def icon_of(payload: Mapping[str, Any]) -> str | None:
    """An icon as the value of an attribute; None if there is none."""
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
    """The rich text in one field of a block."""
    found: RichText = (block.get(block["type"]) or {}).get(name) or []
    return found


def media_url(block: Block, context: RenderContext) -> str:
    """Where a media block's content is; hosted files get a fresh signature."""
    payload = block[block["type"]]
    kind = payload.get("type") or ("external" if "external" in payload else "file")
    url = str((payload.get(kind) or {}).get("url") or "")
    return context.sign(url) if kind == "file" else url


def unknown_alt(block: Block) -> str | None:
    """The `alt` of a block that becomes <unknown>; None for any other block."""
    kind = block["type"]
    if kind == "hole":
        return str(block["hole"]["alt"])
    if kind == "embed" and "file" in (block["embed"] or {}):
        return None
    if kind == "unsupported":
        return str((block["unsupported"] or {}).get("block_type") or "unsupported")
    return WITHOUT_A_FORM.get(kind)


def date_parts(date: Json) -> dict[str, str | None]:
    """Start and end of a date mention, split into day and time."""
    parts: dict[str, str | None] = {}
    for name in ("start", "end"):
        day, _, time = (date.get(name) or "").partition("T")
        parts[name] = day or None
        parts[f"{name}_time"] = time[:5] or None
    parts["time_zone"] = date.get("time_zone")
    return parts


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
