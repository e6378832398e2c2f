"""Starts and ends all processes on one machine: Redis, the practice workspace, web, worker and daemon.

`make run` calls it. The commands are those of the Procfile; their output goes to `instance/logs/`. The practice
workspace replaces Notion if no Notion credentials are configured.
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
class ManagedProcess:
    """One process with its command, environment and log file; the supervisor restarts it when it ends."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    quick_ends: int = 0

    def start(self) -> None:
        """Start the process; its output is appended to the log file."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches only the supervisor, which ends the processes in order
                preexec_fn=end_with_parent,
            )
        self.started = time.monotonic()

    def log_tail(self) -> str:
        """The last eight lines of the log file."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])


@dataclass
class RedisProcess(ManagedProcess):
    """The embedded Redis; its socket exists when `start` returns."""

    socket: Path = Path()

    def start(self) -> None:
        """Start Redis. Raises HilalError if it does not answer in time."""
        self.process = embedded_redis.start(self.socket, log=self.log, before_exec=_in_own_session)
        self.started = time.monotonic()


@dataclass
class Supervisor:
    """Keeps all processes of this machine running, and ends them together. They are listed in the order they start."""

    redis: RedisProcess | None = None
    processes: list[ManagedProcess] = field(default_factory=list)
    ending: bool = False

    def keep_running(self) -> int:
        """Restart processes that end, until asked to end. Return the exit code: 1 if one ends again and again."""
        while not self.ending:
            for managed in (*([self.redis] if self.redis else []), *self.processes):
                if managed.process is not None and managed.process.poll() is not None and not self.ending:
                    managed.quick_ends = (
                        managed.quick_ends + 1 if time.monotonic() - managed.started < 5 else 0
                    )
                    if managed.quick_ends > 2:
                        print(f"{managed.name} does not stay up:\n{managed.log_tail()}", file=sys.stderr)
                        return 1
                    print(
                        f"{managed.name} ended ({managed.process.returncode}); starting it again.", flush=True
                    )
                    managed.start()
            time.sleep(0.2)
        return 0

    def end(self) -> None:
        """Ask all processes to end, Redis last; kill those that do not end in time."""
        running = [managed.process for managed in reversed(self.processes) if managed.process is not None]
        for process in running:
            if process.poll() is None:
                process.terminate()
        _wait_or_kill(running)
        redis_process = self.redis.process if self.redis else None
        if redis_process is not None and redis_process.poll() is None:
            redis_process.terminate()
            _wait_or_kill([redis_process])


def main() -> int:
    """Run until Ctrl-C or SIGTERM; return the exit code."""
    supervisor = Supervisor()

    def end(signum: int, frame: FrameType | None) -> None:
        supervisor.ending = True

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    try:
        settings = configuration.load()
        private_files.tighten(settings.instance)
        with (settings.instance / "run.lock").open("w") as lock:
            _only_one(lock.fileno(), settings)
            return _run(supervisor, settings)
    except HilalError as error:
        print(error.sentence, file=sys.stderr)
        return 1
    finally:
        supervisor.end()


def _run(supervisor: Supervisor, settings: Config) -> int:
    logs = settings.instance / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    _free_port(settings.web.port, "PORT")
    if not settings.redis.url:
        supervisor.redis = _redis(settings, logs / "redis.log")
        supervisor.redis.start()
    open_database(settings.database_url)
    upgrade()
    database.close()
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    practice = (
        _sandbox(supervisor, settings, environment, logs) if uses_practice_workspace(settings) else None
    )
    for name, command in _procfile().items():
        supervisor.processes.append(ManagedProcess(name, command, environment, logs / f"{name}.log"))
    for managed in supervisor.processes:
        managed.start()
    if not _answers(supervisor, settings):
        return 0 if supervisor.ending else 1
    print(f"\n  Hilal is ready: {settings.public_url}\n", flush=True)
    if practice:
        print(f"  No Notion credentials are set, so a practice workspace stands in ({practice}).")
    print(f"  Logs: {logs}    Ctrl-C ends everything.\n", flush=True)
    return supervisor.keep_running()


def _procfile() -> dict[str, list[str]]:
    lines = (ROOT / "Procfile").read_text().splitlines()
    commands = dict(line.split(":", 1) for line in lines if line.strip())
    return {name: shlex.split(command) for name, command in commands.items() if name != "release"}


def uses_practice_workspace(settings: Config) -> bool:
    """Return True if the practice workspace replaces Notion: no integration and no other Notion is configured."""
    notion = settings.notion
    nothing_configured = not notion.client_id and notion.api_url == configuration.NOTION
    return nothing_configured or notion.client_id == _PRACTICE


def _sandbox(supervisor: Supervisor, settings: Config, environment: Mapping[str, str], logs: Path) -> str:
    """Add the practice workspace on the next port; tell the other processes by a file. Return its address."""
    port = settings.web.port + 1
    _free_port(port, "PORT")
    address = f"http://127.0.0.1:{port}"
    secret = configuration.kept_secret(settings.instance / "practice_secret")
    kept_token = settings.instance / "practice_webhook_token"
    token = settings.notion.webhook_token or configuration.kept_secret(kept_token)
    settings_of_practice = {
        "api_url": address,
        "client_id": _PRACTICE,
        "client_secret": secret,
        "webhook_token": token,
    }
    path = configuration.practice_file(settings)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(settings_of_practice, file)
    command = [sys.executable, "-m", "sandbox", "--port", str(port)]
    command += ["--state", str(settings.instance / "practice-workspace")]
    command += ["--client-id", _PRACTICE]
    # Loopback, because the public address may lead through a proxy.
    command += ["--webhook-address", f"http://127.0.0.1:{settings.web.port}/webhooks/notion"]
    # In the environment, because every user of the machine can read the command.
    environment = {**environment, "SANDBOX_CLIENT_SECRET": secret, "SANDBOX_WEBHOOK_TOKEN": token}
    supervisor.processes.append(
        ManagedProcess("practice workspace", command, environment, logs / "practice-workspace.log")
    )
    return address


def _redis(settings: Config, log: Path) -> RedisProcess:
    """The embedded Redis. If a killed `make run` left one behind on our socket, that one is ended first."""
    left_behind = redis_clients.connect_socket(settings.redis_socket)
    try:
        left_behind.shutdown()
    except redis.RedisError:
        pass  # usually there is none
    finally:
        left_behind.close()
    return RedisProcess("Redis", [], {}, log, socket=settings.redis_socket)


def _in_own_session() -> None:
    os.setsid()
    end_with_parent()


def end_with_parent() -> None:
    """On Linux, in a new process: get SIGTERM when the parent dies, however it dies."""
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


def _answers(supervisor: Supervisor, settings: Config) -> bool:
    """Wait until the web process answers. If it does not, print the end of its log and return False."""
    deadline = time.monotonic() + 60
    web = next(managed for managed in supervisor.processes if managed.name == "web")
    while not supervisor.ending and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{settings.web.port}/healthz", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            if web.process is not None and web.process.poll() is not None:
                break
            time.sleep(0.1)
    if not supervisor.ending:
        print(f"The web process does not answer:\n{web.log_tail()}", file=sys.stderr)
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
