"""Connecting a Notion workspace: to the consent screen and back. Each outcome ends on a picker with a sentence.

Authlib builds the address, keeps the single-use state in the session and exchanges the code; `client_auth` gives the
exchange the form Notion asks for. No token is ever in a page, an address, a log line or an exception.
https://developers.notion.com/guides/get-started/authorization
"""

from __future__ import annotations

import json
import secrets
from typing import Any
from urllib.parse import parse_qsl

import requests
import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from authlib.oauth2.auth import encode_client_secret_basic
from flask import Blueprint, Flask, current_app, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from extract import actions, connections
from extract.errors import HilalError, NotionError, OAuthRefused, Transient
from extract.notion.http import VERSION
from extract.notion.oauth import OPERATOR, TokenGrant, parse_grant
from extract.runtime import Runtime
from extract.store.models import Chatbot, Connection
from webapp.access import current_org, current_role, needs, open_chatbot, own_chatbot
from webapp.connections.notion_transport import NotionAdapter
from webapp.http.incoming import whole_number
from webapp.http.safe_methods import acts_on_get
from webapp.http.security_log import SecurityEvent, record
from webapp.page import problem, runtime, toast
from webapp.picker import cache
from webapp.roles import Role

blueprint = Blueprint("notion_oauth", __name__, url_prefix="/notion")
log = structlog.get_logger(__name__)

MOST_AT_ONCE = 5  # unfinished consents in one browser

CANCELLED = "Nothing was connected: the consent was cancelled in Notion. You can try again whenever you like."
LOST = (
    "This sign-in link was already used or came from another browser window. Start again with Connect to Notion; "
    "if a pop-up was blocked, allow it or use the same-tab link."
)
REFUSED = (
    "Notion did not accept the sign-in: it may have taken too long, or was used before. "
    "Start again with Connect to Notion."
)
UNREACHABLE = (
    "Notion could not be reached to finish the sign-in, so nothing was connected. Try again in a few minutes."
)
REFUSED_BY_NOTION = (
    "Notion answered the sign-in with an error, so nothing was connected. Try again; if it keeps happening, "
    "ask the operator to look at the log."
)
NOT_ALLOWED = "Only admins and owners can connect Notion. Nothing was connected."


@blueprint.get("/connect")
@needs(Role.ADMIN)
def connect() -> ResponseReturnValue:
    """Redirect to Notion's consent screen; the state names the chatbot."""
    number = request.args.get("chatbot", type=whole_number)
    chatbot = own_chatbot(number) if number is not None else open_chatbot()
    if chatbot is None:
        return redirect(url_for("chatbots.index"), code=303)
    if not runtime().config.notion.client_id:
        problem(OPERATOR)
        return redirect(_picker(chatbot), code=303)
    client = _client()
    # The chatbot's number is readable in the state, so that even a lost session ends on the right picker.
    state = f"{secrets.token_urlsafe(24)}.{chatbot.id}"
    sent = client.create_authorization_url(runtime().config.redirect_uri, state=state)
    _drop_oldest_states()
    client.save_authorize_data(redirect_uri=runtime().config.redirect_uri, state=state)
    return redirect(sent["url"], code=302)


@blueprint.get("/callback")
@acts_on_get("OAuth ends on a GET; the single-use state says that this browser began it")
def callback() -> ResponseReturnValue:
    """Finish the consent when Notion redirects back, then redirect to the picker."""
    state = request.args.get("state", "")
    if not current_user.is_authenticated:
        # The session is gone, and with it the state: after logging in, the picker shows a sentence about it.
        return redirect(url_for("accounts.login", next=url_for(".callback", state=state or "lost")), code=303)
    chatbot = _chatbot_of(state)
    if chatbot is None:
        return redirect(url_for("chatbots.home"), code=303)
    connection = _finish(state)
    picker = _picker(chatbot)
    return redirect(f"{picker}?connection={connection.id}" if connection else picker, code=303)


def _finish(state: str) -> Connection | None:
    """Check the answer and store the grant; a failure shows a sentence and changes no connection."""
    client = _client()
    kept = client.framework.get_state_data(session, state)
    client.framework.clear_state_data(session, state)
    if kept is None:
        problem(LOST)
        return None
    if current_role() < Role.ADMIN:
        problem(NOT_ALLOWED)
        return None
    if request.args.get("error"):
        problem(CANCELLED if request.args["error"] == "access_denied" else REFUSED_BY_NOTION)
        log.info("consent_not_given", code=request.args["error"][:40])
        return None
    if not request.args.get("code"):
        problem(REFUSED_BY_NOTION)
        return None
    try:
        grant = _exchange(client, request.args["code"], kept["redirect_uri"])
        connection = connections.connect(runtime(), organisation_id=current_org().id, grant=grant)
    except HilalError as error:
        log.warning("exchange_failed", error=str(error))
        problem(_sentence(error))
        return None
    cache.forget(runtime().redis, connection.id)
    actions.consented_again(runtime(), connection)
    record(SecurityEvent.NOTION_CONNECTED, connection_id=connection.id)
    toast(f"{connection.workspace_name or 'Your workspace'} is connected. Tick what the chatbot should know.")
    return connection


