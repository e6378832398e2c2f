"""`make run`: all processes on one machine; one that is killed comes back, and other users can read nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from extract.config.load import ROOT, load
from extract.process.private_files import is_open_to_others
from tests.stories.operations.test_processes import eventually, free_port


@dataclass(frozen=True, slots=True)
class House:
    """`run.py` with an instance folder of its own."""

    process: subprocess.Popen[bytes]
    instance: Path
    port: int
    environment: dict[str, str]

    def is_ready(self) -> bool:
        try:
            return httpx2.get(f"http://127.0.0.1:{self.port}/readyz").status_code == 200
        except httpx2.TransportError:
            return False

    def said(self) -> str:
        return (self.instance.parent / "run.log").read_text()

    def commands(self) -> dict[int, str]:
        """The commands of its processes, as every user of the machine can read them."""
        listed = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)],
            capture_output=True,
            text=True,
            check=True,
        )
        lines = (line.split(maxsplit=1) for line in listed.stdout.splitlines())
        return {int(pid): command for pid, command in lines}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    settings, instance, port = tmp_path / "config.toml", tmp_path / "instance", free_port()
    settings.write_text("")
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {
        **kept,
        "HILAL_CONFIG": str(settings),
        "HILAL_INSTANCE": str(instance),
        "PORT": str(port),
    }
    with (tmp_path / "run.log").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "run.py"], cwd=ROOT, env=environment, stdout=output, stderr=output, umask=0o022
        )
    started = House(process, instance, port, environment)
    try:
        yield started
    finally:
        process.terminate()
        process.wait(20)


def test_secrets_are_in_no_command_and_in_no_file_that_others_may_read(house: House) -> None:
    eventually(house.is_ready)

    config = load(house.environment)
    secrets = (
        config.notion.client_secret,
        config.notion.webhook_token,
        config.web.secret_key,
        *config.vault.keys,
    )
    commands = " ".join(house.commands().values())
    assert "sandbox" in commands
    assert [secret for secret in secrets if secret in commands] == []
    paths = (house.instance, *house.instance.rglob("*"))
    assert [path for path in paths if is_open_to_others(path)] == []


def test_a_redis_that_is_killed_is_started_again_and_the_rest_goes_on(house: House) -> None:
    eventually(house.is_ready)
    [(pid, _)] = [
        item for item in house.commands().items() if "valkey" in item[1] or "redis-server" in item[1]
    ]

    os.kill(pid, signal.SIGKILL)

    eventually(lambda: "Redis ended (-9); starting it again." in house.said())
    eventually(house.is_ready)
    assert house.said().count("starting it again") == 1
    house.process.terminate()
    assert house.process.wait(20) == 0
