"""`flask webhooks …`: show the subscription, and confirm its token."""

from __future__ import annotations

import click

from extract.discovery import events, webhook_tokens
from extract.discovery.webhook_tokens import SubscriptionState
from extract.errors import Refused
from webapp import formats
from webapp.commands.output import ROW_ID, command, facts, show
from webapp.http.security_log import SecurityEvent, record
from webapp.page import runtime


@click.group("webhooks")
def group() -> None:
    """Webhooks: Notion tells of edits, instead of being asked."""


@group.command("show")
@command()
def show_webhooks(as_json: bool) -> None:
    """The address for Notion's portal, and the tokens that wait. They are secrets: mind who looks."""
    subscription, address = webhook_tokens.subscription_state(runtime()), webhook_tokens.address(runtime())
    last = events.last_event_at()
    data = {
        "address": address,
        "active": subscription.active,
        "since": formats.iso(subscription.since) if subscription.since else None,
        "last_event_at": formats.iso(last) if last else None,
        "pending": [
            {"id": token.id, "token": token.token, "received_at": formats.iso(token.received_at)}
            for token in subscription.pending
        ],
    }
    lines = [("address", address), ("active", _state(subscription)), ("last event", last)]
    lines += [
        (
            f"pending {token.id}",
            f"{token.token or 'cannot be opened'}  came {formats.exact(token.received_at)}",
        )
        for token in subscription.pending
    ]
    show(data, facts(lines), as_json=as_json)


@group.command("accept")
@click.argument("token_id", type=ROW_ID, required=False, metavar="[TOKEN_ID]")
@click.option("--token", metavar="T", help="A token that Notion has verified, typed in.")
@command()
def accept(token_id: int | None, token: str | None, as_json: bool) -> None:
    """Confirm that Notion has verified a token: a pending one, the only one that waits, or --token."""
    if token_id is not None and token is not None:
        raise click.UsageError("Name a pending token or give one with --token, not both.")
    if token is not None:
        webhook_tokens.accept_text(runtime(), token)
    else:
        webhook_tokens.accept(runtime(), token_id if token_id is not None else _only_one())
    record(SecurityEvent.WEBHOOK_TOKEN_ACCEPTED)
    subscription = webhook_tokens.subscription_state(runtime())
    show({"active": subscription.active}, f"Webhooks are {_state(subscription)}.", as_json=as_json)


def _only_one() -> int:
    pending = webhook_tokens.subscription_state(runtime()).pending
    if not pending:
        raise Refused("No token waits. Make the subscription in Notion, or let it resend its token.")
    if len(pending) > 1:
        raise Refused(
            "Several tokens wait: name the one that Notion verified. `flask webhooks show` lists them."
        )
    return pending[0].id


def _state(subscription: SubscriptionState) -> str:
    if subscription.active == "configuration":
        return "on, with the token of the configuration (NOTION_WEBHOOK_TOKEN)"
    if subscription.since is not None:
        return f"on since {formats.exact(subscription.since)}"
    return "off"
