"""Rich text of the API as plain text and as our styled runs.

https://developers.notion.com/reference/rich-text
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from extract.reading.blocks import BOLD, ITALIC, STRIKE, Inline, InlineKind, Inlines
from extract.reading.clean import clean
from extract.reading.dates import date_text
from extract.reading.runs import merged
from extract.values import Json


def plain_text(rich_text: Sequence[Json]) -> str:
    """The words of a rich text array: its `plain_text`s joined, whatever their kinds. Raises nothing."""
    return "".join([_plain(item) for item in items(rich_text)])


def items(rich_text: object) -> list[Mapping[str, Json]]:
    """The objects in what should be an array of rich text; a lone object counts as one."""
    if isinstance(rich_text, Mapping):
        return [rich_text]
    if isinstance(rich_text, str):
        return [{"type": "text", "plain_text": rich_text}]
    if not isinstance(rich_text, Sequence):
        return []
    return [item for item in rich_text if isinstance(item, Mapping)]


def mapping(value: object) -> Mapping[str, Json]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def string(value: object) -> str:
    """The value if it is a string, cleaned; else empty."""
    return clean(value) if isinstance(value, str) else ""


def runs_of(rich_text: object) -> Inlines:
    """Styled runs of a rich text array; colours and underline are dropped."""
    runs: list[Inline] = []
    for item in items(rich_text):
        annotations = mapping(item.get("annotations"))
        marks = (
            (BOLD if annotations.get("bold") else 0)
            | (ITALIC if annotations.get("italic") else 0)
            | (STRIKE if annotations.get("strikethrough") else 0)
        )
        kind = item.get("type")
        text = _plain(item)
        href = _href(item)
        if kind == "equation":
            source = string(mapping(item.get("equation")).get("expression")) or text
            if source.strip():
                runs.append(Inline("equation", source.strip(), marks, href))
            continue
        if kind == "mention":
            text, href = _mention(mapping(item.get("mention")), text, href)
        form: InlineKind = "code" if annotations.get("code") else "text"
        for at, line in enumerate(text.split("\n")):
            if at:
                runs.append(Inline("break", ""))
            if line:
                runs.append(Inline(form, line, marks, href))
    return merged(runs)


def _plain(item: Mapping[str, Json]) -> str:
    text = item.get("plain_text")
    if not isinstance(text, str):
        text = mapping(item.get("text")).get("content") or mapping(item.get("equation")).get("expression")
    return clean(text) if isinstance(text, str) else ""


def _href(item: Mapping[str, Json]) -> str | None:
    href = item.get("href") or mapping(mapping(item.get("text")).get("link")).get("url")
    return clean(href) if isinstance(href, str) and href else None


class _Mention(NamedTuple):
    """A mention: what its kind tells of it, with the text and link of the rich text around it."""

    details: Mapping[str, Json]
    text: str
    href: str | None


def _mention(mention: Mapping[str, Json], text: str, href: str | None) -> tuple[str, str | None]:
    """The text and target of a mention. https://developers.notion.com/reference/rich-text#mention"""
    kind = str(mention.get("type"))
    read = _MENTIONS.get(kind)
    return read(_Mention(mapping(mention.get(kind)), text, href)) if read else (text, href)


def _date(mention: _Mention) -> tuple[str, str | None]:
    return date_text(mention.details) or mention.text, None


def _page(mention: _Mention) -> tuple[str, str | None]:
    href, notion_id = mention.href, mention.details.get("id")
    if not href and isinstance(notion_id, str):
        href = page_url(notion_id)
    return mention.text or (href or ""), href


def _link_preview(mention: _Mention) -> tuple[str, str | None]:
    url = string(mention.details.get("url"))
    return mention.text or url, mention.href or url or None


def _link_mention(mention: _Mention) -> tuple[str, str | None]:
    url = string(mention.details.get("href"))
    return string(mention.details.get("title")) or mention.text or url, mention.href or url or None


def _user(mention: _Mention) -> tuple[str, str | None]:
    return mention.text or string(mention.details.get("name")), None


def _custom_emoji(mention: _Mention) -> tuple[str, str | None]:
    name = string(mention.details.get("name"))
    return mention.text or (f":{name}:" if name else ""), None


_MENTIONS: Mapping[str, Callable[[_Mention], tuple[str, str | None]]] = {
    "date": _date,
    "page": _page,
    "database": _page,
    "link_preview": _link_preview,
    "link_mention": _link_mention,
    "user": _user,
    "custom_emoji": _custom_emoji,
}


def page_url(notion_id: str) -> str:
    """A link that opens the page or database with this id."""
    return f"https://app.notion.com/p/{notion_id.replace('-', '')}"
