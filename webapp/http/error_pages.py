"""Error answers: a page for people, a fragment for htmx, or JSON for programs."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from peewee import DataError, InterfaceError, OperationalError
from redis.exceptions import RedisError
from werkzeug.exceptions import HTTPException, InternalServerError

from extract.errors import HilalError
from webapp.http.security_log import SecurityEvent, record, record_rate_limit
from webapp.page import wants_fragment

log = structlog.get_logger(__name__)

SENTENCES = {
    400: ("That did not arrive as it should", "The request was incomplete. Go back and try once more."),
    401: ("Please log in", "Log in to go on."),
    403: (
        "This is for admins",
        "Your role lets you read and search. Ask an admin of your organisation to change it, or to do this for you.",
    ),
    404: ("There is nothing here", "The page was deleted, or it never was at this address."),
    405: (
        "That does not work here",
        "This address does not take that kind of request. Go back and try again.",
    ),
    413: ("That was too much at once", "What was sent is larger than we accept. Send less at a time."),
    429: (
        "A little slower, please",
        "There were many attempts in a short time. Wait a few minutes, then try again.",
    ),
    500: (
        "Something went wrong on our side",
        "The fault was noted for the operator; nothing was lost. Try again in a moment.",
    ),
    503: (
        "Resting for a moment",
        "A part of this service cannot be reached right now, so we paused here to be safe. Try again in a minute.",
    ),
}
LOST_FORM = (
    "This page was open for too long",
    "For your safety the form is no longer valid, and nothing was changed. Reload the page and send it again.",
)
_ELEMENT_ID = re.compile(r"[\w-]{1,80}")
_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
}


def answer(status: int, title: str | None = None, sentence: str | None = None) -> ResponseReturnValue:
    """An error answer in the form that the caller can read."""
    default_title, default_sentence = SENTENCES.get(status) or SENTENCES[500 if status >= 500 else 400]
    title, sentence = title or default_title, sentence or default_sentence
    if request.path.startswith(("/api/", "/webhooks/")):
        code = _CODES.get(status, HTTPStatus(status).name.lower())
        return jsonify(error={"code": code, "message": sentence}), status
    template = "errors/_problem.html" if wants_fragment() else "errors/problem.html"
    return render_template(
        template, status=status, title=title, sentence=sentence, place=_target_id()
    ), status


def ask_to_log_in() -> ResponseReturnValue:
    """A fragment with a link that logs in and returns to the page that requested it."""
    back = request.headers.get("HX-Current-URL", "")
    return render_template(
        "errors/_log_in.html", login=url_for("accounts.login", next=back or None), place=_target_id()
    ), 401


def _target_id() -> str | None:
    """The id of the element that htmx replaces. The fragment gets it, so that a later answer finds its target."""
    name = request.headers.get("HX-Target", "").partition("#")[2]
    return name if _ELEMENT_ID.fullmatch(name) else None


def log_fault(exc_info: Any) -> None:
    """Log a bug with its traceback, but without the query, which may hold the secret of an invitation."""
    log.error(
        "request_failed",
        method=request.method,
        path=request.path,
        endpoint=request.endpoint,
        address=request.remote_addr,
        exc_info=exc_info,
    )


def init_app(app: Flask) -> None:
    """Register the error handlers and the log of bugs."""
    app.log_exception = log_fault  # type: ignore[method-assign]

    @app.errorhandler(CSRFError)
    def lost_form(error: CSRFError) -> ResponseReturnValue:
        record(SecurityEvent.FORM_REFUSED, reason=error.description)
        return answer(400, *LOST_FORM)

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> ResponseReturnValue:
        if error.code is None or error.code < 400:
            return error
        if error.code == 429:
            record_rate_limit()
        return answer(error.code)

    @app.errorhandler(HilalError)
    def ours(error: HilalError) -> ResponseReturnValue:
        log.warning("request_refused", endpoint=request.endpoint, error=str(error))
        return answer(409, "That could not be done", error.sentence)

    @app.errorhandler(DataError)
    def unstorable(error: DataError) -> ResponseReturnValue:
        log.error("value_refused_by_database", error=type(error.__cause__ or error).__name__, exc_info=error)
        return answer(400)

    @app.errorhandler(RedisError)
    @app.errorhandler(OperationalError)
    @app.errorhandler(InterfaceError)
    def resting(error: Exception) -> ResponseReturnValue:
        log.error("request_not_served", endpoint=request.endpoint, error=f"{type(error).__name__}: {error}")
        return answer(503)

    @app.errorhandler(InternalServerError)
    def bug(error: InternalServerError) -> ResponseReturnValue:
        return answer(500)
