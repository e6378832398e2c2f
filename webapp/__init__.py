"""The web app: pages for people, the retrieval API for chatbots, webhooks, and the `flask` commands.

A request flows: database opened → texts and ids checked → safe methods held read-only → limits → session and CSRF →
guard (who, which role, whose row) → view → template → headers.
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
from webapp import (
    accounts,
    api,
    brake,
    chatbots,
    commands,
    connections,
    documents,
    error_pages,
    frame,
    headers,
    health,
    incoming,
    notion_oauth,
    people,
    picker,
    picker_import,
    probes,
    proxies,
    safe_methods,
    search,
    settings,
    sign_in,
    source_actions,
    sources,
    webhook_settings,
    webhooks,
)
from webapp.extensions import csrf, limiter, login_manager

_LARGEST_BODY = 2 * 1024 * 1024


def create_app(runtime: Runtime | None = None) -> Flask:
    """The app on `runtime`; without one, on what the configuration names (the commands also mend an old schema)."""
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
    frame.init_app(app)
    error_pages.init_app(app)
    notion_oauth.init_app(app)
    _register(app)
    return app


def _register(app: Flask) -> None:
    app.register_blueprint(accounts.blueprint)
    app.register_blueprint(chatbots.blueprint)
    app.register_blueprint(settings.blueprint)
    app.register_blueprint(people.blueprint)
    app.register_blueprint(notion_oauth.blueprint)
    app.register_blueprint(connections.blueprint)
    app.register_blueprint(picker.blueprint)
    app.register_blueprint(picker_import.blueprint)
    app.register_blueprint(sources.blueprint)
    app.register_blueprint(source_actions.blueprint)
    app.register_blueprint(documents.blueprint)
    app.register_blueprint(search.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(brake.blueprint)
    app.register_blueprint(probes.blueprint)
    app.register_blueprint(api.blueprint)
    app.register_blueprint(webhook_settings.blueprint)
    app.register_blueprint(webhooks.blueprint)
    csrf.exempt(api.blueprint)  # no cookie, no session: a key in a header
    csrf.exempt(webhooks.blueprint)  # likewise: a signature
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
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session: pages stay open for days
        "WTF_CSRF_HEADERS": ["X-CSRFToken"],
        "WTF_CSRF_SSL_STRICT": False,  # browsers may send no Referer; `safe_methods` looks at the origin
        "RATELIMIT_HEADERS_ENABLED": False,
    }


def _open_database_per_request(app: Flask) -> None:
    @app.before_request
    def connect() -> None:
        request.environ["hilal.close_database"] = database.is_closed()
        if request.endpoint != "static" and request.blueprint != "probes":  # a probe answers without one
            database.connect(reuse_if_open=True)

    @app.teardown_request
    def close(_error: BaseException | None) -> None:
        if request.environ.pop("hilal.close_database", False) and not database.is_closed():
            database.close()


def _fingerprints(folder: Path) -> dict[str, str]:
    """A short hash of each static file, for its address."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()[:12] for path in files}
