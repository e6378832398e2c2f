"""A client with a script behind it, and one with the sandbox behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx2
import pytest
import redis

from extract.config.load import Config
from extract.notion.client import Access, NotionClient, http_client
from extract.notion.limits.budget import Budget
from extract.notion.limits.lanes import RequestLimits
from tests.clock import StoppedClock
from tests.extract.notion.script import Pauses, Script, Tokens

WORKSPACE = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def budget(redis_server: redis.Redis, clock: StoppedClock) -> Budget:
    return Budget(
        redis_server,
        workspace_id=WORKSPACE,
        limits=RequestLimits(limit=180, window_seconds=60, interactive_share=0.15),
        clock=clock,
    )


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def scripted(
    config: Config, budget: Budget, clock: StoppedClock, tokens: Tokens, pauses: Pauses
) -> Iterator[Callable[..., NotionClient]]:
    """Call it with a Script: a client that the script answers."""
    with ExitStack() as open_clients:

        def client(script: Script, **more: object) -> NotionClient:
            http = open_clients.enter_context(http_client(config, httpx2.MockTransport(script)))
            lane = more.pop("lane", "sync")
            arguments = {"pause": pauses, "chance": lambda: 0.5, **more}
            return NotionClient(
                Access(http=http, tokens=tokens, budget=budget, clock=clock, **arguments), lane
            )

        yield client
