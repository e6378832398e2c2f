"""The parts every test may ask for: a stopped clock, real databases, a real Redis, the sandbox behind HTTP."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import redis
from peewee import Database

from extract.config.load import Config, load
from extract.process import embedded_redis
from extract.runtime import Runtime
from extract.store.db import database, open_database, upgrade
from extract.store.vault import Vault
from sandbox import World, create_app
from tests import postgres
from tests.clock import StoppedClock
from tests.rows import FERNET_KEY


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="hilal-redis-", dir="/tmp"))
    process = embedded_redis.start(folder / "redis.sock")
    yield f"unix://{folder / 'redis.sock'}"
    process.terminate()
    process.wait(10)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "hilal.db"
    opened = open_database(f"sqlite:///{path}")
    upgrade()
    opened.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    opened.close()
    return path


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    if not postgres.available():
        if os.environ.get("REQUIRE_POSTGRES") == "1":
            pytest.fail("REQUIRE_POSTGRES=1, but there is no PostgreSQL to test with")
        pytest.skip("no PostgreSQL to test with")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with postgres.server(f"hilal_test_{worker}") as url:
        open_database(url)
        upgrade()
        database.close_all()
        yield url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated, empty SQLite database of this test's own."""
    path = tmp_path / "hilal.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgres"])
def any_database_url(request: pytest.FixtureRequest) -> str:
    """The same test, once on each database."""
    return str(request.getfixturevalue(f"{request.param}_url"))


def _opened(url: str) -> Iterator[Database]:
    opened = open_database(url)
    yield opened
    if url.startswith("postgres"):
        tables = [name for name in opened.get_tables() if name != "schema_migration"]
        names = ", ".join(f'"{name}"' for name in tables)
        opened.execute_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
        database.close_all()
    if not opened.is_closed():
        opened.close()


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Database]:
    """The models on SQLite."""
    yield from _opened(sqlite_url)


@pytest.fixture(scope="session")
def _empty_copy(sqlite_template: Path) -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(sqlite_template)
    yield opened
    opened.close()


@pytest.fixture
def memory_store(_empty_copy: sqlite3.Connection) -> Iterator[Database]:
    """The models on SQLite in memory: the cheapest, for tests whose rows are read and written in one thread only."""
    opened = open_database("sqlite:///:memory:")
    _empty_copy.backup(opened.connection())
    yield opened
    opened.close()


@pytest.fixture
def any_store(any_database_url: str) -> Iterator[Database]:
    """The models, once on SQLite and once on PostgreSQL."""
    yield from _opened(any_database_url)


@pytest.fixture
def redis_server(redis_url: str) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(redis_url)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def world(clock: StoppedClock) -> World:
    """An empty Notion; its clock is the test's clock."""
    return World(clock=clock, seed=1)


@pytest.fixture
def config(tmp_path: Path, redis_url: str, world: World) -> Config:
    return load(
        {
            "HILAL_CONFIG": str(_empty_file(tmp_path / "config.toml")),
            "HILAL_INSTANCE": str(tmp_path / "instance"),
            "SECRET_KEY": "a secret key for the tests only",
            "ENCRYPTION_KEYS": FERNET_KEY,
            "REDIS_URL": redis_url,
            "NOTION_CLIENT_ID": world.client_id,
            "NOTION_CLIENT_SECRET": world.client_secret,
            "NOTION_API_URL": "http://127.0.0.1:4999",
        }
    )


def _empty_file(path: Path) -> Path:
    path.write_text("")
    return path


def _runtime(config: Config, redis_server: redis.Redis, clock: StoppedClock, world: World) -> Runtime:
    return Runtime(
        config=config,
        vault=Vault(config.vault.keys),
        redis=redis_server,
        clock=clock,
        pause=lambda seconds: None,
        transport=httpx2.WSGITransport(app=create_app(world)),
    )


@pytest.fixture
def runtime(
    config: Config, store: Database, redis_server: redis.Redis, clock: StoppedClock, world: World
) -> Runtime:
    """Everything below the web, on SQLite, with the sandbox as Notion."""
    assert database.obj is store
    return _runtime(config, redis_server, clock, world)


@pytest.fixture
def offline(
    config: Config, memory_store: Database, redis_server: redis.Redis, clock: StoppedClock
) -> Runtime:
    """Everything below the web, on rows in memory, for code that asks Notion nothing: a request fails the test."""
    assert database.obj is memory_store
    return Runtime(
        config=config,
        vault=Vault(config.vault.keys),
        redis=redis_server,
        clock=clock,
        pause=lambda seconds: None,
        transport=httpx2.MockTransport(_no_notion),
    )


def _no_notion(request: httpx2.Request) -> httpx2.Response:
    raise AssertionError(f"this test asks Notion nothing, but {request.method} {request.url.path} was sent")


@pytest.fixture
def any_runtime(
    config: Config, any_store: Database, redis_server: redis.Redis, clock: StoppedClock, world: World
) -> Runtime:
    """The same, once on each database."""
    assert database.obj is any_store
    return _runtime(config, redis_server, clock, world)
