"""Inline text in enhanced markdown (v1)."""

import re
from collections.abc import Sequence

from sandbox.content.blocks import longest_backtick_run
from sandbox.content.marks import Leaf, Marked, leaves, nest
from sandbox.markdown.context import RenderContext, attributes, date_parts, link_target
from sandbox.state.records import Json

_SPECIAL = re.compile(r"([\\*~`$\[\]<>{}|^])")
_BREAK = re.compile(r"\r\n|[\r\n]")
_WRAP = {"bold": "**", "italic": "*", "strikethrough": "~~"}


def escape(text: str) -> str:
    """Text with a backslash before every character that v1 gives a meaning."""
    return _SPECIAL.sub(r"\\\1", text)


def inline_v1(items: Sequence[Json], context: RenderContext) -> str:
    """Rich text on one line; line breaks are <br>."""
    if len(items) == 1 and items[0].get("type") == "text" and not items[0].get("href"):
        marks = items[0].get("annotations")
        if not marks or (
            marks.get("color", "default") == "default" and not any(v is True for v in marks.values())
        ):
            return _BREAK.sub("<br>", escape(items[0].get("plain_text") or items[0]["text"]["content"]))
    return _nodes(nest(leaves(items, hoist_spaces=True)), context)


def _nodes(nodes: Sequence[Leaf | Marked], context: RenderContext) -> str:
    """Nodes in a row. An exclamation mark before a link is escaped, or the link would be an image."""
    written = ""
    for node in nodes:
        piece = _node(node, context)
        if piece.startswith("[") and written.endswith("!"):
            written = f"{written[:-1]}\\!"
        written += piece
    return written


def _node(node: Leaf | Marked, context: RenderContext) -> str:
    if isinstance(node, Leaf):
        return _leaf(node, context)
    if node.kind == "code":
        return _code(node)
    inside = _nodes(node.inside, context)
    if node.kind == "link":
        return f"[{inside}]({link_target(node.value)})"
    if node.kind == "underline":
        return f'<span underline="true">{inside}</span>'
    if node.kind == "color":
        return _colored(node, context, inside)
    return f"{_WRAP[node.kind]}{inside}{_WRAP[node.kind]}"


def _colored(node: Marked, context: RenderContext, inside: str) -> str:
    only = node.inside[0] if len(node.inside) == 1 else None
    if isinstance(only, Marked) and only.kind == "underline":
        inside = _nodes(only.inside, context)
        return f'<span color="{node.value}" underline="true">{inside}</span>'
    return f'<span color="{node.value}">{inside}</span>'


def _code(node: Marked) -> str:
    content = _BREAK.sub("<br>", "".join(leaf.text for leaf in node.inside if isinstance(leaf, Leaf)))
    longest = longest_backtick_run(content)
    fence = "`" * (longest + 1)
    return f"{fence} {content} {fence}" if longest else f"`{content}`"


def _leaf(leaf: Leaf, context: RenderContext) -> str:
    kind = leaf.item.get("type", "text")
    if kind == "equation":
        expression = " ".join(leaf.item["equation"]["expression"].split("\n"))
        return f"$`{expression}`$" if "$" in expression else f"${expression}$"
    if kind == "mention":
        return _mention(leaf.item, context)
    return _BREAK.sub("<br>", escape(leaf.text))


def _mention(item: Json, context: RenderContext) -> str:
    mention = item["mention"]
    kind = mention["type"]
    body = mention.get(kind) or {}
    if kind == "user":
        return _element("mention-user", f"user://{body['id']}", context.user_name(body))
    if kind in ("page", "database"):
        return _element(f"mention-{kind}", context.url(body["id"]), context.title(body["id"]))
    if kind in ("data_source", "agent"):
        scheme = "collection" if kind == "data_source" else "agent"
        return _element(
            f"mention-{kind.replace('_', '-')}", f"{scheme}://{body['id']}", item.get("plain_text")
        )
    if kind == "date":
        parts = date_parts(body)
        shown = attributes(start=parts["start"])
        for name in ("start_time", "end", "end_time", "time_zone"):
            if parts[name]:
                head, _, tail = name.partition("_")
                shown += attributes(**{head + tail.capitalize(): parts[name]})
        return f"<mention-date{shown}/>"
    if kind == "custom_emoji":
        return f":{body.get('name', '')}:"
    if kind in ("link_mention", "link_preview"):
        url = body.get("href") or body.get("url") or ""
        return f"[{escape(body.get('title') or item.get('plain_text') or url)}]({link_target(url)})"
    return escape(item.get("plain_text") or "")


def _element(tag: str, url: str, label: str | None) -> str:
    shown = attributes(url=url)
    return f"<{tag}{shown}>{_BREAK.sub(' ', escape(label))}</{tag}>" if label else f"<{tag}{shown}/>"
