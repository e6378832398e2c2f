"""Block JSON: completes what a caller writes with ids, times, default fields and full rich text."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from sandbox.state.ids import derived_id
from sandbox.state.records import Block, Json
from sandbox.state.rich_text import completed

_COLORED = {
    "paragraph",
    "bulleted_list_item",
    "numbered_list_item",
    "to_do",
    "toggle",
    "quote",
    "callout",
    "heading_1",
    "heading_2",
    "heading_3",
    "heading_4",
}
_DEFAULTS: dict[str, Json] = {
    "to_do": {"checked": False},
    "callout": {"icon": None},
    "paragraph": {"icon": None},
    "code": {"caption": [], "language": "plain text"},
    "bookmark": {"caption": []},
    "embed": {"caption": []},
    "image": {"caption": []},
    "video": {"caption": []},
    "audio": {"caption": []},
    "pdf": {"caption": []},
    "file": {"caption": []},
    "synced_block": {"synced_from": None},
    "table_of_contents": {"color": "default"},
}
_BACKTICKS = re.compile(r"`++")
_SECTIONS = ("summary", "notes", "transcript")
OWN_DOCUMENTS = ("child_page", "child_database")


def walk(blocks: Iterable[Block]) -> Iterator[Block]:
    """Every block of a tree in document order."""
    for block in blocks:
        yield block
        yield from walk(block.get("children") or ())


def block_type(block: Block) -> str:
    """The type of a block; where a writer left out `type`, the key of its payload."""
    kind = block.get("type")
    if kind:
        return str(kind)
    return next(key for key in block if key not in ("object", "id", "children", "parent", "has_children"))


def longest_backtick_run(text: str) -> int:
    """How many backticks stand together at most."""
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)


def fence_for(code: str) -> str:
    """The shortest fence that this code cannot close."""
    return "`" * max(3, longest_backtick_run(code) + 1)


class Forming:
    """Completes the blocks of one body. A block that did not change keeps its id and times."""

    def __init__(self, page_id: str, revision: int, time: str, before: Iterable[Block] = ()) -> None:
        self._page_id = page_id
        self._revision = revision
        self._time = time
        self._count = 0
        self._before: dict[str, list[Block]] = {}
        self._taken_ids: set[str] = set()
        for block in walk(before):
            self._before.setdefault(_signature(block), []).append(block)

    def form(self, blocks: Iterable[Mapping[str, Any]]) -> list[Block]:
        """Blocks with ids, times and complete payloads. A block equal to one before keeps its id."""
        given = [dict(block) for block in blocks]
        self._taken_ids.update(block["id"] for block in walk(given) if block.get("id"))
        return [self._one(block) for block in given]

    def _one(self, given: Block) -> Block:
        kind = block_type(given)
        payload = deepcopy(given.get(kind) or {})
        nested = payload.pop("children", None) if isinstance(payload.get("children"), list) else None
        children = list(given.get("children") or nested or ())
        _complete(kind, payload)
        made: Block = {"id": given.get("id"), "type": kind, kind: payload}
        if kind == "meeting_notes":
            children = self._sections(payload, children)
        if "section" in given:
            made["section"] = given["section"]
        self._identify(made)
        if children:
            made["children"] = self.form(children)
        if kind == "meeting_notes":
            payload["children"] = {f"{child['section']}_block_id": child["id"] for child in made["children"]}
        return made

    def _identify(self, made: Block) -> None:
        same = self._before.get(_signature(made)) or []
        if made["id"] is None:
            old = next((block for block in same if block["id"] not in self._taken_ids), None)
        else:
            old = next((block for block in same if block["id"] == made["id"]), None)
        if old is not None:
            same.remove(old)
        self._count += 1
        if made["id"] is None:
            made["id"] = old["id"] if old else derived_id(self._page_id, self._revision, self._count)
        made["created_time"] = old["created_time"] if old else self._time
        made["last_edited_time"] = old["last_edited_time"] if old else self._time

    def _sections(self, payload: Json, children: list[Any]) -> list[Any]:
        if children and all("section" in child for child in children):
            return children
        if children and not any(section in payload for section in _SECTIONS):
            return [
                {**dict(child), "section": section}
                for child, section in zip(children, _SECTIONS, strict=False)
            ]
        return [
            {
                "type": "paragraph",
                "paragraph": {"rich_text": []},
                "section": section,
                "children": payload.pop(section, []),
            }
            for section in _SECTIONS
        ]


def _complete(kind: str, payload: Json) -> None:
    for field in ("rich_text", "caption"):
        if field in payload:
            payload[field] = completed(_as_list(payload[field]))
    if kind == "meeting_notes" and "title" in payload:
        payload["title"] = completed(_as_list(payload["title"]))
    if kind in _COLORED:
        payload.setdefault("rich_text", [])
        payload.setdefault("color", "default")
    if kind.startswith("heading_"):
        payload.setdefault("is_toggleable", False)
    if "cells" in payload:
        payload["cells"] = [completed(_as_list(cell)) for cell in payload["cells"]]
    for field, value in _DEFAULTS.get(kind, {}).items():
        payload.setdefault(field, deepcopy(value))


def _as_list(value: Any) -> list[Any]:
    return [value] if isinstance(value, str) else list(value)


def _signature(block: Block) -> str:
    payload = block.get(block["type"])
    if block["type"] == "meeting_notes":
        payload = {key: value for key, value in (payload or {}).items() if key != "children"}
    return json.dumps([block["type"], payload], sort_keys=True)
