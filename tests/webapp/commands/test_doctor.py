"""`flask doctor`: one line for each check, a failure if something is wrong, and never a secret."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
import redis
from cryptography.fernet import Fernet
from flask import Flask

from extract import __version__
from extract.errors import Blocked
from extract.process.beats import Beat, write_beat
from extract.runtime import Runtime
from extract.store.db import database
from extract.store.models import Connection
from extract.store.vault import Vault
from tests.clock import StoppedClock
from tests.webapp.commands.test_chatbots_and_users import run
from tests.webapp.conftest import Cast
from tests.webapp.rows import make_connection
from webapp import create_app

Finding = dict[str, str]


def findings(app: Flask) -> dict[str, Finding]:
    return {item["check"]: item for item in json.loads(run(app, "doctor", "--json").stdout)}


def answering(runtime: Runtime, answer: Callable[[httpx.Request], httpx.Response]) -> Flask:
    """The app, with this in Notion's place."""
    return create_app(replace(runtime, transport=httpx.MockTransport(answer)))


@pytest.fixture
def beating(redis_server: redis.Redis, clock: StoppedClock) -> None:
    for process in ("worker", "daemon"):
        redis_server.set(f"hilal:beat:{process}:here:7", clock().isoformat())


@pytest.mark.usefixtures("beating")
def test_all_is_well(app: Flask, cast: Cast, clock: StoppedClock) -> None:
    make_connection(cast.acme, clock())
    clock.advance(seconds=12)

    result = run(app, "doctor")

    assert result.exit_code == 0
    assert [line.split()[:2] for line in result.stdout.splitlines()] == [
        ["ok", "configuration"],
        ["ok", "database"],
        ["ok", "redis"],
        ["ok", "proxies"],
        ["ok", "notion"],
        ["ok", "worker"],
        ["ok", "daemon"],
        ["ok", "connections"],
        ["ok", "webhooks"],
        ["ok", "clock"],
    ]
    assert f"Hilal {__version__}" in result.stdout.splitlines()[0]
    assert "last beat 12 s ago" in result.stdout


@pytest.mark.usefixtures("beating")
def test_a_block_by_notion_is_a_failure_until_it_is_over(app: Flask, cast: Cast, clock: StoppedClock) -> None:
    connection = make_connection(cast.acme, clock())
    connection.error = Blocked.sentence
    connection.save()

    found = findings(app)["connections"]
    assert found["state"] == "fail"
    assert "blocked" in found["says"]

    Connection.update(error=None).execute()
    assert findings(app)["connections"]["state"] == "ok"


def test_silent_processes_are_a_failure(app: Flask) -> None:
    result = run(app, "doctor")

    assert result.exit_code == 1
    assert "fail  worker" in result.stdout
    assert "fail  daemon" in result.stdout
    assert result.stderr == "Error: 2 of 10 checks failed.\n"


@pytest.mark.usefixtures("beating")
def test_an_old_schema_is_a_failure_with_its_remedy(app: Flask) -> None:
    database.execute_sql("DELETE FROM schema_migration")

    found = findings(app)

    assert found["database"]["state"] == "fail"
    assert "flask db upgrade" in found["database"]["says"]
    assert "connections" not in found


def test_redis_that_does_not_answer_is_a_failure(runtime: Runtime) -> None:
    gone = redis.Redis(unix_socket_path="/nonexistent/redis.sock")

    found = findings(create_app(replace(runtime, redis=gone)))

    assert found["redis"]["state"] == "fail"
    assert found["worker"]["state"] == found["daemon"]["state"] == "warn"


def test_notion_that_cannot_be_reached_is_a_failure(runtime: Runtime) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    assert findings(answering(runtime, refuse))["notion"]["state"] == "fail"


@pytest.mark.parametrize(("status", "state"), [(200, "ok"), (400, "ok"), (401, "fail"), (503, "warn")])
def test_notion_tells_whether_our_credentials_are_right(runtime: Runtime, status: int, state: str) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, json={})

    assert findings(answering(runtime, answer))["notion"]["state"] == state
    assert asked[0].headers["Authorization"].startswith("Basic ")


def test_without_credentials_notion_is_only_knocked_at(runtime: Runtime) -> None:
    bare = replace(runtime.config, notion=replace(runtime.config.notion, client_id="", client_secret=""))

    def answer(request: httpx.Request) -> httpx.Response:
        assert "Authorization" not in request.headers
        return httpx.Response(401, json={})

    assert findings(answering(replace(runtime, config=bare), answer))["notion"]["state"] == "warn"


