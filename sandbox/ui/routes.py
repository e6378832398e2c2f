"""The addresses of the practice pages, and the view that answers each. Forms are answered with a redirect."""

from collections.abc import Callable
from functools import wraps

from flask import Blueprint, Response, make_response, request
from flask.typing import ResponseReturnValue

from sandbox.api.context import current_world
from sandbox.ui import actions, databases, pages
from sandbox.ui.origin import same_origin
from sandbox.ui.shell import runs_of_one_type

View = Callable[..., ResponseReturnValue]

ROUTES: tuple[tuple[str, str, View], ...] = (
    ("GET", "/", pages.home),
    ("GET", "/workspaces/<workspace_id>", pages.workspace),
    ("GET", "/p/<slug>", pages.link),
    ("GET", "/pages/<page_id>", pages.page),
    ("GET", "/pages/<page_id>/edit", pages.edit),
    ("POST", "/pages/<page_id>/edit", pages.save),
    ("POST", "/pages", pages.add),
    ("GET", "/databases/<database_id>", databases.database),
    ("POST", "/data-sources/<source_id>/rows", databases.add_row),
    ("POST", "/databases/<database_id>/rename", databases.rename_database),
    ("POST", "/things/<thing_id>/<action>", actions.act),
    ("POST", "/things/<thing_id>/sharing/<bot_id>", actions.share),
    ("GET", "/workspaces/<workspace_id>/trash", actions.trash_bin),
)


def _under_lock(view: View) -> View:
    """The view, given the world and called while nothing else changes it."""

    @wraps(view)
    def answer(**path: str) -> ResponseReturnValue:
        world = current_world()
        with world.lock:
            return view(world, **path)

    return answer


def _refuse_foreign_forms() -> Response | None:
    if request.method == "POST" and not same_origin(request):
        return make_response("This form came from another site.", 403)
    return None


blueprint = Blueprint("ui", __name__)
blueprint.before_request(_refuse_foreign_forms)
blueprint.add_app_template_filter(runs_of_one_type, "groupby_runs")
for _method, _rule, _view in ROUTES:
    blueprint.add_url_rule(_rule, view_func=_under_lock(_view), methods=[_method])
