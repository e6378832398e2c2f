"""What a process of ours holds while it runs: configuration, vault, Redis, the clock, the way to Notion."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx2
import redis
from peewee import InterfaceError, OperationalError

from extract.config.load import Config
from extract.errors import ConfigError
from extract.process import private_files
from extract.process.redis_clients import connect
from extract.store.db import check_schema, open_database
from extract.store.vault import Vault
from extract.values import Clock, utc_now


@dataclass(frozen=True, slots=True)
class Runtime:
    """Handed down from the process's entry point; nothing below reads configuration or the clock elsewhere.

    `pause` waits between quick retries. `transport` is the outermost seam to Notion: None is the network, tests
    put the sandbox's own app there.
    """

    config: Config
    vault: Vault
    redis: redis.Redis
    clock: Clock = utc_now
    pause: Callable[[float], None] = time.sleep
    transport: httpx2.BaseTransport | None = None


def open_runtime(config: Config, *, schema_must_match: bool = True) -> Runtime:
    """Open what `config` names.

    Raises SchemaError when the database does not match this code, ConfigError when it does not answer.
    """
    if not config.production:
        private_files.tighten(config.instance)
    opened = open_database(config.database_url)
    if schema_must_match:
        try:
            with opened.connection_context():  # nothing stays open that a fork would share
                check_schema()
        except (OperationalError, InterfaceError) as error:
            said = " ".join(str(error).split())
            raise ConfigError(
                f"The database at database.url (DATABASE_URL) does not answer: {said}"
            ) from error
    return Runtime(
        config=config,
        vault=Vault(config.vault.keys),
        redis=connect(config),
    )
