"""Try it: ask the knowledge base what the chatbot would find, as one types."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, request

from extract.search.find import find, highlight_spans
from extract.search.query import LONGEST_QUERY
from extract.store.models import Source
from extract.values import Hit
from webapp.access import needs, own_chatbot
from webapp.page import page_or_fragment
from webapp.queries import readable_documents
from webapp.roles import Role
from webapp.sources.listing import connections_that_rest

blueprint = Blueprint("search", __name__)

HITS = 10


@dataclass(frozen=True, slots=True)
class Found:
    """One hit as the page shows it: the snippet in pieces, each marked or not."""

    hit: Hit
    pieces: Sequence[tuple[str, bool]]


@blueprint.get("/chatbots/<int:chatbot_id>/search")
@needs(Role.MEMBER)
def page(chatbot_id: int) -> str:
    """The question, and the passages that answer it best."""
    chatbot = own_chatbot(chatbot_id)
    words = request.args.get("q", "").strip()[:LONGEST_QUERY]
    hits = find(chatbot.id, words, limit=HITS) if words else []
    return page_or_fragment(
        "search/page.html",
        "search/_page.html",
        chatbot=chatbot,
        words=words,
        found=[Found(hit, marked(plain(hit.snippet), words)) for hit in hits],
        documents=readable_documents(chatbot.id).count(),
        resting=connections_that_rest(chatbot.id),
        has_sources=Source.select().where(Source.chatbot == chatbot).exists(),
    )


def plain(text: str) -> str:
    """A piece of CommonMark as a person skims it: the words of links, no marks of emphasis, code, heading or table."""
    for pattern, kept in _MARKS:
        text = pattern.sub(kept, text)
    return " ".join(text.split())


_MARKS = (
    (re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)"), r"\1"),  # links and pictures
    (re.compile(r"(?:\|\s*:?-{3,}:?\s*)+\|?"), " "),  # the line below a table's head
    (re.compile(r"(?<!\\)\|"), " · "),  # the space around it is joined at the end
    (re.compile(r"(?<!\\)(?:\*\*|~~|`+)"), ""),
    (re.compile(r"(^|(?<=\s))#{1,6}\s"), ""),
    (re.compile(r"\\([^\w\s])"), r"\1"),
)


def marked(text: str, words: str) -> list[tuple[str, bool]]:
    """`text` in pieces, those that answer `words` marked."""
    pieces: list[tuple[str, bool]] = []
    end = 0
    for start, stop in highlight_spans(text, words):
        pieces += [(text[end:start], False), (text[start:stop], True)]
        end = stop
    return [piece for piece in (*pieces, (text[end:], False)) if piece[0]]
