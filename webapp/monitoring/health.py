"""Sync health: whether the knowledge base follows Notion, and what a person must do if it does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint
from peewee import JOIN, Case, fn
from redis.exceptions import RedisError

from extract.connections import budget_for
from extract.notion.limits.budget import BudgetUnreachable
from extract.process.beats import beats, last_beat
from extract.rules.timing import AT_WORK, round_of_checks
from extract.store.models import Chatbot, Connection, Document, Membership, Run, Source
from webapp.access import needs, own_chatbot
from webapp.page import page_or_fragment, runtime
from webapp.roles import Role
from webapp.sources.brake import questions_of

blueprint = Blueprint("health", __name__)

FAILING = 50
RUNS = 30


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """Requests to Notion in the current window.

    `slow_round` is how often each page is really checked, if that is less often than configured, else None.
    """

    used: int
    limit: int
    seconds: int
    paused_until: datetime | None
    slow_round: timedelta | None


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """One connection as the page shows it, with the counts of this chatbot's sources and documents."""

    connection: Connection
    sources: int
    at_work: int
    waiting: int
    budget: BudgetUse | None


@dataclass(frozen=True, slots=True)
class StuckConnection:
    """A connection whose worker has shown no progress since `since`."""

    connection: Connection
    since: datetime


@blueprint.get("/chatbots/<int:chatbot_id>/health")
@needs(Role.MEMBER)
def page(chatbot_id: int) -> str:
    """Show the connections, what waits, what fails, and the latest runs."""
    chatbot = own_chatbot(chatbot_id)
    connection_rows = _connection_rows(chatbot)
    failing = _failing(chatbot)
    return page_or_fragment(
        "health/page.html",
        "health/_page.html",
        chatbot=chatbot,
        connection_rows=connection_rows,
        questions=questions_of(chatbot.id),
        asleep=_silent_processes() if connection_rows else None,
        stuck=_stuck(connection_rows),
        failing=list(failing.limit(FAILING)),
        failing_count=failing.count(),
        sources=_sources_that_need_someone(chatbot),
        runs=_runs(chatbot),
        all_alive=all(row.connection.state == "alive" for row in connection_rows),
        busy=any(row.at_work or row.waiting for row in connection_rows),
    )


def _connection_rows(chatbot: Chatbot) -> list[ConnectionRow]:
    """The connections that feed this chatbot, with their counts."""
    about = (
        Connection.id, Connection.workspace_id, Connection.workspace_name, Connection.workspace_icon,
        Connection.state, Connection.error, Connection.polled_at, Connection.paused_until, Connection.poll_failures,
    )  # fmt: skip
    at_work = fn.SUM(Case(None, ((Source.status.in_(AT_WORK), 1),), 0))
    sources = (
        Source.select(Source.connection, fn.COUNT(Source.id), at_work)
        .where(Source.chatbot == chatbot)
        .group_by(Source.connection)
    )
    counts = {connection_id: (held, int(busy)) for connection_id, held, busy in sources.tuples().iterator()}
    rows = Connection.select(*about).where(Connection.id.in_(list(counts)))
    waiting, checked = _waiting(chatbot), _checked_daily(chatbot)
    return [
        ConnectionRow(
            row,
            *counts[row.id],
            waiting.get(row.id, 0),
            _budget(row, checked.get(row.workspace_id, (0, 0))),
        )
        for row in rows.order_by(Connection.workspace_name, Connection.id)
    ]


def _waiting(chatbot: Chatbot) -> Mapping[int, int]:
    """Connection id -> how many documents of this chatbot wait to be read."""
    rows = (
        Document.select(Document.connection, fn.COUNT(Document.id))
        .where(Document.chatbot == chatbot, Document.requested_at.is_null(False), Document.error.is_null())
        .group_by(Document.connection)
    )
    return dict(rows.tuples().iterator())


