"""The connections of an organisation: storing a grant, keeping its tokens fresh, letting go of it.

At most one refresh of a connection is under way, in whatever process or thread: Notion replaces both tokens,
and a second refresh with the old one would cost the person a new consent. The right to refresh is taken by a
conditional update.
https://developers.notion.com/reference/refresh-a-token
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from threading import Lock

import httpx
import structlog
from peewee import IntegrityError

from .db import database
from .errors import NotionError, OAuthRefused, ReconnectNeeded, Transient, VaultError
from .models import Connection
from .notion import oauth
from .notion.budget import Budget, Lane
from .notion.client import NotionClient, http_client
from .notion.oauth import TokenGrant
from .runtime import Runtime

REFRESH_LEASE = timedelta(seconds=90)  # longer than the token endpoint can take
WAIT_SECONDS = 0.25
LONGEST_WAIT_SECONDS = 30.0

log = structlog.get_logger(__name__)


def reconnect_sentence(workspace_name: str) -> str:
    """What the person reads when Notion no longer accepts our tokens."""
    return (
        f"Notion no longer accepts our access to {workspace_name or 'this workspace'}. "
        "What was imported still answers, but it will not follow edits until you reconnect."
    )


def connect(runtime: Runtime, *, organisation_id: int, grant: TokenGrant) -> Connection:
    """Store a grant: a new connection, or the one it renews, alive again with its sources and watermarks."""
    with database.atomic():
        known = _known(organisation_id, grant)
        if known is not None:
            return _renew(runtime, known, grant)
    try:
        with database.atomic():
            return _create(runtime, organisation_id, grant)
    except IntegrityError:  # the same consent came back twice at once; the other one was first
        with database.atomic():
            known = _known(organisation_id, grant)
            if known is None:
                raise
            return _renew(runtime, known, grant)


def http_for(runtime: Runtime) -> httpx.Client:
    """A client for calls to Notion; the caller closes it."""
    return http_client(runtime.config, runtime.transport)


def budget_for(runtime: Runtime, workspace_id: str) -> Budget:
    """The request budget that everyone who talks to this workspace shares."""
    notion = runtime.config.notion
    return Budget(
        runtime.redis,
        workspace_id=workspace_id,
        limit=notion.requests_per_window,
        window_seconds=notion.window_seconds,
        people_share=notion.people_share,
        clock=runtime.clock,
        flight_seconds=2 * max(notion.timeout_seconds, 70.0) + 30,
    )


def client_for(
    runtime: Runtime, connection: Connection, *, http: httpx.Client, lane: Lane = "work"
) -> NotionClient:
    """Notion as this connection sees it; marks the connection when only the person can mend it."""
    return NotionClient(
        http=http,
        tokens=ConnectionTokens(runtime, connection.id, http=http),
        budget=budget_for(runtime, connection.workspace_id),
        lane=lane,
        clock=runtime.clock,
        pause=runtime.pause,
        on_reconnect=lambda: mark_reconnect(connection),
    )


def mark_reconnect(connection: Connection) -> None:
    """From now on the connection waits for its person; a connection that is not alive stays as it is."""
    with _opened():
        _mark_reconnect(connection)


def forget_tokens(
    runtime: Runtime, connection: Connection, *, http: httpx.Client | None = None
) -> Connection:
    """Disconnect: revoke at Notion as well as we can, delete both tokens here, keep sources and content."""
    with _opened():
        row = Connection.get_by_id(connection.id)
        if row.access_token is not None:
            with _http(runtime, http) as client:
                _revoke(runtime, client, row)
        Connection.update(
            state="disconnected",
            access_token=None,
            refresh_token=None,
            refreshing_until=None,
            error=None,
            rest_until=None,
        ).where(Connection.id == row.id).execute()
        log.info("connection_disconnected", connection=row.id)
        return Connection.get_by_id(row.id)


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
                with _opened():
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

    def _replacement(self, used: str) -> str:
        waited = 0.0
        while True:
            with _opened():
                row = self._row()
                current = self._open(row.access_token)
                if current != used:
                    return current
                if row.refresh_token is None:
                    _mark_reconnect(row)
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
            with _http(self._runtime, self._http) as http:
                grant = oauth.refresh(
                    http, self._runtime.config, self._open(row.refresh_token), clock=self._runtime.clock
                )
                with _opened():
                    if self._store(row, grant, until):
                        log.info("token_refreshed", connection=row.id, request_id=grant.request_id)
                        return grant.access_token
                    return self._overtaken(http, grant)
        except OAuthRefused as error:
            log.warning("token_refresh_refused", connection=row.id, code=error.code)
            with _opened():
                if Connection.select().where(ours).exists():
                    _mark_reconnect(row)
                    raise ReconnectNeeded(
                        reconnect_sentence(row.workspace_name), status=error.status, code=error.code
                    ) from error
                return self._open(self._row().access_token)
        finally:
            with _opened():
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
            _revoke_token(self._runtime, http, self._id, grant.access_token)
            raise

    def _row(self) -> Connection:
        row = Connection.get_or_none(Connection.id == self._id)
        if row is None or row.state != "alive" or row.access_token is None:
            raise ReconnectNeeded(reconnect_sentence(row.workspace_name if row else ""))
        return row

    def _open(self, sealed: str | None) -> str:
        if sealed is None:
            raise ReconnectNeeded()
        return self._runtime.vault.open(sealed)


def _known(organisation_id: int, grant: TokenGrant) -> Connection | None:
    """The connection this grant renews. Whether `bot_id` survives a new consent is not documented."""
    mine = Connection.organisation == organisation_id
    known = Connection.get_or_none(mine, Connection.bot_id == grant.bot_id)
    if known is None and grant.owner_user_id is not None:
        same_person = (Connection.workspace_id == grant.workspace_id) & (
            Connection.owner_user_id == grant.owner_user_id
        )
        known = Connection.select().where(mine, same_person).order_by(Connection.id.desc()).first()
    return known


def _create(runtime: Runtime, organisation_id: int, grant: TokenGrant) -> Connection:
    row = Connection(organisation=organisation_id, created_at=runtime.clock())
    row = _renew(runtime, row, grant)
    log.info("connection_created", connection=row.id, workspace=row.workspace_id)
    return row


def _renew(runtime: Runtime, row: Connection, grant: TokenGrant) -> Connection:
    seal = runtime.vault.seal
    row.bot_id = grant.bot_id
    row.workspace_id = grant.workspace_id
    row.workspace_name = grant.workspace_name or row.workspace_name or ""
    row.workspace_icon = grant.workspace_icon
    row.owner_user_id = grant.owner_user_id or row.owner_user_id
    row.owner_name = grant.owner_name or row.owner_name
    row.access_token = seal(grant.access_token)
    row.refresh_token = seal(grant.refresh_token) if grant.refresh_token else None
    row.state = "alive"
    row.refreshing_until = row.error = row.rest_until = row.poll_at = None
    row.poll_failures = 0
    row.save(only=row.dirty_fields)
    return row


def _mark_reconnect(row: Connection) -> None:
    changed = (
        Connection.update(state="reconnect", error=reconnect_sentence(row.workspace_name))
        .where(Connection.id == row.id, Connection.state == "alive")
        .execute()
    )
    if changed:
        log.warning("connection_needs_reconnect", connection=row.id)


def _revoke(runtime: Runtime, http: httpx.Client, row: Connection) -> None:
    try:
        token = runtime.vault.open(row.access_token or "")
    except VaultError:
        log.warning("token_not_revoked", connection=row.id, reason="vault")
        return
    _revoke_token(runtime, http, row.id, token)


def _revoke_token(runtime: Runtime, http: httpx.Client, connection_id: int, token: str) -> None:
    try:
        oauth.revoke(http, runtime.config, token, clock=runtime.clock)
    except NotionError as error:
        log.warning("token_not_revoked", connection=connection_id, code=error.code)


@contextmanager
def _opened() -> Iterator[None]:
    """A database connection for this thread: its own for the moment, unless it has one already."""
    if database.is_closed():
        with database.connection_context():
            yield
    else:
        yield


def _http(runtime: Runtime, http: httpx.Client | None) -> httpx.Client | nullcontext[httpx.Client]:
    return nullcontext(http) if http is not None else http_for(runtime)
