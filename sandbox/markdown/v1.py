"""A tree of blocks as enhanced markdown (markdown_version v1).

The format has no place for the captions of code blocks; all other text of a page is written.
"""

import re
from collections.abc import Callable, Sequence

from sandbox.content.blocks import fence_for
from sandbox.markdown.context import (
    TRANSCRIPT_OMITTED,
    RenderContext,
    attributes,
    color_of,
    icon_of,
    link_target,
    media_url,
    sections_of,
    texts,
    unknown_alt,
)
from sandbox.markdown.inline_v1 import escape, inline_v1
from sandbox.state.records import Block

_STARTS_LIKE_A_BLOCK = re.compile(r"\s*+(?:(?=#{1,6}(?: |$)|[-+](?: |$)|---)|\d++(?=[.)](?: |$)))")
_EDGE_TABS = re.compile(r"^\t++")


def render_v1(blocks: Sequence[Block], context: RenderContext) -> str:
    """Markdown of a page body: one line a block, children one tab deeper."""
    return "\n".join(_Writer(context).lines(blocks))


class _Writer:
    def __init__(self, context: RenderContext) -> None:
        self._context = context
        self._forms: dict[str, Callable[[Block], list[str]]] = {
            "paragraph": self._paragraph,
            "to_do": self._to_do,
            "bulleted_list_item": lambda block: self._headed(block, "- "),
            "quote": lambda block: self._headed(block, "> "),
            "toggle": self._toggle,
            "callout": self._callout,
            "code": self._code,
            "equation": lambda block: ["$$", *block["equation"]["expression"].split("\n"), "$$"],
            "divider": lambda _: ["---"],
            "table": self._table,
            "column_list": lambda block: self._wrapped("columns", "", self.lines(_children(block))),
            "column": self._column,
            "tab": self._tabs,
            "image": self._image,
            "child_page": self._child_page,
            "child_database": self._child_database,
            "table_of_contents": lambda block: [f"<table_of_contents{attributes(color=color_of(block))}/>"],
            "synced_block": self._synced,
            "meeting_notes": self._meeting_notes,
            "transcription": self._meeting_notes,
        }

    def lines(self, blocks: Sequence[Block]) -> list[str]:
        lines: list[str] = []
        number = 0
        for block in blocks:
            if block["type"] == "numbered_list_item":
                number = block["numbered_list_item"].get("list_start_index") or number + 1
                lines += self._headed(block, f"{number}. ")
            else:
                number = 0
                lines += self._block(block)
        return lines

    def _block(self, block: Block) -> list[str]:
        alt = unknown_alt(block)
        if alt is not None:
            return [f"<unknown{attributes(url=self._context.block_url(block), alt=alt)}/>"]
        kind = block["type"]
        form = self._forms.get(kind)
        if form is not None:
            return form(block)
        if kind.startswith("heading_"):
            return self._heading(block)
        if kind in ("video", "audio", "file", "pdf", "embed"):
            return self._media(block)
        return [f"<unknown{attributes(url=self._context.block_url(block), alt=kind)}/>"]

    def _text(self, block: Block) -> str:
        return inline_v1(texts(block), self._context)

    def _headed(self, block: Block, marker: str, toggle: bool = False) -> list[str]:
        """Marker, text and attributes on the first line; children below."""
        shown = attributes(toggle=toggle or None, color=color_of(block)).strip()
        first = f"{marker}{self._text(block)}"
        return [f"{first} {{{shown}}}" if shown else first, *self._deeper(_children(block))]

    def _deeper(self, blocks: Sequence[Block]) -> list[str]:
        return _tabbed(self.lines(blocks)) if blocks else []

    def _wrapped(self, tag: str, shown: str, inside: list[str]) -> list[str]:
        return [f"<{tag}{shown}>", *_tabbed(inside), f"</{tag}>"]

    def _paragraph(self, block: Block) -> list[str]:
        if not texts(block) and not color_of(block):
            return ["<empty-block/>", *self._deeper(_children(block))]
        first, *deeper = self._headed(block, "")
        return [_guarded(first), *deeper]

    def _heading(self, block: Block) -> list[str]:
        level = min(int(block["type"][-1]), 4)
        toggle = bool(block[block["type"]].get("is_toggleable"))
        return self._headed(block, "#" * level + " ", toggle=toggle)

    def _to_do(self, block: Block) -> list[str]:
        return self._headed(block, "- [x] " if block["to_do"].get("checked") else "- [ ] ")

    def _toggle(self, block: Block) -> list[str]:
        return [
            f"<details{attributes(color=color_of(block))}>",
            f"<summary>{self._text(block)}</summary>",
            *self._deeper(_children(block)),
            "</details>",
        ]

    def _callout(self, block: Block) -> list[str]:
        shown = attributes(icon=icon_of(block["callout"]), color=color_of(block))
        text = _guarded(self._text(block))
        return self._wrapped("callout", shown, ([text] if text else []) + self.lines(_children(block)))

    def _code(self, block: Block) -> list[str]:
        content = "".join(item.get("plain_text") or item["text"]["content"] for item in texts(block))
        fence = fence_for(content)
        language = block["code"].get("language") or ""
        return [f"{fence}{language}", *content.split("\n"), fence]

    def _table(self, block: Block) -> list[str]:
        table = block["table"]
        shown = attributes(
            header_row=bool(table.get("has_column_header")), header_column=bool(table.get("has_row_header"))
        )
        lines = [f"<table{shown}>"]
        for row in _children(block):
            lines.append(f"<tr{attributes(color=color_of(row))}>")
            lines += [f"<td>{inline_v1(cell, self._context)}</td>" for cell in row["table_row"]["cells"]]
            lines.append("</tr>")
        return [*lines, "</table>"]

    def _column(self, block: Block) -> list[str]:
        ratio = (block.get("column") or {}).get("width_ratio")
        return self._wrapped(
            "column", attributes(ratio=f"{ratio * 100:g}" if ratio else None), self.lines(_children(block))
        )

    def _tabs(self, block: Block) -> list[str]:
        inside: list[str] = []
        for tab in _children(block):
            shown = attributes(icon=icon_of(tab[tab["type"]]))
            inside += self._wrapped(
                "tab", shown, [_guarded(self._text(tab)) or "<empty-block/>", *self.lines(_children(tab))]
            )
        return self._wrapped("tabs", "", inside)

    def _image(self, block: Block) -> list[str]:
        caption = inline_v1(texts(block, "caption"), self._context)
        shown = attributes(color=color_of(block)).strip()
        line = f"![{caption}]({link_target(media_url(block, self._context))})"
        return [f"{line} {{{shown}}}" if shown else line]

    def _media(self, block: Block) -> list[str]:
        kind = block["type"]
        caption = inline_v1(texts(block, "caption"), self._context) or escape(block[kind].get("name") or "")
        shown = attributes(src=media_url(block, self._context), color=color_of(block))
        return [f"<{kind}{shown}>{caption}</{kind}>"]

    def _child_page(self, block: Block) -> list[str]:
        title = self._context.title(block.get("id") or "") or block["child_page"].get("title") or "Untitled"
        shown = attributes(url=self._context.url(block.get("id") or ""), color=color_of(block))
        return [f"<page{shown}>{escape(title)}</page>"]

    def _child_database(self, block: Block) -> list[str]:
        tag = self._context.database(block.get("id") or "")
        source = f"collection://{tag.data_source_id}" if tag.data_source_id else None
        shown = attributes(
            url=self._context.url(block.get("id") or ""),
            inline="true" if tag.inline else "false",
            icon=tag.icon,
            color=color_of(block),
            data_source_url=source,
        )
        return [f"<database{shown}>{escape(tag.title)}</database>"]

    def _synced(self, block: Block) -> list[str]:
        origin = (block.get("synced_block") or {}).get("synced_from")
        inside = self.lines(_children(block))
        if not origin:
            return self._wrapped("synced_block", attributes(url=self._context.block_url(block)), inside)
        notice = block["synced_block"].get("notice")
        url = block["synced_block"].get("origin_url") or self._context.url(origin["block_id"])
        return self._wrapped("synced_block_reference", attributes(url=url, notice=notice), inside)

    def _meeting_notes(self, block: Block) -> list[str]:
        inside = [_guarded(inline_v1(texts(block, "title"), self._context)) or "Meeting notes"]
        for name, content in sections_of(block):
            omitted = name == "transcript" and not self._context.include_transcript
            inside += self._wrapped(name, "", [TRANSCRIPT_OMITTED] if omitted else self.lines(content))
        return self._wrapped("meeting-notes", "", inside)


def _guarded(line: str) -> str:
    """A line of text that opens no block of another kind: its start escaped, tabs at its edge as spaces."""
    line = _EDGE_TABS.sub(lambda tabs: "    " * len(tabs[0]), line)
    start = _STARTS_LIKE_A_BLOCK.match(line)
    return f"{start[0]}\\{line[start.end() :]}" if start else line


def _children(block: Block) -> list[Block]:
    return block.get("children") or []


def _tabbed(lines: list[str]) -> list[str]:
    return [f"\t{line}" if line else line for line in lines]
