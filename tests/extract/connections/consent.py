"""What the tests of connections share: what a grant says, what a row holds, a script in place of Notion."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import httpx2

from extract.notion.oauth import TokenGrant
from extract.runtime import Runtime
from extract.store.db import database
from extract.store.models import Connection
from sandbox.world.world import GrantHandle
from tests.extract.notion.script import Script, ok

ACME = "Notion no longer accepts our access to Acme. "


def granted(handle: GrantHandle, **more: object) -> TokenGrant:
    grant = TokenGrant(
        access_token=handle.access_token,
        refresh_token=handle.refresh_token,
        bot_id=handle.bot_id,
        workspace_id=handle.workspace_id,
        workspace_name="Acme",
        owner_user_id="ada",
        owner_name="Ada",
    )
    return replace(grant, **more)


def row(connection: Connection) -> Connection:
    return Connection.get_by_id(connection.id)


def opened(runtime: Runtime, connection: Connection) -> tuple[str, str]:
    stored = row(connection)
    return runtime.vault.open(stored.access_token), runtime.vault.open(stored.refresh_token)


def answered(runtime: Runtime, script: Script, pause: Callable[[float], None] | None = None) -> Runtime:
    """The same runtime with a script as Notion."""
    return replace(runtime, transport=httpx2.MockTransport(script), pause=pause or runtime.pause)


def pair(number: int, handle: GrantHandle) -> httpx2.Response:
    return ok(
        {
            "access_token": f"ntn_{number}",
            "refresh_token": f"nrt_{number}",
            "bot_id": handle.bot_id,
            "workspace_id": handle.workspace_id,
        }
    )


def in_threads(functions: list[Callable[[], str]]) -> list[str]:
    """The answers; each thread must leave no database connection behind."""
    got: list[str] = []

    def run(function: Callable[[], str]) -> None:
        assert database.is_closed()
        answer = function()
        if database.is_closed():
            got.append(answer)

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return got
