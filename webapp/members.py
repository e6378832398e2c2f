"""Founding organisations, adding members and inviting them: what registration and the command line share."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from peewee import IntegrityError

from extract.db import database
from extract.errors import Refused
from extract.models import Chatbot, Invitation, Member, Organisation

from .passwords import hash_password, problem_with
from .roles import Role

INVITATION_DAYS = 7
_NAME_LENGTH = 120
_EMAIL = re.compile(r"[^@\s,;<>\"()]+@[^@\s,;<>\"()]+\.[^@\s,;<>\"()]+")


def normal_email(email: str) -> str:
    """The address as we compare it: trimmed, lower case."""
    return email.strip().lower()


def create_organisation(name: str, now: datetime) -> Organisation:
    """A new organisation with one chatbot. Raises Refused when the name is empty."""
    name = clean_name(name, "Give the organisation a name.")
    with database.atomic():
        organisation: Organisation = Organisation.create(name=name, created_at=now)
        Chatbot.create(organisation=organisation, name=f"{name} chatbot"[:_NAME_LENGTH], created_at=now)
    return organisation


def create_member(
    organisation: Organisation, email: str, name: str, role: Role | str, password: str, now: datetime
) -> Member:
    """A new person in `organisation`. Raises Refused with a sentence: bad address, taken, weak password."""
    email = normal_email(email)
    if not _EMAIL.fullmatch(email) or len(email) > 254:
        raise Refused("That does not look like an e-mail address.")
    problem = problem_with(password)
    if problem:
        raise Refused(problem)
    word = role.word if isinstance(role, Role) else Role.of(role).word
    try:
        with database.atomic():
            member: Member = Member.create(
                organisation=organisation,
                email=email,
                name=name.strip()[:_NAME_LENGTH] or email.split("@", 1)[0],
                password_hash=hash_password(password),
                role=word,
                session_key=new_session_key(),
                created_at=now,
            )
    except IntegrityError as error:
        raise Refused("There is already an account with this e-mail address. Log in instead.") from error
    return member


def set_password(member: Member, password: str) -> None:
    """A new password; every session of the person ends. Raises Refused when it will not do."""
    problem = problem_with(password)
    if problem:
        raise Refused(problem)
    member.password_hash = hash_password(password)
    member.session_key = new_session_key()
    member.save(only=[Member.password_hash, Member.session_key])


def set_role(member: Member, role: Role) -> None:
    """Change what a person may do. Raises Refused when the organisation would be left without an owner."""
    with database.atomic():
        if role is not Role.OWNER:
            _keep_an_owner(member)
        member.role = role.word
        member.save(only=[Member.role])


def remove_member(member: Member) -> None:
    """Delete a person's account here. Raises Refused when the organisation would be left without an owner."""
    with database.atomic():
        _keep_an_owner(member)
        member.delete_instance()


def invite(organisation: Organisation, email: str, role: Role, now: datetime) -> tuple[Invitation, str]:
    """An invitation and the secret of its link, which is shown once. A newer one replaces an older one."""
    email = normal_email(email)
    if not _EMAIL.fullmatch(email):
        raise Refused("That does not look like an e-mail address.")
    if Member.select().where(Member.email == email).exists():
        raise Refused("This person already has an account.")
    token = secrets.token_urlsafe(32)
    with database.atomic():
        Invitation.delete().where(
            Invitation.organisation == organisation,
            Invitation.email == email,
            Invitation.accepted_at.is_null(),
        ).execute()
        invitation = Invitation.create(
            organisation=organisation,
            email=email,
            role=role.word,
            token_hash=_hash(token),
            created_at=now,
            expires_at=now + timedelta(days=INVITATION_DAYS),
        )
    return invitation, token


def open_invitation(token: str, now: datetime) -> Invitation | None:
    """The invitation behind a link's secret, while it can still be accepted."""
    found: Invitation | None = Invitation.get_or_none(
        Invitation.token_hash == _hash(token), Invitation.accepted_at.is_null(), Invitation.expires_at > now
    )
    return found


def accept(invitation: Invitation, email: str, name: str, password: str, now: datetime) -> Member:
    """The new member an invitation asked for; it works once. Raises Refused."""
    with database.atomic():
        claimed = (
            Invitation.update(accepted_at=now)
            .where(Invitation.id == invitation.id, Invitation.accepted_at.is_null())
            .execute()
        )
        if not claimed:
            raise Refused("This invitation was already used. Ask for a new one.")
        return create_member(invitation.organisation, email, name, invitation.role, password, now)


def clean_name(name: str, sentence: str) -> str:
    """`name` without surrounding space. Raises Refused with `sentence` when nothing is left."""
    name = " ".join(name.split())[:_NAME_LENGTH]
    if not name:
        raise Refused(sentence)
    return name


def new_session_key() -> str:
    return secrets.token_urlsafe(16)


def _hash(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def _keep_an_owner(member: Member) -> None:
    others = Member.select().where(
        Member.organisation == member.organisation_id,
        Member.role == Role.OWNER.word,
        Member.id != member.id,
    )
    if member.role == Role.OWNER.word and not others.exists():
        raise Refused("An organisation needs an owner. Make somebody else an owner first.")
