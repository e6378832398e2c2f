"""`flask sources …`: its output, what it requests, how it waits."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from flask import Flask

from extract.store.models import Connection, Document, Run, Source
from tests.clock import StoppedClock
from tests.webapp.commands.test_chatbots_and_users import run
from tests.webapp.conftest import Cast
from tests.webapp.rows import make_connection, make_document, make_source
from webapp.commands.sources import waiting
from webapp.commands.sources.waiting import settled

if TYPE_CHECKING:
    from sandbox import World


@pytest.fixture
def wire(cast: Cast, clock: StoppedClock) -> Connection:
    return make_connection(cast.acme, clock())


def test_the_list_says_how_each_source_stands(
    app: Flask, cast: Cast, wire: Connection, clock: StoppedClock
) -> None:
    make_source(cast.chatbot, wire, "Handbook", clock())
    asleep = make_connection(cast.acme, clock(), state="disconnected")
    make_source(cast.chatbot, asleep, "Old plans", clock(), status="failed", error="Notion was away.")

    text = run(app, "sources", "list").stdout.splitlines()
    failed = json.loads(run(app, "sources", "list", "--status", "failed", "--json").stdout)

    assert text[0].split() == ["ID", "STATUS", "KIND", "DOCUMENTS", "KB", "AUTO", "LAST", "SYNCED", "TITLE"]
    assert text[1].split()[1] == "trained"
    assert "failed (disconnected)" in text[2]
    assert [(item["title"], item["error"]) for item in failed] == [("Old plans", "Notion was away.")]


def test_no_sources_is_an_empty_list(app: Flask, cast: Cast) -> None:
    assert run(app, "sources", "list", "--json").stdout == "[]\n"
    assert run(app, "sources", "list").stdout == "No sources.\n"


def test_a_source_is_shown_with_its_runs(
    app: Flask, cast: Cast, wire: Connection, clock: StoppedClock
) -> None:
    source = make_source(cast.chatbot, wire, "Handbook", clock())
    Run.create(source=source, trigger="retrain", outcome="trained", fetched=3, started_at=clock())

    shown = json.loads(run(app, "sources", "show", source.id, "--json").stdout)

    assert (shown["title"], shown["runs"][0]["trigger"], shown["runs"][0]["fetched"]) == (
        "Handbook",
        "retrain",
        3,
    )
    assert "retrain" in run(app, "sources", "show", source.id).stdout


def test_retraining_marks_what_was_chosen(
    app: Flask, cast: Cast, wire: Connection, clock: StoppedClock
) -> None:
    failed = make_source(cast.chatbot, wire, "Failed", clock(), status="failed")
    make_source(cast.chatbot, wire, "Fine", clock())

    result = run(app, "sources", "retrain", "--status", "failed", "--json")

    assert json.loads(result.stdout) == {"retrained": [failed.id]}
    assert [row.status for row in Source.select().order_by(Source.id)] == ["re-training", "trained"]
    assert Source.get_by_id(failed.id).requested_at == clock()


def test_retraining_all_leaves_out_what_is_not_connected(
    app: Flask, cast: Cast, wire: Connection, clock: StoppedClock
) -> None:
    source = make_source(cast.chatbot, wire, "Fine", clock())
    asleep = make_connection(cast.acme, clock(), state="reconnect")
    resting = make_source(cast.chatbot, asleep, "Resting", clock())

    every = run(app, "sources", "retrain", "--all", "--json")
    one = run(app, "sources", "retrain", resting.id)

    assert json.loads(every.stdout) == {"retrained": [source.id]}
    assert "Left out 1" in every.stderr
    assert (one.exit_code, "Reconnect" in one.stderr) == (1, True)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch, clock: StoppedClock) -> Callable[..., None]:
    """What the sync does while the command pauses: one step a pause."""

    def steps(*todo: Callable[[], object]) -> None:
        left = list(todo)

        def pause(seconds: float) -> None:
            clock.advance(seconds=seconds)
            if left:
                left.pop(0)()

        monkeypatch.setattr(waiting, "pause", pause)

    return steps


def test_waiting_prints_each_outcome_and_exits_with_1_when_one_failed(
    app: Flask, cast: Cast, wire: Connection, clock: StoppedClock, meanwhile: Callable[..., None]
) -> None:
    good = make_source(cast.chatbot, wire, "Good", clock())
    bad = make_source(cast.chatbot, wire, "Bad", clock())
    meanwhile(
        lambda: Source.update(status="training").execute(),
        lambda: Source.update(status="trained").where(Source.id == good.id).execute(),
        lambda: Source.update(status="failed", error="Notion was away.").where(Source.id == bad.id).execute(),
    )

    result = run(app, "sources", "retrain", good.id, bad.id, "--wait")

    assert result.exit_code == 1
    assert result.stdout == f"trained  {good.id} Good\nfailed   {bad.id} Bad: Notion was away.\n"
    assert result.stderr == "Error: 1 of 2 failed.\n"


def test_waiting_until_all_is_well_exits_with_0(
    app: Flask, cast: Cast, wire: Connection, clock: StoppedClock, meanwhile: Callable[..., None]
) -> None:
    make_source(cast.chatbot, wire, "Good", clock())
    meanwhile(lambda: Source.update(status="trained").execute())

    result = run(app, "sources", "retrain", "--all", "--wait", "--json")

    assert result.exit_code == 0
    assert [item["status"] for item in json.loads(result.stdout)["sources"]] == ["trained"]


def test_waiting_ends_at_its_timeout(
    app: Flask, cast: Cast, wire: Connection, clock: StoppedClock, meanwhile: Callable[..., None]
) -> None:
    make_source(cast.chatbot, wire, "Slow", clock())
    meanwhile()

    result = run(app, "sources", "retrain", "--all", "--wait", "--timeout", "30")

    assert result.exit_code == 1
    assert "1 of 1 had not settled after 30 seconds" in result.stderr


def test_a_source_that_is_deleted_meanwhile_is_not_waited_for(
    cast: Cast, wire: Connection, clock: StoppedClock
) -> None:
    source = make_source(cast.chatbot, wire, "Gone", clock(), status="training")

    def pause(seconds: float) -> None:
        clock.advance(seconds=seconds)
        Source.delete().execute()

    assert list(settled([source.id], clock=clock, timeout=60, wait=pause)) == []


def test_a_schedule_is_saved_and_says_when_it_runs(
    app: Flask, cast: Cast, wire: Connection, clock: StoppedClock
) -> None:
    source = make_source(cast.chatbot, wire, "Handbook", clock())

    result = run(app, "sources", "schedule", source.id, "daily", "--json")

    item = json.loads(result.stdout)
    assert (item["auto_retrain"], item["next_sync_at"]) == ("daily", "2026-11-23T09:00:30Z")


def test_deleting_needs_yes_and_takes_the_content_along(
    app: Flask, cast: Cast, wire: Connection, clock: StoppedClock
) -> None:
    source = make_source(cast.chatbot, wire, "Handbook", clock())
    make_document(source, "Leave", clock(), "Thirty days.")

    asked = run(app, "sources", "delete", source.id)
    assert (asked.exit_code, Source.select().count()) == (2, 1)
    assert "--yes" in asked.stderr

    assert run(app, "sources", "delete", source.id, "--yes").stdout == f"Deleted {source.id}: Handbook.\n"
    assert (Source.select().count(), Document.select().count()) == (0, 0)


def test_importing_reports_each_and_fails_for_what_notion_does_not_show(
    app: Flask, cast: Cast, connection: Connection, world: World
) -> None:
    page = world.workspace_named("Acme").page("Plan")
    words = ("sources", "import", "--chatbot", cast.chatbot.id, "--connection", connection.id)
    unknown = "99999999-9999-4999-8999-999999999999"

    result = run(app, *words, "--schedule", "weekly", page.id, unknown, "--json")

    outcomes = {item["pick"]: item for item in json.loads(result.stdout)}
    source = Source.get()
    assert result.exit_code == 1
    assert (outcomes[page.id]["source_id"], outcomes[page.id]["new"]) == (source.id, True)
    assert "Share it with the integration" in outcomes[unknown]["error"]
    assert (source.title, source.auto_retrain, source.status) == ("Plan", "weekly", "pending")
    assert "known" in run(app, *words, page.id).stdout


def test_pages_are_imported_with_their_sub_pages_and_databases_as_they_are(
    app: Flask, cast: Cast, connection: Connection, world: World
) -> None:
    workspace = world.workspace_named("Acme")
    page, bugs = workspace.page("Plan"), workspace.database("Bugs")
    words = ("sources", "import", "--chatbot", cast.chatbot.id, "--connection", connection.id)

    assert run(app, *words, "--with-subpages", page.id, bugs.id).exit_code == 0

    listed = json.loads(run(app, "sources", "list", "--json").stdout)
    assert {item["title"]: item["with_subpages"] for item in listed} == {"Plan": True, "Bugs": False}
    assert "page+" in run(app, "sources", "list").stdout


def test_importing_a_known_page_with_its_sub_pages_widens_it(
    app: Flask, cast: Cast, connection: Connection, world: World
) -> None:
    page = world.workspace_named("Acme").page("Plan")
    words = ("sources", "import", "--chatbot", cast.chatbot.id, "--connection", connection.id, page.id)
    run(app, *words)
    assert not Source.get().with_subpages

    assert "known" in run(app, *words, "--with-subpages").stdout
    assert Source.get().with_subpages


def test_a_whole_workspace_is_imported(app: Flask, cast: Cast, connection: Connection) -> None:
    words = ("sources", "import", "--chatbot", cast.chatbot.id, "--connection", connection.id)

    assert run(app, *words).exit_code == 2
    outcomes = json.loads(run(app, *words, "--workspace", "--json").stdout)

    shown = json.loads(run(app, "sources", "show", Source.get().id, "--json").stdout)
    assert outcomes[0]["new"] is True
    assert (shown["kind"], shown["notion_id"], shown["title"]) == (
        "workspace",
        connection.workspace_id,
        "Acme",
    )


def test_sources_are_stopped_and_resumed(
    app: Flask, cast: Cast, wire: Connection, clock: StoppedClock
) -> None:
    source = make_source(cast.chatbot, wire, "Handbook", clock(), status="re-training")
    make_document(source, "Leave", clock(), "Thirty days.")

    stopped = json.loads(run(app, "sources", "stop", source.id, "--json").stdout)
    assert [(item["stopped"], item["status"], item["next_sync_at"]) for item in stopped] == [
        (True, "trained", None)
    ]
    assert "trained (stopped)" in run(app, "sources", "list").stdout

    assert run(app, "sources", "resume", source.id).stdout == f"{source.id}: Handbook: goes on.\n"
    assert Source.get().stopped_at is None
    assert run(app, "sources", "stop", 4711).exit_code == 1
