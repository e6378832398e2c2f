"""The metrics of `/metrics`, read at the moment of each scrape. Ids only, no names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import redis
from peewee import fn
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from extract.connections import blocked_by_notion, budget_for
from extract.notion.limits.budget import BudgetUnreachable
from extract.process.beats import Process, beats
from extract.rules.timing import AT_WORK, SETTLED
from extract.runtime import Runtime
from extract.store.models import Connection, Document, Source, WebhookEvent
from webapp.http import security_log

STATES = ("alive", "reconnect", "disconnected")
PROCESSES: tuple[Process, ...] = ("worker", "daemon")


class MetricsCollector(Collector):
    """Reads a few counts from the database, and the other metrics from Redis if it answers."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def collect(self) -> Iterator[Metric]:
        """All metrics; those of Redis are missing, and `hilal_redis_up` is 0, while it does not answer."""
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
        yield _one(
            "hilal_oldest_wanted_seconds",
            "Age of the oldest wish that waits.",
            self._oldest_request_seconds(),
        )
        yield from _events()
        try:
            yield from self._from_redis()
            answers = 1
        except (redis.RedisError, BudgetUnreachable):
            answers = 0
        yield _one("hilal_redis_up", "Whether Redis answers.", answers)

    def _oldest_request_seconds(self) -> float:
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
    name: str, description: str, label: str, values: tuple[str, ...], counts: dict[str, int]
) -> GaugeMetricFamily:
    """One sample for each of `values`, also where the count is 0."""
    family = GaugeMetricFamily(name, description, labels=[label])
    for value in values:
        family.add_metric([value], counts.get(value, 0))
    return family


def _one(name: str, description: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, description, value=value)
