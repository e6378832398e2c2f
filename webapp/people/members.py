"""Organisations, members and invitations: the functions that pages and the command line share."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from peewee import Expression, IntegrityError

from extract.errors import Refused
from extract.store.db import database, lock
from extract.store.models import Chatbot, Invitation, Member, Organisation
from webapp.clean_text import LONGEST_NAME, clean_email, clean_name, one_line_name
from webapp.people.passwords import hash_password, problem_with
from webapp.roles import Role

INVITATION_DAYS = 7
LONGEST_TOKEN = 200

HAS_AN_ACCOUNT = "There is already an account with this e-mail address. Log in instead."
HAS_AN_ACCOUNT_ELSEWHERE = (
    "You already have an account with this e-mail address, and an account belongs to one organisation. To join this "
    "one, ask for an invitation to another address of yours; or ask an admin of your present organisation to remove "
    "your account there, then open this link once more."
)


def create_organisation(name: str, now: datetime) -> Organisation:
    """A new organisation with one chatbot. Raises Refused when the name is empty."""
    name = clean_name(name, "Give the organisation a name.")
    with database.atomic():
        organisation: Organisation = Organisation.create(name=name, created_at=now)
        Chatbot.create(organisation=organisation, name=f"{name} chatbot"[:LONGEST_NAME], created_at=now)
    return organisation


def create_member(
    organisation: Organisation, email: str, name: str, role: Role | str, password: str, now: datetime
) -> Member:
    """Create a member of `organisation`.

    Raises Refused with a sentence for a bad or taken address and for a password that is not accepted.
    """
    email = clean_email(email)
    problem = problem_with(password)
    if problem:
        raise Refused(problem)
    word = role.word if isinstance(role, Role) else Role.of(role).word
    try:
        with database.atomic():
            member: Member = Member.create(
                organisation=organisation,
                email=email,
                name=one_line_name(name) or email.split("@", 1)[0][:LONGEST_NAME],
                password_hash=hash_password(password),
                role=word,
                session_key=new_session_key(),
                created_at=now,
            )
    except IntegrityError as error:
        raise Refused(HAS_AN_ACCOUNT) from error
    return member


def set_password(member: Member, password: str) -> None:
    """Set a new password and end every session of the member. Raises Refused if it is not accepted."""
    problem = problem_with(password)
    if problem:
        raise Refused(problem)
    member.password_hash = hash_password(password)
    member.session_key = new_session_key()
    member.save(only=[Member.password_hash, Member.session_key])


def set_role(member: Member, role: Role) -> None:
    """Change the role of a member, and delete their open invitations with a role that they may no longer give.

    Raises Refused if the organisation would be left without an owner.
    """
    with database.atomic():
        _lock_members(member.organisation_id)
        member.role = _present_role(member)
        if role is not Role.OWNER:
            _keep_an_owner(member)
        member.role = role.word
        member.save(only=[Member.role])
        may_give = [given.word for given in Role if given <= role] if role >= Role.ADMIN else []
        Invitation.delete().where(
            Invitation.invited_by == member,
            Invitation.accepted_at.is_null(),
            Invitation.role.not_in(may_give),
        ).execute()


def remove_member(member: Member) -> None:
    """Delete a member and the invitations that they made.

    Raises Refused if the organisation would be left without an owner.
    """
    with database.atomic():
        _lock_members(member.organisation_id)
        member.role = _present_role(member)
        _keep_an_owner(member)
        member.delete_instance()


def end_sessions(member: Member) -> None:
    """Log a member out in every browser."""
    member.session_key = new_session_key()
    member.save(only=[Member.session_key])


def invite(
    organisation: Organisation, email: str, role: Role, now: datetime, *, by: Member | None = None
) -> tuple[Invitation, str]:
    """Create an invitation; return it with the secret of its link. It replaces an older one to the same address.

    It ends if `by`, who makes it, may no longer give `role`. An account in another organisation makes no difference,
    so that nobody learns of it by inviting. Raises Refused with a sentence.
    """
    email = clean_email(email)
    token = secrets.token_urlsafe(32)
    with database.atomic():
        _lock_members(organisation.id)
        if Member.select().where(Member.email == email, Member.organisation == organisation).exists():
            raise Refused("This person is already in your organisation.")
        if by is not None and Role.of(_present_role(by)) < max(role, Role.ADMIN):
            raise Refused("You may not invite somebody with this role any more.")
        Invitation.delete().where(
            Invitation.organisation == organisation,
            Invitation.email == email,
            Invitation.accepted_at.is_null(),
        ).execute()
        invitation = Invitation.create(
            organisation=organisation,
            email=email,
            role=role.word,
            invited_by=by,
            token_hash=_hash(token),
            created_at=now,
            expires_at=now + timedelta(days=INVITATION_DAYS),
        )
    return invitation, token


def open_invitation(token: str, now: datetime) -> Invitation | None:
    """The invitation with this secret, if it can still be accepted, else None."""
    if len(token) > LONGEST_TOKEN:
        return None
    found: Invitation | None = Invitation.get_or_none(Invitation.token_hash == _hash(token), is_open(now))
    return found


def is_open(now: datetime) -> Expression:
    """The condition that an invitation is neither used nor expired, even if our clock was ahead when it was made."""
    longest = timedelta(days=INVITATION_DAYS + 1)
    in_time = (Invitation.expires_at > now) & (Invitation.expires_at <= now + longest)
    return Invitation.accepted_at.is_null() & in_time


def accept(invitation: Invitation, email: str, name: str, password: str, now: datetime) -> Member:
    """Create the member that was invited. An invitation works once; it can be used again if this raises Refused."""
    with database.atomic():
        _lock_members(invitation.organisation_id)
        claimed = (
            Invitation.update(accepted_at=now)
            .where(Invitation.id == invitation.id, Invitation.accepted_at.is_null())
            .execute()
        )
        if not claimed:
            raise Refused("This invitation was already used. Ask for a new one.")
        known = Member.get_or_none(Member.email == clean_email(email))
        if known is not None:
            elsewhere = known.organisation_id != invitation.organisation_id
            raise Refused(HAS_AN_ACCOUNT_ELSEWHERE if elsewhere else HAS_AN_ACCOUNT)
        return create_member(invitation.organisation, email, name, invitation.role, password, now)


def new_session_key() -> str:
    """A random key; sessions of a member with another key are invalid."""
    return secrets.token_urlsafe(16)


def _hash(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def _lock_members(organisation_id: int) -> None:
    """Let one transaction at a time change the members of an organisation."""
    lock(f"members of {organisation_id}")


def _present_role(member: Member) -> str:
    """The role in the database. Raises Refused if the member was removed meanwhile."""
    role = Member.select(Member.role).where(Member.id == member.id).scalar()
    if role is None:
        raise Refused("This person is not a member any more.")
    return str(role)


def _keep_an_owner(member: Member) -> None:
    others = Member.select().where(
        Member.organisation == member.organisation_id,
        Member.role == Role.OWNER.word,
        Member.id != member.id,
    )
    if member.role == Role.OWNER.word and not others.exists():
        raise Refused("An organisation needs an owner. Make somebody else an owner first.")
