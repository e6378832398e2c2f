"""`flask doctor`: checks everything the product depends on; one line for each check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

import click
import httpx
import redis
from peewee import PeeweeException

from extract import __version__
from extract.config.load import NOTION
from extract.connections import blocked_by_notion
from extract.discovery import events, webhook_tokens
from extract.errors import HilalError
from extract.process.beats import Beat, Process, beats
from extract.process.private_files import is_open_to_others
from extract.process.redis_clients import is_encrypted_unverified, why
from extract.runtime import Runtime
from extract.store import rotation
from extract.store.db import check_schema, database, is_postgres
from extract.store.models import Connection
from extract.sync import clocks
from webapp import formats
from webapp.commands.output import Failed, command, one_line, show
from webapp.http.proxies import ADVICE, forwarded_headers_seen
from webapp.page import runtime
from webapp.sources.brake import all_questions

CheckState = Literal["ok", "warn", "fail"]

_STARTS: dict[Process, str] = {"worker": "nothing is synced", "daemon": "edits in Notion are not noticed"}


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check; `says`, as `--json` calls it, is a sentence for an operator."""

    check: str
    state: CheckState
    says: str


@click.command("doctor")
@command(schema=False)
def doctor(as_json: bool) -> None:
    """Check configuration, database, Redis, Notion, workers, daemons and connections. Exit 1 if anything fails."""
    findings = list(examine(runtime()))
    text = "\n".join(f"{item.state:<4}  {item.check:<13}  {one_line(item.says)}" for item in findings)
    show([asdict(item) for item in findings], text, as_json=as_json)
    failed = sum(1 for item in findings if item.state == "fail")
    if failed:
        raise Failed(f"{failed} of {len(findings)} checks failed.")


def examine(runtime: Runtime) -> Iterator[Finding]:
    """Carry out the checks one after the other. No finding contains a secret."""
    yield _configuration(runtime)
    database_found = _database()
    yield database_found
    redis_found = _redis(runtime)
    yield redis_found
    if redis_found.state == "ok":
        yield _proxies(runtime)
    yield _notion(runtime)
    for process in _STARTS:
        yield _process(runtime, process, redis_answers=redis_found.state == "ok")
    if database_found.state == "ok":
        yield _connections()
        yield _webhooks(runtime)
        yield _clock(runtime)
        yield from _keys(runtime)
    yield from _files(runtime)


def _configuration(runtime: Runtime) -> Finding:
    config = runtime.config
    summary = f"Hilal {__version__}, {config.web.environment}, served at {config.public_url}"
    if config.production and not config.notion.client_id:
        return Finding(
            "configuration", "warn", f"{summary}; no Notion credentials: nobody can connect a workspace"
        )
    return Finding("configuration", "ok", summary)


def _database() -> Finding:
    kind = "PostgreSQL" if is_postgres() else "SQLite"
    try:
        database.execute_sql("SELECT 1")
        check_schema()
    except HilalError as error:
        return Finding("database", "fail", error.sentence)
    except PeeweeException as error:
        return Finding("database", "fail", f"{kind} cannot be used: {type(error).__name__}")
    return Finding("database", "ok", f"{kind} answers, schema up to date")


def _redis(runtime: Runtime) -> Finding:
    try:
        runtime.redis.ping()
    except redis.RedisError as error:
        return Finding("redis", "fail", why(error))
    if is_encrypted_unverified(runtime.config):
        return Finding(
            "redis", "ok", "answers; encrypted, its certificate is not checked (REDIS_TLS_VERIFY=off)"
        )
    return Finding("redis", "ok", "answers")


def _proxies(runtime: Runtime) -> Finding:
    configured = runtime.config.web.proxies
    if not configured and forwarded_headers_seen(runtime.redis):
        return Finding("proxies", "warn", ADVICE)
    return Finding("proxies", "ok", f"{configured} before the web process" if configured else "none")


def _notion(runtime: Runtime) -> Finding:
    """Whether Notion answers, and accepts the credentials if there are any (it answers 401 to a wrong secret)."""
    notion = runtime.config.notion
    where = httpx.URL(notion.api_url).copy_with(userinfo=b"", query=None)
    try:
        with httpx.Client(transport=runtime.transport, timeout=10) as http:
            if not notion.client_id:
                http.get(f"{notion.api_url}/v1/users/me")
                other = "" if notion.api_url == NOTION else " (not api.notion.com)"
                return Finding(
                    "notion", "warn", f"{where} answers{other}; no client id and secret are configured"
                )
            answer = http.post(
                f"{notion.api_url}/v1/oauth/introspect",
                json={"token": "none"},
                auth=(notion.client_id, notion.client_secret),
                headers={"Notion-Version": "2026-03-11"},
            )
    except httpx.HTTPError as error:
        return Finding("notion", "fail", f"{where} cannot be reached ({type(error).__name__})")
    if answer.status_code == 401:
        return Finding("notion", "fail", f"{where} does not accept NOTION_CLIENT_ID and NOTION_CLIENT_SECRET")
    if answer.status_code >= 500:
        return Finding(
            "notion", "warn", f"{where} answers with {answer.status_code}; its status page may know why"
        )
    return Finding("notion", "ok", f"{where} answers and knows our client id")


