"""The connections of an organisation: storing a grant, asking Notion with it, letting go of it."""

from __future__ import annotations

from contextlib import nullcontext

import httpx
import structlog
from peewee import Expression, IntegrityError, TextField

from extract.connections.serving import reassign
from extract.connections.tokens import ConnectionTokens, database_opened, revoke
from extract.errors import Blocked, VaultError
from extract.notion.budget import Budget, Lane
from extract.notion.client import NotionClient, http_client, longest_flight
from extract.notion.oauth import TokenGrant
from extract.runtime import Runtime
from extract.store.db import database
from extract.store.models import Connection, Document, Source
from extract.worklist import documents, sources

log = structlog.get_logger(__name__)


def connect(runtime: Runtime, *, organisation_id: int, grant: TokenGrant) -> Connection:
    """Store a grant: a new connection, or the one it renews, alive again with its sources and watermarks."""
    with database.atomic():
        known = _known(organisation_id, grant)
        if known is not None:
            return _resumed(runtime, _renew(runtime, known, grant))
    try:
        with database.atomic():
            return _create(runtime, organisation_id, grant)
    except IntegrityError:  # the same consent came back twice at once; the other one was first
        with database.atomic():
            known = _known(organisation_id, grant)
            if known is None:
                raise
            return _resumed(runtime, _renew(runtime, known, grant))


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
        most=notion.most_requests_per_window,
        window_seconds=notion.window_seconds,
        people_share=notion.people_share,
        looks_share=runtime.config.watch.verify_share,
        clock=runtime.clock,
        flight_seconds=longest_flight(notion.timeout_seconds),
    )


def blocked_by_notion() -> tuple[Expression, Expression]:
    """Conditions for the connections whose requests Notion refuses to answer until the operator has talked to it."""
    return Connection.state == "alive", Connection.error == Blocked.sentence


def client_for(
    runtime: Runtime,
    connection: Connection,
    *,
    http: httpx.Client,
    lane: Lane = "work",
    tokens: ConnectionTokens | None = None,
) -> NotionClient:
    """Notion as this connection sees it; marks the connection when only the person can mend it.

    Several clients may share `tokens`, so that not each of them reads the row.
    """
    tokens = tokens or ConnectionTokens(runtime, connection.id, http=http)
    return NotionClient(
        http=http,
        tokens=tokens,
        budget=budget_for(runtime, connection.workspace_id),
        lane=lane,
        clock=runtime.clock,
        pause=runtime.pause,
        on_refused=tokens.give_up,
        largest_answer=runtime.config.notion.largest_answer_bytes,
    )


def forget_tokens(
    runtime: Runtime, connection: Connection, *, http: httpx.Client | None = None
) -> Connection:
    """Disconnect: delete both tokens here, revoke at Notion as well as we can, keep sources and content."""
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
    """The connection this grant renews. Whether `bot_id` survives a new consent is not documented."""
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
    """Who reconnects may have shared other pages: what was missing is asked for now, and every doubt begins anew.

    Where an interrupted search had come to belonged to the old grant.
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
    """The row as it was when its tokens were deleted: nobody replaced them between the two."""
    gone = {"access_token": None, "refresh_token": None, "refreshing_until": None}
    while True:
        row = Connection.get_by_id(connection_id)
        changed = (
            Connection.update(
                state="disconnected",
                error=None,
                paused_until=None,
                brake_at=None,
                # A drain under way loses its lease, so that nothing is written after this.
                lease_number=Connection.lease_number + 1,
                lease_until=None,
                **gone,
            )
            .where(Connection.id == connection_id, _same(Connection.access_token, row.access_token))
            .execute()
        )
        if changed == 1:
            reassign(Document.connection == connection_id)
            return row  # type: ignore[no-any-return]


def _same(column: TextField, value: str | None) -> Expression:
    return column.is_null() if value is None else column == value
