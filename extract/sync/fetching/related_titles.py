"""Titles of related pages that are not in the knowledge base: fetched from Notion and remembered for a day.

A relation gives ids only. For each page a few titles that we do not have are fetched, and serve all other rows too. If
Redis loses them, they are fetched again.
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
"""How many titles are fetched for one page; the others may be fetched for another page."""

_REMEMBERED_SECONDS = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class RelatedTitles:
    """The titles that one connection has fetched. The title of a page that is not shared with us is empty."""

    store: redis.Redis
    connection_id: int
    _turn: Lock = field(default_factory=Lock)

    def of(self, client: NotionClient, notion_ids: Sequence[str]) -> dict[str, str]:
        """Return Notion id -> title of the pages that Notion shows us. Raises NotionError if it cannot answer now."""
        if not notion_ids:
            return {}
        names = self._remembered(notion_ids)
        if len(names) < len(set(notion_ids)):
            # One thread at a time: rows read together usually point to the same pages, so the first fetches for all.
            with self._turn:
                names = self._remembered(notion_ids)
                unknown = [notion_id for notion_id in notion_ids if notion_id not in names]
                for notion_id in unknown[:MOST_ASKED]:
                    names[notion_id] = self._fetch(client, notion_id)
        return {notion_id: name for notion_id, name in names.items() if name}

    def _fetch(self, client: NotionClient, notion_id: str) -> str:
        try:
            name = client.get_page(notion_id).title
        except (NotFound, InvalidRequest):
            name = ""
        with suppress(redis.RedisError):
            self.store.set(self._key(notion_id), name, ex=_REMEMBERED_SECONDS)
        return name

    def _remembered(self, notion_ids: Sequence[str]) -> dict[str, str]:
        with suppress(redis.RedisError):
            found: list[Any] = self.store.mget([self._key(notion_id) for notion_id in notion_ids])
            return {
                notion_id: name.decode("utf-8", "replace")
                for notion_id, name in zip(notion_ids, found, strict=True)
                if name is not None
            }
        return {}

    def _key(self, notion_id: str) -> str:
        return f"hilal:name:{self.connection_id}:{notion_id}"
