"""The question of the brake: were pages that Notion no longer shows taken away on purpose? Until then they stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from peewee import fn

from extract import actions
from extract.errors import HilalError
from extract.removal import brake
from extract.store.models import Connection, Document, Source
from webapp import formats
from webapp.access import needs, open_chatbot, own_connection
from webapp.http.security_log import SecurityEvent, record
from webapp.page import problem, runtime, toast
from webapp.roles import Role

blueprint = Blueprint("brake", __name__)

TITLES = 10


@dataclass(frozen=True, slots=True)
class BrakeQuestion:
    """One connection whose brake is on, and how many pages the question is about."""

    connection: Any
    pages: int

    @property
    def name(self) -> str:
        """The name of the workspace in a sentence."""
        return self.connection.workspace_name or "your workspace"

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        if self.pages == 1:
            return f"1 page of {self.name} is no longer shown to us. It was not removed and still answers."
        gone = formats.counted(self.pages, "page")
        return f"{gone} of {self.name} are no longer shown to us. They were not removed and still answer."

    @property
    def command(self) -> str:
        """What an operator can do, on the command line."""
        return (
            "If that was done on purpose, run `flask connections confirm-removal "
            f"{self.connection.id}`; if not, share them again in Notion."
        )


def questions_of(chatbot_id: int) -> list[BrakeQuestion]:
    """The open questions of the connections that a chatbot's sources use."""
    connections = Source.select(Source.connection).where(Source.chatbot == chatbot_id)
    return _asked(
        Connection.select().where(Connection.id.in_(connections), Connection.brake_at.is_null(False))
    )


def all_questions() -> list[BrakeQuestion]:
    """The open questions of all connections of this installation."""
    return _asked(Connection.select().where(Connection.brake_at.is_null(False)))


def pages_of(connection: Connection) -> int:
    """How many pages the question of a connection is about; 0 if there is no question."""
    return brake.pages_asked_about(connection)


@blueprint.get("/notion/connections/<int:connection_id>/removal")
@needs(Role.ADMIN)
def ask(connection_id: int) -> ResponseReturnValue:
    """Ask before the pages are removed, with the titles of the first ones."""
    connection = own_connection(connection_id)
    question = BrakeQuestion(connection, pages_of(connection))
    if not question.pages:
        problem("There is nothing to remove any more: the pages came back, or are gone already.")
        return _back()
    return render_template(
        "brake/ask.html",
        question=question,
        titles=_titles(connection),
        shown_at=runtime().clock().isoformat(),
        back=_address(),
    )


@blueprint.post("/notion/connections/<int:connection_id>/removal")
@needs(Role.ADMIN)
def confirm(connection_id: int) -> ResponseReturnValue:
    """Confirm that the pages were taken away on purpose: each is requested once more, then removed."""
    connection = own_connection(connection_id)
    shown_at = _shown_at()
    pages = pages_of(connection)
    try:
        actions.confirm_removal(runtime(), connection, shown_at=shown_at)
    except HilalError as error:
        problem(error.sentence)
        return _back()
    record(SecurityEvent.REMOVAL_CONFIRMED, connection_id=connection.id, pages=pages)
    toast(f"{formats.counted(pages, 'page')} will be removed. What Notion shows again by then stays.")
    return _back()


def _asked(connections: Any) -> list[BrakeQuestion]:
    questions = [BrakeQuestion(row, pages_of(row)) for row in connections.order_by(Connection.id)]
    return [question for question in questions if question.pages]


def _titles(connection: Connection) -> Sequence[str]:
    """The first titles in doubt, each page once."""
    title = fn.MIN(Document.title)
    rows = (
        Document.select(title)
        .where(brake.asked_about(connection))
        .group_by(Document.notion_id)
        .order_by(title, Document.notion_id)
        .limit(TITLES)
    )
    return [name for (name,) in rows.tuples()]


def _shown_at() -> datetime | None:
    """When the question was shown, as its form says; None if it does not say."""
    try:
        shown_at = formats.parse_iso(request.form.get("shown_at"))
    except ValueError:
        abort(400)
    if shown_at is not None and shown_at.tzinfo is None:
        abort(400)
    return shown_at


def _address() -> str:
    chatbot = open_chatbot()
    return url_for("health.page", chatbot_id=chatbot.id) if chatbot else url_for("connections.index")


def _back() -> ResponseReturnValue:
    return redirect(_address(), code=303)
