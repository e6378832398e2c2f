"""A tree of blocks as Notion-flavored Markdown (markdown_version v2).

Blocks are separated by blank lines. A block with attributes, children or white space at its edges is
written as its tag: opening tag, title line, blank line, children, closing tag.
"""

from collections.abc import Callable, Sequence
from itertools import groupby

from sandbox.content.blocks import fence_for
from sandbox.markdown.context import (
    TRANSCRIPT_OMITTED,
    RenderContext,
    attributes,
    color_of,
    icon_of,
    media_url,
    sections_of,
    texts,
    unknown_alt,
)
from sandbox.markdown.inline_v2 import escape, guard_line_starts, inline_v2
from sandbox.markdown.tables_v2 import table_v2
from sandbox.state.records import Block

_LISTS = {"bulleted_list_item": "ul", "numbered_list_item": "ol", "to_do": "todo"}
_FORMATS = {"letters": "a", "roman": "i"}


def render_v2(blocks: Sequence[Block], context: RenderContext) -> str:
    """Markdown of a page body."""
    return _Writer(context).document(blocks)


class _Writer:
    def __init__(self, context: RenderContext) -> None:
        self._context = context
        self._forms: dict[str, Callable[[Block], str]] = {
            "paragraph": self._paragraph,
            "quote": self._quote,
            "toggle": lambda block: self._container("toggle", block, color=color_of(block)),
            "callout": self._callout,
            "code": self._code,
            "equation": self._equation,
            "divider": lambda _: "---",
            "table": lambda block: table_v2(block, self._context),
            "column_list": self._columns,
            "tab": self._tabs,
            "image": self._image,
            "child_page": self._child_page,
            "child_database": self._child_database,
            "table_of_contents": lambda block: f"<table-of-contents{attributes(color=color_of(block))} />",
            "synced_block": self._synced,
            "meeting_notes": self._meeting_notes,
            "transcription": self._meeting_notes,
        }

    def document(self, blocks: Sequence[Block]) -> str:
        parts: list[str] = []
        for kind, items in groupby(blocks, key=lambda block: _LISTS.get(block["type"])):
            run = list(items)
            parts += [self._list(kind, run)] if kind else [self._block(block) for block in run]
        return "\n\n".join(parts)

    def _block(self, block: Block) -> str:
        kind = block["type"]
        alt = unknown_alt(block)
        if alt is not None:
            return self._linked(block) or self._unknown(block, alt)
        form = self._forms.get(kind)
        if form is not None:
            return form(block)
        if kind.startswith("heading_"):
            return self._heading(block)
        if kind in ("video", "audio", "file", "pdf", "embed"):
            return self._media(block)
        return self._unknown(block, kind)

    def _unknown(self, block: Block, alt: str) -> str:
        return f"<unknown{attributes(url=self._context.block_url(block), alt=alt)}/>"

    def _linked(self, block: Block) -> str | None:
        """Bookmarks and embeds as tags, where the server is set to read them so."""
        if not self._context.link_tags or block["type"] not in ("bookmark", "embed"):
            return None
        caption = inline_v2(texts(block, "caption"), self._context)
        return f"<{block['type']}{attributes(source=block[block['type']]['url'])}>{caption}</{block['type']}>"

    def _text(self, block: Block) -> str:
        return guard_line_starts(inline_v2(texts(block), self._context))

    def _container(self, tag: str, block: Block, **given: str | None) -> str:
        return self._tag(tag, attributes(**given), self._text(block) or "<p />", block.get("children") or [])

    def _tag(self, tag: str, shown: str, title: str, children: Sequence[Block]) -> str:
        inside = "\n\n".join(part for part in (title, self.document(children)) if part)
        return f"<{tag}{shown}>\n{inside}\n</{tag}>" if inside else f"<{tag}{shown}></{tag}>"

    def _plain_enough(self, block: Block, text: str) -> bool:
        return not (block.get("children") or color_of(block) or text != text.strip())

    def _paragraph(self, block: Block) -> str:
        text = self._text(block)
        if not text and self._plain_enough(block, text):
            return "<p />"
        if text and self._plain_enough(block, text):
            return text
        return self._container("p", block, color=color_of(block))

    def _heading(self, block: Block) -> str:
        level = min(int(block["type"][-1]), 4)
        text = inline_v2(texts(block), self._context)
        if block[block["type"]].get("is_toggleable"):
            return self._container("toggle", block, heading=f"h{level}", color=color_of(block))
        if text and "\n" not in text and not text.endswith("#") and self._plain_enough(block, text):
            return f"{'#' * level} {text}"
        return self._container(f"h{level}", block, color=color_of(block))

    def _quote(self, block: Block) -> str:
        text = self._text(block)
        if text and self._plain_enough(block, text):
            return "\n".join(f"> {line}" for line in text.split("\n"))
        return self._container("quote", block, color=color_of(block))

    def _callout(self, block: Block) -> str:
        return self._container("callout", block, icon=icon_of(block["callout"]), color=color_of(block))

    def _list(self, kind: str, items: list[Block]) -> str:
        if all(self._plain_item(item) for item in items):
            return "\n".join(self._plain_list(items))
        if kind == "todo":
            return "\n\n".join(self._todo(item) for item in items)
        shape = _FORMATS.get(items[0][items[0]["type"]].get("list_format") or "")
        written = "\n".join(self._container("li", item, color=color_of(item)) for item in items)
        return f"<{kind}{attributes(type=shape)}>\n{written}\n</{kind}>"

    def _plain_item(self, item: Block) -> bool:
        """An item that needs no tag: text on its own, with nothing but such items below."""
        if item["type"] not in _LISTS or color_of(item):
            return False
        text = inline_v2(texts(item), self._context)
        if not text or text != text.strip() or "\n" in text:
            return False
        return all(self._plain_item(child) for child in item.get("children") or ())

    def _plain_list(self, items: Sequence[Block], depth: int = 0) -> list[str]:
        lines: list[str] = []
        number = 0
        for item in items:
            payload = item[item["type"]]
            if item["type"] == "numbered_list_item":
                number = payload.get("list_start_index") or number + 1
                marker = f"{number}. "
            else:
                number = 0
                marker = (
                    "- "
                    if item["type"] == "bulleted_list_item"
                    else f"- [{'x' if payload.get('checked') else ' '}] "
                )
            lines.append("\t" * depth + marker + self._text(item))
            lines += self._plain_list(item.get("children") or (), depth + 1)
        return lines

    def _todo(self, item: Block) -> str:
        if self._plain_item(item):
            return "\n".join(self._plain_list([item]))
        checked = "true" if item["to_do"].get("checked") else "false"
        return self._container("todo", item, checked=checked, color=color_of(item))

    def _code(self, block: Block) -> str:
        content = "".join(item.get("plain_text") or item["text"]["content"] for item in texts(block))
        fence = fence_for(content)
        return f"{fence}{block['code'].get('language') or ''}\n{content}\n{fence}"

    def _equation(self, block: Block) -> str:
        expression = block["equation"]["expression"]
        if "\n\n" in expression or "$$" in expression or not expression.strip():
            return f"<equation>{expression.replace('<', '&lt;')}</equation>"
        return f"$$\n{expression}\n$$"

    def _columns(self, block: Block) -> str:
        columns = []
        for column in block.get("children") or ():
            ratio = (column.get("column") or {}).get("width_ratio")
            shown = attributes(ratio=f"{ratio * 100:g}" if ratio else None)
            columns.append(self._tag("column", shown, "", column.get("children") or []))
        return "\n".join(["<columns>", *columns, "</columns>"])

    def _tabs(self, block: Block) -> str:
        tabs = [
            self._container("tab", tab, icon=icon_of(tab[tab["type"]])) for tab in block.get("children") or ()
        ]
        return "\n".join(["<tabs>", *tabs, "</tabs>"])

    def _image(self, block: Block) -> str:
        caption = inline_v2(texts(block, "caption"), self._context, breaks="<br />")
        url = media_url(block, self._context)
        if color_of(block) or any(character in url for character in " ()<>\n"):
            return f"<image{attributes(source=url, color=color_of(block))}>{caption}</image>"
        return f"![{caption}]({url})"

    def _media(self, block: Block) -> str:
        kind = block["type"]
        caption = inline_v2(texts(block, "caption"), self._context, breaks="<br />")
        shown = attributes(source=media_url(block, self._context), color=color_of(block))
        return f"<{kind}{shown}>{caption or escape(block[kind].get('name') or '')}</{kind}>"

    def _child_page(self, block: Block) -> str:
        title = self._context.title(block.get("id") or "") or block["child_page"].get("title") or "Untitled"
        shown = attributes(url=self._context.url(block.get("id") or ""), color=color_of(block))
        return f"<page{shown}>{escape(title)}</page>"

    def _child_database(self, block: Block) -> str:
        tag = self._context.database(block.get("id") or "")
        shown = attributes(
            url=self._context.url(block.get("id") or ""),
            data_source_url=f"collection://{tag.data_source_id}" if tag.data_source_id else None,
            inline="true" if tag.inline else "false",
            icon=tag.icon,
            color=color_of(block),
        )
        return f"<database{shown}>{escape(tag.title)}</database>"

    def _synced(self, block: Block) -> str:
        children = block.get("children") or []
        origin = (block.get("synced_block") or {}).get("synced_from")
        if not origin:
            return self._tag("synced-block", attributes(url=self._context.block_url(block)), "", children)
        url = block["synced_block"].get("origin_url") or self._context.url(origin["block_id"])
        shown = attributes(url=url, notice=block["synced_block"].get("notice"))
        return self._tag("synced-block-reference", shown, "", children)

    def _meeting_notes(self, block: Block) -> str:
        parts = [guard_line_starts(inline_v2(texts(block, "title"), self._context)) or "Meeting notes"]
        for name, content in sections_of(block):
            omitted = name == "transcript" and not self._context.include_transcript
            inside = TRANSCRIPT_OMITTED if omitted else self.document(content)
            parts.append(f"<meeting-notes-section-{name}>\n{inside}\n</meeting-notes-section-{name}>")
        return "<meeting-notes>\n" + "\n\n".join(parts) + "\n</meeting-notes>"
