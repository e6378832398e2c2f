"""The brake's question: pages that Notion no longer shows stay, until somebody says they were taken away on purpose."""

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
from webapp.access import needs, open_chatbot, own_connection
from webapp.formats import counted
from webapp.http.security_log import SecurityEvent, record
from webapp.page import problem, runtime, toast
from webapp.people.roles import Role

blueprint = Blueprint("brake", __name__)

TITLES = 10


@dataclass(frozen=True, slots=True)
class Question:
    """One connection whose brake holds, and how many pages it asks about."""

    connection: Connection
    pages: int

    @property
    def name(self) -> str:
        return self.connection.workspace_name or "your workspace"

    @property
    def says(self) -> str:
        """What happened."""
        if self.pages == 1:
            return f"1 page of {self.name} is no longer shown to us. It was not removed and still answers."
        gone = counted(self.pages, "page")
        return f"{gone} of {self.name} are no longer shown to us. They were not removed and still answer."

    @property
    def command(self) -> str:
        """What an operator can do."""
        return (
            "If that was done on purpose, run `flask connections confirm-removal "
            f"{self.connection.id}`; if not, share them again in Notion."
        )


def questions_of(chatbot_id: int) -> list[Question]:
    """What the connections that feed a chatbot ask."""
    held = Source.select(Source.connection).where(Source.chatbot == chatbot_id)
    return _questions(Connection.select().where(Connection.id.in_(held), Connection.brake_at.is_null(False)))


def every_question() -> list[Question]:
    """What all connections of this installation ask."""
    return _questions(Connection.select().where(Connection.brake_at.is_null(False)))


def pages_of(connection: Connection) -> int:
    """How many pages its question is about; 0: it asks nothing."""
    return brake.pages_asked_about(connection)


@blueprint.get("/notion/connections/<int:connection_id>/removal")
@needs(Role.ADMIN)
def ask(connection_id: int) -> ResponseReturnValue:
    """The question before the pages go, with the titles of the first ones."""
    connection = own_connection(connection_id)
    question = Question(connection, pages_of(connection))
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
    """They were taken away on purpose: each is asked for once more and goes."""
    connection = own_connection(connection_id)
    shown_at = _moment(request.form.get("shown_at"))
    pages = pages_of(connection)
    try:
        actions.confirm_removal(runtime(), connection, shown_at=shown_at)
    except HilalError as error:
        problem(error.sentence)
        return _back()
    record(SecurityEvent.REMOVAL_CONFIRMED, connection_id=connection.id, pages=pages)
    toast(f"{counted(pages, 'page')} will be removed. What Notion shows again by then stays.")
    return _back()


def _questions(connections: Any) -> list[Question]:
    found = [Question(row, pages_of(row)) for row in connections.order_by(Connection.id)]
    return [question for question in found if question.pages]


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
    return [name for (name,) in rows.tuples().iterator()]


def _moment(text: str | None) -> datetime | None:
    """The time a form carries; None where it carries none."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        abort(400)
    return moment if moment.tzinfo else abort(400)


def _address() -> str:
    chatbot = open_chatbot()
    return url_for("health.page", chatbot_id=chatbot.id) if chatbot else url_for("connections.index")


def _back() -> ResponseReturnValue:
    return redirect(_address(), code=303)
