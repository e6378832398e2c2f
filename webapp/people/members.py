"""Founding organisations, adding members and inviting them: what registration and the command line share."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from unicodedata import category

from peewee import Expression, IntegrityError

from extract.errors import Refused
from extract.store.db import database, lock
from extract.store.models import Chatbot, Invitation, Member, Organisation
from extract.values import RoleWord
from webapp.people.passwords import hash_password, problem_with
from webapp.people.roles import Role

INVITATION_DAYS = 7
LONGEST_NAME = 120
LONGEST_EMAIL = 254  # https://www.rfc-editor.org/errata/eid1690
LONGEST_TOKEN = 200
_NEVER_IN_AN_EMAIL = frozenset(' ,;<>"()')

HAS_AN_ACCOUNT = "There is already an account with this e-mail address. Log in instead."
HAS_AN_ACCOUNT_ELSEWHERE = (
    "You already have an account with this e-mail address, and an account belongs to one organisation. To join this "
    "one, ask for an invitation to another address of yours; or ask an admin of your present organisation to remove "
    "your account there, then open this link once more."
)


def normal_email(email: str) -> str:
    """The address as we compare it: trimmed, lower case."""
    return email.strip().lower()


def is_email(text: str) -> bool:
    """Return True when `text`, as `normal_email` returns it, can be an address: `name@domain.tld`, at most 254 long."""
    if len(text) > LONGEST_EMAIL:
        return False
    name, _, domain = text.partition("@")
    # What is printable and no plain space is no white space either.
    clean = (name + domain).isprintable() and _NEVER_IN_AN_EMAIL.isdisjoint(name + domain)
    return bool(name) and "@" not in domain and "." in domain[1:-1] and clean


def clean_email(text: str) -> str:
    """The address as it is kept. Raises Refused for what cannot be one."""
    email = normal_email(text) if len(text) <= 2 * LONGEST_EMAIL else text
    if not is_email(email):
        raise Refused("That does not look like an e-mail address.")
    return email


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
    """A new person in `organisation`. Raises Refused with a sentence: bad address, taken, weak password."""
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
                name=_one_line(name) or email.split("@", 1)[0][:LONGEST_NAME],
                password_hash=hash_password(password),
                role=word,
                session_key=new_session_key(),
                created_at=now,
            )
    except IntegrityError as error:
        raise Refused(HAS_AN_ACCOUNT) from error
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
    """Change what a person may do; their open invitations that give more than they may now end.

    Raises Refused when the organisation would be left without an owner.
    """
    with database.atomic():
        _lock_members(member.organisation_id)
        member.role = _present_role(member)
        if role is not Role.OWNER:
            _keep_an_owner(member)
        member.role = role.word
        member.save(only=[Member.role])
        may_give = [each.word for each in Role if each <= role] if role >= Role.ADMIN else []
        Invitation.delete().where(
            Invitation.invited_by == member,
            Invitation.accepted_at.is_null(),
            Invitation.role.not_in(may_give),
        ).execute()


def remove_member(member: Member) -> None:
    """Delete a person's account here, and the invitations that they made.

    Raises Refused when the organisation would be left without an owner.
    """
    with database.atomic():
        _lock_members(member.organisation_id)
        member.role = _present_role(member)
        _keep_an_owner(member)
        member.delete_instance()


def end_sessions(member: Member) -> None:
    """Log a person out in every browser."""
    member.session_key = new_session_key()
    member.save(only=[Member.session_key])


def invite(
    organisation: Organisation, email: str, role: Role, now: datetime, *, by: Member | None = None
) -> tuple[Invitation, str]:
    """An invitation and the secret of its link, which is shown once. A newer one replaces an older one.

    It ends when `by`, who makes it, may no longer give `role`. Whether the address has an account in another
    organisation changes nothing here: that is not for the one who invites to know.
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
    """The invitation behind a link's secret, while it can still be accepted."""
    if len(token) > LONGEST_TOKEN:
        return None
    found: Invitation | None = Invitation.get_or_none(Invitation.token_hash == _hash(token), is_open(now))
    return found


def is_open(now: datetime) -> Expression:
    """That an invitation has not been used and has not run out, even if our clock was ahead when it was made."""
    longest = timedelta(days=INVITATION_DAYS + 1)
    in_time = (Invitation.expires_at > now) & (Invitation.expires_at <= now + longest)
    return Invitation.accepted_at.is_null() & in_time


def accept(invitation: Invitation, email: str, name: str, password: str, now: datetime) -> Member:
    """The new member an invitation asked for; it works once, and stays usable when this raises Refused."""
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


def clean_name(name: str, sentence: str) -> str:
    """`name` on one line, at most 120 long. Raises Refused with `sentence` when nothing is left."""
    name = _one_line(name)
    if not name:
        raise Refused(sentence)
    return name


def new_session_key() -> str:
    return secrets.token_urlsafe(16)


def _one_line(name: str) -> str:
    """`name` without control characters, which PostgreSQL does not take all of, and without space around it."""
    readable = "".join(each for each in name[: 10 * LONGEST_NAME] if not _is_control(each))
    return " ".join(readable.split())[:LONGEST_NAME].strip()


def _is_control(letter: str) -> bool:
    """Control characters and halves of a pair. Joiners, which many scripts need, are none."""
    return category(letter) in ("Cc", "Cs") and not letter.isspace()


def _hash(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def _lock_members(organisation_id: int) -> None:
    """Who may do what in an organisation is decided by one transaction at a time."""
    lock(f"members of {organisation_id}")


def _present_role(member: Member) -> RoleWord:
    """What the row says now. Raises Refused when the person was removed meanwhile."""
    present = Member.select(Member.role).where(Member.id == member.id).get_or_none()
    if present is None:
        raise Refused("This person is not a member any more.")
    return present.role


def _keep_an_owner(member: Member) -> None:
    others = Member.select().where(
        Member.organisation == member.organisation_id,
        Member.role == Role.OWNER.word,
        Member.id != member.id,
    )
    if member.role == Role.OWNER.word and not others.exists():
        raise Refused("An organisation needs an owner. Make somebody else an owner first.")
