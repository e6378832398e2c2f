"""How many proxies in front of the web process are trusted with the client address; a warning if that is wrong.

With a wrong number everybody behind a proxy shares the address of the proxy, and with it each limit by address.
https://werkzeug.palletsprojects.com/en/stable/middleware/proxy_fix/
"""

from __future__ import annotations

from datetime import datetime, timedelta

import redis
import structlog
from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from extract.runtime import Runtime

log = structlog.get_logger(__name__)

FORWARDING = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Proto", "X-Forwarded-Host")

ADVICE = (
    "requests arrive with forwarded addresses, but web.proxies (PROXIES) is 0, so all people behind the proxy share "
    "its address and its limits. Set PROXIES to the number of proxies before the web process (1 on Heroku)"
)

_SEEN = "hilal:forwarded_headers_seen"
_REMEMBERED = timedelta(days=7)
_PAUSE = timedelta(hours=1)


def init_app(app: Flask, runtime: Runtime) -> None:
    """Trust as many proxies as are configured. With none, record requests that came through one nevertheless."""
    proxies = runtime.config.web.proxies
    if proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies
        )
        return
    noted_at: datetime | None = None

    @app.before_request
    def note() -> None:
        nonlocal noted_at
        now = runtime.clock()
        if is_forwarded() and (noted_at is None or not timedelta() <= now - noted_at < _PAUSE):
            noted_at = now
            _note(runtime)


def is_forwarded() -> bool:
    """Return True if a header says that a proxy forwarded this request."""
    return any(name in request.headers for name in FORWARDING)


def forwarded_headers_seen(server: redis.Redis) -> bool:
    """Return True if ignored forwarding headers arrived within the last week. Raises RedisError."""
    return bool(server.exists(_SEEN))


def _note(runtime: Runtime) -> None:
    log.warning("forwarded_headers_ignored", advice=ADVICE)
    try:
        runtime.redis.set(_SEEN, runtime.clock().isoformat(), ex=_REMEMBERED)
    except redis.RedisError as error:
        log.warning("forwarded_headers_not_noted", error=type(error).__name__)
