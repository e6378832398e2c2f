"""Security events: one structured line each, and a count of each kind for `/metrics`.

`record` adds the caller's address and the member who acts. Counts are kept in Redis, so that they are those of all
processes; without Redis the line is written all the same.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from enum import StrEnum, auto
from typing import Any

import redis
import structlog
from flask import has_request_context, request
from flask_login import current_user
from peewee import PeeweeException

from extract.store.models import Source
from webapp.clean_text import normal_email
from webapp.page import runtime

log = structlog.get_logger(__name__)

_KEY = "hilal:security_events"


class SecurityEvent(StrEnum):
    """What happened; the value is the event's name in the log and its label in `/metrics`."""

    LOGGED_IN = auto()
    LOG_IN_FAILED = auto()
    LOCKED_OUT = auto()
    LOGGED_OUT = auto()
    REGISTERED = auto()
    PASSWORD_CHANGED = auto()
    PASSWORD_NOT_CHANGED = auto()  # the present one was wrong
    ROLE_CHANGED = auto()
    MEMBER_REMOVED = auto()
    INVITED = auto()
    INVITATION_WITHDRAWN = auto()
    INVITATION_ACCEPTED = auto()
    KEY_MADE = auto()
    KEY_REVOKED = auto()
    KEY_REFUSED = auto()
    KEYS_ROTATED = auto()
    NOTION_CONNECTED = auto()
    NOTION_DISCONNECTED = auto()
    REMOVAL_CONFIRMED = auto()
    SOURCE_DELETED = auto()
    WEBHOOK_TOKEN_ACCEPTED = auto()
    WEBHOOK_TOKEN_FORGOTTEN = auto()
    EVENT_UNSIGNED = auto()
    EVENT_TOO_OLD = auto()
    FORM_REFUSED = auto()
    CROSS_ORIGIN_REFUSED = auto()
    TOO_MANY_REQUESTS = auto()


_REFUSALS = frozenset(
    {
        SecurityEvent.LOG_IN_FAILED,
        SecurityEvent.LOCKED_OUT,
        SecurityEvent.PASSWORD_NOT_CHANGED,
        SecurityEvent.KEY_REFUSED,
        SecurityEvent.EVENT_UNSIGNED,
        SecurityEvent.EVENT_TOO_OLD,
        SecurityEvent.FORM_REFUSED,
        SecurityEvent.CROSS_ORIGIN_REFUSED,
        SecurityEvent.TOO_MANY_REQUESTS,
    }
)


def record(event: SecurityEvent, *, email: str | None = None, **ids: int | str | None) -> None:
    """Log one line about `event` and count it. Raises nothing.

    `ids` name the rows concerned (`member_id`, `connection_id`, …). An e-mail address is logged as a keyed hash, so
    that attempts on one address can be recognised although the log holds no addresses.
    """
    fields = _caller() | {name: value for name, value in ids.items() if value is not None}
    if email is not None:
        fields["email_hash"] = _email_hash(email)
    (log.warning if event in _REFUSALS else log.info)(event.value, kind="security", **fields)
    try:
        runtime().redis.hincrby(_KEY, event.value, 1)
    except redis.RedisError:
        log.debug("security_event_not_counted", counted=event.value)


def record_sources(event: SecurityEvent, sources: Iterable[Source]) -> None:
    """`record` for each of several sources."""
    for source in sources:
        record(event, source_id=source.id, chatbot_id=source.chatbot_id)


def record_rate_limit() -> None:
    """Record that the present request exceeded a rate limit."""
    is_log_in = request.endpoint == "accounts.login"
    record(
        SecurityEvent.LOCKED_OUT if is_log_in else SecurityEvent.TOO_MANY_REQUESTS, endpoint=request.endpoint
    )


def counts(client: redis.Redis) -> Mapping[str, int]:
    """How often each event happened, over all processes since Redis was last emptied. Raises RedisError."""
    found: Any = client.hgetall(_KEY)
    return {event.value: int(found.get(event.value.encode(), 0)) for event in SecurityEvent}


def _caller() -> dict[str, Any]:
    """Who acts, and from which address; for a `flask` command only that it is one."""
    if not has_request_context():
        return {"via": "command"}
    fields: dict[str, Any] = {"address": request.remote_addr}
    try:
        if current_user.is_authenticated:
            fields["actor_id"] = current_user.member.id
            fields["organisation_id"] = current_user.member.organisation_id
    except PeeweeException:
        pass  # the database does not answer; the line is written without the member
    return fields


def _email_hash(email: str) -> str:
    key = runtime().config.web.secret_key.encode()
    return hmac.new(key, normal_email(email).encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:16]
