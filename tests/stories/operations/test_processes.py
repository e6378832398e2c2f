"""The whole journey over HTTP, with every process as the Procfile starts it; also when a worker is killed."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest
import redis
from bs4 import BeautifulSoup
from peewee import Database

from extract.config.load import ROOT
from tests.conftest import FERNET_KEY

PATIENCE_SECONDS = 40
Found = TypeVar("Found")


def eventually(look: Callable[[], Found]) -> Found:
    """What `look` finds, as soon as it finds something."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.5)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Processes:
    """Everything an operator starts, and ends."""

    environment: dict[str, str]
    logs: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, command: list[str] | None = None) -> None:
        lines = dict(line.split(":", 1) for line in (ROOT / "Procfile").read_text().splitlines())
        with (self.logs / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                command or shlex.split(lines[name.split(".")[0]]),
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
            )

    def kill(self, name: str) -> None:
        process = self.running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def end(self, name: str) -> int:
        """SIGTERM; the exit code, within the ten seconds an operator is promised."""
        process = self.running.pop(name)
        process.terminate()
        return process.wait(10)

    def flask(self, *words: str) -> str:
        done = subprocess.run(
            ["flask", *words], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def processes(
    any_database_url: str, any_store: Database, redis_url: str, tmp_path: Path
) -> Iterator[Processes]:
    any_store.close()  # the store is here only to be emptied afterwards
    redis.Redis.from_url(redis_url).flushall()
    web, notion = free_port(), free_port()
    settings = tmp_path / "config.toml"
    settings.write_text("[watch]\nlease_seconds = 4\n")
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HILAL_CONFIG": str(settings),
        "HILAL_INSTANCE": str(tmp_path / "instance"),
        "DATABASE_URL": any_database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": "a secret key for the tests only",
        "ENCRYPTION_KEYS": FERNET_KEY,
        "NOTION_CLIENT_ID": "practice",
        "NOTION_CLIENT_SECRET": "practice secret",
        "NOTION_API_URL": f"http://127.0.0.1:{notion}",
        "PORT": str(web),
        "POLL_SECONDS": "1",
        "REQUESTS_PER_WINDOW": "5000",
    }
    started = Processes(environment, tmp_path)
    sandbox = [sys.executable, "-m", "sandbox", "--port", str(notion), "--state", str(tmp_path / "notion")]
    sandbox += ["--client-id", "practice", "--client-secret", "practice secret", "--requests-per-window", "0"]
    started.start("sandbox", [*sandbox, "--latency-ms", "100"])
    for name in ("web", "worker", "daemon"):
        started.start(name)
    yield started
    for name in list(started.running):
        started.end(name)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person with a browser that knows forms and links, and no JavaScript."""

    http: httpx2.Client

    def get(self, path: str) -> BeautifulSoup:
        return self._page(self.http.get(path))

    def post(self, path: str, page: BeautifulSoup, **fields: object) -> BeautifulSoup:
        token = page.select_one("input[name=csrf_token]")
        given = {"csrf_token": token["value"]} if token else {}
        return self._page(self.http.post(path, data={**given, **fields}))

    def _page(self, answer: httpx2.Response) -> BeautifulSoup:
        assert answer.status_code < 400, f"{answer.url}: {answer.status_code}"
        return BeautifulSoup(answer.text, "html.parser")


@pytest.fixture
def visitor(processes: Processes) -> Iterator[Visitor]:
    base = f"http://127.0.0.1:{processes.environment['PORT']}"
    with httpx2.Client(base_url=base, follow_redirects=True, timeout=30) as http:

        def web_answers() -> bool:
            try:
                return http.get("/readyz").status_code == 200
            except httpx2.TransportError:
                return False

        eventually(web_answers)
        yield Visitor(http)


def register(visitor: Visitor) -> None:
    page = visitor.get("/register")
    person = {"organisation": "Lumen Coffee", "email": "mara@lumen.example", "name": "Mara"}
    visitor.post("/register", page, **person, password="a quiet roastery at dawn")


def approve_everything(visitor: Visitor) -> None:
    """Through Notion's consent with everything ticked; ends on the picker."""
    consent = visitor.http.get("/notion/connect?chatbot=1")
    form = BeautifulSoup(consent.text, "html.parser").select("form")[-1]
    hidden = {field["name"]: field["value"] for field in form.select("input[type=hidden]")}
    ticked = [field["value"] for field in form.select("input[name=page]")]
    approved = visitor.http.post(
        str(consent.url.join(form["action"])), data={**hidden, "page": ticked, "decision": "allow"}
    )
    assert approved.url.path == "/chatbots/1/notion", approved.text


