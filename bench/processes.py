"""Web, worker and daemon as the Procfile starts them, on the rows of a bed."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx2

from bench.bed import Bed
from extract.config.load import ROOT

PATIENCE_SECONDS = 60


def wait_until(look: Callable[[], bool], *, what: str, patience: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + patience
    while not look():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not come to pass within {patience:.0f} s")
        time.sleep(0.1)


@dataclass(frozen=True, slots=True)
class Running:
    """Web's address, and the ids of the processes by their name in the Procfile."""

    web: str
    pids: Mapping[str, int]

    def processor_seconds(self, name: str) -> float:
        """How long a process has kept a core busy; NaN where the system does not tell by /proc."""
        try:
            words = Path(f"/proc/{self.pids[name]}/stat").read_text().rpartition(")")[2].split()
        except FileNotFoundError:
            return float("nan")
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(notion: Bed, *names: str, settings: Mapping[str, str] | None = None) -> Iterator[Running]:
    """Start these lines of the Procfile, wait until they live, and end them afterwards."""
    folder = Path(notion.environment["HILAL_INSTANCE"])
    web = f"http://127.0.0.1:{_free_port()}"
    # The bench asks the retrieval API more often than a chatbot would.
    (folder / "config.toml").write_text("[web]\napi_requests_per_minute = 1000000\n")
    environment = {
        **os.environ,
        **notion.environment,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HILAL_CONFIG": str(folder / "config.toml"),
        "PORT": web.rpartition(":")[2],
        **(settings or {}),
    }
    started = {name: _start(name, environment, folder) for name in names}
    try:
        for name in names:
            wait_until(partial(_lives, notion, name, web), what=f"the start of {name}")
        yield Running(web, {name: process.pid for name, process in started.items()})
    finally:
        for process in started.values():
            process.terminate()
        for process in started.values():
            process.wait(20)


def _start(name: str, environment: Mapping[str, str], folder: Path) -> subprocess.Popen[bytes]:
    lines = dict(line.split(":", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    with (folder / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            shlex.split(lines[name]), cwd=ROOT, env=dict(environment), stdout=log, stderr=log
        )


def _lives(notion: Bed, name: str, web: str) -> bool:
    if name != "web":
        return bool(list(notion.runtime.redis.scan_iter(f"hilal:beat:{name}:*")))
    try:
        return httpx2.get(f"{web}/readyz").is_success
    except httpx2.TransportError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
