"""How every API request is handled: log it, apply a fault, check it, call the view, answer JSON."""

import time
from collections.abc import Callable
from functools import partial, wraps

from flask import Flask, Response, g, jsonify, request

from sandbox.api.checks import admit, grant_of_request
from sandbox.api.context import current_world
from sandbox.present.errors import ApiError
from sandbox.present.viewer import Viewer
from sandbox.state.records import Json
from sandbox.world.faults import Fault
from sandbox.world.request_log import Request
from sandbox.world.world import World

View = Callable[..., Json]
_FIRST_WITHOUT_ALIASES = "2026-03-11"


class DroppedConnection(ConnectionError):
    """Raised through the application so that the connection breaks without an answer."""


def endpoint(name: str, capability: str | None = "read_content") -> Callable[[View], Callable[..., Response]]:
    """Make an API endpoint of a view, which gets a Viewer and the parts of the path and returns a JSON body.

    `name` is what faults and the request log call the endpoint. Without `capability` among the world's
    capabilities the request is answered with 403; None asks for none.
    """

    def wrap(view: View) -> Callable[..., Response]:
        @wraps(view)
        def answer(**path: str) -> Response:
            target = next(iter(path.values()), None)
            return respond(name, target, partial(_call, view, capability, path))

        return answer

    return wrap


def respond(name: str, target: str | None, answer: Callable[[], Response]) -> Response:
    """Log the request, apply the fault that waits for it if there is one, else answer under the world's lock.

    The OAuth endpoints and the consent screen use this without the checks of `endpoint`.
    """
    world = current_world()
    begin_request(world)
    if world.latency_seconds > 0:
        time.sleep(world.latency_seconds)
    entry = Request(request.method, request.path, name, 0, None, world.now(), target)
    with world.lock:
        world.log(entry)
        fault = world.faults.take(name, target)
    if fault is not None and fault.kind == "drop":
        raise DroppedConnection(f"A fault drops the connection to {name}.")
    if fault is not None and fault.kind == "status":
        grant = grant_of_request(world)
        entry.bot_id = grant.bot_id if grant else None
        entry.status = fault.status
        return _fault_response(fault)
    try:
        with world.lock:
            response = answer()
    except ApiError as error:
        response = error_response(error)
    entry.status, entry.bot_id = response.status_code, getattr(g, "bot_id", None)
    if fault is not None:
        body = response.get_data()
        response.set_data(body[: max(1, len(body) // 2)])
    return response


def begin_request(world: World) -> None:
    """Give the request an id, which every answer carries, unless it has one."""
    if not hasattr(g, "request_id"):
        g.request_id = world.mint.new()


def error_response(error: ApiError) -> Response:
    """The API's error body, with the id of the request."""
    response = jsonify({**error.body(), "request_id": g.request_id})
    response.status_code = error.status
    response.headers.update(error.headers)
    return response


def install_error_pages(app: Flask) -> None:
    """Below /v1, a path or method without an endpoint gets Notion's own 400."""
    app.register_error_handler(404, _unknown_url)
    app.register_error_handler(405, _unknown_url)


def _unknown_url(_error: Exception) -> Response | tuple[str, int]:
    if not request.path.startswith("/v1/"):
        return "Not found.", 404
    begin_request(current_world())
    return error_response(ApiError(400, "invalid_request_url", "Invalid request URL."))


def _call(view: View, capability: str | None, path: dict[str, str]) -> Response:
    world = current_world()
    viewer = Viewer(
        state=world,
        access=world.access,
        grant=admit(world, capability),
        integration_name=world.integration_name,
        names_users="read_users" in world.capabilities,
        legacy=request.headers["Notion-Version"] < _FIRST_WITHOUT_ALIASES,
    )
    return jsonify({**view(viewer, **path), "request_id": g.request_id})


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
        response = error_response(ApiError(fault.status, fault.code, fault.message, data or None))
    response.headers.update(fault.headers)
    return response