def tick(visitor: Visitor, *titles: str) -> None:
    ids, page = [], visitor.get("/chatbots/1/notion")
    connection = page.select_one("input[name=connection_id]") or page.select_one("[name=connection]")
    for title in titles:
        found = visitor.get(f"/chatbots/1/notion?q={title}")
        ids.append(found.select_one("input[name=notion_id]")["value"])
    visitor.post("/chatbots/1/notion/import", page, notion_id=ids, connection_id=connection["value"])


def statuses(visitor: Visitor) -> list[str]:
    return [str(row["data-status"]) for row in visitor.get("/chatbots/1/sources").select("[data-status]")]


@dataclass(frozen=True, slots=True)
class Chatbot:
    """The retrieval API as the chatbot uses it."""

    http: httpx2.Client
    key: str

    def get(self, path: str, **query: str) -> Any:
        answer = self.http.get(
            f"/api/v1{path}", params=query, headers={"Authorization": f"Bearer {self.key}"}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def answers(self, words: str, *, with_text: str) -> bool:
        return any(with_text in hit["text"] for hit in self.get("/search", q=words)["hits"])


def test_from_consent_through_edits_trash_and_reconnection_over_http(
    processes: Processes, visitor: Visitor
) -> None:
    register(visitor)
    approve_everything(visitor)
    tick(visitor, "Holidays", "Glossary")
    eventually(lambda: statuses(visitor) == ["trained", "trained"])
    made = json.loads(processes.flask("keys", "create", "--chatbot", "1", "--name", "story", "--json"))
    chatbot = Chatbot(visitor.http, made["key"])
    [hit, *_] = chatbot.get("/search", q="days of holiday")["hits"]
    assert "28 days" in hit["text"]
    page_id = chatbot.get(f"/documents/{hit['document_id']}")["notion_id"]
    notion = processes.environment["NOTION_API_URL"]

    def in_notion(path: str, **fields: str) -> None:
        done = visitor.http.post(f"{notion}{path}", data=fields)
        assert done.status_code == 200, done.text

    in_notion(f"/pages/{page_id}/edit", title="Holidays", text="Sabbaticals after seven full years.")
    eventually(lambda: chatbot.answers("sabbaticals", with_text="seven full years"))

    in_notion(f"/things/{page_id}/trash")
    eventually(lambda: not chatbot.answers("sabbaticals", with_text="seven full years"))
    eventually(lambda: sorted(statuses(visitor)) == ["empty", "trained"])
    in_notion(f"/things/{page_id}/restore")
    eventually(lambda: chatbot.answers("sabbaticals", with_text="seven full years"))

    asked = visitor.get("/notion/connections/1/disconnect")
    visitor.post("/notion/connections/1/disconnect", asked)
    in_notion(f"/pages/{page_id}/edit", title="Time off", text="Written while nobody followed.")
    assert chatbot.answers("sabbaticals", with_text="seven full years")
    approve_everything(visitor)
    eventually(lambda: chatbot.answers("nobody followed", with_text="while nobody followed"))

    for name in ("worker", "daemon", "web"):
        assert processes.end(name) == 0, name


def test_a_worker_killed_in_the_middle_of_an_import_loses_nothing(
    processes: Processes, visitor: Visitor
) -> None:
    register(visitor)
    approve_everything(visitor)
    tick(visitor, "Customer questions", "Glossary", "Incident log")

    eventually(lambda: {"processing", "training"} & set(statuses(visitor)))
    processes.kill("worker")
    assert statuses(visitor) != ["trained"] * 3
    processes.start("worker.again")

    eventually(lambda: statuses(visitor) == ["trained"] * 3)
