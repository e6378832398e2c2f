"""The Flask application: Notion's API, the consent screen and the practice workspace's own pages."""

from flask import Flask, Response
from werkzeug.http import http_date

from sandbox.api import blocks, databases, oauth, pages, query, search, users
from sandbox.api.context import serve
from sandbox.api.endpoint import DroppedConnection, install_error_pages
from sandbox.ui import consent, routes
from sandbox.world.world import World


class PracticeApp(Flask):
    """Flask, except that a connection that a fault drops is not answered with a 500."""

    def handle_exception(self, e: Exception) -> Response:
        """Let DroppedConnection through to the server; Flask answers everything else."""
        if isinstance(e, DroppedConnection):
            raise e
        return super().handle_exception(e)


def create_app(world: World) -> Flask:
    """An application serving one world."""
    app = PracticeApp("sandbox")
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    serve(app, world)
    for part in (search, pages, blocks, databases, query, users, oauth, consent, routes):
        app.register_blueprint(part.blueprint)
    install_error_pages(app)

    @app.after_request
    def date(response: Response) -> Response:
        response.headers["Date"] = http_date(world.now())
        return response

    return app
