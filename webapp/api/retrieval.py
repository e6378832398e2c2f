"""The retrieval API, which a chatbot calls with its key. JSON only, no session, one chatbot per key."""

from __future__ import annotations

import time
from hashlib import sha256
from typing import Any, NoReturn, cast

import structlog
from flask import Blueprint, Flask, Response, abort, g, jsonify, request
from flask.blueprints import BlueprintSetupState
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits import parse
from peewee import PeeweeException
from redis.exceptions import RedisError
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import HTTPException, TooManyRequests, Unauthorized

from extract.errors import HilalError
from extract.search.find import find
from extract.store.key_use import note_use
from extract.store.models import Document, Source
from webapp.api.cursors import read_cursor, write_cursor
from webapp.api.keys import find_key
from webapp.api.serializers import document_objects, hit_object, source_objects, whole_document_object
from webapp.http.incoming import whole_number
from webapp.http.security_log import SecurityEvent, record
from webapp.page import runtime
from webapp.queries import readable_documents, sources_with_connection

log = structlog.get_logger(__name__)
blueprint = Blueprint("api", __name__, url_prefix="/api")

PREFIX = "/api/"
MAX_WORDS = 1_000
MAX_HITS = 50
PAGE = 100

CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    429: "rate_limited",
    500: "internal_error",
    503: "unavailable",
}


def _caller() -> str:
    """The rate-limit key of a request: the API key it sends, else the address it comes from."""
    secret = _presented_key()
    return f"key:{sha256(secret.encode()).hexdigest()[:32]}" if secret else f"address:{get_remote_address()}"


def _allowance() -> str:
    return f"{runtime().config.web.api_requests_per_minute} per minute"


# A separate limiter: without Redis a login is refused, to be safe, but a chatbot still gets answers.
limiter = Limiter(key_func=_caller, swallow_errors=True, headers_enabled=False)
limiter.limit(_allowance)(blueprint)
_WRONG_KEYS = parse("300 per minute")


@blueprint.record_once
def _bind_limiter(state: BlueprintSetupState) -> None:
    limiter.init_app(cast(Flask, state.app))


@blueprint.before_request
def check_key() -> None:
    """Require a valid key; it decides which chatbot the request may search."""
    secret = _presented_key()
    key = find_key(secret) if secret else None
    if key is None:
        refuse_key()
    g.api_chatbot_id = key.chatbot_id
    note_use(runtime().redis, key.id, now=runtime().clock())


def refuse_key() -> NoReturn:
    """Answer 401, or 429 to an address with many wrong keys. A valid key is never counted here."""
    try:
        may_try_again = limiter.limiter.hit(_WRONG_KEYS, "wrong keys", get_remote_address())
    except RedisError as error:
        log.warning("wrong_key_not_counted", error=type(error).__name__)
        may_try_again = True
    if not may_try_again:
        raise TooManyRequests
    record(SecurityEvent.KEY_REFUSED)
    challenge = WWWAuthenticate("bearer")
    raise Unauthorized("Send a valid key: Authorization: Bearer <key>.", www_authenticate=challenge)


@blueprint.get("/v1/search")
def search() -> Response:
    """The passages that answer `q` best, with their citations."""
    words = request.args.get("q", "").strip()
    if not words:
        abort(400, "Say what to search for: q=…")
    if len(words) > MAX_WORDS:
        abort(400, f"q may have {MAX_WORDS} characters at most.")
    hits = find(g.api_chatbot_id, words, limit=_number("limit", default=8, most=MAX_HITS))
    return jsonify(query=words, hits=[hit_object(hit) for hit in hits])


@blueprint.get("/v1/sources")
def sources() -> Response:
    """The sources of the knowledge base, in the order of their ids."""
    limit = _number("limit", default=PAGE, most=PAGE)
    rows = sources_with_connection().where(Source.chatbot == g.api_chatbot_id, Source.id > _cursor())
    found, next_cursor = _page(list(rows.order_by(Source.id).limit(limit + 1)), limit)
    return jsonify(sources=source_objects(found), next_cursor=next_cursor)


@blueprint.get("/v1/documents")
def documents() -> Response:
    """The documents that the chatbot answers from, in the order of their ids; no text."""
    limit = _number("limit", default=PAGE, most=PAGE)
    columns = [getattr(Document, name) for name in _LISTED]
    rows = readable_documents(g.api_chatbot_id).select(*columns).where(Document.id > _cursor())
    found, next_cursor = _page(list(rows.order_by(Document.id).limit(limit + 1)), limit)
    return jsonify(documents=document_objects(found), next_cursor=next_cursor)


_LISTED = ("id", "chatbot", "notion_id", "title", "url", "bytes", "edited_at", "synced_at", "hash")


@blueprint.get("/v1/documents/<int:document_id>")
def document(document_id: int) -> Response:
    """One document with its text, properties and links. Answers 304 to the ETag it gave before."""
    found = readable_documents(g.api_chatbot_id).where(Document.id == document_id).get_or_none()
    if found is None:
        abort(404, "There is no such document in this knowledge base.")
    response = jsonify(whole_document_object(found))
    response.add_etag()
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response


@blueprint.errorhandler(HTTPException)
def http_error(error: HTTPException) -> Response:
    """An HTTP error as JSON, also for unknown addresses below /api/."""
    status = error.code or 500
    message = error.description or error.name
    if status == 429:
        message = "Too many requests with this key, or too many wrong keys. Wait a moment, then go on."
    if status == 404 and error.description == type(error).description:
        message = "There is nothing at this address. The addresses begin with /api/v1/."
    return error_answer(CODES.get(status, "error"), message, status, error)


@blueprint.errorhandler(HilalError)
def refusal(error: HilalError) -> Response:
    """One of our errors, with its sentence."""
    return error_answer("unavailable", error.sentence, 503)


@blueprint.errorhandler(PeeweeException)
def database_error(error: PeeweeException) -> Response:
    """An error of the database: the caller may try again."""
    return error_answer("unavailable", "The knowledge base does not answer. Try again in a moment.", 503)


def error_answer(code: str, message: str, status: int, cause: HTTPException | None = None) -> Response:
    """The JSON of every error of the API."""
    response = jsonify(error={"code": code, "message": message})
    response.status_code = status
    for name, value in cause.get_headers() if cause else ():
        if name.lower() in ("www-authenticate", "allow", "retry-after"):
            response.headers.add(name, value)
    if status == 429 and "Retry-After" not in response.headers:
        response.headers["Retry-After"] = str(_seconds_to_wait())
    return response


def _seconds_to_wait() -> int:
    """Seconds until the window of the exceeded limit starts again."""
    hit = limiter.current_limit
    return max(int(hit.reset_at - time.time()) + 1, 1) if hit else 60  # the limiter has its own clock


def _presented_key() -> str:
    """The key in the Authorization header; empty if there is none."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def _number(name: str, *, default: int, most: int) -> int:
    """The query argument `name`, a whole number from 1 to `most`."""
    value = request.args.get(name, str(default))
    try:
        number = whole_number(value)
    except ValueError:
        number = 0
    if not 1 <= number <= most:
        abort(400, f"{name} must be a number from 1 to {most}.")
    return number


def _cursor() -> int:
    """The id after which the requested page begins."""
    try:
        return read_cursor(request.args.get("cursor", ""))
    except ValueError:
        abort(400, "This cursor is not one of ours: send next_cursor as it was given.")


def _page(rows: list[Any], limit: int) -> tuple[list[Any], str | None]:
    """The rows of one page, and the cursor of the next where there is one."""
    found = rows[:limit]
    return found, write_cursor(found[-1].id) if len(rows) > limit else None
