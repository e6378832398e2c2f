"""The secret of the webhook subscription: pending until an admin confirms it, then active.

It belongs to the installation, not to an organisation: Notion has one subscription for each integration, and it tells
of all workspaces that gave access. https://developers.notion.com/reference/webhooks
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

import structlog

from extract.errors import Refused, VaultError
from extract.notion.events import is_token
from extract.runtime import Runtime
from extract.store.db import database, lock
from extract.store.models import WebhookToken

log = structlog.get_logger(__name__)

MOST_PENDING = 5
"""Anybody may send a handshake: older ones make room, and an active token is never touched by one."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A token that waits for an admin to confirm it. `token` is None when our keys no longer open it."""

    id: int
    token: str | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """Where the secret comes from, since when, and what waits to be confirmed, newest first."""

    active: Literal["configuration", "confirmed", "none"]
    since: datetime | None
    pending: tuple[Pending, ...]

    @property
    def is_on(self) -> bool:
        return self.active != "none"


def address(runtime: Runtime) -> str:
    """Where Notion is to send events."""
    return f"{runtime.config.public_url}/webhooks/notion"


def signing_tokens(runtime: Runtime) -> list[str]:
    """What events may be signed with: the configured token, else the confirmed one. Raises VaultError."""
    if runtime.config.notion.webhook_token:
        return [runtime.config.notion.webhook_token]
    return [runtime.vault.open(row.sealed) for row in _active()]


def keep_pending(runtime: Runtime, token: str) -> None:
    """Keep a token that a handshake brought, until an admin confirms it. One that is known already changes nothing."""
    if token == runtime.config.notion.webhook_token:
        return
    now, digest = runtime.clock(), _digest(token)
    with database.atomic():
        _insert(runtime, token, now=now)
        WebhookToken.update(received_at=now).where(
            (WebhookToken.digest == digest) & WebhookToken.active_since.is_null()
        ).execute()
        newest = _pending().limit(MOST_PENDING)
        WebhookToken.delete().where(
            WebhookToken.active_since.is_null() & WebhookToken.id.not_in([row.id for row in newest])
        ).execute()
    log.info("webhook_token_received")


def accept(runtime: Runtime, token_id: int) -> None:
    """An admin has confirmed this token: from now on events are signed with it, and with no other."""
    now = runtime.clock()
    with database.atomic():
        lock("webhook tokens")  # two tokens accepted at once would each delete the other
        row = WebhookToken.get_or_none(WebhookToken.id == token_id)
        if row is None:
            raise Refused("This token is gone: a newer one took its place. Look at the list again.")
        # Sealing it again proves that our keys open it.
        WebhookToken.update(active_since=now, sealed=runtime.vault.reseal(row.sealed)).where(
            WebhookToken.id == token_id
        ).execute()
        WebhookToken.delete().where(WebhookToken.id != token_id).execute()
    log.info("webhook_token_accepted", token_id=token_id)


def accept_text(runtime: Runtime, token: str) -> None:
    """The same for a token that somebody typed in."""
    token = token.strip()
    if not is_token(token):
        raise Refused("That is not a verification token. It begins with secret_ and has no spaces.")
    with database.atomic():
        _insert(runtime, token, now=runtime.clock())
        accept(runtime, WebhookToken.get(WebhookToken.digest == _digest(token)).id)


def forget(token_id: int) -> None:
    """Drop a token; events signed with it are refused from now on."""
    if WebhookToken.delete().where(WebhookToken.id == token_id).execute():
        log.info("webhook_token_forgotten", token_id=token_id)


def subscription_state(runtime: Runtime) -> SubscriptionState:
    """How the subscription stands, for whoever runs the installation."""
    pending = tuple(Pending(row.id, _opened(runtime, row), row.received_at) for row in _pending())
    if runtime.config.notion.webhook_token:
        return SubscriptionState("configuration", None, pending)
    row = _active().first()
    return SubscriptionState("confirmed" if row else "none", row.active_since if row else None, pending)


def _active() -> Any:
    return WebhookToken.select().where(WebhookToken.active_since.is_null(False)).order_by(WebhookToken.id)


def _pending() -> Any:
    waiting = WebhookToken.select().where(WebhookToken.active_since.is_null())
    return waiting.order_by(WebhookToken.received_at.desc(), WebhookToken.id.desc())


def _insert(runtime: Runtime, token: str, *, now: datetime) -> None:
    WebhookToken.insert(
        sealed=runtime.vault.seal(token), digest=_digest(token), received_at=now
    ).on_conflict_ignore().execute()


def _opened(runtime: Runtime, row: WebhookToken) -> str | None:
    try:
        return runtime.vault.open(row.sealed)
    except VaultError:
        return None


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
