"""Setting webhooks up: the address for Notion's portal, the tokens that wait, which connections prove alive.

The token belongs to the installation and not to an organisation, since Notion has one subscription for an integration
and signs what happens in every organisation's workspaces with it. Whoever confirms a token decides whose events are
believed, so this page is for admins of the organisation that runs the installation: the first one.
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
from webapp.people.roles import Role

blueprint = Blueprint("webhook_settings", __name__, url_prefix="/settings/webhooks")

ACCEPTED = "Webhooks are on. Events signed with this token are believed from now on."


@blueprint.get("")
@needs(Role.ADMIN)
def page() -> ResponseReturnValue:
    """The steps, what waits, and how it goes."""
    own_installation()
    now = runtime().clock()
    alive = current_org().connections.where(Connection.state == "alive").order_by(Connection.id)
    return render_template(
        "settings/webhooks.html",
        address=webhook_tokens.address(runtime()),
        version=VERSION,
        standing=webhook_tokens.subscription_state(runtime()),
        last_event_at=events.last_event_at(),
        connections=[
            (each, webhooks_prove_alive(each.event_at, each.event_missed_at, now=now)) for each in alive
        ],
    )


@blueprint.post("/tokens/<int:token_id>/accept")
@needs(Role.ADMIN)
def accept(token_id: int) -> ResponseReturnValue:
    """The admin has seen Notion take this token: from now on it is the one that counts."""
    token = own_webhook_token(token_id)
    return _done(
        lambda: webhook_tokens.accept(runtime(), token.id), ACCEPTED, SecurityEvent.WEBHOOK_TOKEN_ACCEPTED
    )


@blueprint.post("/tokens")
@needs(Role.ADMIN)
def paste() -> ResponseReturnValue:
    """The same for a token that is pasted in."""
    own_installation()
    return _done(
        lambda: webhook_tokens.accept_text(runtime(), request.form.get("token", "")),
        ACCEPTED,
        SecurityEvent.WEBHOOK_TOKEN_ACCEPTED,
    )


@blueprint.post("/tokens/<int:token_id>/forget")
@needs(Role.ADMIN)
def forget(token_id: int) -> ResponseReturnValue:
    """Drop a token that nobody asked for."""
    token = own_webhook_token(token_id)
    return _done(
        lambda: webhook_tokens.forget(token.id),
        "The token is forgotten.",
        SecurityEvent.WEBHOOK_TOKEN_FORGOTTEN,
    )


def _done(act: Callable[[], None], sentence: str, event: SecurityEvent) -> ResponseReturnValue:
    try:
        act()
    except HilalError as error:
        problem(error.sentence)
    else:
        record(event)
        toast(sentence)
    return redirect(url_for("webhook_settings.page"), code=303)
