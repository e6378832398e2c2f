"""Browsers that a person has logged in with before, so that nobody who guesses a password can lock the person out.

A signed cookie names the member and the browser. It gives no access; failed log-ins of this browser are only counted
separately from all others. A changed SECRET_KEY makes every browser unknown.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from extract.store.models import Member

_LIFE = timedelta(days=365)


def remember(response: Response, member: Member) -> Response:
    """Set the cookie of `member` in this browser; it replaces the cookie of another member."""
    known = _read()
    browser_id = known[1] if known is not None and known[0] == member.id else secrets.token_hex(8)
    response.set_cookie(
        _cookie_name(),
        _serializer().dumps([member.id, browser_id]),
        max_age=_LIFE,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return response


def id_of(email: str) -> str | None:
    """The id of this browser if the member with this address has logged in with it before, else None."""
    known = _read()
    if known is None:
        return None
    member_id, browser_id = known
    theirs = Member.select().where(Member.id == member_id, Member.email == email).exists()
    return f"browser:{browser_id}" if theirs else None


def _read() -> tuple[int, str] | None:
    value = request.cookies.get(_cookie_name(), "")
    try:
        member_id, browser_id = _serializer().loads(value, max_age=int(_LIFE.total_seconds()))
    except (BadSignature, ValueError, TypeError):
        return None
    return int(member_id), str(browser_id)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="hilal known browser")


def _cookie_name() -> str:
    return f"{current_app.config['SESSION_COOKIE_NAME']}-known"
