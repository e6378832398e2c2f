"""The picker: what Notion shares with us, searchable; ticked things become sources of a chatbot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from extract import doors
from extract.doors import Pick
from extract.errors import HilalError, Later, NotionError, ReconnectNeeded, Refused, Transient, Unauthorized
from extract.models import Chatbot, Connection, Source
from extract.reading import notion_id_of
from extract.shapes import Schedule

from .frame import chatbot_home, problem, runtime, toast, wants_fragment
from .guards import current_org, needs, own_chatbot, own_connection
from .picker_cache import PickerCache
from .picker_listing import FILTERS, SCREENFUL, Filter, Row
from .picker_search import load
from .roles import Role
from .words import counted

blueprint = Blueprint("picker", __name__)

MOST_AT_ONCE = 200
_LONGEST_QUERY = 200


@dataclass(slots=True)
class View:
    """What the picker shows for one request."""

    query: str = ""
    only: Filter = "all"
    shown: int = SCREENFUL
    rows: list[Row] = field(default_factory=list)
    start: int = 0
    labels: dict[str, str] = field(default_factory=dict)
    more: bool = False
    looked_at: int = 0
    known: frozenset[str] = frozenset()
    problem: str | None = None
    reconnect: bool = False

    @property
    def fresh_rows(self) -> list[Row]:
        """What a Load more adds."""
        return self.rows[self.start :]


@blueprint.get("/chatbots/<int:chatbot_id>/notion")
@needs(Role.ADMIN)
def page(chatbot_id: int) -> ResponseReturnValue:
    """The list of what can be imported; parts of it for htmx."""
    chatbot = own_chatbot(chatbot_id)
    connections = _usable_connections()
    connection = _chosen(connections)
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
        known = _known(chatbot, [found.notion_id] if found else [])
        return render_template("picker/_found.html", view=View(known=known), fragment=True, **context)
    view = _view(chatbot, connection)
    if found:
        view.known |= _known(chatbot, [found.notion_id])
    if not wants_fragment():
        return render_template("picker/page.html", view=view, **context)
    part = "picker/_rows.html" if view.start and not view.problem else "picker/_results.html"
    return render_template(part, view=view, fragment=True, **context)


@blueprint.post("/chatbots/<int:chatbot_id>/notion/import")
@needs(Role.ADMIN)
def import_ticked(chatbot_id: int) -> ResponseReturnValue:
    """Make sources of what was ticked or pasted, and go to the knowledge base."""
    chatbot = own_chatbot(chatbot_id)
    number = request.form.get("connection_id", type=int)
    connection = own_connection(number) if number is not None else _chosen(_usable_connections())
    back = url_for("picker.page", chatbot_id=chatbot.id, connection=number)
    wanted = list(dict.fromkeys(each.strip() for each in request.form.getlist("notion_id") if each.strip()))
    if connection is None:
        problem("Connect to Notion first, then tick what to import.")
        return redirect(back, code=303)
    if not wanted:
        problem("Nothing was ticked. Tick at least one page or database, then import.")
        return redirect(back, code=303)
    if len(wanted) > MOST_AT_ONCE:
        problem(f"That is more than {MOST_AT_ONCE} at once. Import them in several steps.")
        return redirect(back, code=303)
    picks, refusals = _picks(connection, wanted)
    try:
        imported = doors.import_picks(
            runtime(), chatbot=chatbot, connection=connection, picks=picks, schedule=_schedule()
        )
    except Refused as error:
        problem(error.sentence)
        return redirect(back, code=303)
    for sentence in refusals:
        problem(sentence)
    if imported.created:
        toast(f"Importing {counted(len(imported.created), 'source')}")
    elif imported.known:
        toast("Everything you ticked is in the knowledge base already.")
    else:
        return redirect(back, code=303)
    return redirect(chatbot_home(chatbot), code=303)


def _usable_connections() -> list[Connection]:
    """Those that can list something, or could again after a reconnect; the newest first."""
    mine = current_org().connections.where(Connection.state != "disconnected")
    return list(mine.order_by(Connection.created_at.desc(), Connection.id.desc()))


def _chosen(connections: list[Connection]) -> Connection | None:
    """The connection asked for, else the newest one that is alive, else the newest."""
    number = request.args.get("connection", type=int)
    asked = [each for each in connections if each.id == number]
    alive = [each for each in connections if each.state == "alive"]
    return next(iter(asked + alive + connections), None)


def _view(chatbot: Chatbot, connection: Connection) -> View:
    query = " ".join(request.args.get("q", "").split())[:_LONGEST_QUERY]
    only = request.args.get("kind", "all")
    start = max(0, request.args.get("cursor", 0, type=int) or 0)
    view = View(query=query, only=only if only in FILTERS else "all", start=start)
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
        view.problem, view.reconnect = _sentence(error), isinstance(error, Unauthorized)
        return view
    view.rows = listing.rows[: view.shown]
    view.labels = cache.labels(view.rows)
    view.more = len(listing.rows) > view.shown or not listing.is_complete
    view.looked_at = listing.looked_at
    view.known = _known(chatbot, [row.notion_id for row in view.rows])
    return view


def _look_up(connection: Connection, link: str) -> tuple[Pick | None, str | None]:
    """What a pasted link leads to, or a sentence on why nothing."""
    try:
        pick = doors.find_pick(runtime(), connection, link)
    except HilalError as error:
        return None, _sentence(error)
    PickerCache(runtime().redis, connection.id).keep_pick(pick)
    return pick, None


def _picks(connection: Connection, wanted: list[str]) -> tuple[list[Pick], list[str]]:
    """What is to be imported, and sentences on what cannot be. Only what was never listed is asked for."""
    ids = {each: notion_id_of(each) for each in wanted}
    cache = PickerCache(runtime().redis, connection.id)
    listed = cache.picks([each for each in ids.values() if each], runtime().clock())
    picks: dict[str, Pick] = {}
    refusals: list[str] = []
    for position, each in enumerate(wanted):
        pick = listed.get(ids[each] or "")
        if pick is None:
            try:
                pick = doors.find_pick(runtime(), connection, each)
            except (Later, Transient, Unauthorized) as error:
                left = len(wanted) - position
                refusals.append(f"{_sentence(error)} {counted(left, 'item')} could not be imported.")
                break
            except (Refused, NotionError) as error:
                refusals.append(error.sentence)
                continue
        picks[pick.notion_id] = pick
    return list(picks.values()), list(dict.fromkeys(refusals))[:3]


def _known(chatbot: Chatbot, notion_ids: list[str]) -> frozenset[str]:
    """Which of these are sources of the chatbot already."""
    if not notion_ids:
        return frozenset()
    found = Source.select(Source.notion_id).where(Source.chatbot == chatbot, Source.notion_id.in_(notion_ids))
    return frozenset(row.notion_id for row in found)


def _schedule() -> Schedule:
    return cast(Schedule, request.form.get("schedule") or current_org().default_schedule)


def _sentence(error: HilalError) -> str:
    """What a person who waits for a list reads; nothing goes on by itself here."""
    if isinstance(error, Later):
        return "Notion asks us to slow down for a moment. Wait a minute, then try again."
    if isinstance(error, Transient):
        return "Notion could not be reached just now. Try again in a moment."
    return error.sentence
