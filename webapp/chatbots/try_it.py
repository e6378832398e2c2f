"""Try it: search the knowledge base as the chatbot would, while typing."""

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
from webapp.sources.listing import broken_connections

blueprint = Blueprint("search", __name__)

HITS = 10


@dataclass(frozen=True, slots=True)
class HighlightedHit:
    """One hit as the page shows it: the snippet in pieces, each with True if it is highlighted."""

    hit: Hit
    pieces: Sequence[tuple[str, bool]]


@blueprint.get("/chatbots/<int:chatbot_id>/search")
@needs(Role.MEMBER)
def page(chatbot_id: int) -> str:
    """Show the question and the passages that answer it best."""
    chatbot = own_chatbot(chatbot_id)
    words = request.args.get("q", "").strip()[:LONGEST_QUERY]
    hits = find(chatbot.id, words, limit=HITS) if words else []
    return page_or_fragment(
        "search/page.html",
        "search/_page.html",
        chatbot=chatbot,
        words=words,
        found=[HighlightedHit(hit, marked(plain(hit.snippet), words)) for hit in hits],
        documents=readable_documents(chatbot.id).count(),
        broken_connections=broken_connections(chatbot.id),
        has_sources=Source.select().where(Source.chatbot == chatbot).exists(),
    )


def plain(text: str) -> str:
    """CommonMark as plain text: links as their text, without the syntax of emphasis, code, headings and tables."""
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
    """`text` in pieces, each with True if it matches `words`."""
    pieces: list[tuple[str, bool]] = []
    end = 0
    for start, stop in highlight_spans(text, words):
        pieces += [(text[end:start], False), (text[start:stop], True)]
        end = stop
    return [piece for piece in (*pieces, (text[end:], False)) if piece[0]]
