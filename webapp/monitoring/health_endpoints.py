"""The endpoints that machines poll: whether this process is alive, whether it may take traffic, and the metrics.

`/metrics` covers every organisation. With `web.metrics_token` it answers whoever sends the token. Without one it
answers only this machine: the connection comes from loopback and no header says that a proxy forwarded it. A proxy on
this machine may not add such a header, so in production `web.proxies` must be set as well.
"""

from __future__ import annotations

from hmac import compare_digest
from ipaddress import ip_address
from typing import Literal

import redis
from flask import Blueprint, Response, jsonify, request
from peewee import PeeweeException
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from extract import __version__
from extract.errors import SchemaError
from extract.store.db import check_schema, database
from webapp.extensions import limiter
from webapp.http.proxies import is_forwarded
from webapp.monitoring.metrics import MetricsCollector
from webapp.page import runtime

blueprint = Blueprint("probes", __name__)
limiter.exempt(blueprint)

PartState = Literal["ok", "does not answer"]

HOW_TO_READ_METRICS = (
    "Metrics are not shown here. Set web.metrics_token (METRICS_TOKEN) and send it as Authorization: Bearer <token>.\n"
    "Without a token only this machine may read them, and in production only when web.proxies (PROXIES) is set.\n"
)


@blueprint.get("/healthz")
def alive() -> Response:
    """200 as long as the process answers at all, with the version of this code."""
    return jsonify(status="ok", version=__version__)


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """200 if database, schema and Redis can be used, else 503 with what cannot."""
    parts = {"database": _database(), "schema": _schema(), "redis": _redis()}
    is_ready = all(value == "ok" for value in parts.values())
    return jsonify(status="ok" if is_ready else "unavailable", **parts), 200 if is_ready else 503


@blueprint.get("/metrics")
def metrics() -> Response:
    """The metrics as Prometheus text. Who may not read them gets 404 and how to get access."""
    if not _may_read_metrics():
        return Response(HOW_TO_READ_METRICS, status=404, content_type="text/plain; charset=utf-8")
    registry = CollectorRegistry()
    registry.register(MetricsCollector(runtime()))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _database() -> PartState:
    try:
        database.execute_sql("SELECT 1")
    except PeeweeException:
        return "does not answer"
    return "ok"


def _schema() -> str:
    try:
        check_schema()
    except SchemaError as error:
        return error.sentence
    except PeeweeException:
        return "unknown"
    return "ok"


def _redis() -> PartState:
    try:
        runtime().redis.ping()
    except redis.RedisError:
        return "does not answer"
    return "ok"


def _may_read_metrics() -> bool:
    config = runtime().config
    if config.web.metrics_token:
        _, _, shown = request.headers.get("Authorization", "").partition(" ")
        return compare_digest(shown.strip().encode(), config.web.metrics_token.encode())
    if config.production and not config.web.proxies:
        return False
    return _asked_from_here()


def _asked_from_here() -> bool:
    """Return True if this machine itself opened the connection, whatever `ProxyFix` made of the address."""
    before_proxies = request.environ.get("werkzeug.proxy_fix.orig") or {}
    peer = before_proxies.get("REMOTE_ADDR") or request.environ.get("REMOTE_ADDR", "")
    try:
        return ip_address(peer).is_loopback and not is_forwarded()
    except ValueError:
        return False
