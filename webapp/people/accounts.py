"""Registering, logging in and out."""

from __future__ import annotations

from hashlib import sha256

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_limiter.util import get_remote_address
from flask_login import current_user, logout_user

from extract.errors import Refused
from extract.store.db import database, lock
from extract.store.models import Invitation, Member
from webapp import clean_text
from webapp.access import current_member, needs
from webapp.extensions import limiter
from webapp.http.security_log import SecurityEvent, record
from webapp.page import runtime, toast
from webapp.people import known_browsers, members, passwords
from webapp.people.sign_in import own_path, sign_in
from webapp.roles import Role

blueprint = Blueprint("accounts", __name__)

NO_MATCH = "That e-mail address and password do not belong together. Check both and try again."
INVITATION_ONLY = "An account here needs an invitation. Ask an admin of your organisation to send you a link."
INVITATION_SPENT = "This invitation was already used, or it is older than a week. Ask for a new one."


def _field(name: str, longest: int) -> str:
    """A field of the form, cut after `longest + 1` characters, so that one that is too long is still refused."""
    return request.form.get(name, "")[: longest + 1]


def _email() -> str:
    """The e-mail address in the form, cut if it is far too long."""
    return clean_text.normal_email(_field("email", 2 * clean_text.LONGEST_EMAIL))


def _email_key() -> str:
    """The rate-limit key of the account; hashed, so that no address is readable in Redis."""
    return "email:" + sha256(_email().encode()).hexdigest()[:32]


def _account_and_place_key() -> str:
    """The rate-limit key of the account together with the browser if it is known, else the address."""
    return f"{_email_key()}:{_known_browser() or get_remote_address()}"


def _known_browser() -> str | None:
    """The id of this browser if the person has logged in with it before. Looked up once per request."""
    if "known_browser" not in g:
        g.known_browser = known_browsers.id_of(_email())
    found: str | None = g.known_browser
    return found


def _is_known() -> bool:
    return _known_browser() is not None


def _failed(response: Response) -> bool:
    return response.status_code in (400, 401)


@blueprint.route("/login", methods=["GET", "POST"])
@limiter.limit("60 per minute; 600 per hour", methods=["POST"])
@limiter.limit("10 per 5 minutes", methods=["POST"], key_func=_account_and_place_key, deduct_when=_failed)
@limiter.limit(
    "50 per hour", methods=["POST"], key_func=_email_key, deduct_when=_failed, exempt_when=_is_known
)
def login() -> ResponseReturnValue:
    """Show the login form; after it, redirect to the page that the person wanted."""
    back = own_path(request.values.get("next"))
    if current_user.is_authenticated:
        return redirect(back or url_for("chatbots.home"), code=303)
    if request.method == "POST":
        member = _member_with(_email(), _field("password", passwords.MAXIMUM_LENGTH))
        if member is not None:
            sign_in(member)
            record(SecurityEvent.LOGGED_IN, member_id=member.id)
            return redirect(back or url_for("chatbots.home"), code=303)
        record(SecurityEvent.LOG_IN_FAILED, email=request.form.get("email", ""))
        return render_template("accounts/login.html", wrong=NO_MATCH, back=back), 401
    if not Member.select().exists():
        return redirect(url_for("accounts.register"), code=303)
    return render_template("accounts/login.html", wrong=None, back=back)


@blueprint.route("/register", methods=["GET", "POST"])
@limiter.limit("60 per 10 minutes", methods=["POST"])
@limiter.limit("10 per 10 minutes", methods=["POST"], key_func=_account_and_place_key, deduct_when=_failed)
def register() -> ResponseReturnValue:
    """Create an account: the first one here, one with an invitation, or (if the operator allows it) any."""
    token = request.values.get("invitation", "")[: members.LONGEST_TOKEN + 1]
    invitation = members.open_invitation(token, runtime().clock()) if token else None
    closed = None
    if token and invitation is None:
        closed = INVITATION_SPENT
    elif invitation is None and not _may_found_organisation():
        closed = INVITATION_ONLY
    if closed:
        page = render_template("accounts/register.html", closed=closed, invitation=None, wrong=None)
        return page, 403 if request.method == "POST" else 200
    wrong = None
    if request.method == "POST":
        try:
            member = _new_member(invitation)
        except Refused as error:
            wrong = error.sentence
        else:
            sign_in(member)
            if invitation is not None:
                record(SecurityEvent.INVITATION_ACCEPTED, invitation_id=invitation.id, member_id=member.id)
            record(SecurityEvent.REGISTERED, member_id=member.id, role=member.role)
            toast(f"Welcome, {member.name}.")
            return redirect(url_for("chatbots.home"), code=303)
    page = render_template(
        "accounts/register.html",
        closed=None,
        invitation=invitation,
        token=token,
        wrong=wrong,
        rules=passwords,
    )
    return page, 400 if wrong else 200


@blueprint.post("/logout")
@needs(Role.MEMBER)
def logout() -> ResponseReturnValue:
    """End the session of this browser; with `everywhere`, those of all browsers, and every copy of their cookies."""
    if request.form.get("everywhere"):
        members.end_sessions(current_member())
    record(SecurityEvent.LOGGED_OUT)
    logout_user()
    return redirect(url_for("accounts.login"), code=303)


def _may_found_organisation() -> bool:
    return runtime().config.web.open_registration or not Member.select().exists()


def _member_with(email: str, password: str) -> Member | None:
    """The member with this e-mail address and password, else None. Takes as long for an unknown address."""
    if not clean_text.is_email(email):
        return None
    member: Member | None = Member.get_or_none(Member.email == email)
    right = passwords.matches(password, member.password_hash if member else None)
    if member is None or not right:
        return None
    if passwords.is_outdated(member.password_hash):
        member.password_hash = passwords.hash_password(password)
    member.last_login_at = runtime().clock()
    member.save(only=[Member.password_hash, Member.last_login_at])
    return member


def _new_member(invitation: Invitation | None) -> Member:
    """Create the member that the form describes. Raises Refused with a sentence."""
    now = runtime().clock()
    email, name = _email(), _field("name", 10 * clean_text.LONGEST_NAME)
    password = _field("password", passwords.MAXIMUM_LENGTH)
    if invitation is not None:
        if email != invitation.email:
            raise Refused(
                f"This invitation is for {invitation.email}. Use that address, or ask for a new one."
            )
        return members.accept(invitation, email, name, password, now)
    with database.atomic():
        lock("founding")
        if not _may_found_organisation():  # somebody else registered first
            raise Refused(INVITATION_ONLY)
        organisation = members.create_organisation(_field("organisation", 10 * clean_text.LONGEST_NAME), now)
        return members.create_member(organisation, email, name, Role.OWNER, password, now)
