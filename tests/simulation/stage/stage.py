"""Where stories are played: a database of their own, a real Redis, the sandbox in the same process, one thread."""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

import httpx
from cryptography.fernet import Fernet
from peewee import Database

from extract.config.load import load
from extract.runtime import Runtime
from extract.store.db import open_database, upgrade
from extract.store.vault import Vault
from extract.sync import drain, session
from sandbox import World, create_app
from sandbox.world.limits import RateLimit
from tests.clock import StoppedClock
from tests.simulation.stage.courier import Courier
from tests.simulation.stage.power import MortalRedis, Power, wire_database
from tests.simulation.stage.scene import NotionClock, Scene, furnish
from tests.simulation.stage.wire import Wire
from tests.telling import telling

T = TypeVar("T")

WINDOW = 120
"""Requests in a minute: few, so that stories run out of them."""

MOST = 200
"""Requests in a minute that some stories may find out to be allowed; of these some allow less, some more."""

_KEY = Fernet.generate_key().decode()


class Numbered(Future[T]):
    """A future whose place in a set follows from its number, not from where it lies in memory."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def __hash__(self) -> int:
        return self._number


class OneThread:
    """A pool that works at once and in the thread that asks, so that a story always goes the same way."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._numbers = count()

    def submit(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Numbered(next(self._numbers))
        future.set_running_or_notify_cancel()
        try:
            future.set_result(work(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future

    def map(self, work: Callable[..., T], *given: Any) -> Iterator[T]:
        return map(work, *given)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        pass

    def __enter__(self) -> OneThread:
        return self

    def __exit__(self, *error: object) -> None:
        pass


class VirtualTime:
    """The `time` module where a drain measures a breath: by the story's clock."""

    def __init__(self, clock: StoppedClock) -> None:
        self._clock = clock

    def monotonic(self) -> float:
        return self._clock.now.timestamp()

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


class Stage:
    """Plays many stories one after the other; each begins with everything empty."""

    def __init__(self, folder: Path, redis_url: str, postgres_url: str | None = None) -> None:
        self._folder, self._redis_url, self._postgres_url = folder, redis_url, postgres_url
        self._template = folder / "template.db"
        opened = open_database(f"sqlite:///{self._template}")
        upgrade()
        opened.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        opened.close()
        if postgres_url is not None:
            opened = open_database(postgres_url)
            upgrade()
            opened.close_all()

    @contextmanager
    def scene(self, seed: int) -> Iterator[Scene]:
        """A furnished scene; everything that chance decides comes from the seed."""
        random.seed(seed)
        clock, power = StoppedClock(), Power()
        notion_clock = NotionClock(clock)
        world = World(clock=notion_clock, seed=seed)
        learns = (seed // 3) % 2 == 1  # how much Notion allows is found out by using it
        allowed = WINDOW + (30 * (seed % 4) if learns else 0)
        world.rate_limit = RateLimit(requests=allowed, window_seconds=60)
        opened = self._opened()
        redis = MortalRedis.from_url(self._redis_url)
        redis.power = power
        redis.flushall()
        wire_database(opened, power)
        world.query_cap = (10_000, 8)[seed % 2]
        wire = Wire(httpx.WSGITransport(app=create_app(world)), world, clock, power, opened)
        wire.page_size = (None, 7, 3)[seed % 3]
        wire.may_be_refused = learns
        try:
            runtime = self._runtime(world, clock, redis, wire, most=MOST if learns else 0)
            scene = Scene(world, clock, notion_clock, runtime, power, wire)
            with _one_thread(clock):
                furnish(scene)
                if (seed // 2) % 3:
                    scene.courier = Courier(telling(runtime, world), power, seed)
                yield scene
        finally:
            redis.close()
            self._close(opened)

    def _runtime(
        self, world: World, clock: StoppedClock, redis: MortalRedis, wire: Wire, *, most: int
    ) -> Runtime:
        empty = self._folder / "config.toml"
        empty.write_text("")
        config = load(
            {
                "HILAL_CONFIG": str(empty),
                "HILAL_INSTANCE": str(self._folder / "instance"),
                "SECRET_KEY": "a secret key for the simulation only",
                "ENCRYPTION_KEYS": _KEY,
                "REDIS_URL": self._redis_url,
                "NOTION_CLIENT_ID": world.client_id,
                "NOTION_CLIENT_SECRET": world.client_secret,
                "NOTION_API_URL": "http://127.0.0.1:4999",
                "REQUESTS_PER_WINDOW": str(WINDOW),
                "MOST_REQUESTS_PER_WINDOW": str(most),
            }
        )
        config = replace(
            config,
            notion=replace(config.notion, parallel_requests=3),
            watch=replace(config.watch, parallel_polls=1),
        )
        return Runtime(
            config=config,
            vault=Vault(config.vault.keys),
            redis=redis,
            clock=clock,
            pause=lambda seconds: clock.advance(seconds=seconds),
            transport=wire,
        )

    def _opened(self) -> Database:
        if self._postgres_url is not None:
            opened = open_database(self._postgres_url)
            _empty(opened)
            return opened
        path = self._folder / "story.db"
        for old in self._folder.glob("story.db*"):
            old.unlink()
        shutil.copy(self._template, path)
        return open_database(f"sqlite:///{path}")

    def _close(self, opened: Database) -> None:
        if self._postgres_url is not None:
            _empty(opened)  # other tests use this database, too
            opened.close_all()
        elif not opened.is_closed():
            opened.close()


def _empty(opened: Database) -> None:
    names = [f'"{name}"' for name in opened.get_tables() if name != "schema_migration"]
    opened.execute_sql(f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE")


@contextmanager
def _one_thread(clock: StoppedClock) -> Iterator[None]:
    with (
        mock.patch.object(session, "open_pool", lambda most: (OneThread(), most)),
        mock.patch.object(drain, "time", VirtualTime(clock)),
    ):
        yield


def scratch() -> Path:
    """A folder for databases that nobody needs to survive: in memory where there is such a place."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="hilal-story-", dir=memory if memory.is_dir() else None))