@pytest.mark.usefixtures("beating")
def test_a_connection_that_needs_someone_is_a_warning(app: Flask, cast: Cast, clock: StoppedClock) -> None:
    make_connection(cast.acme, clock(), state="reconnect")

    found = findings(app)

    assert found["connections"]["state"] == "warn"
    assert "1 reconnect" in found["connections"]["says"]


def test_no_secret_is_in_what_it_says(app: Flask, runtime: Runtime) -> None:
    said = run(app, "doctor").output + run(app, "doctor", "--json").output

    config = runtime.config
    for secret in (config.web.secret_key, config.notion.client_secret, *config.vault.keys):
        assert secret not in said


@pytest.mark.parametrize(("another", "state"), [(False, "fail"), (True, "warn")])
def test_a_worker_without_progress_is_named_with_its_connection(
    app: Flask, redis_server: redis.Redis, clock: StoppedClock, another: bool, state: str
) -> None:
    write_beat(redis_server, "worker", Beat("here:7", clock(), connection_id=3, since=clock()))
    clock.advance(seconds=75)
    if another:
        write_beat(redis_server, "worker", Beat("here:8", clock()))

    found = findings(app)["worker"]

    assert found["state"] == state
    assert "here:7 has made no progress with connection 3 for 75 s" in found["says"]


def test_a_worker_that_goes_on_with_long_work_is_well(
    app: Flask, redis_server: redis.Redis, clock: StoppedClock
) -> None:
    since = clock()
    clock.advance(seconds=600)
    write_beat(redis_server, "worker", Beat("here:7", clock(), connection_id=3, since=since))

    assert findings(app)["worker"]["state"] == "ok"


@pytest.mark.usefixtures("beating")
def test_tokens_under_an_older_key_are_a_warning_until_they_are_rotated(
    runtime: Runtime, cast: Cast, clock: StoppedClock
) -> None:
    make_connection(cast.acme, clock())
    app = create_app(
        replace(runtime, vault=Vault([Fernet.generate_key().decode(), *runtime.config.vault.keys]))
    )
    found = findings(app)["keys"]
    assert found["state"] == "warn"
    assert "flask vault rotate" in found["says"]

    done = run(app, "vault", "rotate", "--json")

    assert done.exit_code == 0
    assert json.loads(done.stdout) == {
        "resealed": 1,
        "current": 1,
        "old": 0,
        "unreadable": [],
        "old_keys_may_go": True,
    }
    assert "keys" not in findings(app)


@pytest.mark.usefixtures("beating")
def test_tokens_that_no_key_opens_are_a_failure_and_named(
    runtime: Runtime, cast: Cast, clock: StoppedClock
) -> None:
    connection = make_connection(cast.acme, clock())
    app = create_app(replace(runtime, vault=Vault([Fernet.generate_key().decode()])))

    assert f"connection {connection.id}" in findings(app)["keys"]["says"]
    done = run(app, "vault", "rotate")
    assert done.exit_code == 1
    assert f"connection {connection.id}: access_token opens with none of the keys." in done.stdout
    assert done.stderr.count("\n") == 1


def test_redis_says_why_it_cannot_be_used(runtime: Runtime) -> None:
    gone = redis.Redis(host="127.0.0.1", port=1, retry=None)

    assert "nothing listens" in findings(create_app(replace(runtime, redis=gone)))["redis"]["says"]


def test_a_folder_that_others_may_read_is_a_warning(app: Flask, runtime: Runtime) -> None:
    folder = runtime.config.instance
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    assert findings(app)["files"]["state"] == "warn"

    folder.chmod(0o700)
    assert "files" not in findings(app)


@pytest.mark.usefixtures("beating")
def test_times_that_lie_ahead_of_the_clock_are_named_with_what_to_do(
    app: Flask, cast: Cast, clock: StoppedClock
) -> None:
    connection = make_connection(cast.acme, clock())
    Connection.update(polled_at=clock() + timedelta(days=3650)).where(
        Connection.id == connection.id
    ).execute()

    found = findings(app)["clock"]

    assert found["state"] == "warn"
    assert "1 of connection.polled_at by up to 3,650 days" in found["says"]
    assert "NTP" in found["says"]
