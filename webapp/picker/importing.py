"""Importing what was ticked: the estimate, a confirmation before a large import, and the import itself."""

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
from webapp.picker.cache import PickerCache
from webapp.picker.pages import chosen_connection, known_sources, sentence_for, usable_connections
from webapp.roles import Role
from webapp.sources import estimates

blueprint = Blueprint("picker_import", __name__)

MOST_AT_ONCE = 200
CONFIRMED_FROM = timedelta(minutes=2)
"""An import that takes longer is confirmed first, unless its estimate was shown."""


@dataclass(frozen=True, slots=True)
class Ticked:
    """What the form names: ids or links, which of them with their sub-pages, and whether the workspace itself."""

    ids_or_links: tuple[str, ...]
    subpages: frozenset[str]
    workspace: bool

    def __len__(self) -> int:
        return len(self.ids_or_links) + self.workspace


@blueprint.post("/chatbots/<int:chatbot_id>/notion/estimate")
@needs(Role.ADMIN)
def estimate(chatbot_id: int) -> str:
    """Show how many requests and minutes the import will take, as far as the picker has listed."""
    chatbot = own_chatbot(chatbot_id)
    connection = _connection()
    ticked = _ticked(chatbot, connection) if connection else None
    found = _estimate(connection, ticked) if connection and ticked else None
    return render_template("picker/_estimate.html", ticked=ticked, estimate=found, fragment=True)


@blueprint.post("/chatbots/<int:chatbot_id>/notion/import")
@needs(Role.ADMIN)
def import_ticked(chatbot_id: int) -> ResponseReturnValue:
    """Import what was ticked or pasted, then redirect to the knowledge base.

    With the field `ask`, a large import is confirmed first, unless its estimate was shown (`confirmed`).
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
        if found.lasts > CONFIRMED_FROM:
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
    for refusal in refusals:
        problem(refusal)
    sentence = _sentence(imported)
    if sentence is None:
        return redirect(back, code=303)
    toast(sentence)
    return redirect(chatbot_home(chatbot), code=303)


def _connection() -> Connection | None:
    number = request.form.get("connection_id", type=whole_number)
    return own_connection(number) if number is not None else chosen_connection(usable_connections())


def _ticked(chatbot: Chatbot, connection: Connection) -> Ticked:
    """What the form names. A page that is a source already gets its sub-pages without being ticked itself."""
    typed = (text.strip() for text in request.form.getlist("notion_id"))
    wanted = dict.fromkeys(text for text in typed if text)
    subpages = frozenset(request.form.getlist("subpages")[: 2 * MOST_AT_ONCE])
    wanted |= dict.fromkeys(sorted(known_sources(chatbot, sorted(subpages - wanted.keys()))))
    return Ticked(tuple(wanted), subpages, request.form.get("workspace") == connection.workspace_id)


def _estimate(connection: Connection, ticked: Ticked) -> Estimate:
    outline = PickerCache(runtime().redis, connection.id).outline(runtime().clock())
    ids = [notion_id_of(text) or text for text in ticked.ids_or_links]
    return estimates.import_estimate(
        connection, outline.load(ids, ticked.subpages, everything=ticked.workspace)
    )


def _question(
    chatbot: Chatbot, connection: Connection, ticked: Ticked, found: Estimate, back: str
) -> ResponseReturnValue:
    fields = [("connection_id", connection.id), ("schedule", _schedule()), ("confirmed", len(ticked))]
    names = ("notion_id", "subpages", "workspace")
    fields += [(name, value) for name in names for value in dict.fromkeys(request.form.getlist(name))]
    return render_template(
        "picker/confirm.html", chatbot=chatbot, count=len(ticked), estimate=found, fields=fields, back=back
    )


def _picks(connection: Connection, ticked: Ticked) -> tuple[list[Pick], list[str]]:
    """What is to be imported, and sentences on what cannot be. Only what is not cached costs a request."""
    ids = {text: notion_id_of(text) for text in ticked.ids_or_links}
    cache = PickerCache(runtime().redis, connection.id)
    listed = cache.picks([notion_id for notion_id in ids.values() if notion_id], runtime().clock())
    picks: dict[str, Pick] = {}
    if ticked.workspace:
        picks[connection.workspace_id] = actions.workspace_pick(connection)
    refusals: list[str] = []
    for position, text in enumerate(ticked.ids_or_links):
        pick = listed.get(ids[text] or "")
        if pick is None:
            try:
                pick = actions.find_pick(runtime(), connection, text)
            except (Later, Transient, Unauthorized) as error:
                left = len(ticked.ids_or_links) - position
                refusals.append(f"{sentence_for(error)} {counted(left, 'item')} could not be imported.")
                break
            except (Refused, NotionError) as error:
                refusals.append(error.sentence)
                continue
        with_subpages = pick.kind == "page" and not ticked.subpages.isdisjoint({text, pick.notion_id})
        picks[pick.notion_id] = replace(pick, with_subpages=with_subpages)
    return list(picks.values()), list(dict.fromkeys(refusals))[:3]


def _listed(connection: Connection, picks: list[Pick]) -> tuple[list[Stub], datetime | None]:
    """The cached stubs besides the picks, if an import includes more than the picks themselves."""
    if not any(pick.with_subpages or pick.kind == "workspace" for pick in picks):
        return [], None
    return PickerCache(runtime().redis, connection.id).listed(runtime().clock())


def _sentence(imported: Imported) -> str | None:
    """The sentence for the next page; None if nothing was imported."""
    if imported.created:
        return f"Importing {counted(len(imported.created), 'source')}"
    if imported.widened:
        return f"Adding the sub-pages of {counted(len(imported.widened), 'page')}"
    return "Everything you ticked is in the knowledge base already." if imported.known else None


def _schedule() -> Schedule:
    return cast(Schedule, request.form.get("schedule") or current_org().default_schedule)
