"""What machines ask about this process: is it alive, may it take traffic, how does the whole stand.

`/metrics` tells about every organisation, so it answers only to this machine: the connection itself must come from
loopback, and must not have been passed on by a proxy (a forwarding header betrays one). Anyone else finds nothing.
"""

from __future__ import annotations

from ipaddress import ip_address

import redis
from flask import Blueprint, Response, abort, jsonify, request
from peewee import PeeweeException
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from extract.db import check_schema, database
from extract.errors import SchemaError

from .extensions import limiter
from .frame import runtime
from .metrics import Standing

blueprint = Blueprint("probes", __name__)
limiter.exempt(blueprint)

_FORWARDING = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")


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
    """Prometheus text, read from the database and Redis at this moment; 404 to anyone but this machine."""
    if not _asked_from_here():
        abort(404)
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


def _asked_from_here() -> bool:
    """Whether the peer of the socket is this machine itself, whatever a proxy middleware made of the address."""
    before_proxies = request.environ.get("werkzeug.proxy_fix.orig") or {}
    peer = before_proxies.get("REMOTE_ADDR") or request.environ.get("REMOTE_ADDR", "")
    forwarded = any(name in request.headers for name in _FORWARDING)
    try:
        return ip_address(peer).is_loopback and not forwarded
    except ValueError:
        return False
