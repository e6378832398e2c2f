"""POST /v1/oauth/token, /revoke and /introspect, with Basic authentication and RFC 6749 error bodies."""

import base64
import binascii
import hmac
from collections.abc import Callable
from functools import partial

from flask import Blueprint, Response, g, jsonify, request

from sandbox.api.checks import check_version, json_body
from sandbox.api.context import current_world
from sandbox.api.endpoint import respond
from sandbox.state import access
from sandbox.state.records import Grant, Json
from sandbox.state.users import present_user
from sandbox.world.world import World

blueprint = Blueprint("oauth", __name__)
_LIFETIME_SECONDS = 600


class OAuthError(Exception):
    """An answer with an RFC 6749 error code."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.status = status


@blueprint.post("/v1/oauth/token")
def token() -> Response:
    """Exchange an authorization code, or a refresh token, for a pair of tokens."""
    return respond("token", None, partial(_answer, _token))


@blueprint.post("/v1/oauth/revoke")
def revoke() -> Response:
    """End the grant that a token belongs to."""
    return respond("revoke", None, partial(_answer, _revoke))


@blueprint.post("/v1/oauth/introspect")
def introspect() -> Response:
    """Tell whether a token is valid."""
    return respond("introspect", None, partial(_answer, _introspect))


def _answer(function: Callable[[World, Json], Json]) -> Response:
    world = current_world()
    check_version()
    try:
        _authenticate(world)
        body = function(world, json_body())
    except OAuthError as error:
        if world.oauth_error_field == "error":
            shown: Json = {"error": error.code, "error_description": str(error), "request_id": g.request_id}
        else:
            shown = {
                "object": "error",
                "status": error.status,
                "code": error.code,
                "message": str(error),
                "request_id": g.request_id,
            }
        response = jsonify(shown)
        response.status_code = error.status
        return response
    return jsonify({**body, "request_id": g.request_id})


def _authenticate(world: World) -> None:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        given = base64.b64decode(encoded, validate=True).decode() if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        given = ""
    if not hmac.compare_digest(given.encode(), f"{world.client_id}:{world.client_secret}".encode()):
        raise OAuthError("invalid_client", "Client authentication failed.", 401)


def _token(world: World, body: Json) -> Json:
    kind = body.get("grant_type")
    if kind == "authorization_code":
        return token_body(world, _exchange(world, body))
    if kind == "refresh_token":
        return token_body(world, _refresh(world, body))
    if kind is None:
        raise OAuthError("invalid_request", "Missing grant_type.")
    raise OAuthError("unsupported_grant_type", f"Unsupported grant_type: {kind}.")


def _exchange(world: World, body: Json) -> Grant:
    """The pages ticked on the consent screen become visible only here."""
    if not body.get("code"):
        raise OAuthError("invalid_request", "Missing code.")
    pending = world.codes.get(str(body["code"]))
    if pending is None:
        raise OAuthError("invalid_grant", "Invalid code.")
    if pending.used:
        raise OAuthError("invalid_grant", "Invalid code: this code has been revoked.")
    if (world.now() - pending.issued).total_seconds() > _LIFETIME_SECONDS:
        raise OAuthError("invalid_grant", "Invalid code: this code has expired.")
    if "redirect_uri" not in body:
        raise OAuthError("invalid_request", "Missing redirect_uri.")
    if body["redirect_uri"] != pending.redirect_uri:
        raise OAuthError("invalid_grant", "Mismatched redirect_uri.")
    pending.used = True
    return access.authorise(world, pending.workspace_id, pending.user_id, pending.shares)


def _refresh(world: World, body: Json) -> Grant:
    token = body.get("refresh_token")
    if not token:
        raise OAuthError("invalid_request", "Missing refresh_token.")
    for grant in world.grants.values():
        if grant.refresh_token == token and not grant.revoked:
            access.renew_tokens(world, grant)
            return grant
    raise OAuthError("invalid_grant", "Invalid refresh token.")


def _revoke(world: World, body: Json) -> Json:
    found = _by_any_token(world, body)
    if found is not None:
        access.revoke(world, found)
    return {}


def _introspect(world: World, body: Json) -> Json:
    found = _by_any_token(world, body)
    if found is None or found.revoked or found.expired:
        return {"active": False}
    return {
        "active": True,
        "scope": " ".join(sorted(world.capabilities)),
        "iat": int(found.issued.timestamp()),
    }


def _by_any_token(world: World, body: Json) -> Grant | None:
    token = body.get("token")
    if not token:
        raise OAuthError("invalid_request", "Missing token.")
    return next(
        (grant for grant in world.grants.values() if token in (grant.access_token, grant.refresh_token)), None
    )


def token_body(world: World, grant: Grant) -> Json:
    """The answer that hands out a grant's tokens."""
    workspace = world.workspaces[grant.workspace_id]
    return {
        "access_token": grant.access_token,
        "token_type": "bearer",
        "refresh_token": grant.refresh_token,
        "bot_id": grant.bot_id,
        "workspace_id": workspace.id,
        "workspace_name": workspace.name,
        "workspace_icon": workspace.icon,
        "owner": {"type": "user", "user": present_user(world.users[grant.user_id])},
        "duplicated_template_id": None,
    }
