"""From what was ticked to sources: how much it is, a question before a large import, and the import itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from extract import actions
from extract.actions import Imported, Pick
from extract.errors import Later, NotionError, Refused, Transient, Unauthorized
from extract.reading import notion_id_of
from extract.rules.estimate import Estimate
from extract.store.models import Chatbot, Connection
from extract.values import Schedule, Stub
from webapp.access import current_org, needs, own_chatbot, own_connection
from webapp.formats import counted
from webapp.http.incoming import whole_number
from webapp.page import chatbot_home, problem, runtime, toast
from webapp.people.roles import Role
from webapp.picker.cache import PickerCache
from webapp.picker.pages import chosen_connection, known_sources, sentence_for, usable_connections
from webapp.sources import estimates

blueprint = Blueprint("picker_import", __name__)

MOST_AT_ONCE = 200
WORTH_ASKING = timedelta(minutes=2)
"""An import that takes longer than this is confirmed first where nobody has read how long it takes."""


@dataclass(frozen=True, slots=True)
class Ticked:
    """What the form names: ids or links, which of them with their sub-pages, and the whole workspace."""

    wanted: tuple[str, ...]
    subpages: frozenset[str]
    whole: bool

    def __len__(self) -> int:
        return len(self.wanted) + self.whole


@blueprint.post("/chatbots/<int:chatbot_id>/notion/estimate")
@needs(Role.ADMIN)
def estimate(chatbot_id: int) -> str:
    """How many requests and minutes the import of what is ticked will take, as far as the picker has listed."""
    chatbot = own_chatbot(chatbot_id)
    connection = _connection()
    ticked = _ticked(chatbot, connection) if connection else None
    found = _estimate(connection, ticked) if connection and ticked else None
    return render_template("picker/_estimate.html", ticked=ticked, estimate=found, fragment=True)


@blueprint.post("/chatbots/<int:chatbot_id>/notion/import")
@needs(Role.ADMIN)
def import_ticked(chatbot_id: int) -> ResponseReturnValue:
    """Make sources of what was ticked or pasted, and go to the knowledge base.

    The picker's form asks (`ask`) to be shown how long a large import takes, unless it was shown (`confirmed`).
    """
    chatbot = own_chatbot(chatbot_id)
    connection = _connection()
    back = url_for(
        "picker.page", chatbot_id=chatbot.id, connection=request.form.get("connection_id", type=whole_number)
    )
    if connection is None:
        problem("Connect to Notion first, then tick what to import.")
        return redirect(back, code=303)
    ticked = _ticked(chatbot, connection)
    if not ticked:
        problem("Nothing was ticked. Tick at least one page or database, then import.")
        return redirect(back, code=303)
    if len(ticked) > MOST_AT_ONCE:
        problem(f"That is more than {MOST_AT_ONCE} at once. Import them in several steps.")
        return redirect(back, code=303)
    if request.form.get("ask") and request.form.get("confirmed", type=whole_number) != len(ticked):
        found = _estimate(connection, ticked)
        if found.lasts > WORTH_ASKING:
            return _question(chatbot, connection, ticked, found, back)
    picks, refusals = _picks(connection, ticked)
    listed, listed_at = _listed(connection, picks)
    try:
        imported = actions.import_picks(
            runtime(),
            chatbot=chatbot,
            connection=connection,
            picks=picks,
            schedule=_schedule(),
            listed=listed,
            listed_at=listed_at,
        )
    except Refused as error:
        problem(error.sentence)
        return redirect(back, code=303)
    for sentence in refusals:
        problem(sentence)
    said = _said(imported)
    if said is None:
        return redirect(back, code=303)
    toast(said)
    return redirect(chatbot_home(chatbot), code=303)


def _connection() -> Connection | None:
    number = request.form.get("connection_id", type=whole_number)
    return own_connection(number) if number is not None else chosen_connection(usable_connections())


def _ticked(chatbot: Chatbot, connection: Connection) -> Ticked:
    """A page that is a source already needs no tick of its own to get its sub-pages."""
    wanted = dict.fromkeys(each.strip() for each in request.form.getlist("notion_id") if each.strip())
    subpages = frozenset(request.form.getlist("subpages")[: 2 * MOST_AT_ONCE])
    wanted |= dict.fromkeys(sorted(known_sources(chatbot, sorted(subpages - wanted.keys()))))
    return Ticked(tuple(wanted), subpages, request.form.get("workspace") == connection.workspace_id)


def _estimate(connection: Connection, ticked: Ticked) -> Estimate:
    outline = PickerCache(runtime().redis, connection.id).outline(runtime().clock())
    ids = [notion_id_of(each) or each for each in ticked.wanted]
    return estimates.of_import(connection, outline.load(ids, ticked.subpages, everything=ticked.whole))


def _question(
    chatbot: Chatbot, connection: Connection, ticked: Ticked, found: Estimate, back: str
) -> ResponseReturnValue:
    fields: list[tuple[str, object]] = [
        ("connection_id", connection.id),
        ("schedule", _schedule()),
        ("confirmed", len(ticked)),
    ]
    names = ("notion_id", "subpages", "workspace")
    fields += [(name, each) for name in names for each in dict.fromkeys(request.form.getlist(name))]
    return render_template(
        "picker/confirm.html", chatbot=chatbot, count=len(ticked), estimate=found, fields=fields, back=back
    )


def _picks(connection: Connection, ticked: Ticked) -> tuple[list[Pick], list[str]]:
    """What is to be imported, and sentences on what cannot be. Only what was never listed is asked for."""
    ids = {each: notion_id_of(each) for each in ticked.wanted}
    cache = PickerCache(runtime().redis, connection.id)
    listed = cache.picks([each for each in ids.values() if each], runtime().clock())
    picks: dict[str, Pick] = {}
    if ticked.whole:
        picks[connection.workspace_id] = actions.workspace_pick(connection)
    refusals: list[str] = []
    for position, each in enumerate(ticked.wanted):
        pick = listed.get(ids[each] or "")
        if pick is None:
            try:
                pick = actions.find_pick(runtime(), connection, each)
            except (Later, Transient, Unauthorized) as error:
                left = len(ticked.wanted) - position
                refusals.append(f"{sentence_for(error)} {counted(left, 'item')} could not be imported.")
                break
            except (Refused, NotionError) as error:
                refusals.append(error.sentence)
                continue
        with_subpages = pick.kind == "page" and not ticked.subpages.isdisjoint({each, pick.notion_id})
        picks[pick.notion_id] = replace(pick, with_subpages=with_subpages)
    return list(picks.values()), list(dict.fromkeys(refusals))[:3]


def _listed(connection: Connection, picks: list[Pick]) -> tuple[list[Stub], datetime | None]:
    """What the picker knows besides the picks, where more than they themselves is taken."""
    if not any(pick.with_subpages or pick.kind == "workspace" for pick in picks):
        return [], None
    return PickerCache(runtime().redis, connection.id).listed(runtime().clock())


def _said(imported: Imported) -> str | None:
    """What the next page says; None when nothing came of it."""
    if imported.created:
        return f"Importing {counted(len(imported.created), 'source')}"
    if imported.widened:
        return f"Adding the sub-pages of {counted(len(imported.widened), 'page')}"
    return "Everything you ticked is in the knowledge base already." if imported.known else None


def _schedule() -> Schedule:
    return cast(Schedule, request.form.get("schedule") or current_org().default_schedule)