def _exchange(client: Any, code: str, redirect_uri: str) -> TokenGrant:
    """The grant for `code`. Raises NotionError."""
    try:
        token = client.fetch_access_token(redirect_uri=redirect_uri, code=code)
    except OAuthError as error:
        raise OAuthRefused(code=str(error.error)[:40]) from None
    except ValueError as error:  # not JSON
        raise Transient(code="not_json") from error
    return parse_grant(token)


def _sentence(error: HilalError) -> str:
    if isinstance(error, OAuthRefused):
        return REFUSED
    if isinstance(error, NotionError) and error.code in ("invalid_client", "unauthorized"):
        return OPERATOR
    if isinstance(error, Transient):
        return UNREACHABLE
    return error.sentence


def _chatbot_of(state: str) -> Chatbot | None:
    """The chatbot that the state names; the one last used if the state cannot be read."""
    try:
        number = whole_number(state.rpartition(".")[2])
    except ValueError:
        return open_chatbot()
    found: Chatbot | None = current_org().chatbots.where(Chatbot.id == number).get_or_none()
    return found or open_chatbot()


def _drop_oldest_states() -> None:
    """Drop the oldest unfinished consents: a browser refuses a session cookie of more than 4 kB."""
    begun = [name for name in session if name.startswith("_state_notion_")]
    begun.sort(key=lambda name: float(session[name].get("exp", 0)))
    for name in begun[: max(0, len(begun) - MOST_AT_ONCE + 1)]:
        session.pop(name)


def _picker(chatbot: Chatbot) -> str:
    return url_for("picker.page", chatbot_id=chatbot.id)


def _client() -> Any:
    return current_app.extensions["hilal_oauth"].create_client("notion")


def client_auth(
    client: Any, method: str, uri: str, headers: Any, body: str
) -> tuple[str, dict[str, str], str]:
    """Basic authentication, a JSON body and the version header, as Notion's token endpoint asks.

    https://developers.notion.com/reference/create-a-token
    """
    form = dict(parse_qsl(body if isinstance(body, str) else body.decode(), keep_blank_values=True))
    uri, headers, _ = encode_client_secret_basic(client, method, uri, dict(headers), body)
    headers = {
        name: value
        for name, value in headers.items()
        if name.lower() not in ("content-type", "content-length")
    }
    sent = json.dumps(form)
    headers |= {
        "Content-Type": "application/json",
        "Content-Length": str(len(sent.encode())),
        "Accept": "application/json",
        "Notion-Version": VERSION,
    }
    return uri, headers, sent


def _check_answer(response: requests.Response) -> requests.Response:
    """Raise our errors for an error answer. Notion calls `code` what RFC 6749 calls `error`, which Authlib misses."""
    if response.status_code >= 500:
        raise Transient(status=response.status_code, endpoint="POST /v1/oauth/token")
    if response.status_code >= 400:
        try:
            body = response.json()
        except ValueError:
            body = None
        parse_grant({name: body[name] for name in ("error", "code", "request_id") if name in (body or {})})
    return response


def init_app(app: Flask) -> None:
    """Register Notion with Authlib, for this app's configuration."""
    own_runtime: Runtime = app.extensions["hilal"]
    api_url = own_runtime.config.notion.api_url.rstrip("/")

    def use_notion_adapter(oauth_session: Any) -> None:
        oauth_session.trust_env = False
        oauth_session.mount("https://", NotionAdapter(own_runtime))
        oauth_session.mount("http://", NotionAdapter(own_runtime))
        oauth_session.register_compliance_hook("access_token_response", _check_answer)

    oauth = OAuth(app)
    oauth.register(
        "notion",
        client_id=own_runtime.config.notion.client_id,
        client_secret=own_runtime.config.notion.client_secret,
        authorize_url=f"{api_url}/v1/oauth/authorize",
        access_token_url=f"{api_url}/v1/oauth/token",
        authorize_params={"owner": "user"},
        client_kwargs={"token_endpoint_auth_method": client_auth},
        compliance_fix=use_notion_adapter,
    )
    app.extensions["hilal_oauth"] = oauth
