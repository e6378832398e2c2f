"""The Flask application: Notion's API, the consent screen and the practice workspace's own pages."""

from flask import Flask, Response
from werkzeug.http import http_date

from sandbox.api_blocks import blocks_api
from sandbox.api_databases import databases_api
from sandbox.api_oauth import oauth_api
from sandbox.api_pages import pages_api
from sandbox.api_query import query_api
from sandbox.api_search import search_api
from sandbox.api_users import users_api
from sandbox.consent import consent_screen
from sandbox.door import Door, DroppedConnection, install_error_pages
from sandbox.ui import practice_pages
from sandbox.world import World


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
