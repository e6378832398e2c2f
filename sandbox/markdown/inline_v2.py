"""Inline text in Notion-flavored Markdown (v2)."""

import re
from collections.abc import Sequence

from sandbox.content.blocks import longest_backtick_run
from sandbox.content.marks import Leaf, Marked, leaves, marks_of, nest
from sandbox.markdown.context import RenderContext, attributes, date_parts, link_target
from sandbox.state.records import Json
from sandbox.state.rich_text import item_plain

_SPECIAL = re.compile(r"([\\`*~\[\]$<]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;))")
_LINE_START = re.compile(r"^([^\S\n]*+)(?=(?:[#>]|[-+](?:\s|$)|--|=++[^\S\n]*+$))", re.MULTILINE)
_NUMBER_START = re.compile(r"^([^\S\n]*+\d{1,9})(?=[.)](?:\s|$))", re.MULTILINE)
_BREAK = re.compile(r"\r\n|[\r\n]")
_MARKERS = {"bold": "**", "italic": "*", "strikethrough": "~~"}
_TAGS = {"bold": "b", "italic": "i", "strikethrough": "s", "underline": "u"}


def escape(text: str) -> str:
    """Text with a backslash before every character that v2 gives a meaning."""
    return _SPECIAL.sub(r"\\\1", text)


def inline_v2(items: Sequence[Json], context: RenderContext, breaks: str = "\\\n") -> str:
    """Rich text; `breaks` stands for a line break (a backslash and a newline, or a tag within tables)."""
    if len(items) == 1 and items[0].get("type") == "text" and not marks_of(items[0]):
        return _BREAK.sub(lambda _: breaks, escape(item_plain(items[0])))
    written = _Writer(context).nodes(nest(leaves(items, hoist_spaces=False)), "", "")
    return _BREAK.sub(lambda _: breaks, written)


def guard_line_starts(written: str) -> str:
    """Escapes what would open another kind of block at the start of a line."""
    return _NUMBER_START.sub(r"\1\\", _LINE_START.sub(r"\1\\", written))


class _Writer:
    def __init__(self, context: RenderContext) -> None:
        self._context = context

    def nodes(self, nodes: Sequence[Leaf | Marked], before: str, after: str) -> str:
        """Nodes in a row. The characters around a node decide if its marks are written as markers or tags."""
        pieces = [self._inside(node) for node in nodes]
        written = ""
        for position, node in enumerate(nodes):
            following = pieces[position + 1][:1] if position + 1 < len(pieces) else after
            if position + 1 < len(nodes) and _emphasised(nodes[position + 1]):
                following = "*"
            previous = written[-1:] or before
            piece = self._outside(node, pieces[position], previous, following)
            if piece.startswith("[") and previous == "!" and written:
                written = f"{written[:-1]}\\!"  # else the link would be an image
            written += piece
        return written

    def _inside(self, node: Leaf | Marked) -> str:
        if isinstance(node, Leaf):
            return self._leaf(node)
        if node.kind == "code":
            return _code("".join(leaf.text for leaf in node.inside if isinstance(leaf, Leaf)))
        edge = "" if node.kind in ("link", "color", "underline") else _MARKERS[node.kind][0]
        return self.nodes(node.inside, edge, edge)

    def _outside(self, node: Leaf | Marked, inside: str, before: str, after: str) -> str:
        if isinstance(node, Leaf) or node.kind == "code":
            return inside
        if node.kind == "link":
            return f"[{inside}]({link_target(node.value)})"
        if node.kind == "color":
            return f'<span color="{node.value}">{inside}</span>'
        if node.kind in _MARKERS and _flanks(inside, before, after):
            return f"{_MARKERS[node.kind]}{inside}{_MARKERS[node.kind]}"
        return f"<{_TAGS[node.kind]}>{inside}</{_TAGS[node.kind]}>"

    def _leaf(self, leaf: Leaf) -> str:
        kind = leaf.item.get("type", "text")
        if kind == "equation":
            return f"${' '.join(leaf.item['equation']['expression'].split(chr(10)))}$"
        if kind == "mention":
            return self._mention(leaf.item)
        return escape(leaf.text)

    def _mention(self, item: Json) -> str:
        context, mention = self._context, item["mention"]
        kind = mention["type"]
        body = mention.get(kind) or {}
        if kind == "user":
            return _element(f"user://{body['id']}", context.user_name(body))
        if kind == "page":
            return _element(context.url(body["id"]), context.title(body["id"]))
        if kind == "database":
            return _element(context.url(body["id"]), context.title(body["id"]), "database")
        if kind in ("data_source", "agent"):
            scheme = "collection" if kind == "data_source" else "agent"
            return _element(f"{scheme}://{body['id']}", item.get("plain_text"))
        if kind == "date":
            parts = date_parts(body)
            return f"<date{attributes(**{name: parts[name] for name in _DATE_ORDER})} />"
        if kind == "custom_emoji":
            return f":{body.get('name', '')}:"
        if kind in ("link_mention", "link_preview"):
            url = body.get("href") or body.get("url") or ""
            return f"[{escape(body.get('title') or item.get('plain_text') or url)}]({link_target(url)})"
        return escape(item.get("plain_text") or "")


_DATE_ORDER = ("start", "end", "start_time", "end_time", "time_zone")


def _emphasised(node: Leaf | Marked) -> bool:
    return isinstance(node, Marked) and node.kind in _MARKERS


def _flanks(inside: str, before: str, after: str) -> bool:
    """Return True if CommonMark surely reads markers here as emphasis; else tags are written."""
    if not inside or inside[0].isspace() or inside[-1].isspace() or "\n" in inside:
        return False
    opens = inside[0].isalnum() or not before or before.isspace()
    closes = inside[-1].isalnum() or not after or after.isspace()
    crowded = "*~`" if before not in ("", "*", "~") else ""
    return (
        opens
        and closes
        and before not in tuple("*~\\")
        and after not in tuple("*~")
        and inside[0] not in crowded + "*~"
    )


def _code(content: str) -> str:
    return "\n".join(_code_line(line) for line in _BREAK.split(content))


def _code_line(line: str) -> str:
    if not line:
        return ""
    fence = "`" * (longest_backtick_run(line) + 1)
    padded = line[0] == "`" or line[-1] == "`" or (line[0] == line[-1] == " " and line.strip())
    return f"{fence} {line} {fence}" if padded else f"{fence}{line}{fence}"


def _element(url: str, label: str | None, kind: str | None = None) -> str:
    shown = attributes(url=url, type=kind)
    if not label:
        return f"<mention{shown} />"
    literal = _BREAK.sub(" ", label).replace("</mention", "&lt;/mention")
    return f"<mention{shown}>{literal}</mention>"
