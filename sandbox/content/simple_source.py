"""Block JSON → the simple markdown that a person edits; a block that has no such form is kept as `!block <id>`."""

import re
from collections.abc import Callable, Sequence

from sandbox.content.blocks import OWN_DOCUMENTS, fence_for
from sandbox.content.simple_inline import write_inline
from sandbox.state.records import Block
from sandbox.state.rich_text import plain_text

Titles = Callable[[str], str]
_LINE_START = re.compile(r"^(?=[#>|!+-]|---|\$\$)|^(\d+)(?=[.)])", re.MULTILINE)
_PREFIX = {"bulleted_list_item": "- ", "numbered_list_item": "1. ", "toggle": "!toggle "}
_MEDIA = ("image", "video", "audio", "pdf", "file")


def write_simple(blocks: Sequence[Block], title_of: Titles = lambda _: "") -> str:
    """Simple markdown that reads back to the same blocks."""
    return "\n".join(_Writer(title_of).lines(blocks))


class _Writer:
    def __init__(self, title_of: Titles) -> None:
        self._title_of = title_of

    def lines(self, blocks: Sequence[Block]) -> list[str]:
        lines: list[str] = []
        before = ""
        for block in blocks:
            if before and not (before == block["type"] and before.endswith(("list_item", "to_do"))):
                lines.append("")
            lines += self._block(block)
            before = block["type"]
        return lines

    def _block(self, block: Block) -> list[str]:
        kind = block["type"]
        payload = block.get(kind) or {}
        children = block.get("children") or []
        if kind == "table":
            return self._table(block)
        head = self._head(kind, payload)
        if head is None or (kind == "paragraph" and not payload["rich_text"]):
            return [self._kept(block)]
        if children and kind in ("code", "equation", "divider"):
            return [self._kept(block)]
        return [*head, *(f"  {line}" if line else "" for line in self.lines(children))]

    def _head(self, kind: str, payload: Block) -> list[str] | None:
        """The lines of a block without its children; None if simple markdown has no form for it."""
        if kind == "divider":
            return ["---"]
        if kind == "equation":
            return ["$$", *payload["expression"].split("\n"), "$$"]
        if kind == "code":
            content = plain_text(payload["rich_text"])
            fence = fence_for(content)
            language = "" if payload["language"] == "plain text" else payload["language"]
            return None if payload["caption"] else [fence + language, *content.split("\n"), fence]
        if kind in ("bookmark", "embed") and "url" in payload:
            return [f"!{kind} {payload['url']} {self._inline(payload['caption'])}".rstrip()]
        if kind == "link_preview":
            return [f"!link_preview {payload['url']}"]
        if kind in _MEDIA:
            return self._media(kind, payload)
        if kind == "table_of_contents":
            return ["!toc"]
        if kind == "column_list":
            return ["!columns"]
        if kind == "column":
            return [f"!column {payload['width_ratio']}" if payload.get("width_ratio") else "!column"]
        return self._texted(kind, payload)

    def _texted(self, kind: str, payload: Block) -> list[str] | None:
        if "rich_text" not in payload or kind == "template":
            return None
        text = self._inline(payload["rich_text"])
        if payload.get("color", "default") != "default":
            text += f" {{{payload['color']}}}"
        if kind == "paragraph":
            return None if payload.get("icon") else _safe(text).split("\n")
        if kind == "quote":
            return [f"> {line}" for line in text.split("\n")]
        if "\n" in text:
            return None
        if kind.startswith("heading_"):
            marker = "#" * int(kind[-1])
            return [f"!toggle {marker} {text}" if payload.get("is_toggleable") else f"{marker} {text}"]
        if kind == "to_do":
            return [f"- [{'x' if payload['checked'] else ' '}] {text}"]
        if kind == "callout":
            icon = payload.get("icon")
            if icon and icon.get("type") != "emoji":
                return None
            return [f"!callout {icon['emoji']} {text}" if icon else f"!callout {text}"]
        return [f"{_PREFIX[kind]}{text}"] if kind in _PREFIX else None

    def _media(self, kind: str, payload: Block) -> list[str] | None:
        where = payload.get("type", "external")
        url = (payload.get(where) or {}).get("url", "")
        if not url or " " in url:
            return None
        caption = self._inline(payload["caption"])
        return [f"![{caption}]({url})" if kind == "image" else f"!{kind} {url} {caption}".rstrip()]

    def _table(self, block: Block) -> list[str]:
        rows = [
            "| "
            + " | ".join(
                self._inline(cell).replace("|", "\\|").replace("\n", "<br>")
                for cell in row["table_row"]["cells"]
            )
            + " |"
            for row in block.get("children") or ()
        ]
        if not rows:
            return [self._kept(block)]
        first = "===" if block["table"]["has_row_header"] else "---"
        width = block["table"]["table_width"]
        if block["table"]["has_column_header"]:
            rows.insert(1, "|" + "|".join([first] + ["---"] * (width - 1)) + "|")
        elif block["table"]["has_row_header"]:
            rows.append("|" + "|".join([first] + ["---"] * (width - 1)) + "|")
        return rows

    def _kept(self, block: Block) -> str:
        name = self._title_of(block["id"]) if block["type"] in OWN_DOCUMENTS else ""
        return f"!block {block['id']} {block['type'].replace('_', ' ')}{': ' + name if name else ''}"

    def _inline(self, items: list[Block]) -> str:
        return write_inline(items, self._title_of)


def _safe(text: str) -> str:
    """Escape the start of a line that would not be read as a paragraph."""
    return _LINE_START.sub(lambda start: f"{start[0]}\\", text)
