"""GET /v1/users/me, /v1/users/{id} and /v1/users."""

from flask import Blueprint, request

from sandbox.api.checks import not_visible
from sandbox.api.endpoint import endpoint
from sandbox.api.paging import list_body, slice_list
from sandbox.present.viewer import Viewer
from sandbox.state.ids import read_id
from sandbox.state.records import Json

blueprint = Blueprint("users", __name__)


@blueprint.get("/v1/users/me")
@endpoint("me", capability=None)
def me(viewer: Viewer) -> Json:
    """The bot of the grant; needs no capability."""
    named = Viewer(viewer.state, viewer.access, viewer.grant, viewer.integration_name)
    return named.user(viewer.grant.bot_id)


@blueprint.get("/v1/users/<user_id>")
@endpoint("user", capability="read_users")
def user(viewer: Viewer, user_id: str) -> Json:
    """One member of the workspace, or the bot."""
    identifier = read_id(user_id) or user_id
    members = viewer.state.workspaces[viewer.grant.workspace_id].user_ids
    if identifier != viewer.grant.bot_id and identifier not in members:
        raise not_visible("user", identifier)
    return viewer.user(identifier)


@blueprint.get("/v1/users")
@endpoint("users", capability="read_users")
def users(viewer: Viewer) -> Json:
    """All members of the workspace, and the bot."""
    members = [*viewer.state.workspaces[viewer.grant.workspace_id].user_ids, viewer.grant.bot_id]
    piece, cursor = slice_list(f"users:{viewer.grant.workspace_id}", members, request.args)
    return list_body("user", [viewer.user(member) for member in piece], cursor)
