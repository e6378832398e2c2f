"""The figures of `/metrics`, collected at the moment somebody scrapes them. Ids only, no names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import redis
from peewee import fn
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from extract.connections import blocked_by_notion, budget_for
from extract.notion.budget import BudgetUnreachable
from extract.process.beats import Process, beats
from extract.rules.timing import AT_WORK, SETTLED
from extract.runtime import Runtime
from extract.store.models import Connection, Document, Source, WebhookEvent
from webapp.http import security_log

STATES = ("alive", "reconnect", "disconnected")
PROCESSES: tuple[Process, ...] = ("worker", "daemon")


class Standing(Collector):
    """How everything stands: a handful of counts from the database, the rest from Redis where it answers."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def collect(self) -> Iterator[Metric]:
        yield _by(
            "hilal_sources",
            "Sources by status.",
            "status",
            (*AT_WORK, *SETTLED),
            _counts(Source, Source.status),
        )
        yield _by(
            "hilal_connections",
            "Connections by state.",
            "state",
            STATES,
            _counts(Connection, Connection.state),
        )
        blocked = Connection.select().where(*blocked_by_notion()).count()
        yield _one("hilal_connections_blocked", "Connections that Notion has blocked.", blocked)
        present = Document.removed_at.is_null()
        wanted = Document.requested_at.is_null(False)
        yield _one("hilal_documents", "Documents held.", Document.select().where(present).count())
        yield _one(
            "hilal_documents_stale", "Documents waiting to be read.", Document.select().where(wanted).count()
        )
        failing = Document.select().where(present, Document.error.is_null(False)).count()
        yield _one("hilal_documents_failing", "Documents whose last attempt failed.", failing)
        yield _one("hilal_oldest_wanted_seconds", "Age of the oldest wish that waits.", self._oldest_wish())
        yield from _events()
        try:
            yield from self._from_redis()
            answers = 1
        except (redis.RedisError, BudgetUnreachable):
            answers = 0
        yield _one("hilal_redis_up", "Whether Redis answers.", answers)

    def _oldest_wish(self) -> float:
        """Seconds since the oldest source or document was wanted; 0 when nothing waits."""
        oldest = [
            table.select(table.requested_at)
            .where(table.requested_at.is_null(False))
            .order_by(table.requested_at)
            .first()
            for table in (Source, Document)
        ]
        ages = [(self._runtime.clock() - row.requested_at).total_seconds() for row in oldest if row]
        return float(max([0.0, *ages]))

    def _from_redis(self) -> list[Metric]:
        now = self._runtime.clock()
        count = GaugeMetricFamily("hilal_processes", "Processes that reported lately.", labels=["process"])
        age = GaugeMetricFamily("hilal_beat_age_seconds", "Age of the latest beat.", labels=["process"])
        for process in PROCESSES:
            found = beats(self._runtime.redis, process)
            count.add_metric([process], len(found))
            if found:
                age.add_metric([process], max((now - found[0].at).total_seconds(), 0.0))
        stalled = sum(beat.is_stalled(now) for beat in beats(self._runtime.redis, "worker"))
        stuck = _one("hilal_workers_stuck", "Workers whose work shows no progress.", stalled)
        security = CounterMetricFamily("hilal_security_events", "Security events by kind.", labels=["event"])
        for event, happened in security_log.counts(self._runtime.redis).items():
            security.add_metric([event], happened)
        return [count, age, stuck, security, *self._budgets()]

    def _budgets(self) -> list[GaugeMetricFamily]:
        used = GaugeMetricFamily(
            "hilal_notion_requests", "Requests to Notion in the current window.", labels=["connection"]
        )
        limit = GaugeMetricFamily(
            "hilal_notion_limit", "Requests that a window allows.", labels=["connection"]
        )
        alive = Connection.select(Connection.id, Connection.workspace_id).where(Connection.state == "alive")
        for connection in alive.order_by(Connection.id):
            budget = budget_for(self._runtime, connection.workspace_id)
            used.add_metric([str(connection.id)], budget.used())
            limit.add_metric([str(connection.id)], budget.limit)
        return [used, limit]


def _events() -> Iterator[GaugeMetricFamily]:
    waiting = WebhookEvent.select().where(WebhookEvent.processed_at.is_null()).count()
    yield _one("hilal_webhook_events_waiting", "Events of Notion's that wait to be taken.", waiting)
    kept = WebhookEvent.select().count()
    yield _one("hilal_webhook_events_kept", "Events that came within the last two days.", kept)


def _counts(table: Any, column: Any) -> dict[str, int]:
    return dict(table.select(column, fn.COUNT(table.id)).group_by(column).tuples())


def _by(
    name: str, said: str, label: str, words: tuple[str, ...], counts: dict[str, int]
) -> GaugeMetricFamily:
    """One value for each word, also where it is 0."""
    family = GaugeMetricFamily(name, said, labels=[label])
    for word in words:
        family.add_metric([word], counts.get(word, 0))
    return family


def _one(name: str, said: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, said, value=value)
