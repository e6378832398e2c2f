"""The members of the organisation: list, invite by link, change role, remove."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from limits import RateLimitItemPerHour

from extract.errors import Refused
from extract.store.models import Invitation, Member
from webapp.access import current_member, current_org, current_role, needs, own_invitation, own_member
from webapp.extensions import limiter
from webapp.http.security_log import SecurityEvent, record
from webapp.page import problem, runtime, toast
from webapp.people import members
from webapp.roles import Role
from webapp.shown_once import show_once, shown_once

blueprint = Blueprint("people", __name__, url_prefix="/settings/people")

MOST_INVITATIONS = RateLimitItemPerHour(60)
TOO_MANY_INVITATIONS = (
    "Your organisation has made 60 invitations within an hour, so this one was not made. Make it later; "
    "the links that are there already go on working."
)


@blueprint.get("")
@needs(Role.ADMIN)
def index() -> ResponseReturnValue:
    """Show the members and the open invitations. The link of a new invitation is shown once."""
    invitations = current_org().invitations.where(members.is_open(runtime().clock()))
    return render_template(
        "people/index.html",
        people=current_org().members.order_by(Member.created_at, Member.id),
        invitations=invitations.order_by(Invitation.created_at.desc()),
        roles=_roles_to_give(),
        link=shown_once("invitation"),
    )


@blueprint.post("/invite")
@needs(Role.ADMIN)
def invite() -> ResponseReturnValue:
    """Make an invitation; its link is shown on the next page."""
    try:
        role = _role_in_form()
        if not limiter.limiter.hit(MOST_INVITATIONS, "invitations", str(current_org().id)):
            raise Refused(TOO_MANY_INVITATIONS)
        invitation, token = members.invite(
            current_org(), request.form.get("email", ""), role, runtime().clock(), by=current_member()
        )
    except Refused as error:
        problem(error.sentence)
    else:
        record(
            SecurityEvent.INVITED, invitation_id=invitation.id, email=invitation.email, role=invitation.role
        )
        address = url_for("accounts.register", invitation=token)
        show_once("invitation", f"{runtime().config.public_url}{address}")
        toast(f"The invitation for {invitation.email} is ready.")
    return redirect(url_for("people.index"), code=303)


@blueprint.post("/invitations/<int:invitation_id>/withdraw")
@needs(Role.ADMIN)
def withdraw(invitation_id: int) -> ResponseReturnValue:
    """Delete an invitation."""
    invitation = own_invitation(invitation_id)
    invitation.delete_instance()
    record(SecurityEvent.INVITATION_WITHDRAWN, invitation_id=invitation_id, email=invitation.email)
    session.pop("once_invitation", None)
    toast(f"The invitation for {invitation.email} is withdrawn.")
    return redirect(url_for("people.index"), code=303)


@blueprint.post("/<int:member_id>/role")
@needs(Role.ADMIN)
def change_role(member_id: int) -> ResponseReturnValue:
    """Change the role of a member."""
    person = own_member(member_id)
    _only_owners_touch_owners(person)
    try:
        members.set_role(person, _role_in_form())
    except Refused as error:
        problem(error.sentence)
    else:
        record(SecurityEvent.ROLE_CHANGED, member_id=person.id, role=person.role)
        toast(f"{person.name} is now {person.role}.")
    return redirect(url_for("people.index"), code=303)


@blueprint.route("/<int:member_id>/remove", methods=["GET", "POST"])
@needs(Role.ADMIN)
def remove(member_id: int) -> ResponseReturnValue:
    """Ask first and say what stays; then remove a member."""
    person = own_member(member_id)
    _only_owners_touch_owners(person)
    if request.method != "POST":
        return render_template("people/remove.html", person=person)
    if person.id == current_member().id:
        problem("You cannot remove yourself. Ask another admin or owner.")
        return redirect(url_for("people.index"), code=303)
    try:
        members.remove_member(person)
    except Refused as error:
        problem(error.sentence)
    else:
        record(SecurityEvent.MEMBER_REMOVED, member_id=member_id)
        toast(f"{person.name} no longer has access.")
    return redirect(url_for("people.index"), code=303)


def _roles_to_give() -> list[Role]:
    """The roles that the person may give: up to their own."""
    return [role for role in Role if role <= current_role()]


def _role_in_form() -> Role:
    """The role that the form names. Raises Refused for another word; 403 for a role above the person's own."""
    try:
        role = Role.of(request.form.get("role", "member"))
    except KeyError as error:
        raise Refused("Choose one of the roles in the list.") from error
    if role > current_role():
        abort(403)
    return role


def _only_owners_touch_owners(person: Member) -> None:
    if Role.of(person.role) > current_role():
        abort(403)
