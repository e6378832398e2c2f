"""The instance folder and what is in it are for the user that runs the product, and for no other."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from extract.config.load import Config
from extract.process.private_files import is_open_to_others, tighten
from extract.runtime import open_runtime


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_an_older_folder_is_tightened_with_its_files(tmp_path: Path) -> None:
    instance = tmp_path / "instance"
    (instance / "logs").mkdir(parents=True)
    files = [instance / "hilal.db", instance / "hilal.db-wal", instance / "logs" / "web.log"]
    for path in files:
        path.write_text("")
    instance.chmod(0o755)

    tighten(instance)

    assert [oct(mode(path)) for path in (instance, instance / "logs")] == ["0o700", "0o700"]
    assert {oct(mode(path)) for path in files} == {"0o600"}


def test_files_made_afterwards_are_private(tmp_path: Path) -> None:
    tighten(tmp_path / "instance")
    (tmp_path / "instance" / "new").write_text("")

    assert mode(tmp_path / "instance" / "new") == 0o600


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("")
    (tmp_path / "instance" / "logs").mkdir(parents=True)
    (tmp_path / "instance" / "logs" / "web.log").symlink_to(elsewhere)
    (tmp_path / "instance" / "notes.txt").write_text("")

    tighten(tmp_path / "instance")

    assert mode(elsewhere) == mode(tmp_path / "instance" / "notes.txt") == 0o644


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(("environment", "open_to_others"), [("development", False), ("production", True)])
def test_processes_tighten_it_on_a_development_machine_only(
    config: Config, sqlite_url: str, environment: str, open_to_others: bool
) -> None:
    config.instance.mkdir(exist_ok=True)
    config.instance.chmod(0o755)
    web = replace(config.web, environment=environment)
    given = replace(config, web=web, database=replace(config.database, url=sqlite_url))

    client: redis.Redis = open_runtime(given).redis
    client.close()

    assert is_open_to_others(config.instance) is open_to_others
