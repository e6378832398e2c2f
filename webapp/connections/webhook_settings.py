"""Setting up webhooks: the address for Notion's portal, pending tokens, the connections that receive events.

The token belongs to the installation and not to an organisation, since Notion has one subscription for an integration
and signs the events of every organisation's workspaces with it. Whoever confirms a token decides whose events are
accepted, so this page is for admins of the organisation that manages the installation: the first one.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from extract.discovery import events, webhook_tokens
from extract.errors import HilalError
from extract.notion.http import VERSION
from extract.rules.timing import webhooks_prove_alive
from extract.store.models import Connection
from webapp.access import current_org, needs, own_installation, own_webhook_token
from webapp.http.security_log import SecurityEvent, record
from webapp.page import problem, runtime, toast
from webapp.roles import Role

blueprint = Blueprint("webhook_settings", __name__, url_prefix="/settings/webhooks")

ACCEPTED = "Webhooks are on. Events signed with this token are believed from now on."


@blueprint.get("")
@needs(Role.ADMIN)
def page() -> ResponseReturnValue:
    """Show the steps of the set-up, the pending tokens and whether events arrive."""
    own_installation()
    now = runtime().clock()
    alive = current_org().connections.where(Connection.state == "alive").order_by(Connection.id)
    return render_template(
        "settings/webhooks.html",
        address=webhook_tokens.address(runtime()),
        version=VERSION,
        subscription=webhook_tokens.subscription_state(runtime()),
        last_event_at=events.last_event_at(),
        connections=[
            (connection, webhooks_prove_alive(connection.event_at, connection.event_missed_at, now=now))
            for connection in alive
        ],
    )


@blueprint.post("/tokens/<int:token_id>/accept")
@needs(Role.ADMIN)
def accept(token_id: int) -> ResponseReturnValue:
    """Accept a pending token that Notion has verified."""
    token = own_webhook_token(token_id)
    return _carry_out(
        lambda: webhook_tokens.accept(runtime(), token.id), ACCEPTED, SecurityEvent.WEBHOOK_TOKEN_ACCEPTED
    )


@blueprint.post("/tokens")
@needs(Role.ADMIN)
def paste() -> ResponseReturnValue:
    """Accept a pasted token that Notion has verified."""
    own_installation()
    return _carry_out(
        lambda: webhook_tokens.accept_text(runtime(), request.form.get("token", "")),
        ACCEPTED,
        SecurityEvent.WEBHOOK_TOKEN_ACCEPTED,
    )


@blueprint.post("/tokens/<int:token_id>/forget")
@needs(Role.ADMIN)
def forget(token_id: int) -> ResponseReturnValue:
    """Delete a pending token."""
    token = own_webhook_token(token_id)
    return _carry_out(
        lambda: webhook_tokens.forget(token.id),
        "The token is forgotten.",
        SecurityEvent.WEBHOOK_TOKEN_FORGOTTEN,
    )


def _carry_out(action: Callable[[], None], sentence: str, event: SecurityEvent) -> ResponseReturnValue:
    try:
        action()
    except HilalError as error:
        problem(error.sentence)
    else:
        record(event)
        toast(sentence)
    return redirect(url_for("webhook_settings.page"), code=303)
