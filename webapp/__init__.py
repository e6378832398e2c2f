"""The web app: pages for people, the retrieval API for chatbots, webhooks, and the `flask` commands.

The steps of a request: open the database → check texts and ids → make safe methods read-only → rate limits → session
and CSRF token → access (who, which role, whose row) → view → template → headers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from flask import Flask, request

from extract.config.load import Config, load
from extract.runtime import Runtime, open_runtime
from extract.store.db import database
from webapp import commands, page
from webapp.api import retrieval
from webapp.chatbots import pages as chatbots_pages
from webapp.chatbots import try_it
from webapp.connections import notion_oauth, webhook_receiver, webhook_settings
from webapp.connections import pages as connections_pages
from webapp.extensions import csrf, limiter, login_manager
from webapp.http import error_pages, headers, incoming, proxies, safe_methods
from webapp.monitoring import health, health_endpoints
from webapp.people import accounts, settings, sign_in
from webapp.people import pages as people_pages
from webapp.picker import importing
from webapp.picker import pages as picker_pages
from webapp.sources import actions as sources_actions
from webapp.sources import brake, documents
from webapp.sources import pages as sources_pages

_LARGEST_BODY = 2 * 1024 * 1024


def create_app(runtime: Runtime | None = None) -> Flask:
    """The app on `runtime`. Without one, it opens what the configuration names, whatever schema the database has."""
    runtime = runtime or open_runtime(load(), schema_must_match=False)
    app = Flask(__name__)
    app.config.update(_flask_config(runtime.config))
    app.config["RATELIMIT_STORAGE_URI"] = "redis://"
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {"connection_pool": runtime.redis.connection_pool}
    app.extensions["hilal"] = runtime
    app.extensions["hilal_assets"] = _fingerprints(Path(app.static_folder or ""))
    proxies.init_app(app, runtime)
    _open_database_per_request(app)
    incoming.init_app(app)
    safe_methods.init_app(app)
    headers.init_app(app, production=runtime.config.production)
    csrf.init_app(app)
    limiter.init_app(app)
    login_manager.init_app(app)
    sign_in.init_app(app)
    page.init_app(app)
    error_pages.init_app(app)
    notion_oauth.init_app(app)
    _register(app)
    return app


def _register(app: Flask) -> None:
    app.register_blueprint(accounts.blueprint)
    app.register_blueprint(chatbots_pages.blueprint)
    app.register_blueprint(settings.blueprint)
    app.register_blueprint(people_pages.blueprint)
    app.register_blueprint(notion_oauth.blueprint)
    app.register_blueprint(connections_pages.blueprint)
    app.register_blueprint(picker_pages.blueprint)
    app.register_blueprint(importing.blueprint)
    app.register_blueprint(sources_pages.blueprint)
    app.register_blueprint(sources_actions.blueprint)
    app.register_blueprint(documents.blueprint)
    app.register_blueprint(try_it.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(brake.blueprint)
    app.register_blueprint(health_endpoints.blueprint)
    app.register_blueprint(retrieval.blueprint)
    app.register_blueprint(webhook_settings.blueprint)
    app.register_blueprint(webhook_receiver.blueprint)
    csrf.exempt(retrieval.blueprint)  # no cookie and no session, but a key in a header
    csrf.exempt(webhook_receiver.blueprint)  # no cookie and no session, but a signature
    commands.register(app)


def _flask_config(config: Config) -> Mapping[str, object]:
    secure = config.public_url.startswith("https://")
    return {
        "SECRET_KEY": config.web.secret_key,
        "SESSION_COOKIE_NAME": "__Host-hilal" if secure else "hilal",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",  # Strict would lose the session on the way back from Notion
        "SESSION_COOKIE_SECURE": secure,
        "PERMANENT_SESSION_LIFETIME": timedelta(days=30),
        "MAX_CONTENT_LENGTH": _LARGEST_BODY,
        "MAX_FORM_MEMORY_SIZE": _LARGEST_BODY,
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session, since pages stay open for days
        "WTF_CSRF_HEADERS": ["X-CSRFToken"],
        "WTF_CSRF_SSL_STRICT": False,  # browsers may omit Referer; `safe_methods` checks the origin
        "RATELIMIT_HEADERS_ENABLED": False,
    }


def _open_database_per_request(app: Flask) -> None:
    @app.before_request
    def connect() -> None:
        request.environ["hilal.close_database"] = database.is_closed()
        # Health checks must answer without a database.
        if request.endpoint != "static" and request.blueprint != "probes":
            database.connect(reuse_if_open=True)

    @app.teardown_request
    def close(_error: BaseException | None) -> None:
        if request.environ.pop("hilal.close_database", False) and not database.is_closed():
            database.close()


def _fingerprints(folder: Path) -> dict[str, str]:
    """A short hash of each static file, for its address."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()[:12] for path in files}
