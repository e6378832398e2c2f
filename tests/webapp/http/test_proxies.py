"""Behind a proxy: which address counts, and the warning if no proxy is configured."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from extract.runtime import Runtime
from tests.clock import StoppedClock
from webapp import create_app
from webapp.commands.installation.doctor import examine

FORWARDED = {"X-Forwarded-For": "198.51.100.1, 203.0.113.7"}


def behind(runtime: Runtime, proxies: int) -> Runtime:
    web = replace(runtime.config.web, proxies=proxies)
    return replace(runtime, config=replace(runtime.config, web=web))


def told_by_doctor(runtime: Runtime) -> tuple[str, str]:
    [finding] = [check for check in examine(runtime) if check.check == "proxies"]
    return finding.state, finding.says


@pytest.mark.parametrize(("proxies", "address"), [(0, "127.0.0.1"), (1, "203.0.113.7"), (2, "198.51.100.1")])
def test_as_many_proxies_are_believed_as_are_configured(runtime: Runtime, proxies: int, address: str) -> None:
    app = create_app(behind(runtime, proxies))
    app.add_url_rule("/address", "address", lambda: request.remote_addr or "")

    assert app.test_client().get("/address", headers=FORWARDED).text == address


def test_doctor_and_the_log_tell_when_forwarded_addresses_are_ignored(
    client: FlaskClient, app: Flask, runtime: Runtime, clock: StoppedClock
) -> None:
    assert told_by_doctor(runtime) == ("ok", "none")

    with capture_logs() as lines:
        for _ in range(3):
            client.get("/healthz", headers=FORWARDED)
        clock.advance(hours=2)
        client.get("/healthz", headers=FORWARDED)

    assert [line["event"] for line in lines] == ["forwarded_headers_ignored"] * 2
    state, says = told_by_doctor(runtime)
    assert state == "warn"
    assert "PROXIES" in says


def test_with_the_right_number_there_is_nothing_to_tell(runtime: Runtime) -> None:
    right = behind(runtime, 1)
    create_app(right).test_client().get("/healthz", headers=FORWARDED)

    assert told_by_doctor(right) == ("ok", "1 before the web process")
