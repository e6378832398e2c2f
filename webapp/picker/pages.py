"""The picker: a searchable list of what Notion shares with us, with a mark on what is a source already."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from extract import actions
from extract.actions import Pick
from extract.errors import HilalError, Later, ReconnectNeeded, Transient, Unauthorized
from extract.store.models import Chatbot, Connection, Source
from webapp.access import current_org, needs, own_chatbot
from webapp.http.incoming import whole_number
from webapp.http.safe_methods import acts_on_get
from webapp.page import runtime, wants_fragment
from webapp.picker.cache import PickerCache
from webapp.picker.listing import FILTERS, SCREENFUL, KindFilter, PickerRow
from webapp.picker.search import load
from webapp.roles import Role

blueprint = Blueprint("picker", __name__)

_LONGEST_QUERY = 200


@dataclass(slots=True)
class PickerView:
    """What the picker shows for one request."""

    query: str = ""
    only: KindFilter = "all"
    shown: int = SCREENFUL
    rows: list[PickerRow] = field(default_factory=list)
    start: int = 0
    labels: dict[str, str] = field(default_factory=dict)
    more: bool = False
    looked_at: int = 0
    known: dict[str, bool] = field(default_factory=dict)
    offers_all: bool = False
    problem: str | None = None
    reconnect: bool = False

    @property
    def fresh_rows(self) -> list[PickerRow]:
        """The rows that *Load more* adds."""
        return self.rows[self.start :]


@blueprint.get("/chatbots/<int:chatbot_id>/notion")
@needs(Role.ADMIN)
@acts_on_get("lists what Notion shares, and may refresh the access token for it")
def page(chatbot_id: int) -> ResponseReturnValue:
    """Show the list of what can be imported; for htmx only a part of it."""
    chatbot = own_chatbot(chatbot_id)
    connections = usable_connections()
    connection = chosen_connection(connections)
    if connection is None:
        return render_template("picker/connect.html", chatbot=chatbot)
    link = request.args.get("link", "").strip()
    found, refusal = _look_up(connection, link) if link else (None, None)
    context = {
        "chatbot": chatbot,
        "connection": connection,
        "connections": connections,
        "link": link,
        "found": found,
        "refusal": refusal,
        "schedule": current_org().default_schedule,
    }
    if wants_fragment() and link:
        known = known_sources(chatbot, [found.notion_id] if found else [])
        return render_template("picker/_found.html", view=PickerView(known=known), fragment=True, **context)
    view = _view(chatbot, connection)
    if found:
        view.known |= known_sources(chatbot, [found.notion_id])
    if not wants_fragment():
        return render_template("picker/page.html", view=view, **context)
    part = "picker/_rows.html" if view.start and not view.problem else "picker/_results.html"
    return render_template(part, view=view, fragment=True, **context)


def usable_connections() -> list[Connection]:
    """The connections that are not disconnected, the newest first."""
    mine = current_org().connections.where(Connection.state != "disconnected")
    return list(mine.order_by(Connection.created_at.desc(), Connection.id.desc()))


def chosen_connection(connections: list[Connection]) -> Connection | None:
    """The connection that the address names, else the newest one that is alive, else the newest."""
    number = request.args.get("connection", type=whole_number)
    named = [connection for connection in connections if connection.id == number]
    alive = [connection for connection in connections if connection.state == "alive"]
    return next(iter(named + alive + connections), None)


def _view(chatbot: Chatbot, connection: Connection) -> PickerView:
    query = " ".join(request.args.get("q", "").split())[:_LONGEST_QUERY]
    only = request.args.get("kind", "all")
    start = max(0, request.args.get("cursor", 0, type=whole_number))
    view = PickerView(query=query, only=only if only in FILTERS else "all", start=start)
    view.shown = start + SCREENFUL
    cache = PickerCache(runtime().redis, connection.id)
    if connection.state == "reconnect":
        view.problem, view.reconnect = connection.error or ReconnectNeeded().sentence, True
        return view
    if "refresh" in request.args:
        cache.clear()
    try:
        listing = load(runtime(), connection, query=query, only=view.only, count=view.shown, cache=cache)
    except HilalError as error:
        view.problem, view.reconnect = sentence_for(error), isinstance(error, Unauthorized)
        return view
    view.rows = listing.rows[: view.shown]
    view.labels = cache.labels(view.rows)
    view.more = len(listing.rows) > view.shown or not listing.is_complete
    view.looked_at = listing.looked_at
    view.known = known_sources(chatbot, [connection.workspace_id, *(row.notion_id for row in view.rows)])
    view.offers_all = not query and view.only == "all"
    return view


def _look_up(connection: Connection, link: str) -> tuple[Pick | None, str | None]:
    """What a pasted link leads to, or a sentence on why it leads nowhere."""
    try:
        pick = actions.find_pick(runtime(), connection, link)
    except HilalError as error:
        return None, sentence_for(error)
    PickerCache(runtime().redis, connection.id).keep_pick(pick)
    return pick, None


def known_sources(chatbot: Chatbot, notion_ids: list[str]) -> dict[str, bool]:
    """Notion id -> True if it is a source with its sub-pages, False if one without; others are left out."""
    if not notion_ids:
        return {}
    rows = Source.select(Source.notion_id, Source.with_subpages)
    return dict(rows.where(Source.chatbot == chatbot, Source.notion_id.in_(notion_ids)).tuples())


def sentence_for(error: HilalError) -> str:
    """The sentence for a person who waits for a list. Nothing is retried automatically here."""
    if isinstance(error, Later):
        return "Notion asks us to slow down for a moment. Wait a minute, then try again."
    if isinstance(error, Transient):
        return "Notion could not be reached just now. Try again in a moment."
    return error.sentence
