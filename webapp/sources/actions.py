"""What an admin can do with sources: retrain, stop, resume, widen, choose columns, delete; by `extract.actions`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from extract import actions
from extract.errors import HilalError
from extract.membership.columns import columns_of
from extract.store.models import Chatbot, Source
from webapp.access import needs, own_chatbot, own_source
from webapp.formats import counted
from webapp.http.security_log import SecurityEvent, record_sources
from webapp.page import page_or_fragment, problem, runtime, toast, wants_fragment
from webapp.queries import sources_with_connection
from webapp.roles import Role
from webapp.sources.listing import SourceFilter, matching_sources, source_rows
from webapp.sources.pages import asked_ids, changed_rows

blueprint = Blueprint("source_actions", __name__)


@blueprint.post("/sources/<int:source_id>/retrain")
@needs(Role.ADMIN)
def retrain(source_id: int) -> ResponseReturnValue:
    """Sync one source now, every page of it."""
    source = own_source(source_id)
    try:
        actions.retrain(runtime(), [source], full=True)
    except HilalError as error:
        return _after(source, problem_sentence=error.sentence)
    return _after(source, sentence=f"“{source.title}” will be retrained.")


@blueprint.post("/sources/<int:source_id>/stop")
@needs(Role.ADMIN)
def stop(source_id: int) -> ResponseReturnValue:
    """Stop one source until it is resumed. What was read still answers."""
    source = own_source(source_id)
    actions.stop(runtime(), [source])
    return _after(source, sentence=f"“{source.title}” is stopped.")


@blueprint.post("/sources/<int:source_id>/resume")
@needs(Role.ADMIN)
def resume(source_id: int) -> ResponseReturnValue:
    """Resume a stopped source where it stopped."""
    source = own_source(source_id)
    try:
        actions.resume(runtime(), [source])
    except HilalError as error:
        return _after(source, problem_sentence=error.sentence)
    return _after(source, sentence=f"“{source.title}” goes on.")


@blueprint.post("/sources/<int:source_id>/subpages")
@needs(Role.ADMIN)
def subpages(source_id: int) -> ResponseReturnValue:
    """Include the sub-pages of a page (field `with_subpages` is 1), or only the page."""
    source = own_source(source_id)
    wider = request.form.get("with_subpages") == "1"
    try:
        changed = actions.set_subpages(runtime(), source, wider)
    except HilalError as error:
        return _after(source, problem_sentence=error.sentence)
    if not changed:
        return _after(source, sentence=f"“{source.title}” stayed as it was.")
    what = "Its sub-pages are read now." if wider else "Its sub-pages leave the knowledge base."
    return _after(source, sentence=what)


@blueprint.post("/sources/<int:source_id>/auto-retrain")
@needs(Role.ADMIN)
def auto_retrain(source_id: int) -> ResponseReturnValue:
    """Set when one source follows Notion: the field `schedule`."""
    source = own_source(source_id)
    try:
        actions.set_schedule(runtime(), source, request.form.get("schedule", ""))
    except HilalError as error:
        return _after(source, problem_sentence=error.sentence)
    return _after(source, sentence=f"“{source.title}”: auto-retrain saved.")


@blueprint.post("/sources/<int:source_id>/columns")
@needs(Role.ADMIN)
def columns(source_id: int) -> ResponseReturnValue:
    """Show the columns named by `column` to the chatbot, and hide the others that the page offered."""
    source = own_source(source_id)
    offerable = {column.id for column in columns_of(source) if column.kind != "title"}
    offered = offerable & set(request.form.getlist("offered") or offerable)
    hidden = (set(source.hidden_columns) - offered) | (offered - set(request.form.getlist("column")))
    try:
        if actions.set_columns(runtime(), source, hidden):
            toast("Columns saved. The rows are read again; until then the old content answers.")
        else:
            toast("The columns stayed as they were.")
    except HilalError as error:
        problem(error.sentence)
    return redirect(url_for("sources.show", source_id=source.id), code=303)


@blueprint.get("/sources/<int:source_id>/delete")
@needs(Role.ADMIN)
def confirm_delete(source_id: int) -> str:
    """The question before one source is deleted."""
    source = own_source(source_id)
    action = url_for(".delete", source_id=source.id, **_page_arguments())
    return _question(source.chatbot, [source], action, every=False)


@blueprint.post("/sources/<int:source_id>/delete")
@needs(Role.ADMIN)
def delete(source_id: int) -> ResponseReturnValue:
    """Delete one source and what the chatbot learned from it."""
    source = own_source(source_id)
    actions.delete(runtime(), [source])
    record_sources(SecurityEvent.SOURCE_DELETED, [source])
    toast(f"“{source.title}” was deleted.")
    return _to_list(source.chatbot)


@blueprint.post("/chatbots/<int:chatbot_id>/sources/retrain")
@needs(Role.ADMIN)
def retrain_many(chatbot_id: int) -> ResponseReturnValue:
    """Sync the ticked sources now. Those whose connection does not work are left out, with a sentence."""
    chatbot = own_chatbot(chatbot_id)
    ticked = _ticked(chatbot)
    alive = [source for source in ticked if source.connection.state == "alive"]
    if not ticked:
        problem("Tick the sources to retrain first.")
    elif len(alive) < len(ticked):
        left_out = counted(len(ticked) - len(alive), "source stayed as it was", "sources stayed as they were")
        problem(f"{left_out}: the connection to Notion is not active. Reconnect first.")
    if alive:
        try:
            actions.retrain(runtime(), alive, full=True)
            toast(f"{counted(len(alive), 'source')} will be retrained.")
        except HilalError as error:
            problem(error.sentence)
    return _to_list(chatbot)


@blueprint.get("/chatbots/<int:chatbot_id>/sources/delete")
@needs(Role.ADMIN)
def confirm_delete_many(chatbot_id: int) -> ResponseReturnValue:
    """The question before the ticked sources are deleted."""
    chatbot = own_chatbot(chatbot_id)
    ticked = _ticked(chatbot)
    if not ticked:
        problem("Tick the sources to delete first.")
        return _to_list(chatbot)
    action = url_for(".delete_many", chatbot_id=chatbot.id, **_page_arguments())
    return _question(chatbot, ticked, action, every=_is_every_source())


@blueprint.post("/chatbots/<int:chatbot_id>/sources/delete")
@needs(Role.ADMIN)
def delete_many(chatbot_id: int) -> ResponseReturnValue:
    """Delete the ticked sources and what the chatbot learned from them."""
    chatbot = own_chatbot(chatbot_id)
    ticked = _ticked(chatbot)
    if ticked:
        actions.delete(runtime(), ticked)
        record_sources(SecurityEvent.SOURCE_DELETED, ticked)
        toast(f"{counted(len(ticked), 'source')} deleted.")
    else:
        problem("Tick the sources to delete first.")
    return _to_list(chatbot)


def _ticked(chatbot: Chatbot) -> list[Any]:
    """The sources of `chatbot` that were ticked; with `every`, all that match the filter of the list."""
    if _is_every_source():
        return list(matching_sources(chatbot.id, _source_filter()).order_by(Source.id))
    ids = asked_ids("source_id")
    ticked = sources_with_connection().where(Source.chatbot == chatbot, Source.id.in_(ids))
    return list(ticked.order_by(Source.id))


def _is_every_source() -> bool:
    """True if every source that matches the filter was ticked, on whatever page."""
    return request.values.get("every") == "1"


def _source_filter() -> SourceFilter:
    """The filter of the list that the person came from."""
    return SourceFilter.of(request.values)


def _page_arguments() -> dict[str, Any]:
    """The query arguments of the page of the list that the person came from."""
    source_filter = _source_filter()
    return source_filter.arguments(page=source_filter.page)


def _question(chatbot: Chatbot, ticked: Sequence[Any], action: str, *, every: bool) -> str:
    return page_or_fragment(
        "sources/delete.html",
        "sources/_delete.html",
        chatbot=chatbot,
        chosen=ticked,
        documents=sum(row.counts.documents for row in source_rows(ticked)),
        action=action,
        every=every,
        source_filter=_source_filter(),
        back=_list_address(chatbot),
    )


def _after(
    source: Source, *, sentence: str | None = None, problem_sentence: str | None = None
) -> ResponseReturnValue:
    """Back to where the person was: the changed row for htmx, else the page."""
    if wants_fragment():
        return changed_rows(source.chatbot, [source.id], sentence=sentence, problem_sentence=problem_sentence)
    if sentence:
        toast(sentence)
    if problem_sentence:
        problem(problem_sentence)
    if request.values.get("from") == "source":
        return redirect(url_for("sources.show", source_id=source.id), code=303)
    return _to_list(source.chatbot)


def _list_address(chatbot: Chatbot) -> str:
    return url_for("sources.index", chatbot_id=chatbot.id, **_page_arguments())


def _to_list(chatbot: Chatbot) -> ResponseReturnValue:
    return redirect(_list_address(chatbot), code=303)
