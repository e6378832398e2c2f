"""What machines ask about this process: is it alive, may it take traffic, how does the whole stand.

`/metrics` tells about every organisation. With `web.metrics_token` it answers to whoever shows the token. Without one
it answers to this machine: the connection comes from loopback and no header says that a proxy passed it on. A proxy on
this machine may add no such header, so in production that also needs `web.proxies`, which says that ours do.
"""

from __future__ import annotations

from hmac import compare_digest
from ipaddress import ip_address

import redis
from flask import Blueprint, Response, jsonify, request
from peewee import PeeweeException
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from extract.errors import SchemaError
from extract.store.db import check_schema, database
from webapp.extensions import limiter
from webapp.http.proxies import is_forwarded
from webapp.monitoring.metrics import Standing
from webapp.page import runtime

blueprint = Blueprint("probes", __name__)
limiter.exempt(blueprint)

HOW_TO_READ_METRICS = (
    "Metrics are not shown here. Set web.metrics_token (METRICS_TOKEN) and send it as Authorization: Bearer <token>.\n"
    "Without a token only this machine may read them, and in production only when web.proxies (PROXIES) is set.\n"
)


@blueprint.get("/healthz")
def alive() -> Response:
    """200 as long as the process answers at all."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """200 when database, schema and Redis are there, else 503 with what is missing."""
    found = {"database": _database(), "schema": _schema(), "redis": _redis()}
    well = all(value == "ok" for value in found.values())
    return jsonify(status="ok" if well else "unavailable", **found), 200 if well else 503


@blueprint.get("/metrics")
def metrics() -> Response:
    """Prometheus text, read from the database and Redis at this moment. Others get 404 and how to be let in."""
    if not _may_read_metrics():
        return Response(HOW_TO_READ_METRICS, status=404, content_type="text/plain; charset=utf-8")
    registry = CollectorRegistry()
    registry.register(Standing(runtime()))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _database() -> str:
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


def _redis() -> str:
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
    """Whether this machine itself opened the connection, whatever a proxy middleware made of the address."""
    before_proxies = request.environ.get("werkzeug.proxy_fix.orig") or {}
    peer = before_proxies.get("REMOTE_ADDR") or request.environ.get("REMOTE_ADDR", "")
    try:
        return ip_address(peer).is_loopback and not is_forwarded()
    except ValueError:
        return False
