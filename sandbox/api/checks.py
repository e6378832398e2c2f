"""What the API checks before it answers: token, version, request budget, capability, ids in paths, JSON bodies."""

from typing import Any

from flask import g, request

from sandbox.api.context import current_world
from sandbox.present.errors import ApiError, not_found, rate_limited, validation_error
from sandbox.present.viewer import Viewer
from sandbox.state.ids import read_id
from sandbox.state.records import Grant
from sandbox.world.world import World

VERSIONS = ("2025-09-03", "2026-03-11")
_KINDS = {
    "page": "page",
    "database": "database",
    "data_source": "data source",
    "block": "block",
    "user": "user",
}


def admit(world: World, capability: str | None) -> Grant:
    """The grant whose token the request carries. Raises ApiError if the API would refuse the request."""
    grant = grant_of_request(world)
    if grant is None:
        raise ApiError(401, "unauthorized", "API token is invalid.")
    g.bot_id = grant.bot_id
    check_version()
    if world.rate_limit is not None:
        wait = world.rate_limit.spend(grant.workspace_id, world.now())
        if wait:
            raise rate_limited(wait)
    if capability is not None and capability not in world.capabilities:
        raise ApiError(403, "restricted_resource", "API token does not have access to this resource.")
    return grant


def grant_of_request(world: World) -> Grant | None:
    """The grant whose bearer token the request carries; None if there is no valid one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return world.access.by_token(token) if scheme.lower() == "bearer" else None


def check_version() -> None:
    """Raises ApiError unless the Notion-Version header names a version that the sandbox speaks."""
    version = request.headers.get("Notion-Version")
    if not version:
        raise ApiError(
            400,
            "missing_version",
            "Notion-Version header failed validation: Notion-Version header should be defined, "
            "instead was `undefined`.",
        )
    if version not in VERSIONS:
        known = ", ".join(f'`"{known}"`' for known in VERSIONS)
        raise validation_error(
            f"Notion-Version header failed validation: Notion-Version header should be {known}, "
            f'instead was `"{version}"`.'
        )


def visible_id(viewer: Viewer, kind: str, given: str) -> str:
    """The id of a page, database, data source or block that the viewer can see.

    Raises ApiError (400 or 404, as Notion documents them) for a malformed id, for something that does not
    exist or is not shared, and for something of another kind. Pages and databases count as blocks.
    """
    identifier = read_id(given)
    if identifier is None:
        raise validation_error(
            f'path failed validation: path.{kind}_id should be a valid uuid, instead was `"{given}"`.'
        )
    actual = viewer.state.kind_of(identifier)
    home = viewer.state.page_of_block[identifier] if actual == "block" else identifier
    if actual is None or not viewer.can_see(home):
        raise not_visible(kind, identifier)
    wanted = (kind,) if kind != "block" else ("block", "page", "database")
    if actual not in wanted:
        raise validation_error(
            f"Provided ID {identifier} is a {_KINDS[actual]}, not a {_KINDS[kind]}. "
            f"Use the retrieve {_KINDS[actual]} API instead."
        )
    return identifier


def not_visible(kind: str, identifier: str) -> ApiError:
    """The 404 for something that does not exist or that is not shared: Notion does not tell which."""
    world = current_world()
    return not_found(_KINDS[kind], identifier, world.integration_name, world.integration_id)


def json_body() -> dict[str, Any]:
    """The JSON object that the request carries; an empty body counts as an empty object."""
    raw = request.get_data()
    if not raw:
        return {}
    body = request.get_json(force=True, silent=True)
    if body is None:
        raise ApiError(400, "invalid_json", "Error parsing JSON body.")
    if not isinstance(body, dict):
        raise validation_error("body failed validation: body should be an object.")
    return body
