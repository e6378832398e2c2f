"""What every API request passes: fault orders, version, token, capability, request budget, the journal."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn

from flask import Flask, Response, g, jsonify, request

from sandbox.api.errors import ApiError, not_found, rate_limited, validation_error
from sandbox.api.viewer import Viewer
from sandbox.world.faults import Fault
from sandbox.world.ids import read_id
from sandbox.world.records import Grant, Json
from sandbox.world.request_log import Request
from sandbox.world.world import World

VERSIONS = ("2025-09-03", "2026-03-11")
_KINDS = {
    "page": "page",
    "database": "database",
    "data_source": "data source",
    "block": "block",
    "user": "user",
}


class DroppedConnection(ConnectionError):
    """Raised through the application so that the connection breaks without an answer."""


class Door:
    """Wraps the API's functions: `@door.api("markdown")` answers JSON for a viewer."""

    def __init__(self, world: World) -> None:
        self.world = world

    def api(
        self, endpoint: str, capability: str = "read_content"
    ) -> Callable[[Callable[..., Json]], Callable[..., Response]]:
        def wrap(function: Callable[..., Json]) -> Callable[..., Response]:
            @wraps(function)
            def answer(**path: str) -> Response:
                return self.pass_through(
                    endpoint,
                    next(iter(path.values()), None),
                    lambda: self._inner(endpoint, capability, function, path),
                )

            return answer

        return wrap

    def pass_through(self, endpoint: str, target: str | None, answer: Callable[[], Response]) -> Response:
        """Faults and the journal around any answer; OAuth uses this without the rest."""
        world = self.world
        begin_request(world)
        if world.latency_seconds > 0:
            time.sleep(world.latency_seconds)
        entry = Request(request.method, request.path, endpoint, 0, None, world.now(), target)
        with world.lock:
            world.log(entry)
            fault = world.faults.take(endpoint, target)
        if fault is not None and fault.kind == "drop":
            raise DroppedConnection(f"The connection to {endpoint} broke, as ordered.")
        if fault is not None and fault.kind == "status":
            entry.bot_id = bot_id_of(world)
            entry.status = fault.status
            return _fault_response(fault)
        try:
            with world.lock:
                response = answer()
        except ApiError as error:
            response = error.response()
        entry.status, entry.bot_id = response.status_code, getattr(g, "bot_id", None)
        if fault is not None:
            whole = response.get_data()
            response.set_data(whole[: max(1, len(whole) // 2)])
        return response

    def _inner(
        self, endpoint: str, capability: str, function: Callable[..., Json], path: dict[str, str]
    ) -> Response:
        grant = self._admit(capability)
        legacy = request.headers["Notion-Version"] < "2026-03-11"
        viewer = Viewer(
            self.world,
            self.world.access,
            grant,
            self.world.integration_name,
            "read_users" in self.world.capabilities,
            legacy,
        )
        body = function(viewer, **path)
        return jsonify({**body, "request_id": g.request_id})

    def _admit(self, capability: str) -> Grant:
        world = self.world
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        grant = world.access.by_token(token) if scheme.lower() == "bearer" else None
        if grant is None:
            raise ApiError(401, "unauthorized", "API token is invalid.")
        g.bot_id = grant.bot_id
        check_version()
        if world.rate_limit is not None:
            wait = world.rate_limit.spend(grant.workspace_id, world.now())
            if wait:
                raise rate_limited(wait)
        if capability and capability not in world.capabilities:
            raise ApiError(403, "restricted_resource", "API token does not have access to this resource.")
        return grant

    # Finding what a path names

    def visible(self, viewer: Viewer, kind: str, given: str) -> str:
        """The id of a page, database, data source or block in sight; the documented error otherwise."""
        identifier = read_id(given)
        if identifier is None:
            raise validation_error(
                f'path failed validation: path.{kind}_id should be a valid uuid, instead was `"{given}"`.'
            )
        actual = self.world.kind_of(identifier)
        home = self.world.block_home[identifier] if actual == "block" else identifier
        if actual is None or not viewer.can_see(home):
            self.miss(kind, identifier)
        wanted = (kind,) if kind != "block" else ("block", "page", "database")
        if actual not in wanted:
            raise validation_error(
                f"Provided ID {identifier} is a {_KINDS[actual]}, not a {_KINDS[kind]}. "
                f"Use the retrieve {_KINDS[actual]} API instead."
            )
        return identifier

    def miss(self, kind: str, identifier: str) -> NoReturn:
        raise not_found(_KINDS[kind], identifier, self.world.integration_name, self.world.integration_id)


def begin_request(world: World) -> None:
    if not hasattr(g, "request_id"):
        g.request_id = world.mint.new()


def bot_id_of(world: World) -> str | None:
    grant = world.access.by_token(request.headers.get("Authorization", "").partition(" ")[2])
    return grant.bot_id if grant else None


def check_version() -> None:
    version = request.headers.get("Notion-Version")
    if not version:
        raise ApiError(
            400,
            "missing_version",
            "Notion-Version header failed validation: Notion-Version header should be defined, "
            "instead was `undefined`.",
        )
    if version not in VERSIONS:
        known = ", ".join(f'`"{each}"`' for each in VERSIONS)
        raise validation_error(
            f"Notion-Version header failed validation: Notion-Version header should be {known}, "
            f'instead was `"{version}"`.'
        )


def json_body() -> dict[str, Any]:
    """The request's JSON object; nothing sent means an empty one."""
    raw = request.get_data()
    if not raw:
        return {}
    body = request.get_json(force=True, silent=True)
    if body is None:
        raise ApiError(400, "invalid_json", "Error parsing JSON body.")
    if not isinstance(body, dict):
        raise validation_error("body failed validation: body should be an object.")
    return body


def _fault_response(fault: Fault) -> Response:
    if fault.html:
        heading = f"<center><h1>{fault.status}</h1></center>"
        page = f"<html><head><title>{fault.status}</title></head><body>{heading}</body></html>"
        response = Response(page, status=fault.status, content_type="text/html; charset=UTF-8")
        response.headers["cf-ray"] = "9a1b2c3d4e5f6789-FRA"
    else:
        data = dict(fault.additional_data)
        if "Retry-After" in fault.headers:
            data.setdefault("retry_after", fault.headers["Retry-After"])
        response = ApiError(fault.status, fault.code, fault.message, data or None).response()
    response.headers.update(fault.headers)
    return response


def install_error_pages(app: Flask, world: World) -> None:
    """Below /v1, what no route answers is Notion's own 400."""

    def unknown(error: Exception) -> Response | tuple[str, int]:
        if not request.path.startswith("/v1/"):
            return "Not found.", 404
        begin_request(world)
        return ApiError(400, "invalid_request_url", "Invalid request URL.").response()

    app.register_error_handler(404, unknown)
    app.register_error_handler(405, unknown)
