"""Access control: who makes the request, what their role allows, and fetching their rows or answering 404.

Every query starts at the organisation of the person, so a row of another organisation is not found.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import abort, g, request, session
from flask.typing import ResponseReturnValue
from flask_login import current_user

from extract.store.models import (
    ApiKey,
    Chatbot,
    Connection,
    Document,
    Invitation,
    Member,
    Organisation,
    Source,
    WebhookToken,
)
from webapp.extensions import login_manager
from webapp.roles import Role

_LAST_SEEN = "chatbot"

View = TypeVar("View", bound=Callable[..., Any])


def needs(role: Role) -> Callable[[View], View]:
    """Require a logged-in person with at least `role`: others are sent to the login page, or get 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
            if not current_user.is_authenticated:
                return cast(ResponseReturnValue, login_manager.unauthorized())
            if current_role() < role:
                abort(403)
            return cast(ResponseReturnValue, view(*args, **kwargs))

        return cast(View, guarded)

    return decorate


def current_member() -> Member:
    """The person who makes the request. Call it only in a view with `needs`."""
    member: Member = current_user.member
    return member


def current_role() -> Role:
    """The role of the person who makes the request."""
    return Role.of(current_member().role)


def current_org() -> Organisation:
    """The organisation of the person who makes the request; every query starts here."""
    organisation: Organisation = current_member().organisation
    return organisation


def is_admin() -> bool:
    """Return True if the person may change things (admin or owner)."""
    return bool(current_user.is_authenticated and current_role() >= Role.ADMIN)


def runs_installation() -> bool:
    """Return True if the person belongs to the first organisation, which manages the installation."""
    first = Organisation.select(Organisation.id).order_by(Organisation.id).first()
    return bool(current_user.is_authenticated and first == current_org())


def own_installation() -> None:
    """Answer 404 unless the person's organisation manages the installation."""
    if not runs_installation():
        abort(404)


def own_webhook_token(token_id: int) -> WebhookToken:
    """A token of the webhook subscription, or 404; it belongs to the installation."""
    own_installation()
    found: WebhookToken | None = WebhookToken.get_or_none(WebhookToken.id == token_id)
    return found or abort(404)


def own_chatbot(chatbot_id: int) -> Chatbot:
    """The chatbot, or 404. It becomes the one that the sidebar shows and that `/` returns to."""
    chatbot = current_org().chatbots.where(Chatbot.id == chatbot_id).get_or_none()
    return _open(chatbot or abort(404))


def own_connection(connection_id: int) -> Connection:
    """The connection, or 404."""
    found: Connection | None = current_org().connections.where(Connection.id == connection_id).get_or_none()
    return found or abort(404)


def own_source(source_id: int) -> Source:
    """The source with its chatbot and connection, or 404. Its chatbot becomes the open one."""
    found: Source | None = (
        Source.select(Source, Chatbot, Connection)
        .join_from(Source, Chatbot)
        .join_from(Source, Connection)
        .where(Chatbot.organisation == current_org(), Source.id == source_id)
        .get_or_none()
    )
    if found is None:
        abort(404)
    _open(found.chatbot)
    return found


def own_document(document_id: int) -> Document:
    """The document with its chatbot, or 404. Its chatbot becomes the open one."""
    found: Document | None = (
        Document.select(Document, Chatbot)
        .join(Chatbot)
        .where(Chatbot.organisation == current_org(), Document.id == document_id)
        .get_or_none()
    )
    if found is None:
        abort(404)
    _open(found.chatbot)
    return found


def own_member(member_id: int) -> Member:
    """The colleague, or 404."""
    found: Member | None = current_org().members.where(Member.id == member_id).get_or_none()
    return found or abort(404)


def own_invitation(invitation_id: int) -> Invitation:
    """The invitation, or 404."""
    found: Invitation | None = current_org().invitations.where(Invitation.id == invitation_id).get_or_none()
    return found or abort(404)


def own_key(key_id: int) -> ApiKey:
    """The API key with its chatbot, or 404."""
    found: ApiKey | None = (
        ApiKey.select(ApiKey, Chatbot)
        .join(Chatbot)
        .where(Chatbot.organisation == current_org(), ApiKey.id == key_id)
        .get_or_none()
    )
    return found or abort(404)


def open_chatbot() -> Chatbot | None:
    """The chatbot of this page, else the last one opened in this browser, else the last one changed, else the first."""
    found: Chatbot | None = g.get("chatbot")
    if found is None:
        last = session.get(_LAST_SEEN, current_member().last_chatbot_id)
        found = current_org().chatbots.where(Chatbot.id == last).get_or_none()
    return found or current_org().chatbots.order_by(Chatbot.id).first()


def _open(chatbot: Chatbot) -> Chatbot:
    """Remember the open chatbot: in the session, and in the member's row if they change something."""
    g.chatbot = chatbot
    member = current_member()
    if session.get(_LAST_SEEN) != chatbot.id:
        session[_LAST_SEEN] = chatbot.id
    if request.method == "POST" and member.last_chatbot_id != chatbot.id:
        member.last_chatbot = chatbot
        member.save(only=[Member.last_chatbot])
    return chatbot
