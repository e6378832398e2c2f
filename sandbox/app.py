"""The Flask application: Notion's API, the consent screen and the practice workspace's own pages."""

from flask import Flask, Response
from werkzeug.http import http_date

from sandbox.api.blocks import blocks_api
from sandbox.api.databases import databases_api
from sandbox.api.gate import Door, DroppedConnection, install_error_pages
from sandbox.api.oauth import oauth_api
from sandbox.api.pages import pages_api
from sandbox.api.query import query_api
from sandbox.api.search import search_api
from sandbox.api.users import users_api
from sandbox.ui.consent import consent_screen
from sandbox.ui.pages import practice_pages
from sandbox.world.world import World


class PracticeApp(Flask):
    """Flask, except that an ordered break of the connection is not answered with a 500."""

    def handle_exception(self, e: Exception) -> Response:
        if isinstance(e, DroppedConnection):
            raise e
        return super().handle_exception(e)


def create_app(world: World) -> Flask:
    """An application serving one world."""
    app = PracticeApp("sandbox")
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    door = Door(world)
    for make in (
        search_api,
        pages_api,
        blocks_api,
        databases_api,
        query_api,
        users_api,
        oauth_api,
        consent_screen,
    ):
        app.register_blueprint(make(door))
    app.register_blueprint(practice_pages(world))
    install_error_pages(app, world)

    @app.after_request
    def date(response: Response) -> Response:
        response.headers["Date"] = http_date(world.now())
        return response

    return app
