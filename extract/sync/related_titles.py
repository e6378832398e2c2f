"""Names of related pages that the knowledge base does not hold: asked of Notion once, remembered for a day.

A relation gives ids only. What we hold we can name; of the rest a few a page are asked, and what was asked for one
row serves all others. Redis may forget them at any moment; they are asked again then.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import redis

from extract.errors import InvalidRequest, NotFound
from extract.notion.client import NotionClient

MOST_ASKED = 10
"""How many names one page may cost in requests; the others wait for a page that asks less."""

_REMEMBERED_SECONDS = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class RelatedTitles:
    """The names one connection has asked for. An empty name is remembered too: the page is not shared with us."""

    store: redis.Redis
    connection_id: int
    _turn: Lock = field(default_factory=Lock)

    def of(self, client: NotionClient, notion_ids: Sequence[str]) -> dict[str, str]:
        """Notion id -> title of those that Notion shows us. Raises NotionError when it cannot be asked now."""
        if not notion_ids:
            return {}
        names = self._remembered(notion_ids)
        if len(names) < len(set(notion_ids)):
            # One at a time: rows read together usually name the same pages, and the first to ask asks for all.
            with self._turn:
                names = self._remembered(notion_ids)
                for notion_id in [each for each in notion_ids if each not in names][:MOST_ASKED]:
                    names[notion_id] = self._ask(client, notion_id)
        return {notion_id: name for notion_id, name in names.items() if name}

    def _ask(self, client: NotionClient, notion_id: str) -> str:
        try:
            name = client.get_page(notion_id).title
        except (NotFound, InvalidRequest):
            name = ""
        with suppress(redis.RedisError):
            self.store.set(self._key(notion_id), name, ex=_REMEMBERED_SECONDS)
        return name

    def _remembered(self, notion_ids: Sequence[str]) -> dict[str, str]:
        with suppress(redis.RedisError):
            found: list[Any] = self.store.mget([self._key(each) for each in notion_ids])
            return {
                each: name.decode("utf-8", "replace")
                for each, name in zip(notion_ids, found, strict=True)
                if name is not None
            }
        return {}

    def _key(self, notion_id: str) -> str:
        return f"hilal:name:{self.connection_id}:{notion_id}"