def _process(runtime: Runtime, process: Process, *, redis_answers: bool) -> Finding:
    if not redis_answers:
        return Finding(process, "warn", "unknown: its last beat is in Redis, which does not answer")
    try:
        found = beats(runtime.redis, process)
    except redis.RedisError as error:
        return Finding(process, "warn", f"unknown: Redis stopped answering ({type(error).__name__})")
    now = runtime.clock()
    stalled = [beat for beat in found if beat.is_stalled(now)]
    if stalled:
        everyone = len(stalled) == len(found)
        says = "; ".join(_stuck(beat, runtime) for beat in stalled)
        return Finding(process, "fail" if everyone else "warn", says)
    if not found:
        summary = (
            f"none has reported in the last five minutes: {_STARTS[process]}. Start it as the Procfile says"
        )
        return Finding(process, "fail", summary)
    return Finding(process, "ok", f"last beat {_seconds(found[0].at, now)} s ago")


def _stuck(beat: Beat, runtime: Runtime) -> str:
    limit = int(runtime.config.watch.stuck_seconds)
    return (
        f"{beat.where} has made no progress with connection {beat.connection_id} for "
        f"{_seconds(beat.at, runtime.clock())} s: it is stuck, or was killed. It ends by itself after {limit} s and "
        "its log says where it was; if it is still there then, end it (kill -9) and start it again: nothing is lost"
    )


def _seconds(at: datetime, now: datetime) -> int:
    return max(int((now - at).total_seconds()), 0)


def _connections() -> Finding:
    states = Counter(row.state for row in Connection.select(Connection.state))
    if not states:
        return Finding("connections", "ok", "none yet")
    summary = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    blocked = Connection.select().where(*blocked_by_notion()).count()
    if blocked:
        return Finding("connections", "fail", f"{summary}; Notion has blocked {blocked}: ask its support why")
    advice = ["someone has to reconnect to Notion"] if states["reconnect"] else []
    advice += [f"{question.sentence} {question.command}" for question in all_questions()]
    return Finding("connections", "warn" if advice else "ok", "; ".join([summary, *advice]))


def _webhooks(runtime: Runtime) -> Finding:
    """Without webhooks nothing is wrong: polls find edits, only later."""
    subscription = webhook_tokens.subscription_state(runtime)
    if subscription.is_on:
        last = events.last_event_at()
        summary = (
            f"last event {formats.ago(last, runtime.clock())}" if last else "no event in the last two days"
        )
        return Finding("webhooks", "ok", f"on; {summary}")
    if subscription.pending:
        return Finding("webhooks", "warn", "a token waits to be confirmed: Settings, Webhooks")
    return Finding("webhooks", "ok", "not set up; edits are found by polling")


def _keys(runtime: Runtime) -> Iterator[Finding]:
    """Findings only if a token is not sealed with the first key."""
    found = rotation.seals(runtime.vault)
    if found.unreadable:
        where = ", ".join(f"{value.table} {value.id}" for value in found.unreadable[:5])
        yield Finding(
            "keys",
            "fail",
            f"{formats.counted(len(found.unreadable), 'token')} cannot be opened with ENCRYPTION_KEYS ({where}): "
            "put the key back that sealed them, or reconnect to Notion and confirm the webhook token again",
        )
    elif found.old:
        yield Finding(
            "keys",
            "warn",
            f"{formats.counted(found.old, 'token')} sealed with an older key: run `flask vault rotate` "
            "before you remove it from ENCRYPTION_KEYS",
        )


def _files(runtime: Runtime) -> Iterator[Finding]:
    folder = runtime.config.instance
    if is_open_to_others(folder):
        yield Finding(
            "files",
            "warn",
            f"other users of this machine may look into {folder}: run chmod -R go-rwx {folder}",
        )


def _clock(runtime: Runtime) -> Finding:
    """Whether the database holds times in the future: then the clock of a machine is wrong, or was."""
    ahead = clocks.moments_ahead(now=runtime.clock())
    if not ahead:
        return Finding("clock", "ok", "no time in the database lies ahead of this machine's clock")
    summary = ", ".join(
        f"{times.rows} of {times.column} by up to {formats.span(times.by)}" for times in ahead
    )
    return Finding(
        "clock",
        "warn",
        f"times in the database lie ahead of this machine's clock: {summary}. The clock of a machine is wrong, or was: "
        "check that every machine follows NTP. If they do, this mends itself within a day",
    )
