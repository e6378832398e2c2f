"""Receives Notion's webhook events: checks them, stores them and answers at once. The daemon processes them.

No session and no CSRF token: the signature proves the sender. https://developers.notion.com/reference/webhooks
"""

from __future__ import annotations

import structlog
from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from extract.discovery import events, webhook_tokens
from extract.errors import VaultError
from extract.foreign_json import parse_json
from extract.notion.events import event_id, handshake_token, is_signed, is_too_old
from extract.values import Json
from webapp.extensions import limiter
from webapp.http.error_pages import answer
from webapp.http.security_log import SecurityEvent, record
from webapp.page import runtime

blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks")
log = structlog.get_logger(__name__)

LARGEST_BODY = 256 * 1024  # an event names a page and a few blocks; a thousand of them fit

UNSIGNED = "The signature is not of a webhook subscription that was confirmed here."
UNREADABLE = "This is not an event of Notion's."
LOCKED = "The webhook token cannot be opened with the configured encryption keys."


@blueprint.post("/notion")
def notion() -> ResponseReturnValue:
    """Store one event, or the token of a handshake. A valid one gets 200, also if it arrives twice."""
    request.max_content_length = LARGEST_BODY
    raw = request.get_data()
    signature = request.headers.get("X-Notion-Signature", "")
    body = _parsed(raw)
    token = handshake_token(body)
    if token is not None and (not signature or is_signed(raw, signature, [token])):
        return _store_token(token)
    try:
        signed = is_signed(raw, signature, webhook_tokens.signing_tokens(runtime()))
    except VaultError as error:
        log.error("webhook_token_not_opened", error=type(error).__name__)
        return answer(503, sentence=LOCKED)
    if not signed:
        record(SecurityEvent.EVENT_UNSIGNED)
        return answer(401, sentence=UNSIGNED)
    identifier = event_id(body)
    if identifier is None:
        return answer(400, sentence=UNREADABLE)
    now = runtime().clock()
    if is_too_old(body, now=now):
        record(SecurityEvent.EVENT_TOO_OLD, event_id=identifier)
    else:
        events.store(identifier, body, now=now)
    return jsonify(status="ok")


@limiter.limit("6 per minute; 30 per hour")
def _store_token(token: str) -> ResponseReturnValue:
    """Store the token of a handshake. Anybody can send one, so each address may send few."""
    webhook_tokens.keep_pending(runtime(), token)
    return jsonify(status="ok")


def _parsed(raw: bytes) -> Json:
    try:
        return parse_json(raw)
    except ValueError:
        return None
