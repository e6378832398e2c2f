"""How every command behaves: exit codes, one line on stderr, JSON, an old schema, a configuration that is no good."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from structlog.testing import capture_logs

from extract.config.load import ROOT
from extract.runtime import Runtime
from extract.store.db import database
from extract.store.models import ApiKey, Chatbot, Connection, Document, Member, Organisation, Source
from tests.clock import StoppedClock
from tests.webapp.conftest import Cast
from tests.webapp.rows import make_connection, make_document, make_source
from webapp.api.keys import find_key
from webapp.commands.output import facts, one_line, short, table
from webapp.people.passwords import matches


def run(app: Flask, *words: object, stdin: str | None = None) -> Result:
    """Type a command. What is logged would go to stderr, by `webapp.commands.entry`."""
    with capture_logs():
        return app.test_cli_runner().invoke(args=[str(word) for word in words], input=stdin)


COMMANDS = (
    ("users", "create", "--email", "eve@acme.test"),
    ("users", "password", "--email", "ada@acme.test"),
    ("chatbots", "list"),
    ("chatbots", "create", "--organisation", "Acme", "Bot"),
    ("keys", "create", "--chatbot", "1"),
    ("connections", "list"),
    ("connections", "disconnect", "1"),
    ("connections", "confirm-removal", "1"),
    ("sources", "list"),
    ("sources", "show", "1"),
    ("sources", "import", "--chatbot", "1", "--connection", "1", "some-page"),
    ("sources", "retrain", "--all"),
    ("sources", "schedule", "1", "weekly"),
    ("sources", "delete", "1", "--yes"),
    ("webhooks", "show"),
    ("webhooks", "accept"),
    ("search", "--chatbot", "1", "words"),
)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_an_old_schema_is_refused_with_the_command_that_mends_it(app: Flask, words: tuple[str, ...]) -> None:
    database.execute_sql("DELETE FROM schema_migration")

    result = run(app, *words)

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == "Error: The database is empty: run `flask db upgrade`.\n"


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_and_knows_json(app: Flask, words: tuple[str, ...]) -> None:
    depth = 1 if words[0] == "search" else 2

    result = run(app, *words[:depth], "--help")

    assert result.exit_code == 0
    assert "--json" in result.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("sources", "frobnicate"),
        ("sources", "list", "--status", "happy"),
        ("sources", "retrain"),
        ("sources", "retrain", "1", "--all"),
        ("sources", "delete", "1"),
        ("sources", "schedule", "1", "hourly"),
        ("search", "words"),
        ("search", "--chatbot", "1", " "),
        ("users", "create"),
        ("keys", "create", "--chatbot", "one"),
    ],
    ids=" ".join,
)
def test_misuse_exits_with_2_and_says_why(app: Flask, cast: Cast, words: tuple[str, ...]) -> None:
    result = run(app, *words)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Error: " in result.stderr


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("sources", "show", "99"), "There is no source 99."),
        (("sources", "retrain", "98", "99"), "There is no source 98 or 99."),
        (("sources", "list", "--chatbot", "99"), "There is no chatbot 99."),
        (("connections", "disconnect", "99"), "There is no connection 99."),
        (("keys", "create", "--chatbot", "99"), "There is no chatbot 99."),
        (("chatbots", "create", "--organisation", "Nobody", "Bot"), "There is no organisation Nobody."),
    ],
)
def test_a_row_that_is_not_there_is_refused_in_one_line(
    app: Flask, cast: Cast, words: tuple[str, ...], line: str
) -> None:
    result = run(app, *words)

    assert result.exit_code == 1
    assert result.stderr == f"Error: {line}\n"


def test_redis_that_is_gone_is_one_line(
    app: Flask, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    import redis

    def gone(*_: object, **__: object) -> None:
        raise redis.ConnectionError("Connection refused")

    monkeypatch.setattr("webapp.commands.search.find", gone)
    monkeypatch.setattr("webapp.commands.search.rows.chatbot", lambda number: Chatbot(id=number))

    result = run(app, "search", "--chatbot", 1, "words")

    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "check redis.url (REDIS_URL)" in result.stderr


def test_the_flask_command_upgrades_an_empty_database_and_refuses_a_bad_configuration(tmp_path: Path) -> None:
    """The command as an operator types it: from the root, without --app."""
    flask = Path(sys.executable).with_name("flask")
    config = tmp_path / "config.toml"
    config.write_text("")
    environ = {
        "PATH": os.environ["PATH"],
        "HILAL_INSTANCE": str(tmp_path),
        "HILAL_CONFIG": str(config),
        "REDIS_URL": "unix:///nonexistent",
    }

    def typed(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [flask, *words], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60
        )

    empty = typed("chatbots", "list")
    upgraded = typed("db", "upgrade")
    listed = typed("chatbots", "list", "--json")
    config.write_text("[web]\nprot = 1\n")
    refused = typed("db", "check")

    assert (empty.returncode, empty.stderr) == (1, "Error: The database is empty: run `flask db upgrade`.\n")
    assert (upgraded.returncode, upgraded.stderr) == (0, "")
    assert (listed.returncode, listed.stdout) == (0, "[]\n")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"Error: web.prot: unknown key in {config}\n"


def test_upgrading_twice_does_nothing_the_second_time(app: Flask) -> None:
    assert "up to date" in run(app, "db", "upgrade").stdout
    assert json.loads(run(app, "db", "upgrade", "--json").stdout) == {"applied": []}


# users


def test_a_new_organisation_is_founded_with_its_owner_and_a_chatbot(app: Flask, runtime: Runtime) -> None:
    result = run(app, "users", "create", "--email", "Ada@Acme.test", "--organisation", "Acme", "--json")

    made = json.loads(result.stdout)
    member = Member.get()
    assert result.exit_code == 0
    assert (made["email"], made["role"], made["organisation"]) == ("ada@acme.test", "owner", "Acme")
    assert len(made["password"]) >= 16
    assert member.password_hash not in result.stdout
    assert Chatbot.select().where(Chatbot.organisation == member.organisation).count() == 1


def test_a_given_password_is_not_printed(app: Flask, cast: Cast) -> None:
    words = ("users", "create", "--email", "eve@acme.test", "--organisation", "Acme", "--password-stdin")

    result = run(app, *words, stdin="a long enough password\n")

    assert result.exit_code == 0
    assert result.stdout == "eve@acme.test is member of Acme.\n"
    assert Organisation.select().count() == 2


@pytest.mark.parametrize(
    ("more", "stdin", "line"),
    [
        ((), "short\n", "at least"),
        ((), "\n", "no password on standard input"),
        (("--email", "ada@acme.test"), "a long enough password\n", "already has an account"),
        (("--email", "nonsense"), "a long enough password\n", "e-mail address"),
        (("--organisation", "New", "--role", "member"), "a long enough password\n", "--role owner or admin"),
    ],
)
def test_a_user_who_cannot_be_made_leaves_nothing_behind(
    app: Flask, cast: Cast, more: tuple[str, ...], stdin: str, line: str
) -> None:
    words = (
        "users",
        "create",
        "--email",
        "eve@acme.test",
        "--organisation",
        "Acme",
        "--password-stdin",
        *more,
    )

    result = run(app, *words, stdin=stdin)

    assert (result.exit_code, result.stdout) == (1, "")
    assert line in result.stderr
    assert (Member.select().count(), Organisation.select().count()) == (4, 2)


def test_with_several_organisations_one_has_to_be_named(app: Flask, cast: Cast) -> None:
    assert run(app, "users", "create", "--email", "eve@acme.test").exit_code == 2


# chatbots, keys, connections


def test_chatbots_are_made_and_listed(app: Flask, cast: Cast) -> None:
    made = json.loads(run(app, "chatbots", "create", "--organisation", "Acme", "Helpdesk", "--json").stdout)
    listed = json.loads(run(app, "chatbots", "list", "--json").stdout)

    assert made == {
        "id": made["id"],
        "organisation_id": cast.acme.id,
        "organisation": "Acme",
        "name": "Helpdesk",
    }
    assert made in listed
    assert "Helpdesk" in run(app, "chatbots", "list").stdout


def test_a_key_is_printed_once_and_opens_its_chatbot(app: Flask, cast: Cast) -> None:
    made = json.loads(run(app, "keys", "create", "--chatbot", cast.chatbot.id, "--json").stdout)

    key = find_key(made["key"])
    assert key is not None
    assert (key.id, key.chatbot) == (made["id"], cast.chatbot)
    assert made["key"] not in str(ApiKey.select().dicts().get())


def test_connections_are_listed_without_their_tokens(
    app: Flask, connection: Connection, source: Source
) -> None:
    result = run(app, "connections", "list", "--json")

    assert json.loads(result.stdout) == [
        {
            "id": connection.id,
            "organisation_id": connection.organisation_id,
            "workspace_id": connection.workspace_id,
            "workspace_name": "Acme",
            "bot_id": connection.bot_id,
            "state": "alive",
            "sources": 1,
            "created_at": "2026-11-22T09:00:30Z",
        }
    ]
    assert "Acme" in run(app, "connections", "list").stdout


def test_what_a_connection_asks_is_listed_diagnosed_and_answered(
    app: Flask, connection: Connection, source: Source, clock: StoppedClock
) -> None:
    Connection.update(brake_at=clock() - timedelta(hours=1)).execute()
    at = clock() - timedelta(hours=2)
    for title in ("Leave", "Travel"):
        make_document(source, title, clock(), "A word.", requested_at=at, request_rank=3, doubted_at=at)

    question = "2 pages of Acme are no longer shown to us. They were not removed and still answer."
    assert question in run(app, "connections", "list").stdout
    told = {item["check"]: item for item in json.loads(run(app, "doctor", "--json").stdout)}["connections"]
    assert told["state"] == "warn"
    assert question in told["says"]
    assert f"flask connections confirm-removal {connection.id}" in told["says"]

    answered = run(app, "connections", "confirm-removal", connection.id, "--json")
    again = run(app, "connections", "confirm-removal", connection.id)

    assert json.loads(answered.stdout) == {"id": connection.id, "pages": 2}
    assert {row.request_rank for row in Document.select()} == {0}
    assert question not in run(app, "connections", "list").stdout
    assert again.exit_code == 1
    assert again.stderr.startswith("Error: There is nothing to remove any more")


def test_disconnecting_keeps_the_sources(app: Flask, connection: Connection, source: Source) -> None:
    result = run(app, "connections", "disconnect", connection.id, "--json")

    assert json.loads(result.stdout) == {"id": connection.id, "state": "disconnected"}
    after = Connection.get_by_id(connection.id)
    assert (after.access_token, after.refresh_token) == (None, None)
    assert Source.select().count() == 1


# search


def test_search_prints_what_the_chatbot_would_find(app: Flask, cast: Cast, clock: StoppedClock) -> None:
    source = make_source(cast.chatbot, make_connection(cast.acme, clock()), "Handbook", clock())
    make_document(source, "Leave", clock(), "Everybody has thirty days of leave.", heading_path=("Holidays",))

    text = run(app, "search", "--chatbot", cast.chatbot.id, "thirty", "days").stdout
    data = json.loads(run(app, "search", "--chatbot", cast.chatbot.id, "thirty days", "--json").stdout)

    assert text.startswith(" 1. Leave › Holidays\n    Everybody has thirty days of leave.\n    https://")
    assert (data["query"], data["hits"][0]["title"]) == ("thirty days", "Leave")
    assert run(app, "search", "--chatbot", cast.other_chatbot.id, "thirty days").stdout == "Nothing found.\n"


# how text is laid out


def test_columns_line_up_whatever_the_script() -> None:
    text = table(("id", "title"), [(7, "有給休暇"), (1200, "Leave")], right=("id",))

    assert text == "  ID  TITLE\n   7  有給休暇\n1200  Leave"


def test_what_is_printed_cannot_steer_a_terminal() -> None:
    assert one_line("Two\nlines \x1b[31mred") == "Two lines [31mred"
    assert facts([("title", "a\nb"), ("error", None)]) == "title  a b\nerror  –"
    assert short("有給休暇の手引き", 6) == "有給…"


def test_a_forgotten_password_is_replaced_and_every_session_ends(app: Flask, cast: Cast) -> None:
    before = Member.get(Member.email == "ada@acme.test")

    result = run(
        app,
        "users",
        "password",
        "--email",
        "Ada@acme.test",
        "--password-stdin",
        stdin="a brand new sentence\n",
    )

    after = Member.get(Member.email == "ada@acme.test")
    assert result.exit_code == 0
    assert matches("a brand new sentence", after.password_hash)
    assert after.session_key != before.session_key


def test_a_password_that_is_made_up_is_shown_once(app: Flask, cast: Cast) -> None:
    made = json.loads(run(app, "users", "password", "--email", "ada@acme.test", "--json").stdout)

    assert matches(made["password"], Member.get(Member.email == "ada@acme.test").password_hash)


def test_nobody_gets_a_password_without_an_account(app: Flask, cast: Cast) -> None:
    result = run(app, "users", "password", "--email", "eve@acme.test")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "Nobody has an account" in result.stderr
