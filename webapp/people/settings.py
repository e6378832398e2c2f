"""The settings of a person's own account and of the organisation."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from extract.errors import Refused
from extract.store.models import Member, Organisation
from extract.values import SCHEDULES
from webapp import clean_text
from webapp.access import current_member, current_org, needs
from webapp.extensions import limiter
from webapp.http.security_log import SecurityEvent, record
from webapp.page import problem, runtime, toast
from webapp.people import members, passwords
from webapp.people.sign_in import sign_in
from webapp.roles import Role

blueprint = Blueprint("settings", __name__, url_prefix="/settings")


@blueprint.get("")
@needs(Role.MEMBER)
def page() -> ResponseReturnValue:
    """Show the forms for a person's own name and password."""
    return render_template("settings/page.html", rules=passwords)


@blueprint.post("/name")
@needs(Role.MEMBER)
def rename() -> ResponseReturnValue:
    """Change the person's own name."""
    member = current_member()
    try:
        member.name = clean_text.clean_name(request.form.get("name", ""), "Your name cannot be empty.")
    except Refused as error:
        problem(error.sentence)
    else:
        member.save(only=[Member.name])
        toast("Your name is saved.")
    return redirect(url_for("settings.page"), code=303)


@blueprint.post("/password")
@limiter.limit("20 per 10 minutes")
@needs(Role.MEMBER)
def password() -> ResponseReturnValue:
    """Change the person's own password; every other session of theirs ends."""
    member = current_member()
    if not passwords.matches(request.form.get("current", ""), member.password_hash):
        record(SecurityEvent.PASSWORD_NOT_CHANGED, member_id=member.id)
        problem("Your present password is not right, so nothing was changed.")
        return redirect(url_for("settings.page"), code=303)
    try:
        members.set_password(member, request.form.get("password", ""))
    except Refused as error:
        problem(error.sentence)
    else:
        sign_in(member)
        record(SecurityEvent.PASSWORD_CHANGED, member_id=member.id)
        toast("Your password is changed. Everywhere else you are logged out.")
    return redirect(url_for("settings.page"), code=303)


@blueprint.route("/organisation", methods=["GET", "POST"])
@needs(Role.ADMIN)
def organisation() -> ResponseReturnValue:
    """Show and change the organisation's name, and how new sources follow Notion."""
    if request.method != "POST":
        return render_template("settings/organisation.html", redirect_uri=runtime().config.redirect_uri)
    found = current_org()
    schedule = request.form.get("default_schedule", found.default_schedule)
    try:
        found.name = clean_text.clean_name(
            request.form.get("name", found.name), "The organisation's name cannot be empty."
        )
        if schedule not in SCHEDULES:
            raise Refused("Choose one of the schedules in the list.")
    except Refused as error:
        problem(error.sentence)
    else:
        found.default_schedule = schedule
        found.save(only=[Organisation.name, Organisation.default_schedule])
        toast("The organisation is saved.")
    return redirect(url_for("settings.organisation"), code=303)
