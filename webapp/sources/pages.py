"""The knowledge base: the list of its sources, what is at work on it, and the page of one source."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from peewee import fn

from extract.membership.columns import columns_of
from extract.store.models import Document, Membership, Run, Source
from webapp.access import needs, own_chatbot, own_source
from webapp.http.incoming import whole_number
from webapp.page import page_or_fragment, toast, wants_fragment
from webapp.pagination import PageRange
from webapp.queries import sources_with_connection
from webapp.roles import Role
from webapp.sources.brake import questions_of
from webapp.sources.labels import TEMPLATE_GLOBALS, settled_sentence
from webapp.sources.listing import (
    SORTS,
    SourceFilter,
    broken_connections,
    count_by_status,
    has_connection,
    source_list,
    source_rows,
)
from webapp.sources.unread_report import unread_report

blueprint = Blueprint("sources", __name__)

RUNS = 20
DOCUMENTS = 50


@blueprint.record_once
def _add_template_globals(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals.update(TEMPLATE_GLOBALS, sorts=SORTS)


@blueprint.get("/chatbots/<int:chatbot_id>/sources")
@needs(Role.MEMBER)
def index(chatbot_id: int) -> ResponseReturnValue:
    """Show the list, filtered and ordered as the address says."""
    chatbot = own_chatbot(chatbot_id)
    found = source_list(chatbot.id, SourceFilter.of(request.args))
    context = {
        "chatbot": chatbot,
        "source_list": found,
        "broken_connections": broken_connections(chatbot.id),
        "questions": questions_of(chatbot.id),
        "is_connected": has_connection(chatbot.organisation_id),
    }
    response = make_response(page_or_fragment("sources/index.html", "sources/_index.html", **context))
    if wants_fragment():
        address = url_for(
            ".index", chatbot_id=chatbot.id, **found.source_filter.arguments(page=found.page.number)
        )
        response.headers["HX-Push-Url"] = address
    return response


@blueprint.get("/chatbots/<int:chatbot_id>/sources/progress")
@needs(Role.MEMBER)
def progress(chatbot_id: int) -> ResponseReturnValue:
    """Show the rows named by `at_work` as they are now; htmx polls again while one of them is being read."""
    chatbot = own_chatbot(chatbot_id)
    response = make_response(changed_rows(chatbot, asked_ids("at_work"), watching=True))
    response.headers["HX-Reswap"] = "none"  # every part of the answer names the element that it replaces
    return response


@blueprint.get("/sources/<int:source_id>")
@needs(Role.MEMBER)
def show(source_id: int) -> str:
    """Show one source: its state, its documents, what of them was not read, its columns and its runs."""
    source = own_source(source_id)
    query = " ".join(request.args.get("q", "").split())[:200]
    page = request.args.get("page", 1, type=whole_number)
    runs = Run.select().where(Run.source == source).order_by(Run.started_at.desc(), Run.id.desc()).limit(RUNS)
    return page_or_fragment(
        "sources/show.html",
        "sources/_show.html",
        source=source,
        row=source_rows([source])[0],
        runs=list(runs),
        columns=columns_of(source) if source.kind == "database" else (),
        unread_report=unread_report(source),
        **_documents(source, query, page),
    )


def asked_ids(name: str) -> list[int]:
    """The ids sent under `name`, at most 1,000."""
    return request.values.getlist(name, type=whole_number)[:1000]


def changed_rows(
    chatbot: Any,
    source_ids: list[int],
    *,
    watching: bool = False,
    sentence: str | None = None,
    problem_sentence: str | None = None,
) -> str:
    """Rows that replace those on the page, with a sentence about them.

    With `watching` the page polls: rows that have settled are announced, and it polls again only while one of them
    is being read.
    """
    sources = sources_with_connection().where(Source.chatbot == chatbot, Source.id.in_(source_ids))
    changed = source_rows(list(sources.order_by(Source.id)))
    settled = [row.source for row in changed if not row.at_work]
    source_filter = SourceFilter.of(request.args)
    if watching and settled:
        sentence = settled_sentence(settled)
    if sentence:
        toast(sentence)
    return render_template(
        "sources/_changed.html",
        chatbot=chatbot,
        rows=changed,
        gone=sorted(set(source_ids) - {row.source.id for row in changed}),
        busy=any(row.at_work for row in changed),
        watching=watching,
        source_filter=source_filter,
        status_counts=count_by_status(chatbot.id, source_filter) if watching else None,
        problem_sentence=problem_sentence,
        fragment=True,
    )


def _documents(source: Source, query: str, page_number: int) -> dict[str, Any]:
    """One page of the documents of a source, those with a problem first."""
    matching = (
        Document.select(*(getattr(Document, name) for name in _COLUMNS))
        .join(Membership)
        .where(Membership.source == source)
    )
    if query:
        matching = matching.where(Document.title.contains(query))
    page = PageRange.nearest(page_number, size=DOCUMENTS, found=matching.count())
    ordered = matching.order_by(Document.error.is_null(), fn.LOWER(Document.title), Document.id)
    documents = list(ordered.limit(page.size).offset(page.offset))
    return {"documents": documents, "page": page, "query": query}


_COLUMNS = (
    "id",
    "title",
    "icon",
    "url",
    "bytes",
    "hash",
    "error",
    "edited_at",
    "synced_at",
    "requested_at",
    "retry_after",
    "removed_at",
)
