"""The whole journey over HTTP, with every process as the Procfile starts it; also when a worker is killed."""

from __future__ import annotations

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
from typing import TypeVar

import httpx
import pytest
import redis
from bs4 import BeautifulSoup
from peewee import Database

from extract.config import ROOT
from tests.conftest import FERNET_KEY

PATIENCE_SECONDS = 40
Found = TypeVar("Found")


def eventually(look: Callable[[], Found]) -> Found:
    """What `look` finds, as soon as it finds something."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, f"it did not come to pass: {look.__name__}"
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

    http: httpx.Client

    def get(self, path: str) -> BeautifulSoup:
        return self._page(self.http.get(path))

    def post(self, path: str, page: BeautifulSoup, **fields: object) -> BeautifulSoup:
        token = page.select_one("input[name=csrf_token]")
        given = {"csrf_token": token["value"]} if token else {}
        return self._page(self.http.post(path, data={**given, **fields}))

    def _page(self, answer: httpx.Response) -> BeautifulSoup:
        assert answer.status_code < 400, f"{answer.url}: {answer.status_code}"
        return BeautifulSoup(answer.text, "html.parser")


@pytest.fixture
def visitor(processes: Processes) -> Iterator[Visitor]:
    base = f"http://127.0.0.1:{processes.environment['PORT']}"
    with httpx.Client(base_url=base, follow_redirects=True, timeout=30) as http:

        def web_answers() -> bool:
            try:
                return http.get("/readyz").status_code == 200
            except httpx.TransportError:
                return False

        eventually(web_answers)
        yield Visitor(http)


def connect_everything(visitor: Visitor) -> None:
    """Register, approve the consent with everything ticked; ends on the picker."""
    page = visitor.get("/register")
    visitor.post(
        "/register",
        page,
        organisation="Lumen Coffee",
        email="mara@lumen.example",
        name="Mara",
        password="a quiet roastery at dawn",
    )
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


def test_from_consent_to_an_answer_that_follows_an_edit_over_http(
    processes: Processes, visitor: Visitor
) -> None:
    connect_everything(visitor)
    tick(visitor, "Holidays", "Glossary")

    def all_trained() -> bool:
        return statuses(visitor) == ["trained", "trained"]

    eventually(all_trained)
    key = processes.flask("keys", "create", "--chatbot", "1", "--name", "story").strip().split()[-1]
    api = {"Authorization": f"Bearer {key}"}
    hits = visitor.http.get("/api/v1/search", params={"q": "days of holiday"}, headers=api).json()["hits"]
    assert "28 days" in hits[0]["text"]

    notion = processes.environment["NOTION_API_URL"]
    document = visitor.http.get(f"/api/v1/documents/{hits[0]['document_id']}", headers=api).json()
    edited = visitor.http.post(
        f"{notion}/pages/{document['notion_id']}/edit", data={"text": "Sabbaticals after seven full years."}
    )
    assert edited.status_code == 200, edited.text

    def follows() -> bool:
        answer = visitor.http.get("/api/v1/search", params={"q": "sabbaticals"}, headers=api).json()
        return any("seven full years" in hit["text"] for hit in answer["hits"])

    eventually(follows)
    assert processes.end("worker") == processes.end("daemon") == processes.end("web") == 0


def test_a_worker_killed_in_the_middle_of_an_import_loses_nothing(
    processes: Processes, visitor: Visitor
) -> None:
    connect_everything(visitor)
    tick(visitor, "Customer questions", "Glossary", "Incident log")

    def work_is_under_way() -> bool:
        return bool({"processing", "training"} & set(statuses(visitor)))

    eventually(work_is_under_way)
    processes.kill("worker")
    assert statuses(visitor) != ["trained"] * 3
    processes.start("worker.again")

    def all_trained() -> bool:
        return statuses(visitor) == ["trained"] * 3

    eventually(all_trained)
