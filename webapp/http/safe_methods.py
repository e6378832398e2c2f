"""GET, HEAD and OPTIONS change nothing, and other methods are accepted only from our own pages.

Three rules, enforced for every route:

- HEAD is answered as GET without its body, so no view mistakes it for a submitted form.
- During GET and OPTIONS the database refuses writes and no request goes to Notion. The few views that need either are
  marked with `acts_on_get` and a reason; they run on GET only, and only if a person opened the address.
- A browser may send POST, PUT, PATCH or DELETE only from a page of this origin. Programs that send a key or a signature
  are exempt: they use no cookie.

https://www.rfc-editor.org/rfc/rfc9110#name-safe-methods
https://web.dev/articles/fetch-metadata
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import MethodNotAllowed

from extract.read_only import read_only
from webapp.http.error_pages import answer
from webapp.http.security_log import SecurityEvent, record

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

View = TypeVar("View", bound=Callable[..., Any])

PROGRAMS = ("api", "webhooks")
"""Blueprints that do not use cookies: their callers send a key or a signature."""

ELSEWHERE = (
    "This came from another website",
    "Your browser says that a page elsewhere sent this, so nothing was changed. Open the page here and try again.",
)

_SAFE = ("GET", "HEAD", "OPTIONS")
_WAS_HEAD = "hilal.was_head"


def acts_on_get(reason: str) -> Callable[[View], View]:
    """Mark a view whose GET sends requests to Notion or writes a row; `reason` says why."""

    def mark(view: View) -> View:
        view.acts_on_get = reason  # type: ignore[attr-defined]
        return view

    return mark


def init_app(app: Flask) -> None:
    """Enforce the rules for every request of `app`."""
    app.wsgi_app = _HeadAsGet(app.wsgi_app)  # type: ignore[method-assign]

    @app.before_request
    def enforce() -> ResponseReturnValue | None:
        if request.method not in _SAFE:
            allowed = request.blueprint in PROGRAMS or _sent_from_here()
        elif not _acts_on_get():
            g.read_only = ExitStack()
            g.read_only.enter_context(read_only())
            return None
        elif request.environ.get(_WAS_HEAD):
            raise MethodNotAllowed(valid_methods=["GET"])
        else:
            allowed = _opened_by_a_person()
        if allowed:
            return None
        record(SecurityEvent.CROSS_ORIGIN_REFUSED)
        return answer(403, *ELSEWHERE)

    @app.teardown_request
    def release(_error: BaseException | None) -> None:
        stack: ExitStack | None = g.pop("read_only", None)
        if stack is not None:
            stack.close()


def _acts_on_get() -> bool:
    view = current_app.view_functions.get(request.endpoint or "")
    return hasattr(view, "acts_on_get") and request.method == "GET"


def _sent_from_here() -> bool:
    """Return True if the browser says that a page of this origin sent the request, or does not say.

    `none` means that a person repeats a form they had sent, as with Reload.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or _host(origin) == request.host


def _host(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _opened_by_a_person() -> bool:
    """Return True if a person opened the address or followed a link, and no page of another site loaded it."""
    site = request.headers.get("Sec-Fetch-Site", "none")
    return site in ("same-origin", "none") or request.headers.get("Sec-Fetch-Mode") == "navigate"


class _HeadAsGet:
    """WSGI middleware that answers HEAD as GET without the body."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("REQUEST_METHOD") != "HEAD":
            return self._app(environ, start_response)
        answer = self._app({**environ, "REQUEST_METHOD": "GET", _WAS_HEAD: True}, start_response)
        if hasattr(answer, "close"):
            answer.close()
        return ()
