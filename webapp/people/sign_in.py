"""Sessions of people: starting one, loading the person of a request, and the redirect to the login page and back."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, after_this_request, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import UserMixin, login_user

from extract.store.models import Member, Organisation
from webapp.extensions import login_manager
from webapp.http.error_pages import ask_to_log_in
from webapp.people import known_browsers


class SignedIn(UserMixin):  # type: ignore[misc]  # Flask-Login ships no types
    """The user object of Flask-Login: a member, valid while their session key stays the same."""

    def __init__(self, member: Member) -> None:
        self.member = member

    def get_id(self) -> str:
        """What the session stores: the member's id and session key."""
        return f"{self.member.id}.{self.member.session_key}"


def sign_in(member: Member) -> None:
    """Start a new session. Of the old one only flashed sentences are kept."""
    flashes = session.get("_flashes")
    session.clear()
    if flashes:
        session["_flashes"] = flashes
    session.permanent = True
    login_user(SignedIn(member))

    @after_this_request
    def know_the_browser(response: Response) -> Response:
        return known_browsers.remember(response, member)


def own_path(address: str | None) -> str | None:
    """`address` as a path on this site; None if it leads anywhere else."""
    if not address or "\\" in address or any(ord(letter) < 33 for letter in address):
        return None
    try:
        parts = urlsplit(address)
    except ValueError:  # as of "http://["
        return None
    if parts.scheme and (parts.scheme not in ("http", "https") or parts.netloc != request.host):
        return None
    if parts.netloc and not parts.scheme:
        return None
    if not parts.path.startswith("/") or parts.path.startswith("//"):
        return None
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def init_app(_app: Flask) -> None:
    """Tell Flask-Login how to load a person, and what to answer without one."""

    @login_manager.user_loader  # type: ignore[untyped-decorator]
    def load(identifier: str) -> SignedIn | None:
        """The person of a session; None if the session key has changed since (new password) or the member is gone."""
        number, _, session_key = identifier.partition(".")
        if not number.isdigit():  # never in a session that we signed
            return None
        member = (
            Member.select(Member, Organisation)
            .join(Organisation)
            .where(Member.id == int(number), Member.session_key == session_key)
            .get_or_none()
        )
        return SignedIn(member) if member else None

    @login_manager.unauthorized_handler  # type: ignore[untyped-decorator]
    def unauthorized() -> ResponseReturnValue:
        if request.headers.get("HX-Request") == "true":
            return ask_to_log_in()
        back = request.full_path.rstrip("?") if request.method in ("GET", "HEAD") else None
        return redirect(url_for("accounts.login", next=back if back != "/" else None), code=303)
