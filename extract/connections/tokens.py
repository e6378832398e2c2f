"""The tokens of one connection: read from its row, refreshed by one process and thread at a time.

Notion replaces both tokens on a refresh, and a second refresh with the old one would cost the person a new
consent. The right to refresh is therefore taken by a conditional update, and given back by storing both tokens.
https://developers.notion.com/reference/refresh-a-token
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from threading import Lock

import httpx
import structlog

from extract.connections.serving import reassign
from extract.errors import NotionError, OAuthRefused, ReconnectNeeded, Transient
from extract.notion import oauth
from extract.notion.client import http_client
from extract.notion.oauth import TokenGrant
from extract.runtime import Runtime
from extract.store.db import database
from extract.store.models import Connection, Document

REFRESH_LEASE = timedelta(seconds=90)  # longer than the token endpoint can take
WAIT_SECONDS = 0.25
LONGEST_WAIT_SECONDS = 30.0

log = structlog.get_logger(__name__)


class ConnectionTokens:
    """The tokens of one connection, from its row; for use in any thread, refreshed once for all processes."""

    def __init__(self, runtime: Runtime, connection_id: int, *, http: httpx.Client | None = None) -> None:
        self._runtime = runtime
        self._id = connection_id
        self._http = http
        self._lock = Lock()
        self._token: str | None = None

    def access_token(self) -> str:
        """The token as last known here; a token replaced meanwhile is noticed by its 401."""
        with self._lock:
            if self._token is None:
                with database_opened():
                    self._token = self._open(self._row().access_token)
            return self._token

    def refresh(self, used: str) -> str:
        """The token that replaces `used`.

        Raises ReconnectNeeded when Notion refuses, Transient when it may work later; then nothing is lost.
        """
        with self._lock:
            self._token = None
            self._token = self._replacement(used)
            return self._token

    def give_up(self, used: str) -> None:
        """Even a new token was answered with 401. Another one, stored meanwhile, deserves its own chance."""
        with database_opened():
            row = Connection.get_or_none(Connection.id == self._id)
            if row is not None and row.access_token is not None and self._open(row.access_token) == used:
                mark_reconnect(row)

    def _replacement(self, used: str) -> str:
        waited = 0.0
        while True:
            with database_opened():
                row = self._row()
                current = self._open(row.access_token)
                if current != used:
                    return current
                if row.refresh_token is None:
                    mark_reconnect(row)
                    raise ReconnectNeeded(reconnect_sentence(row.workspace_name))
                until = self._claim(row)
            if until is not None:
                return self._refreshed(row, until)
            if waited >= LONGEST_WAIT_SECONDS:
                raise Transient(code="refresh_under_way", endpoint="POST /v1/oauth/token")
            self._runtime.pause(WAIT_SECONDS)
            waited += WAIT_SECONDS

    def _claim(self, row: Connection) -> datetime | None:
        """The right to refresh, until the moment answered; None while someone else holds it."""
        now = self._runtime.clock()
        until = now + REFRESH_LEASE
        free = Connection.refreshing_until.is_null() | (Connection.refreshing_until <= now)
        claimed = (
            Connection.update(refreshing_until=until)
            .where(Connection.id == row.id, free, Connection.access_token == row.access_token)
            .execute()
        )
        return until if claimed == 1 else None

    def _refreshed(self, row: Connection, until: datetime) -> str:
        """Ask Notion, without an open transaction, and store both tokens at once if the claim still holds."""
        ours = (Connection.id == row.id) & (Connection.refreshing_until == until)
        try:
            with self._client() as http:
                grant = oauth.refresh(
                    http, self._runtime.config, self._open(row.refresh_token), clock=self._runtime.clock
                )
                with database_opened():
                    if self._store(row, grant, until):
                        log.info("token_refreshed", connection_id=row.id, request_id=grant.request_id)
                        return grant.access_token
                    return self._overtaken(http, grant)
        except OAuthRefused as error:
            log.warning("token_refresh_refused", connection_id=row.id, code=error.code)
            with database_opened():
                if Connection.select().where(ours).exists():
                    mark_reconnect(row)
                    raise ReconnectNeeded(
                        reconnect_sentence(row.workspace_name), status=error.status, code=error.code
                    ) from error
                return self._open(self._row().access_token)
        finally:
            with database_opened():
                Connection.update(refreshing_until=None).where(ours).execute()

    def _store(self, row: Connection, grant: TokenGrant, until: datetime) -> bool:
        seal = self._runtime.vault.seal
        changes: dict[str, str | None] = {"access_token": seal(grant.access_token)}
        if grant.refresh_token is not None:
            # Without a new one the old one stays valid. https://www.rfc-editor.org/rfc/rfc6749#section-6
            changes["refresh_token"] = seal(grant.refresh_token)
        stored = (
            Connection.update(refreshing_until=None, **changes)
            .where(Connection.id == row.id, Connection.refreshing_until == until)
            .execute()
        )
        return bool(stored == 1)

    def _overtaken(self, http: httpx.Client, grant: TokenGrant) -> str:
        """The person reconnected or disconnected while we refreshed: that counts, not our new tokens."""
        try:
            return self._open(self._row().access_token)
        except ReconnectNeeded:
            revoke(self._runtime, http, self._id, grant.access_token)
            raise

    def _client(self) -> httpx.Client | nullcontext[httpx.Client]:
        if self._http is not None:
            return nullcontext(self._http)
        return http_client(self._runtime.config, self._runtime.transport)

    def _row(self) -> Connection:
        row = Connection.get_or_none(Connection.id == self._id)
        if row is None or row.state != "alive" or row.access_token is None:
            raise ReconnectNeeded(reconnect_sentence(row.workspace_name if row else ""))
        return row  # type: ignore[no-any-return]

    def _open(self, sealed: str | None) -> str:
        if sealed is None:
            raise ReconnectNeeded()
        return self._runtime.vault.open(sealed)


def reconnect_sentence(workspace_name: str) -> str:
    """What the person reads when Notion no longer accepts our tokens."""
    return (
        f"Notion no longer accepts our access to {workspace_name or 'this workspace'}. "
        "What was imported still answers, but it will not follow edits until you reconnect."
    )


def mark_reconnect(connection: Connection) -> None:
    """From now on the connection waits for its person; a connection that is not alive stays as it is."""
    with database_opened():
        changed = (
            Connection.update(state="reconnect", error=reconnect_sentence(connection.workspace_name))
            .where(Connection.id == connection.id, Connection.state == "alive")
            .execute()
        )
        if changed:
            reassign(Document.connection == connection.id)
    if changed:
        log.warning("connection_needs_reconnect", connection_id=connection.id)


def revoke(runtime: Runtime, http: httpx.Client, connection_id: int, token: str) -> None:
    """Make Notion forget `token`; a failure is logged and stops nothing, since we forget it anyway."""
    try:
        oauth.revoke(http, runtime.config, token, clock=runtime.clock)
    except NotionError as error:
        log.warning("token_not_revoked", connection_id=connection_id, code=error.code)


@contextmanager
def database_opened() -> Iterator[None]:
    """A database connection for this thread: its own for the moment, unless it has one already."""
    if database.is_closed():
        with database.connection_context():
            yield
    else:
        yield
