"""A word of its own for every piece of text in a practice world, and which words each page shows by the API."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sandbox import World
from sandbox.api.blocks import with_containers
from sandbox.editing.pages import blocks_of
from sandbox.markdown.body import original_children
from sandbox.present.objects import present_block, present_page
from sandbox.present.viewer import Viewer
from sandbox.state.records import Block, Grant, Json, Page

# a date that is mentioned cannot carry a word, so dates of this year stand for themselves
TOKEN = re.compile(r"zq\d+z|2031-\d\d-\d\d")
Pieces = dict[str, list[str]]


class Marker:
    """Adds the words, in place."""

    def __init__(self) -> None:
        self._count = 0
        self._done: set[int] = set()

    def world(self, world: World) -> None:
        for user in world.users.values():
            user.name = f"{user.name} {self._token()}"
        for page in world.pages.values():
            self._rich(page.title)
            self._blocks(blocks_of(world, page))
        for database in world.databases.values():
            self._rich(database.title)
        for source in world.data_sources.values():
            self._rich(source.title)
            for prop in source.schema.values():
                for option in prop.config.get("options", ()):
                    option["name"] = f"{option['name']} {self._token()}"
            rows = [page for page in world.pages.values() if page.parent_id == source.id]
            for prop in source.schema.values():
                for row in rows:
                    if prop.type == "rich_text":
                        self._rich(row.values.get(prop.id) or [])
                    elif prop.type == "url" and row.values.get(prop.id):
                        row.values[prop.id] = f"{row.values[prop.id]}/{self._token()}"
                    elif prop.type == "email" and row.values.get(prop.id):
                        row.values[prop.id] = f"{self._token()}.{row.values[prop.id]}"

    def _token(self) -> str:
        self._count += 1
        return f"zq{self._count}z"

    def _blocks(self, blocks: list[Block]) -> None:
        for block, _ in with_containers(blocks):
            payload = block.get(block["type"]) or {}
            for name in ("rich_text", "caption", "title"):
                if isinstance(payload.get(name), list):
                    self._rich(payload[name])
            for cell in payload.get("cells") or ():
                self._rich(cell)
            if block["type"] == "equation":
                payload["expression"] += f" + {self._token()}"

    def _rich(self, items: list[Json]) -> None:
        for item in items:
            kind = item.get("type", "text")
            if id(item) in self._done or not str(item.get("plain_text", "")).strip():
                continue
            self._done.add(id(item))
            if kind == "text":
                text = item["text"]["content"]
                head = text.rstrip()
                item["text"]["content"] = item["plain_text"] = f"{head} {self._token()}{text[len(head) :]}"
            elif kind == "equation":
                expression = f"{item['equation']['expression']} + {self._token()}"
                item["equation"]["expression"] = item["plain_text"] = expression


def pieces(world: World, grant: Grant, page: Page) -> Pieces:
    """The words of one page by where they stand, as the API shows the page, its properties and its blocks."""
    viewer = Viewer(world, world.access, grant)
    found: dict[str, set[str]] = defaultdict(set)
    for value in present_page(viewer, page)["properties"].values():
        kind = "title" if value["type"] == "title" else "properties"
        found[kind].update(TOKEN.findall(json.dumps(value)))
    for block, container in _shown(viewer, blocks_of(world, page)):
        for kind, text in _texts(present_block(viewer, page, block, container)):
            found[kind].update(TOKEN.findall(text))
    return {kind: sorted(words) for kind, words in found.items() if words}


def _shown(viewer: Viewer, blocks: list[Block]) -> Iterator[tuple[Block, str | None]]:
    for block, container in with_containers(blocks):
        yield block, container
        origin = (block.get("synced_block") or {}).get("synced_from")
        if origin:
            yield from with_containers(original_children(viewer, origin["block_id"]), block["id"])


def _texts(shown: Json) -> Iterator[tuple[str, str]]:
    kind, payload = shown["type"], shown[shown["type"]] or {}
    for item in payload.get("rich_text") or ():
        yield _of_item(item, "code" if kind == "code" else "text")
    for item in payload.get("caption") or ():
        yield _of_item(item, "captions")
    for cell in payload.get("cells") or ():
        for item in cell:
            yield _of_item(item, "table cells")
    title: Any = payload.get("title")
    if isinstance(title, str):
        yield "mentions", title
    else:
        for item in title or ():
            yield _of_item(item, "text")
    if kind == "equation":
        yield "equations", payload["expression"]


def _of_item(item: Json, kind: str) -> tuple[str, str]:
    special = {"mention": "mentions", "equation": "equations"}
    return special.get(item["type"], kind), str(item["plain_text"])
