"""The health endpoints and the metrics, and who may read the metrics."""

from __future__ import annotations

from dataclasses import replace

import pytest
import redis
from flask.testing import FlaskClient
from redis.backoff import NoBackoff
from redis.retry import Retry

from extract import __version__
from extract.errors import Blocked
from extract.runtime import Runtime
from extract.store.db import database
from tests.clock import StoppedClock
from tests.webapp.conftest import Cast
from tests.webapp.rows import make_connection, make_document, make_source
from webapp import create_app


def _without_redis(runtime: Runtime) -> FlaskClient:
    gone = redis.Redis(unix_socket_path="/nonexistent/redis.sock", retry=Retry(NoBackoff(), 0))
    return create_app(replace(runtime, redis=gone)).test_client()


def test_a_process_that_answers_is_alive_whatever_else_is_gone(runtime: Runtime) -> None:
    answer = _without_redis(runtime).get("/healthz")

    assert answer.status_code == 200
    assert answer.json == {"status": "ok", "version": __version__}


def test_it_is_ready_when_database_schema_and_redis_are_there(client: FlaskClient) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json == {"status": "ok", "database": "ok", "schema": "ok", "redis": "ok"}


def test_it_is_not_ready_without_redis(runtime: Runtime) -> None:
    answer = _without_redis(runtime).get("/readyz")

    assert answer.status_code == 503
    assert answer.json["redis"] == "does not answer"
    assert answer.json["database"] == "ok"


def test_it_is_not_ready_on_an_older_schema(client: FlaskClient) -> None:
    database.execute_sql("DELETE FROM schema_migration")

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert "flask db upgrade" in answer.json["schema"]


def test_the_figures_are_those_of_the_moment(
    client: FlaskClient, cast: Cast, clock: StoppedClock, redis_server: redis.Redis
) -> None:
    connection = make_connection(cast.acme, clock())
    connection.error = Blocked.sentence
    connection.save()
    make_connection(cast.acme, clock(), state="reconnect")
    source = make_source(cast.chatbot, connection, "Handbook", clock())
    make_document(source, "Leave", clock(), "Thirty days.", requested_at=clock())
    make_document(source, "Gone", clock(), removed_at=clock())
    clock.advance(seconds=90)
    redis_server.set("hilal:beat:worker:here:1", clock().isoformat())
    clock.advance(seconds=5)

    text = client.get("/metrics").text

    for line in (
        'hilal_sources{status="trained"} 1.0',
        'hilal_sources{status="failed"} 0.0',
        'hilal_connections{state="reconnect"} 1.0',
        "hilal_connections_blocked 1.0",
        f'hilal_notion_limit{{connection="{connection.id}"}} 180.0',
        "hilal_documents 1.0",
        "hilal_documents_stale 1.0",
        "hilal_oldest_wanted_seconds 95.0",
        'hilal_processes{process="worker"} 1.0',
        'hilal_processes{process="daemon"} 0.0',
        'hilal_beat_age_seconds{process="worker"} 5.0',
        f'hilal_notion_requests{{connection="{connection.id}"}} 0.0',
        "hilal_redis_up 1.0",
    ):
        assert line in text.splitlines()


def test_the_figures_go_on_without_redis(runtime: Runtime) -> None:
    text = _without_redis(runtime).get("/metrics").text

    assert "hilal_redis_up 0.0" in text
    assert "hilal_documents 0.0" in text


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("203.0.113.7", {}),
        ("10.0.0.5", {}),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1", {"Forwarded": "for=203.0.113.7"}),
        ("", {}),
    ],
)
def test_the_figures_are_for_this_machine_only(
    client: FlaskClient, peer: str, headers: dict[str, str]
) -> None:
    answer = client.get("/metrics", environ_base={"REMOTE_ADDR": peer}, headers=headers)

    assert answer.status_code == 404


def _with_web(runtime: Runtime, **web: object) -> FlaskClient:
    changed = replace(runtime.config.web, **web)
    return create_app(replace(runtime, config=replace(runtime.config, web=changed))).test_client()


def test_who_may_not_read_the_metrics_is_told_how_to(client: FlaskClient) -> None:
    answer = client.get("/metrics", headers={"Via": "1.1 proxy"})

    assert answer.mimetype == "text/plain"
    assert "METRICS_TOKEN" in answer.text


def test_a_token_opens_the_figures_from_anywhere_and_nothing_else_does(runtime: Runtime) -> None:
    client = _with_web(runtime, metrics_token="a long token")
    elsewhere = {"REMOTE_ADDR": "203.0.113.7"}

    def ask(authorization: str) -> int:
        headers = {"Authorization": authorization} if authorization else {}
        return client.get("/metrics", headers=headers, environ_base=elsewhere).status_code

    assert ask("Bearer a long token") == 200
    assert [ask(shown) for shown in ("", "Bearer", "Bearer a long", "Bearer größe")] == [404] * 4
    assert client.get("/metrics").status_code == 404


def test_in_production_loopback_is_not_enough_unless_our_proxies_say_what_they_pass_on(
    runtime: Runtime,
) -> None:
    assert _with_web(runtime, environment="production").get("/metrics").status_code == 404
    assert _with_web(runtime, environment="production", proxies=1).get("/metrics").status_code == 200


def test_behind_proxies_a_forged_address_opens_nothing(runtime: Runtime) -> None:
    web = replace(runtime.config.web, proxies=1)
    client = create_app(replace(runtime, config=replace(runtime.config, web=web))).test_client()

    answer = client.get(
        "/metrics", environ_base={"REMOTE_ADDR": "203.0.113.7"}, headers={"X-Forwarded-For": "127.0.0.1"}
    )

    assert answer.status_code == 404
