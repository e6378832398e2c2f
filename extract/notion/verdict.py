"""What an answer of Notion's means for us: the retry matrix as one pure function of the reply.

https://developers.notion.com/reference/status-codes · https://developers.notion.com/reference/request-limits
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from extract.errors import (
    Blocked,
    Forbidden,
    InvalidRequest,
    NotFound,
    NotionError,
    RateLimited,
    Transient,
    Unauthorized,
    WrongKind,
)
from extract.notion.http import Reply
from extract.values import Json

DEFAULT_PAUSE = timedelta(seconds=60)
"""When a 429 does not say how long: a whole window of Notion's."""

LONGEST_PAUSE = timedelta(days=1)

BLOCK_PAUSE = timedelta(hours=1)
"""How long nobody asks for a workspace after Notion has blocked us: trying again is what it forbids."""

SERVICE_OVERLOAD = 529

# Notion gives this case no code of its own; its documentation quotes the message.
# https://developers.notion.com/reference/retrieve-a-page
_OTHER_KIND = re.compile(r"\bis an? [a-z_ ]{1,60}, not an? [a-z_ ]", re.IGNORECASE)
_SECONDS = re.compile(r"\d{1,9}(\.\d+)?")


def verdict(reply: Reply, endpoint: str, *, now: datetime) -> NotionError | None:
    """The error this reply stands for; None when it is a good answer.

    An answer that does not look like Notion's own (an HTML page of the edge, a proxy's JSON) never means that
    something is forbidden, gone or wrong: it passes.
    """
    status, body = reply.status, reply.body or {}
    if status in (HTTPStatus.TOO_MANY_REQUESTS, SERVICE_OVERLOAD):
        return _rate_limited(reply, endpoint, now)
    if status < HTTPStatus.MULTIPLE_CHOICES and reply.body is not None:
        return None
    code = body.get("code")
    kind = _kind(status, body) if isinstance(code, str) else Transient
    return kind(
        status=status,
        code=code if isinstance(code, str) else "not_json" if reply.body is None else None,
        request_id=reply.request_id,
        endpoint=endpoint,
    )


def resume_at(reply: Reply, *, now: datetime) -> datetime:
    """When Notion wants to hear from us again: the header, else the same in the body, else a whole window."""
    additional = (reply.body or {}).get("additional_data")
    repeated = additional.get("retry_after") if isinstance(additional, Mapping) else None
    for value in (reply.retry_after, repeated):
        pause = _pause(value, now)
        if pause is not None:
            return now + min(max(pause, timedelta(seconds=1)), LONGEST_PAUSE)
    return now + DEFAULT_PAUSE


def _kind(status: int, body: Mapping[str, Json]) -> type[NotionError]:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in (
        HTTPStatus.CONFLICT,
        HTTPStatus.REQUEST_TIMEOUT,
    ):
        return Transient
    if status == HTTPStatus.UNAUTHORIZED:
        return Unauthorized
    if status == HTTPStatus.FORBIDDEN:
        return Forbidden
    if status == HTTPStatus.NOT_FOUND and body["code"] == "object_not_found":
        return NotFound
    if status == HTTPStatus.BAD_REQUEST and _is_other_kind(body):
        return WrongKind
    return InvalidRequest


def _is_other_kind(body: Mapping[str, Json]) -> bool:
    return body["code"] == "validation_error" and bool(_OTHER_KIND.search(str(body.get("message"))))


def _rate_limited(reply: Reply, endpoint: str, now: datetime) -> NotionError:
    body = reply.body or {}
    additional = body.get("additional_data")
    reason = additional.get("rate_limit_reason") if isinstance(additional, Mapping) else None
    if "public_api_request_blocked" in (reason, body.get("code")):
        return Blocked(
            resume_at=now + BLOCK_PAUSE,
            status=reply.status,
            request_id=reply.request_id,
            endpoint=endpoint,
        )
    usual = "service_overload" if reply.status == SERVICE_OVERLOAD else "rate_limited"
    error = RateLimited(
        resume_at=resume_at(reply, now=now),
        endpoint=endpoint,
        code=reason if isinstance(reason, str) else usual,
    )
    error.status, error.request_id = reply.status, reply.request_id
    return error


def _pause(value: Json, now: datetime) -> timedelta | None:
    """`Retry-After` as seconds or as a date. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after"""
    text = str(value).strip() if isinstance(value, (str, int, float)) else ""
    if _SECONDS.fullmatch(text):
        return timedelta(seconds=float(text))
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
