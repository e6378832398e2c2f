"""Rich text in the API's JSON: makes items, completes them, reads their plain text."""

from collections.abc import Iterable, Sequence
from typing import Any

from sandbox.state.records import Json, RichText

PLAIN: Json = {
    "bold": False,
    "italic": False,
    "strikethrough": False,
    "underline": False,
    "code": False,
    "color": "default",
}
PIECE = 2000  # characters in one item; longer text is split, as Notion splits it


def text_items(content: str, link: str | None = None, **marks: Any) -> RichText:
    """Text as one item, or as several if it is longer than PIECE."""
    if not content:
        return []
    return [
        {
            "type": "text",
            "text": {"content": piece, "link": {"url": link} if link else None},
            "annotations": {**PLAIN, **marks},
            "plain_text": piece,
            "href": link,
        }
        for piece in (content[start : start + PIECE] for start in range(0, len(content), PIECE))
    ]


def equation_item(expression: str, **marks: Any) -> Json:
    """An inline equation."""
    return {
        "type": "equation",
        "equation": {"expression": expression},
        "annotations": {**PLAIN, **marks},
        "plain_text": expression,
        "href": None,
    }


def mention_item(kind: str, payload: Any, plain_text: str, href: str | None = None, **marks: Any) -> Json:
    """A mention of anything: kind is user, page, database, date, link_mention, custom_emoji and so on."""
    return {
        "type": "mention",
        "mention": {"type": kind, kind: payload},
        "annotations": {**PLAIN, **marks},
        "plain_text": plain_text,
        "href": href,
    }


def plain_text(items: Sequence[Json]) -> str:
    """Items as text without marks."""
    return "".join(item_plain(item) for item in items)


def item_plain(item: Json) -> str:
    """The plain text of one item, also of one that a caller wrote without plain_text."""
    if "plain_text" in item:
        return str(item["plain_text"])
    kind = item.get("type", "text")
    body = item.get(kind) or {}
    return str(body.get("content") or body.get("expression") or "")


def completed(items: Iterable[Any]) -> RichText:
    """Complete items for those that a caller writes, which may lack annotations and plain_text."""
    whole: RichText = []
    for item in items:
        if isinstance(item, str):
            whole.extend(text_items(item))
            continue
        kind = item.get("type") or (
            "mention" if "mention" in item else "equation" if "equation" in item else "text"
        )
        body = dict(item.get(kind) or {})
        link = body.get("link") if kind == "text" else None
        if kind == "text":
            body.setdefault("link", None)
        whole.append(
            {
                "type": kind,
                kind: body,
                "annotations": {**PLAIN, **(item.get("annotations") or {})},
                "plain_text": item_plain({**item, "type": kind}),
                "href": item.get("href") or (link or {}).get("url"),
            }
        )
    return whole
