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
from webapp.api.serializers import sources_with_connection
from webapp.http.incoming import whole_number
from webapp.page import page_or_fragment, toast, wants_fragment
from webapp.people.roles import Role
from webapp.sources.brake import questions_of
from webapp.sources.labels import VOCABULARY, settled_sentence
from webapp.sources.listing import SORTS, Wish, connections_that_rest, has_connection, lines, listing, tally
from webapp.sources.unread_report import skipped

blueprint = Blueprint("sources", __name__)

RUNS = 20
DOCUMENTS = 50


@blueprint.record_once
def _give_words(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals.update(VOCABULARY, sorts=SORTS)


@blueprint.get("/chatbots/<int:chatbot_id>/sources")
@needs(Role.MEMBER)
def index(chatbot_id: int) -> ResponseReturnValue:
    """The list, filtered and ordered as the address says."""
    chatbot = own_chatbot(chatbot_id)
    found = listing(chatbot.id, Wish.of(request.args))
    context = {
        "chatbot": chatbot,
        "list": found,
        "resting": connections_that_rest(chatbot.id),
        "questions": questions_of(chatbot.id),
        "is_connected": has_connection(chatbot.organisation_id),
    }
    response = make_response(page_or_fragment("sources/index.html", "sources/_index.html", **context))
    if wants_fragment():
        address = url_for(".index", chatbot_id=chatbot.id, **found.wish.arguments(page=found.wish.page))
        response.headers["HX-Push-Url"] = address
    return response


@blueprint.get("/chatbots/<int:chatbot_id>/sources/progress")
@needs(Role.MEMBER)
def progress(chatbot_id: int) -> ResponseReturnValue:
    """The rows named by `at_work` as they are now; asks to be asked again while one of them is at work."""
    chatbot = own_chatbot(chatbot_id)
    response = make_response(changed_rows(chatbot, asked_ids("at_work"), watching=True))
    response.headers["HX-Reswap"] = (
        "none"  # what it says goes to its places; an error instead is shown where asked
    )
    return response


@blueprint.get("/sources/<int:source_id>")
@needs(Role.MEMBER)
def show(source_id: int) -> str:
    """One source: how it stands, its documents, what of them was not read, its columns and its runs."""
    source = own_source(source_id)
    words = " ".join(request.args.get("q", "").split())[:200]
    page = request.args.get("page", 1, type=whole_number)
    runs = Run.select().where(Run.source == source).order_by(Run.started_at.desc(), Run.id.desc()).limit(RUNS)
    return page_or_fragment(
        "sources/show.html",
        "sources/_show.html",
        source=source,
        line=lines([source])[0],
        runs=list(runs),
        columns=columns_of(source) if source.kind == "database" else (),
        skipped=skipped(source),
        **_documents(source, words, max(page, 1)),
    )


def asked_ids(name: str) -> list[int]:
    """The numbers sent under `name`, as many as a page shows."""
    return request.values.getlist(name, type=whole_number)[:1000]


def changed_rows(
    chatbot: Any,
    source_ids: list[int],
    *,
    watching: bool = False,
    said: str | None = None,
    trouble: str | None = None,
) -> str:
    """Rows that replace those on the page, with what is to be said about them.

    `watching` is a list that asks by itself: those of its rows that have settled are announced, and it asks again
    only while one of them is at work.
    """
    rows = sources_with_connection().where(Source.chatbot == chatbot, Source.id.in_(source_ids))
    changed = lines(list(rows.order_by(Source.id)))
    settled = [line.source for line in changed if not line.at_work]
    wish = Wish.of(request.args)
    if watching and settled:
        said = settled_sentence(settled)
    if said:
        toast(said)
    return render_template(
        "sources/_changed.html",
        chatbot=chatbot,
        lines=changed,
        gone=sorted(set(source_ids) - {line.source.id for line in changed}),
        busy=any(line.at_work for line in changed),
        watching=watching,
        wish=wish,
        tally=tally(chatbot.id, wish) if watching else None,
        trouble=trouble,
        fragment=True,
    )


def _documents(source: Source, words: str, page: int) -> dict[str, Any]:
    """One page of the documents of a source, those with a problem first."""
    chosen = (
        Document.select(*(getattr(Document, name) for name in _SHOWN))
        .join(Membership)
        .where(Membership.source == source)
    )
    if words:
        chosen = chosen.where(Document.title.contains(words))
    found = chosen.count()
    pages = max((found + DOCUMENTS - 1) // DOCUMENTS, 1)
    page = min(page, pages)
    ordered = chosen.order_by(Document.error.is_null(), fn.LOWER(Document.title), Document.id)
    documents = list(ordered.limit(DOCUMENTS).offset((page - 1) * DOCUMENTS))
    return {"documents": documents, "found": found, "at": page, "pages": pages, "words": words}


_SHOWN = (
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
