"""Sends hostile requests as each kind of person and reports every answer that is a 500."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

import click
from flask import Flask
from flask.testing import FlaskClient

from extract.runtime import Runtime
from extract.store.models import Member
from tests.extract.notion.test_events import TOKEN
from tests.fuzz.hostile import Request, arguments_for, event_for, request_for
from webapp import create_app


@dataclass(frozen=True, slots=True)
class Failure:
    """A request or a command line that ended in a fault of ours, and how."""

    what: str
    ended: str


def fuzzed_app(runtime: Runtime) -> Flask:
    """The app without what would keep random requests from reaching the views: CSRF tokens and rate limits."""
    notion = replace(runtime.config.notion, webhook_token=TOKEN)
    app = create_app(replace(runtime, config=replace(runtime.config, notion=notion)))
    app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    return app


def play_requests(app: Flask, *, people: list[Member], key: str, seed: int, count: int) -> Iterator[Failure]:
    """Send `count` requests over the whole URL map, as nobody, as each of `people`, and with an API key."""
    random = Random(seed)
    rules = sorted(
        (rule.rule, sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        for rule in app.url_map.iter_rules()
    )
    for _ in range(count):
        rule, methods = random.choice(rules)
        asked = event_for(random) if rule.startswith("/webhooks/") else request_for(random, rule, methods * 3)
        if rule.startswith("/api/") and random.random() < 0.9:
            asked.headers["Authorization"] = f"Bearer {key}"
        status = _send(_client(app, random.choice([None, *people])), asked)
        if status >= 500:
            yield Failure(
                f"{asked.method} {asked.path[:300]} {asked.headers} {asked.body[:300]!r}", str(status)
            )


def play_commands(app: Flask, *, seed: int, count: int) -> Iterator[Failure]:
    """Type `count` command lines over every command of ours."""
    random = Random(seed)
    commands = sorted(_commands(app))
    for _ in range(count):
        path, parameters = random.choice(commands)
        words = arguments_for(random, path, parameters)
        result = app.test_cli_runner().invoke(args=words, input="")
        if result.exit_code not in (0, 1, 2) or not isinstance(result.exception, SystemExit | None):
            yield Failure(f"flask {words}", repr(result.exception))


def _commands(app: Flask) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    for name, command in app.cli.commands.items():
        if name in ("run", "shell", "routes"):  # Flask's own
            continue
        inner = command.commands.items() if isinstance(command, click.Group) else [("", command)]
        for below, each in inner:
            options = tuple(
                parameter.opts[0] if isinstance(parameter, click.Option) else str(parameter.name)
                for parameter in each.params
                if not getattr(parameter, "is_flag", False)
            )
            yield tuple(filter(None, (name, below))), options


def _client(app: Flask, member: Member | None) -> FlaskClient:
    client = app.test_client()
    if member is not None:
        with client.session_transaction() as session:
            session["_user_id"] = f"{member.id}.{member.session_key}"
    return client


def _send(client: FlaskClient, asked: Request) -> int:
    answer = client.open(asked.path, method=asked.method, headers=asked.headers, data=asked.body)
    answer.close()
    return answer.status_code