def _checked_daily(chatbot: Chatbot) -> Mapping[str, tuple[int, int]]:
    """Workspace id -> how many pages and rows of this organisation are checked daily; a workspace has one budget."""
    is_row = fn.SUM(Case(None, ((Document.data_source_id.is_null(False), 1),), 0))
    rows = (
        Document.select(Connection.workspace_id, fn.COUNT(Document.id), is_row)
        .join(Connection)
        .where(Connection.organisation == chatbot.organisation_id, Connection.state == "alive")
        .where(Document.check_at.is_null(False))
        .group_by(Connection.workspace_id)
        .tuples()
        .iterator()
    )
    return {workspace: (count - int(rows or 0), int(rows or 0)) for workspace, count, rows in rows}


def _budget(connection: Connection, checked: tuple[int, int]) -> BudgetUse | None:
    config = runtime().config
    if connection.state != "alive":
        return None
    budget = budget_for(runtime(), connection.workspace_id)
    period = timedelta(hours=config.watch.verify_hours)
    try:
        real = round_of_checks(
            pages=checked[0],
            rows=checked[1],
            per_window=budget.share("checks"),
            window=budget.window,
            period=period,
        )
        return BudgetUse(
            used=budget.used(),
            limit=budget.limit,
            seconds=config.notion.window_seconds,
            paused_until=budget.paused_until(),
            slow_round=real if real > period else None,
        )
    except BudgetUnreachable:
        return None


def _silent_processes() -> str | None:
    """A sentence on the process that does not run, daemon or worker; None if both do."""
    try:
        watching = last_beat(runtime().redis, "daemon") is not None
        reading = last_beat(runtime().redis, "worker") is not None
    except RedisError:
        return (
            "Syncing rests: a part of this service cannot be reached. It goes on by itself once that is back."
        )
    if watching and reading:
        return None
    what = "Nothing is syncing right now" if not reading else "Edits in Notion are not noticed right now"
    return f"{what}: a part of this service has not reported for five minutes. Tell the person who runs it."


def _stuck(rows: Sequence[ConnectionRow]) -> list[StuckConnection]:
    """The connections of this chatbot whose worker shows no progress."""
    now, shown = runtime().clock(), {row.connection.id: row.connection for row in rows}
    try:
        stalled = [beat for beat in beats(runtime().redis, "worker") if beat.is_stalled(now)]
    except RedisError:
        return []
    return [
        StuckConnection(shown[beat.connection_id], beat.at) for beat in stalled if beat.connection_id in shown
    ]


def _failing(chatbot: Chatbot) -> Any:
    """A select of the documents whose last attempt failed, each with one of its sources.

    Pages that the question of the brake is about are left out.
    """
    braked = Connection.select(Connection.id).where(Connection.brake_at.is_null(False))
    asked = Document.doubted_at.is_null(False) & Document.connection.in_(braked)
    holds = Membership.select(fn.MIN(Membership.source)).where(Membership.document == Document.id)
    return (
        Document.select(
            Document.id,
            Document.title,
            Document.icon,
            Document.error,
            Document.retry_after,
            Document.synced_at,
            Source.id,
            Source.title,
        )  # fmt: skip
        .join(Source, JOIN.LEFT_OUTER, on=(Source.id == holds), attr="holder")
        .where(
            Document.chatbot == chatbot, Document.error.is_null(False), Document.removed_at.is_null(), ~asked
        )
        .order_by(Document.id)
    )


def _sources_that_need_someone(chatbot: Chatbot) -> list[Source]:
    wanted = Source.select().where(Source.chatbot == chatbot, Source.status.in_(("failed", "empty")))
    return list(wanted.order_by(Source.status.desc(), Source.title).limit(FAILING))


def _runs(chatbot: Chatbot) -> list[Run]:
    rows = Run.select(Run, Source.id, Source.title, Source.icon, Source.kind).join(Source)
    return list(
        rows.where(Source.chatbot == chatbot).order_by(Run.started_at.desc(), Run.id.desc()).limit(RUNS)
    )
