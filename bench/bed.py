"""A connected chatbot in a temporary folder, with a sandbox over HTTP beside it: what each measurement starts from."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from extract import actions, connections
from extract.config.load import ROOT, load
from extract.notion.oauth import parse_grant
from extract.process import embedded_redis
from extract.runtime import Runtime, open_runtime
from extract.store import db
from extract.store.models import Chatbot, Connection, Document, Organisation, Source
from extract.sync import drain
from extract.values import SourceKind, Stub, utc_now


class Asked(NamedTuple):
    """One request as the sandbox served it; `at` in seconds."""

    at: float
    endpoint: str
    status: int


@dataclass(frozen=True, slots=True)
class Bed:
    """`environment` is what a process of the product needs to work on the same rows."""

    runtime: Runtime
    chatbot: Chatbot
    connection: Connection
    ids: list[str]
    url: str
    token: str
    environment: dict[str, str]

    def requests(self) -> dict[str, int]:
        """Requests that the sandbox has served since the last call, by endpoint."""
        with urllib.request.urlopen(f"{self.url}/_requests") as answer:
            counted: dict[str, int] = json.load(answer)
        return counted

    def journal(self) -> list[Asked]:
        """Requests that the sandbox has served since the last call, one by one, oldest first."""
        with urllib.request.urlopen(f"{self.url}/_journal") as answer:
            return sorted(Asked(*each) for each in json.load(answer))

    def edit(self, pages: Mapping[str, str]) -> None:
        """Somebody writes these texts into these pages of Notion."""
        request = urllib.request.Request(
            f"{self.url}/_edit", json.dumps({"pages": pages}).encode(), {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request).close()

    def tick_all(self) -> list[Source]:
        """Tick everything as the picker does: from listings, so that no page is asked twice."""
        picks, listed_at = [], utc_now()
        with connections.http_for(self.runtime) as http:
            client = connections.client_for(self.runtime, self.connection, http=http, lane="interactive")
            pages = [stub for page in client.walk_search(kind="page") for stub in page.stubs]
            tables = [stub for page in client.walk_search(kind="data_source") for stub in page.stubs]
        wanted = set(self.ids)
        for stub in pages:
            if stub.id in wanted:
                picks.append(self._pick(stub, stub.id, listed_at))
        for stub in tables:
            if stub.database_id in wanted:
                picks.append(self._pick(stub, stub.database_id or "", listed_at))
        imported = actions.import_picks(
            self.runtime, chatbot=self.chatbot, connection=self.connection, picks=picks, schedule="live"
        )
        return list(imported.created)

    def _pick(self, stub: Stub, notion_id: str, listed_at: datetime) -> actions.Pick:
        kind: SourceKind = "page" if stub.kind == "page" else "database"
        return actions.Pick(
            kind=kind,
            notion_id=notion_id,
            title=stub.title,
            url=stub.url,
            stub=stub if kind == "page" else None,
            listed_at=listed_at,
        )

    def drain(self) -> None:
        """Work until nothing is due."""
        while drain.drain(self.runtime, self.connection.id) is drain.Ended.SLICE:
            pass

    def synced(self) -> int:
        count: int = Document.select().where(Document.synced_at.is_null(False)).count()
        return count


@contextmanager
def bed(  # noqa: PLR0913 - each argument is one setting; a measurement names the few that it needs
    *,
    pages: int = 0,
    rows: int = 0,
    blocks: int = 50,
    latency_ms: int = 0,
    scene: str = "",
    requests_per_window: int = 0,
    window_seconds: int = 60,
    database_url: str = "",
    settings: Mapping[str, str] | None = None,
) -> Iterator[Bed]:
    """Start a sandbox and a Redis, connect, and end both afterwards.

    The request budget is lifted at both ends unless `requests_per_window` is given. `settings` are further variables
    of the environment. Without `database_url`: an SQLite file that is thrown away; `embedded`: the tests' PostgreSQL.
    """
    folder = Path(tempfile.mkdtemp(prefix="hilal-bench-"))
    command = [sys.executable, "-m", "bench.notion_server", f"--pages={pages}", f"--rows={rows}"]
    command += [f"--blocks={blocks}", f"--latency-ms={latency_ms}", f"--scene={scene}"]
    command += [f"--requests-per-window={requests_per_window}", f"--window-seconds={window_seconds}"]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    redis = embedded_redis.start(folder / "redis.sock")
    try:
        assert server.stdout is not None
        facts = json.loads(server.stdout.readline())
        with _database(database_url, folder) as opened:
            environment = {
                "HILAL_INSTANCE": str(folder),
                "DATABASE_URL": opened,
                "REDIS_URL": f"unix://{folder / 'redis.sock'}",
                "NOTION_CLIENT_ID": facts["client_id"],
                "NOTION_CLIENT_SECRET": facts["client_secret"],
                "NOTION_API_URL": f"http://127.0.0.1:{facts['port']}",
                "REQUESTS_PER_WINDOW": str(requests_per_window or 1_000_000),
                "WINDOW_SECONDS": str(window_seconds),
                "LOG_LEVEL": "error",
                **(settings or {}),
            }
            yield _connected(environment, facts)
    finally:
        for process in (server, redis):
            process.terminate()
            process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _database(url: str, folder: Path) -> Iterator[str]:
    with ExitStack() as kept:
        if url == "embedded":
            from tests import postgres

            url = kept.enter_context(postgres.server("hilal_bench"))
        url = url or f"sqlite:///{folder / 'hilal.db'}"
        opened = db.open_database(url)
        db.upgrade()
        try:
            yield url
        finally:
            opened.close_all() if db.is_postgres() else opened.close()


def _connected(environment: dict[str, str], facts: dict[str, Any]) -> Bed:
    runtime, now = open_runtime(load(environment)), utc_now()
    organisation = Organisation.create(name="Bench", created_at=now)
    chatbot = Chatbot.create(organisation=organisation, name="Bench", created_at=now)
    connection = connections.connect(
        runtime, organisation_id=organisation.id, grant=parse_grant({**facts, "workspace_name": "Bench"})
    )
    url = environment["NOTION_API_URL"]
    made = Bed(runtime, chatbot, connection, facts["ids"], url, facts["access_token"], environment)
    made.requests()
    return made
