"""The daemon's tick: what it polls and wakes, and that no error stops it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import redis
from peewee import Database, OperationalError
from rq import Queue

from daemon.__main__ import _one_tick
from daemon.loop import poll_one, polls_due, start_schedules, tick
from extract import __version__, jobs
from extract.config.load import ROOT
from extract.runtime import Runtime
from extract.store.db import database
from extract.store.models import Chatbot, Connection, Document, Organisation, Run, Source
from extract.store.vault import Vault
from extract.worklist import due
from sandbox import World
from tests.conftest import FERNET_KEY
from tests.knowledge import Knowledge
from tests.stories.conftest import Notion, acme, notion

__all__ = ["acme", "notion"]


def waiting(runtime: Runtime) -> int:
    return Queue(jobs.QUEUE, connection=runtime.redis).count


def test_a_wake_that_is_rolled_back_never_reaches_the_queue(acme: Knowledge) -> None:
    with database.atomic() as transaction:
        jobs.wake(acme.runtime, acme.connection.id)
        transaction.rollback()
    with database.atomic():
        pass  # another transaction does not send what the first had in mind
    assert waiting(acme.runtime) == 0

    with database.atomic():
        jobs.wake(acme.runtime, acme.connection.id)
        assert waiting(acme.runtime) == 0
    assert waiting(acme.runtime) == 1


def test_the_queue_does_not_grow_without_end_while_no_worker_lives(
    acme: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_LONGEST_QUEUE", 5)
    for _ in range(20):
        jobs.wake(acme.runtime, acme.connection.id)
        acme.runtime.redis.delete(f"hilal:waking:{acme.connection.id}")

    assert waiting(acme.runtime) == 5


def test_nobody_is_woken_when_nothing_is_due(acme: Knowledge, notion: Notion) -> None:
    acme.tick(notion.handbook.id, notion.terms.id)
    acme.work()
    acme.follow(seconds=120)
    acme.runtime.redis.flushall()
    for _ in range(30):
        acme.clock.advance(seconds=1)
        tick(acme.runtime)
        assert due.connections_with_work(now=acme.clock()) == []
    assert waiting(acme.runtime) == 0


@pytest.mark.parametrize("state", ["reconnect", "disconnected"])
def test_a_connection_that_is_not_alive_is_neither_polled_nor_woken(
    acme: Knowledge, notion: Notion, state: str
) -> None:
    acme.tick(notion.handbook.id)
    Connection.update(state=state).execute()
    acme.runtime.redis.flushall()
    acme.clock.advance(days=2)
    acme.spent()
    tick(acme.runtime)

    assert acme.spent() == []
    assert waiting(acme.runtime) == 0
    assert Document.select().where(Document.requested_at.is_null(False)).count() == 1


def test_two_daemons_make_one_poll(acme: Knowledge, notion: Notion) -> None:
    acme.tick(notion.handbook.id)
    assert polls_due(acme.clock()) == [acme.connection.id]
    acme.spent()
    poll_one(acme.runtime, acme.connection.id)
    assert polls_due(acme.clock()) == []
    assert acme.spent() == ["search", "search"]


def test_a_poll_that_works_again_takes_its_complaint_back(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    acme.tick(notion.handbook.id)
    acme.work()
    world.faults.fail("search", status=403, code="restricted_resource", times=1)
    acme.follow(seconds=61)
    assert Connection.get().error is not None

    acme.follow(seconds=300)
    assert Connection.get().error is None


def test_a_daemon_that_comes_late_does_not_poll_what_another_has_polled(
    acme: Knowledge, notion: Notion
) -> None:
    acme.tick(notion.handbook.id)
    seen_by_both = polls_due(acme.clock())
    poll_one(acme.runtime, acme.connection.id)
    acme.spent()

    for connection_id in seen_by_both:
        assert not poll_one(acme.runtime, connection_id)
    assert acme.spent() == []


def scheduled(acme: Knowledge, count: int, *, at: datetime) -> None:
    for number in range(count):
        Source.create(
            chatbot=acme.chatbot,
            connection=acme.connection,
            kind="page",
            notion_id=f"page {number}",
            title=f"Page {number}",
            status="trained",
            auto_retrain="daily",
            next_sync_at=at,
            last_synced_at=at,
            created_at=at,
        )


def test_sources_that_fall_due_together_start_a_few_at_a_time_as_they_are_worked(acme: Knowledge) -> None:
    due_at = acme.clock()
    scheduled(acme, 12, at=due_at)
    wanted = Source.select().where(Source.requested_at.is_null(False))
    starts = []
    for _ in range(4):
        starts.append(start_schedules(acme.clock()))
        assert start_schedules(acme.clock()) == 0  # nobody has worked the first ones yet
        assert wanted.count() == starts[-1]
        Source.update(requested_at=None).execute()
        acme.clock.advance(seconds=30)

    assert starts == [5, 5, 2, 0]
    assert {row.next_sync_at for row in Source.select()} == {due_at + timedelta(days=1)}


def test_a_crowd_of_one_connection_does_not_hold_up_the_schedule_of_another(acme: Knowledge) -> None:
    scheduled(acme, 12, at=acme.clock())
    other = Connection.create(
        organisation=acme.chatbot.organisation_id, bot_id="b", workspace_id="w", created_at=acme.clock()
    )
    Source.update(connection=other, next_sync_at=acme.clock()).where(Source.title == "Page 11").execute()

    start_schedules(acme.clock())

    assert Source.get(Source.title == "Page 11").requested_at == acme.clock()


def test_old_runs_go_and_each_source_keeps_its_latest_and_those_of_the_month(acme: Knowledge) -> None:
    now = acme.clock()
    scheduled(acme, 3, at=now)
    quiet, busy, frantic = Source.select().order_by(Source.id)
    for source, count, apart in (
        (quiet, 60, timedelta(days=10)),
        (busy, 200, timedelta(hours=12)),
        (frantic, 510, timedelta(minutes=1)),
    ):
        Run.insert_many(
            {
                "source": source,
                "trigger": "edit",
                "outcome": "trained",
                "started_at": now - apart * number,
                "finished_at": now - apart * number,
            }
            for number in range(count)
        ).execute()
    unfinished = Run.create(source=quiet, trigger="edit", started_at=now - timedelta(days=900))

    tick(acme.runtime)

    kept = [Run.select().where(Run.source == source).count() for source in (quiet, busy, frantic)]
    assert kept == [51, 61, 500]
    assert Run.get_or_none(Run.id == unfinished.id) is not None
    assert Run.get_or_none((Run.source == quiet) & (Run.started_at == now)) is not None


def test_runs_are_pruned_once_a_day_by_one_daemon(acme: Knowledge) -> None:
    tick(acme.runtime)
    assert 0 < acme.runtime.redis.ttl("hilal:runs_pruned") <= 24 * 60 * 60
    scheduled(acme, 1, at=acme.clock())
    old = acme.clock() - timedelta(days=365)
    Run.insert_many(
        {"source": Source.get(), "trigger": "edit", "started_at": old, "finished_at": old} for _ in range(60)
    ).execute()

    tick(acme.runtime)
    assert Run.select().count() == 60
    acme.runtime.redis.delete("hilal:runs_pruned")
    tick(acme.runtime)
    assert Run.select().count() == 50


@pytest.mark.parametrize("any_database_url", ["postgres"], indirect=True)
def test_a_database_server_that_went_away_is_used_again_by_a_later_tick(
    acme: Knowledge, notion: Notion, any_database_url: str
) -> None:
    acme.tick(notion.handbook.id)
    database.close()  # as the daemon does between two ticks: the pool keeps it open
    with psycopg.connect(any_database_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    acme.clock.advance(seconds=61)
    for _ in range(2):
        _one_tick(acme.runtime, threading.Event())

    database.connect()
    assert Connection.get().polled_at == acme.clock()


def test_a_tick_without_redis_or_with_a_broken_database_raises_nothing(
    acme: Knowledge, notion: Notion, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme.tick(notion.handbook.id)
    database.close()
    away = redis.Redis(host="127.0.0.1", port=1)
    _one_tick(replace(acme.runtime, redis=away), threading.Event())
    with monkeypatch.context() as patch:
        patch.setattr("daemon.loop.start_schedules", _broken)
        _one_tick(acme.runtime, threading.Event())
    away.close()
    database.connect()
    assert Connection.get().polled_at is None


def _broken(*arguments: object) -> None:
    raise OperationalError("the server closed the connection")


def test_a_daemon_that_waits_for_a_notion_that_hangs_ends_at_once(
    store: Database, sqlite_url: str, redis_url: str, tmp_path: Path
) -> None:
    """Its poll is given up; the next one begins where the last whole one ended."""
    now = datetime.now(UTC)
    organisation = Organisation.create(name="Acme", created_at=now)
    chatbot = Chatbot.create(organisation=organisation, name="Help desk", created_at=now)
    connection = Connection.create(
        organisation=organisation,
        bot_id="b",
        workspace_id="w",
        created_at=now,
        access_token=Vault((FERNET_KEY,)).seal("ntn_token"),
    )
    Source.create(
        chatbot=chatbot,
        connection=connection,
        kind="page",
        notion_id="p",
        title="Page",
        status="trained",
        created_at=now,
    )
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        environment = {
            "PATH": os.environ["PATH"],
            "HILAL_INSTANCE": f"{tmp_path}/instance",
            "SECRET_KEY": "a secret key for the tests only",
            "ENCRYPTION_KEYS": FERNET_KEY,
            "DATABASE_URL": sqlite_url,
            "REDIS_URL": redis_url,
            "NOTION_CLIENT_ID": "id",
            "NOTION_CLIENT_SECRET": "secret",
            "NOTION_API_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
        }
        log = tmp_path / "daemon.log"
        with (
            log.open("wb") as output,
            subprocess.Popen(
                [sys.executable, "-m", "daemon"], cwd=ROOT, env=environment, stdout=output, stderr=output
            ) as daemon,
        ):
            asked, _ = silent.accept()
            assert asked.recv(100)
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(10) == 0
            asked.close()
    assert Connection.get().polled_at is None
    first_line = log.read_text().splitlines()[0]
    assert "daemon_started" in first_line
    assert f"version={__version__}" in first_line
