"""The consent screen: a person picks pages to share; the answer goes to the redirect URI."""

from urllib.parse import urlencode, urlsplit, urlunsplit

from flask import Blueprint, Response, make_response, redirect, render_template, request

from sandbox.api.context import current_world
from sandbox.api.endpoint import respond
from sandbox.state.records import Grant, PendingCode
from sandbox.ui.origin import same_origin
from sandbox.ui.tree import workspace_tree
from sandbox.world.world import World

_ECHOED = ("client_id", "redirect_uri", "response_type", "owner", "state")

blueprint = Blueprint("consent", __name__)


@blueprint.get("/v1/oauth/authorize")
def ask() -> Response:
    """Ask a person which pages the integration may read."""
    return respond("authorize", None, _ask)


@blueprint.post("/v1/oauth/authorize")
def answer() -> Response:
    """Take the person's answer back to the integration."""
    return respond("authorize", None, _answer)


def _refusal(world: World) -> str | None:
    """Why the consent screen refuses a request; None if it does not."""
    given = request.values
    if given.get("client_id") != world.client_id:
        return "The client_id is missing or unknown."
    redirect_uri = given.get("redirect_uri", "")
    if urlsplit(redirect_uri).scheme not in ("http", "https") or not urlsplit(redirect_uri).netloc:
        return "The redirect_uri is missing or not a web address."
    if world.redirect_uris and redirect_uri not in world.redirect_uris:
        return "The redirect_uri is not one of those registered for this connection."
    if given.get("response_type") != "code":
        return "The response_type must be “code”."
    if given.get("owner") != "user":
        return "The owner must be “user”."
    return None


def _refused(why: str, status: int = 400) -> Response:
    return make_response(render_template("consent_error.html", why=why), status)


def _ask() -> Response:
    world = current_world()
    why = _refusal(world)
    if why is not None:
        return _refused(why)
    people = [
        (workspace, world.users[user_id])
        for workspace in world.workspaces.values()
        for user_id in workspace.user_ids
    ]
    if not people:
        return _refused("There is no workspace here yet.")
    chosen = request.args.get("as", "")
    workspace, user = next((pair for pair in people if f"{pair[0].id}.{pair[1].id}" == chosen), people[0])
    grant = grant_of(world, workspace.id, user.id)
    ticked = set(grant.shares) if grant else set()
    if grant and grant.everything:
        ticked |= set(world.children.get(workspace.id, ()))
    opened = {parent for identifier in ticked for parent in list(world.lineage(identifier))[1:]}
    page = render_template(
        "consent.html",
        integration=world.integration_name,
        workspace=workspace,
        user=user,
        people=people,
        echoed={name: request.args[name] for name in _ECHOED if name in request.args},
        tree=workspace_tree(world, workspace.id, opened),
        ticked=ticked,
        returns_to=urlsplit(request.args["redirect_uri"]).netloc,
        again=grant is not None,
    )
    return make_response(page)


def grant_of(world: World, workspace_id: str, user_id: str) -> Grant | None:
    """The person's grant in this workspace; None if there is none or it is revoked."""
    return next(
        (
            grant
            for grant in world.grants.values()
            if (grant.workspace_id, grant.user_id) == (workspace_id, user_id) and not grant.revoked
        ),
        None,
    )


def _answer() -> Response:
    world = current_world()
    if not same_origin(request):
        return _refused("This form did not come from the consent screen.", 403)
    why = _refusal(world)
    if why is not None:
        return _refused(why)
    if request.form.get("decision") != "allow":
        return _back({"error": "access_denied"})
    workspace = world.workspaces.get(request.form.get("workspace_id", ""))
    user_id = request.form.get("user_id", "")
    if workspace is None or user_id not in workspace.user_ids:
        return _refused("There is no such person in this workspace.")
    own = [
        identifier
        for identifier in request.form.getlist("page")
        if (node := world.node(identifier)) is not None and node.workspace_id == workspace.id
    ]
    pending = PendingCode(
        world.mint.token("code"), request.form["redirect_uri"], workspace.id, user_id, own, world.now()
    )
    world.codes[pending.code] = pending
    return _back({"code": pending.code})


def _back(answer: dict[str, str]) -> Response:
    """Redirect to the URI as it was given, with the answer and the state added to its query."""
    if "state" in request.form:
        answer["state"] = request.form["state"]
    parts = urlsplit(request.form["redirect_uri"])
    query = f"{parts.query}&{urlencode(answer)}" if parts.query else urlencode(answer)
    return make_response(redirect(urlunsplit(parts._replace(query=query)), 303))
