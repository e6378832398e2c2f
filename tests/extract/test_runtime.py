"""Opening what the configuration names: the database of this schema, or a sentence that says what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from extract.config.load import Config
from extract.errors import ConfigError, SchemaError
from extract.runtime import open_runtime
from extract.store.db import database
from extract.values import utc_now


def of(config: Config, database_url: str, *, environment: str = "development") -> Config:
    """The configuration with this database."""
    web = replace(config.web, environment=environment)  # type: ignore[arg-type]
    return replace(config, web=web, database=replace(config.database, url=database_url))


def test_a_process_has_the_vault_redis_and_the_real_clock(config: Config, sqlite_url: str) -> None:
    runtime = open_runtime(of(config, sqlite_url))

    assert runtime.vault.open(runtime.vault.seal("a token")) == "a token"
    assert runtime.redis.ping()
    assert runtime.clock is utc_now
    assert runtime.transport is None
    runtime.redis.close()


def test_no_connection_stays_open_that_a_fork_would_share(config: Config, sqlite_url: str) -> None:
    runtime = open_runtime(of(config, sqlite_url))

    assert database.is_closed()
    runtime.redis.close()


def test_a_database_of_another_version_is_refused_unless_it_may_differ(
    config: Config, tmp_path: Path
) -> None:
    empty = of(config, f"sqlite:///{tmp_path / 'empty.db'}")

    with pytest.raises(SchemaError, match="flask"):
        open_runtime(empty)
    open_runtime(empty, schema_must_match=False).redis.close()


def test_a_database_that_does_not_answer_is_named_by_its_setting(config: Config, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"database\.url \(DATABASE_URL\) does not answer"):
        open_runtime(of(config, f"sqlite:///{tmp_path}"))


@pytest.mark.parametrize(("production", "mode"), [(False, 0o700), (True, 0o755)])
def test_the_instance_folder_of_a_machine_of_ones_own_is_made_private(
    config: Config, sqlite_url: str, production: bool, mode: int
) -> None:
    config.instance.mkdir(exist_ok=True)
    config.instance.chmod(0o755)

    open_runtime(
        of(config, sqlite_url, environment="production" if production else "development")
    ).redis.close()

    assert config.instance.stat().st_mode & 0o777 == mode
