"""Starts everything on this machine and ends it together: Redis, Notion's stand-in, web, worker, daemon.

`make run` calls it. The commands of the processes are those of the Procfile; their output goes to
`instance/logs/`. Without Notion credentials a practice workspace stands in for Notion.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import redis

from extract.config import load as configuration
from extract.config.load import ROOT, Config
from extract.errors import HilalError
from extract.process import embedded_redis, private_files, redis_clients
from extract.store.db import database, open_database, upgrade

PATIENCE_SECONDS = 10.0
"""How long processes may take to end before they are killed."""

_PRACTICE = "practice"
_PDEATHSIG = 1  # https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html


@dataclass
class Child:
    """One process that is kept running."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    quick_ends: int = 0

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches us alone; we end them in order
                preexec_fn=end_with_parent,
            )
        self.started = time.monotonic()

    def last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])


@dataclass
class RedisChild(Child):
    """The embedded Redis, whose socket is there once `start` returns."""

    socket: Path = Path()

    def start(self) -> None:
        """Raises HilalError when it does not come up."""
        self.process = embedded_redis.start(self.socket, log=self.log, before_exec=_apart)
        self.started = time.monotonic()


@dataclass
class House:
    """All processes of this machine, in the order they start."""

    redis: RedisChild | None = None
    children: list[Child] = field(default_factory=list)
    ending: bool = False

    def keep_running(self) -> int:
        """Start what has ended, until asked to end; 1 when a process cannot stay up."""
        while not self.ending:
            for child in (*([self.redis] if self.redis else []), *self.children):
                if child.process is not None and child.process.poll() is not None and not self.ending:
                    child.quick_ends = child.quick_ends + 1 if time.monotonic() - child.started < 5 else 0
                    if child.quick_ends > 2:
                        print(f"{child.name} does not stay up:\n{child.last_words()}", file=sys.stderr)
                        return 1
                    print(f"{child.name} ended ({child.process.returncode}); starting it again.", flush=True)
                    child.start()
            time.sleep(0.2)
        return 0

    def end(self) -> None:
        """Ask all processes to end, Redis last; kill what has not ended in time."""
        running = [child.process for child in reversed(self.children) if child.process is not None]
        for process in running:
            if process.poll() is None:
                process.terminate()
        _wait_or_kill(running)
        redis_process = self.redis.process if self.redis else None
        if redis_process is not None and redis_process.poll() is None:
            redis_process.terminate()
            _wait_or_kill([redis_process])


def main() -> int:
    """Run until Ctrl-C or SIGTERM; the exit code."""
    house = House()

    def end(signum: int, frame: FrameType | None) -> None:
        house.ending = True

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    try:
        settings = configuration.load()
        private_files.tighten(settings.instance)
        with (settings.instance / "run.lock").open("w") as lock:
            _only_one(lock.fileno(), settings)
            return _run(house, settings)
    except HilalError as error:
        print(error.sentence, file=sys.stderr)
        return 1
    finally:
        house.end()


def _run(house: House, settings: Config) -> int:
    logs = settings.instance / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    _free_port(settings.web.port, "PORT")
    if not settings.redis.url:
        house.redis = _redis(settings, logs / "redis.log")
        house.redis.start()
    open_database(settings.database_url)
    upgrade()
    database.close()
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    practice = _sandbox(house, settings, environment, logs) if practises(settings) else None
    for name, command in _procfile().items():
        house.children.append(Child(name, command, environment, logs / f"{name}.log"))
    for child in house.children:
        child.start()
    if not _answers(house, settings):
        return 0 if house.ending else 1
    print(f"\n  Hilal is ready: {settings.public_url}\n", flush=True)
    if practice:
        print(f"  No Notion credentials are set, so a practice workspace stands in ({practice}).")
    print(f"  Logs: {logs}    Ctrl-C ends everything.\n", flush=True)
    return house.keep_running()


def _procfile() -> dict[str, list[str]]:
    lines = (ROOT / "Procfile").read_text().splitlines()
    commands = dict(line.split(":", 1) for line in lines if line.strip())
    return {name: shlex.split(command) for name, command in commands.items() if name != "release"}


def practises(settings: Config) -> bool:
    """Whether a practice workspace stands in: nobody has named an integration or another Notion."""
    notion = settings.notion
    nobody_said = not notion.client_id and notion.api_url == configuration.NOTION
    return nobody_said or notion.client_id == _PRACTICE


def _sandbox(house: House, settings: Config, environment: Mapping[str, str], logs: Path) -> str:
    """The practice workspace on the port after ours; leaves word of it for the other processes. Its address."""
    port = settings.web.port + 1
    _free_port(port, "PORT")
    address = f"http://127.0.0.1:{port}"
    secret = configuration.kept_secret(settings.instance / "practice_secret")
    kept_token = settings.instance / "practice_webhook_token"
    token = settings.notion.webhook_token or configuration.kept_secret(kept_token)
    word = {"api_url": address, "client_id": _PRACTICE, "client_secret": secret, "webhook_token": token}
    path = configuration.practice_file(settings)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(word, file)
    command = [sys.executable, "-m", "sandbox", "--port", str(port)]
    command += ["--state", str(settings.instance / "practice-workspace")]
    command += ["--client-id", _PRACTICE]
    # Loopback and not the public address, which may lead through a proxy elsewhere.
    command += ["--webhook-address", f"http://127.0.0.1:{settings.web.port}/webhooks/notion"]
    # In the environment and not in the command, which every user of the machine can read.
    environment = {**environment, "SANDBOX_CLIENT_SECRET": secret, "SANDBOX_WEBHOOK_TOKEN": token}
    house.children.append(Child("practice workspace", command, environment, logs / "practice-workspace.log"))
    return address


def _redis(settings: Config, log: Path) -> RedisChild:
    """The embedded Redis. One that was left behind on our socket when `make run` was killed is ended first."""
    left_behind = redis_clients.connect_socket(settings.redis_socket)
    try:
        left_behind.shutdown()
    except redis.RedisError:
        pass  # there is none: the usual case
    finally:
        left_behind.close()
    return RedisChild("Redis", [], {}, log, socket=settings.redis_socket)


def _apart() -> None:
    os.setsid()
    end_with_parent()


def end_with_parent() -> None:
    """In a child on Linux: be asked to end when the parent dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGTERM)


def _only_one(descriptor: int, settings: Config) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise HilalError(f"Another `make run` is using {settings.instance}. End it first.") from error


def _free_port(port: int, variable: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise HilalError(
                f"Port {port} is taken by another program. Choose another: {variable}=8000 make run"
            ) from error


def _answers(house: House, settings: Config) -> bool:
    """Wait until the web process answers; False when it does not, with its last words shown."""
    deadline = time.monotonic() + 60
    web = next(child for child in house.children if child.name == "web")
    while not house.ending and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{settings.web.port}/healthz", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            if web.process is not None and web.process.poll() is not None:
                break
            time.sleep(0.1)
    if not house.ending:
        print(f"The web process does not answer:\n{web.last_words()}", file=sys.stderr)
    return False


def _wait_or_kill(processes: list[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
