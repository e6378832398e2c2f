"""Stores a grant as a connection, opens clients for it, and deletes its tokens on disconnect."""

from __future__ import annotations

from contextlib import nullcontext

import httpx2
import structlog
from peewee import Expression, IntegrityError, TextField

from extract.connections.serving import reassign
from extract.connections.tokens import ConnectionTokens, database_opened, revoke
from extract.errors import Blocked, VaultError
from extract.notion.client import Access, NotionClient, http_client, longest_flight
from extract.notion.limits.budget import Budget
from extract.notion.limits.lanes import Lane, RequestLimits
from extract.notion.oauth import TokenGrant
from extract.runtime import Runtime
from extract.store.db import database
from extract.store.models import Connection, Document, Source
from extract.worklist import documents, sources

log = structlog.get_logger(__name__)


def connect(runtime: Runtime, *, organisation_id: int, grant: TokenGrant) -> Connection:
    """Store a grant. Return a new connection, or the one that it renews: alive, with its sources and watermarks."""
    with database.atomic():
        known = _known(organisation_id, grant)
        if known is not None:
            return _resumed(runtime, _renew(runtime, known, grant))
    try:
        with database.atomic():
            return _create(runtime, organisation_id, grant)
    except IntegrityError:  # the same consent was submitted twice at once, and the other request was first
        with database.atomic():
            known = _known(organisation_id, grant)
            if known is None:
                raise
            return _resumed(runtime, _renew(runtime, known, grant))


def http_for(runtime: Runtime) -> httpx2.Client:
    """Return an HTTP client for calls to Notion; the caller closes it."""
    return http_client(runtime.config, runtime.transport)


def budget_for(runtime: Runtime, workspace_id: str) -> Budget:
    """Return the request budget of this workspace, which all its connections share."""
    notion = runtime.config.notion
    return Budget(
        runtime.redis,
        workspace_id=workspace_id,
        limits=RequestLimits(
            limit=notion.requests_per_window,
            most=notion.most_requests_per_window,
            window_seconds=notion.window_seconds,
            interactive_share=notion.people_share,
            checks_share=runtime.config.watch.verify_share,
            flight_seconds=longest_flight(notion.timeout_seconds),
        ),
        clock=runtime.clock,
    )


def blocked_by_notion() -> tuple[Expression, Expression]:
    """Return conditions for the connections that Notion has blocked, until the operator has contacted Notion."""
    return Connection.state == "alive", Connection.error == Blocked.sentence


def client_for(
    runtime: Runtime,
    connection: Connection,
    *,
    http: httpx2.Client,
    lane: Lane = "sync",
    tokens: ConnectionTokens | None = None,
) -> NotionClient:
    """Return a client with this connection's tokens. It sets the connection to `reconnect` if Notion refuses them.

    Several clients may share `tokens`, so that not each of them reads the row.
    """
    tokens = tokens or ConnectionTokens(runtime, connection.id, http=http)
    access = Access(
        http=http,
        tokens=tokens,
        budget=budget_for(runtime, connection.workspace_id),
        clock=runtime.clock,
        pause=runtime.pause,
        on_refused=tokens.give_up,
        largest_answer=runtime.config.notion.largest_answer_bytes,
    )
    return NotionClient(access, lane)


def forget_tokens(
    runtime: Runtime, connection: Connection, *, http: httpx2.Client | None = None
) -> Connection:
    """Disconnect: delete both tokens here, try to revoke them at Notion, keep sources and content."""
    with database_opened():
        row = _emptied(connection.id)
    log.info("connection_disconnected", connection_id=row.id)
    if row.access_token is not None:
        try:
            token = runtime.vault.open(row.access_token)
        except VaultError:
            log.warning("token_not_revoked", connection_id=row.id, reason="vault")
        else:
            with nullcontext(http) if http is not None else http_for(runtime) as client:
                revoke(runtime, client, row.id, token)
    with database_opened():
        forgotten: Connection = Connection.get_by_id(connection.id)
    return forgotten


def _known(organisation_id: int, grant: TokenGrant) -> Connection | None:
    """Return the connection that this grant renews, by its bot, else by workspace and person; None if there is none.

    Notion does not document if a new consent keeps the `bot_id`.
    """
    mine = Connection.organisation == organisation_id
    known: Connection | None = Connection.get_or_none(mine, Connection.bot_id == grant.bot_id)
    if known is None and grant.owner_user_id is not None:
        same_person = (Connection.workspace_id == grant.workspace_id) & (
            Connection.owner_user_id == grant.owner_user_id
        )
        known = Connection.select().where(mine, same_person).order_by(Connection.id.desc()).first()
    return known


def _create(runtime: Runtime, organisation_id: int, grant: TokenGrant) -> Connection:
    row = Connection(organisation=organisation_id, created_at=runtime.clock())
    row = _renew(runtime, row, grant)
    log.info("connection_created", connection_id=row.id, workspace_id=row.workspace_id)
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
    row.refreshing_until = row.error = row.paused_until = row.checks_paused_until = row.poll_at = (
        row.brake_at
    ) = None
    row.poll_failures = 0
    row.save(only=row.dirty_fields)
    return row


def _resumed(runtime: Runtime, row: Connection) -> Connection:
    """End every doubt and check what was missing now, since the person may have shared other pages.

    The cursors of interrupted searches belong to the old grant, and are dropped.
    """
    now = runtime.clock()
    Connection.update(sweeps={}).where(Connection.id == row.id).execute()
    ours = Document.connection == row.id
    documents.end_doubts(ours)
    tombstones = ours & Document.removed_at.is_null(False) & Document.check_at.is_null(False)
    documents.check_at(tombstones, now)
    documents.clear_retry(tombstones)
    theirs = Source.connection == row.id
    sources.request_missing(theirs, now=now)
    Source.update(walk_cursor=None).where(theirs).execute()
    return row


def _emptied(connection_id: int) -> Connection:
    """Delete the tokens of a connection. Return the row as it was just before, with the tokens that were deleted."""
    deleted = {"access_token": None, "refresh_token": None, "refreshing_until": None}
    while True:
        row = Connection.get_by_id(connection_id)
        changed = (
            Connection.update(
                state="disconnected",
                error=None,
                paused_until=None,
                brake_at=None,
                # A drain under way loses its lease, so that it writes nothing after this.
                lease_number=Connection.lease_number + 1,
                lease_until=None,
                **deleted,
            )
            .where(Connection.id == connection_id, _same(Connection.access_token, row.access_token))
            .execute()
        )
        if changed == 1:
            reassign(Document.connection == connection_id)
            return row


def _same(column: TextField, value: str | None) -> Expression:
    return column.is_null() if value is None else column == value
