"""Notion's token endpoint: what a grant holds, refreshing one, revoking one.

JSON bodies, Basic authentication, never retried here: a refresh may have been carried out although its answer
was lost. https://developers.notion.com/guides/get-started/authorization
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import httpx2

from extract.config.load import Config
from extract.errors import InvalidRequest, NotionError, OAuthRefused, RateLimited, Transient
from extract.foreign_json import UNSTORABLE
from extract.notion.fields import dashed, mapping
from extract.notion.http import Reply, send
from extract.notion.verdict import SERVICE_OVERLOAD, resume_at
from extract.values import Clock, Json, utc_now

TOKEN_PATH = "/v1/oauth/token"  # noqa: S105 (an address, no password)
REVOKE_PATH = "/v1/oauth/revoke"
REFRESH_SECONDS = 30.0
REVOKE_SECONDS = 10.0  # a person waits for the disconnect
_LONGEST_NAME = 255  # characters, as long as the column is

OPERATOR = (
    "Notion does not accept this installation's own sign-in. "
    "The operator has to check NOTION_CLIENT_ID and NOTION_CLIENT_SECRET."
)
MISCONFIGURED = (
    "Notion refused the sign-in because of how the integration is set up. "
    "The operator has to check it in Notion's developer portal; the log names the reason."
)


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """One authorisation as Notion granted it. Both tokens of a grant replace the ones before."""

    access_token: str = field(repr=False)
    bot_id: str
    workspace_id: str
    refresh_token: str | None = field(default=None, repr=False)  # None: the access token cannot be refreshed
    workspace_name: str | None = None
    workspace_icon: str | None = None
    owner_user_id: str | None = None
    owner_name: str | None = None
    request_id: str | None = None


def parse_grant(value: Json) -> TokenGrant:
    """The answer to an exchange or a refresh.

    Raises OAuthRefused or InvalidRequest for an error body, Transient when it is neither.
    """
    body = value if isinstance(value, Mapping) else {}
    access_token = _stored_text(body, "access_token")
    bot_id, workspace_id = _stored_text(body, "bot_id"), _stored_text(body, "workspace_id")
    if not (access_token and bot_id and workspace_id):
        error = _refusal(Reply(HTTPStatus.OK, dict(body), _stored_text(body, "request_id"), None), TOKEN_PATH)
        raise error or Transient(code="not_a_grant", endpoint=f"POST {TOKEN_PATH}")
    user = mapping(mapping(body.get("owner")).get("user"))
    user_id = _stored_text(user, "id")
    return TokenGrant(
        access_token=access_token,
        bot_id=dashed(bot_id),
        workspace_id=dashed(workspace_id),
        refresh_token=_stored_text(body, "refresh_token"),
        workspace_name=_name(body, "workspace_name"),
        workspace_icon=_stored_text(body, "workspace_icon"),
        owner_user_id=dashed(user_id) if user_id else None,
        owner_name=_name(user, "name"),
        request_id=_stored_text(body, "request_id"),
    )


def refresh(http: httpx2.Client, config: Config, refresh_token: str, *, clock: Clock = utc_now) -> TokenGrant:
    """A new pair of tokens.

    Raises OAuthRefused (`invalid_grant`) when only the person can mend it, InvalidRequest when the operator
    has to act, Transient or RateLimited when it may be tried again.
    """
    content = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return parse_grant(_post(http, config, TOKEN_PATH, content, clock, REFRESH_SECONDS))


def revoke(http: httpx2.Client, config: Config, token: str, *, clock: Clock = utc_now) -> None:
    """Make Notion forget `token`. https://developers.notion.com/reference/revoke-token"""
    _post(http, config, REVOKE_PATH, {"token": token}, clock, REVOKE_SECONDS)


def _post(
    http: httpx2.Client,
    config: Config,
    path: str,
    content: Mapping[str, str],
    clock: Clock,
    timeout_seconds: float,
) -> dict[str, Json]:
    reply = send(
        http,
        "POST",
        path,
        clock=clock,
        content=content,
        auth=(config.notion.client_id, config.notion.client_secret),
        timeout_seconds=timeout_seconds,
    )
    endpoint = f"POST {path}"
    if reply.status in (HTTPStatus.TOO_MANY_REQUESTS, SERVICE_OVERLOAD):
        raise RateLimited(resume_at=resume_at(reply, now=clock()), endpoint=endpoint, code="rate_limited")
    if reply.status < HTTPStatus.MULTIPLE_CHOICES and reply.body is not None:
        return reply.body
    error = None if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR else _refusal(reply, endpoint)
    raise error or Transient(status=reply.status, request_id=reply.request_id, endpoint=endpoint)


def _refusal(reply: Reply, endpoint: str) -> NotionError | None:
    """The error that the body names: RFC 6749 says `error`, Notion's own bodies say `code`.

    https://www.rfc-editor.org/rfc/rfc6749#section-5.2 · https://developers.notion.com/reference/status-codes
    """
    body = reply.body or {}
    code = _stored_text(body, "error") or _stored_text(body, "code")
    if code is None:
        return None
    kind: type[NotionError] = OAuthRefused if code == "invalid_grant" else InvalidRequest
    sentence = {"invalid_grant": None, "invalid_client": OPERATOR, "unauthorized": OPERATOR}
    return kind(
        sentence.get(code, MISCONFIGURED),
        status=reply.status,
        code=code,
        request_id=reply.request_id,
        endpoint=endpoint,
    )


def _stored_text(body: Mapping[str, Json], key: str) -> str | None:
    value = body.get(key)
    return UNSTORABLE.sub("", value) or None if isinstance(value, str) else None


def _name(body: Mapping[str, Json], key: str) -> str | None:
    """A name that people gave, as long as a column holds it."""
    value = _stored_text(body, key)
    return value[:_LONGEST_NAME] if value else None
