"""From an edit in Notion to the retrieval API's answer: by poll, by webhook, and the second edit within a minute."""

from __future__ import annotations

import hmac
import json
import math
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import httpx2

from bench.bed import Bed, bed
from bench.processes import running
from extract.store.models import Document
from extract.values import utc_now
from webapp.api.keys import make_key

LATENCY_MS = 150
TOKEN = "secret_of_the_bench_only"
PROCESSES = ("web", "worker", "daemon")
PATIENCE_SECONDS = 150
SOON = 10
"""Polled that often, a first edit is answered early enough for a second one in its minute."""


def main(poll_seconds: Sequence[int], *, edits: int = 30, seconds_edits: int = 10) -> None:
    """`edits` of pages last edited before, and `seconds_edits` that follow another within its minute."""
    for seconds in poll_seconds:
        with _chatbot(seconds, pages=edits + seconds_edits) as chatbot:
            # Edits fall anywhere between two polls, so over several of them.
            waits = chatbot.edit_and_wait(chatbot.pages[:edits], over=max(2 * edits, 4 * seconds))
            _print(f"by poll, POLL_SECONDS={seconds}", waits)
            if seconds <= SOON and seconds_edits:
                waits = _second_edits(chatbot, chatbot.pages[edits:])
                _print("  second edit within a minute", waits)
    seconds = max((60, *poll_seconds))
    with _chatbot(seconds, pages=edits) as chatbot:
        if chatbot.tell(chatbot.pages[0]) == 404:
            print("by webhook: no webhooks in this version")
            return
        waits = chatbot.edit_and_wait(chatbot.pages, over=2 * edits, told=True)
        _print(f"by webhook, sent with the edit, POLL_SECONDS={seconds}", waits)


def _second_edits(chatbot: _Chatbot, pages: Sequence[str]) -> list[float]:
    """Every page is edited when a minute begins, and once more, when that is answered, before the minute ends."""
    time.sleep(60 - time.time() % 60 + 1)
    chatbot.edit_and_wait(pages, over=1)
    left = 58 - time.time() % 60
    return chatbot.edit_and_wait(pages, over=left)


def _print(what: str, waits: Sequence[float]) -> None:
    found = sorted(waits)
    late = found[math.ceil(0.95 * len(found)) - 1]
    print(
        f"{what}: median {statistics.median(found):.1f} s, p95 {late:.1f} s, "
        f"least {found[0]:.1f}, most {found[-1]:.1f} of {len(found)} edits",
        flush=True,
    )


@dataclass
class _Chatbot:
    """A chatbot that asks the retrieval API, beside somebody who edits."""

    notion: Bed
    http: httpx2.Client
    pages: Sequence[str]
    chance: random.Random = field(default_factory=lambda: random.Random(4))

    def edit_and_wait(self, pages: Sequence[str], *, over: float, told: bool = False) -> list[float]:
        """Edit these pages at moments of the next `over` seconds; seconds until each is answered.

        With `told`, an event of each edit is posted as Notion would.
        """
        began = time.monotonic()
        to_edit = sorted((began + self.chance.random() * over, page) for page in pages)
        open_since: dict[str, float] = {}
        waits: list[float] = []
        while to_edit or open_since:
            while to_edit and to_edit[0][0] <= time.monotonic():
                page, word = to_edit.pop(0)[1], f"zq{uuid4().hex[:12]}"
                self.notion.edit({page: f"The new word is {word}."})
                open_since[word] = time.monotonic()
                if told:
                    self.tell(page)
            for word in list(open_since):
                if self._answers(word):
                    waits.append(time.monotonic() - open_since.pop(word))
                elif time.monotonic() - open_since[word] > PATIENCE_SECONDS:
                    raise RuntimeError(f"an edit was not answered within {PATIENCE_SECONDS} s")
            time.sleep(0.05)
        return waits

    def _answers(self, word: str) -> bool:
        answer = self.http.get("/api/v1/search", params={"q": word})
        answer.raise_for_status()
        return any(word in hit["text"] for hit in answer.json()["hits"])

    def tell(self, page: str) -> int:
        """Post the event of an edited page, signed; the status that came back."""
        body = json.dumps(_event(self.notion, page)).encode()
        signature = hmac.new(TOKEN.encode(), body, "sha256").hexdigest()
        headers = {"X-Notion-Signature": f"sha256={signature}", "Content-Type": "application/json"}
        return self.http.post("/webhooks/notion", content=body, headers=headers).status_code


@contextmanager
def _chatbot(poll_seconds: int, *, pages: int) -> Iterator[_Chatbot]:
    """An imported workspace with all processes running."""
    settings = {"NOTION_WEBHOOK_TOKEN": TOKEN, "POLL_SECONDS": str(poll_seconds)}
    with bed(pages=pages, blocks=20, latency_ms=LATENCY_MS, settings=settings) as notion:
        notion.tick_all()
        notion.drain()
        _, secret = make_key(notion.chatbot, "bench", utc_now())
        held = [row.notion_id for row in Document.select(Document.notion_id)]
        with (
            running(notion, *PROCESSES) as product,
            httpx2.Client(base_url=product.web, headers={"Authorization": f"Bearer {secret}"}) as http,
        ):
            yield _Chatbot(notion, http, held)


def _event(notion: Bed, page: str) -> dict[str, object]:
    """https://developers.notion.com/reference/webhooks-events-delivery"""
    connection = notion.connection
    return {
        "id": str(uuid4()),
        "timestamp": utc_now().strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "workspace_id": connection.workspace_id,
        "workspace_name": connection.workspace_name,
        "subscription_id": str(uuid4()),
        "integration_id": str(uuid4()),
        "type": "page.content_updated",
        "api_version": "2026-03-11",
        "authors": [{"id": str(uuid4()), "type": "person"}],
        "accessible_by": [{"id": connection.bot_id, "type": "bot"}],
        "attempt_number": 1,
        "entity": {"id": page, "type": "page"},
        "data": {"parent": {"id": connection.workspace_id, "type": "space"}, "updated_blocks": []},
    }
