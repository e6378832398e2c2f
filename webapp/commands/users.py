"""`flask users …`: make a member, and their organisation where it is new."""

from __future__ import annotations

import secrets
import sys

import click

from extract.errors import Refused
from extract.store.db import database, lock
from extract.store.models import Member, Organisation
from webapp.clean_text import clean_email
from webapp.commands import rows
from webapp.commands.output import command, one_line, show
from webapp.http.security_log import SecurityEvent, record
from webapp.page import runtime
from webapp.people.members import create_member, create_organisation, set_password
from webapp.roles import ROLE_WORDS


@click.group("users")
def group() -> None:
    """People who may log in."""


@group.command("create")
@click.option("--email", required=True, metavar="E")
@click.option("--name", default="", metavar="N")
@click.option(
    "--organisation", metavar="O", help="Joins the one of that name, or founds it, with one chatbot."
)
@click.option(
    "--role", type=click.Choice(ROLE_WORDS), help="Default: owner of a new organisation, else member."
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@command()
def create_user(
    email: str, name: str, organisation: str | None, role: str | None, password_stdin: bool, as_json: bool
) -> None:
    """Make a member. Without --password-stdin a password is made up and printed, once."""
    email = clean_email(email)
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else ""
    if password_stdin and not password:
        raise Refused("There was no password on standard input.")
    made_up = "" if password_stdin else secrets.token_urlsafe(15)
    if Member.select().where(Member.email == email).exists():
        raise Refused(f"{email} already has an account.")
    now = runtime().clock()
    with database.atomic():
        lock("founding")
        home, founded = _home(organisation)
        if founded and role == "member":
            raise Refused(
                f"{home} would be a new organisation; its first person needs --role owner or admin."
            )
        where = create_organisation(home, now) if isinstance(home, str) else home
        member = create_member(
            where, email, one_line(name), role or ("owner" if founded else "member"), password or made_up, now
        )
    record(SecurityEvent.REGISTERED, member_id=member.id, role=member.role, organisation_id=where.id)
    made = {"id": member.id, "email": member.email, "name": member.name, "role": member.role}
    made |= {"organisation_id": where.id, "organisation": where.name}
    text = f"{member.email} is {member.role} of {where.name}."
    if made_up:
        made["password"] = made_up
        text += f"\nPassword, shown only now: {made_up}"
    show(made, text, as_json=as_json)


@group.command("password")
@click.option("--email", required=True, metavar="E")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@command()
def new_password(email: str, password_stdin: bool, as_json: bool) -> None:
    """Give a member who forgot it a new password; every session of theirs ends."""
    email = clean_email(email)
    member = Member.get_or_none(Member.email == email)
    if member is None:
        raise Refused(f"Nobody has an account with {email}.")
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else secrets.token_urlsafe(15)
    set_password(member, password)
    record(SecurityEvent.PASSWORD_CHANGED, member_id=member.id)
    made = {"id": member.id, "email": member.email}
    text = f"{member.email} has a new password and has to log in again."
    if not password_stdin:
        made["password"] = password
        text += f"\nPassword, shown only now: {password}"
    show(made, text, as_json=as_json)


def _home(named: str | None) -> tuple[Organisation | str, bool]:
    """The organisation to join, or the name of the one to found, and whether it is to be founded."""
    if named is not None:
        found = rows.organisation(named)
        name = one_line(named)
        if found is None and not name:
            raise click.BadParameter("An organisation needs a name.", param_hint="--organisation")
        return (found, False) if found else (name, True)
    present = list(Organisation.select().order_by(Organisation.id).limit(2))
    if len(present) > 1:
        raise click.UsageError("There are several organisations: say which with --organisation.")
    return (present[0], False) if present else ("My organisation", True)
