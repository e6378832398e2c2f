"""Finds the passages of one chatbot that answer a question best, with the same result on both databases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from peewee import fn

from extract.search.fulltext import FullText
from extract.search.query import Unit, parse
from extract.search.ranking import STOP_WEIGHT, Candidate, rank, rarity
from extract.search.snippets import highlight_spans, snippet
from extract.store.models import Chunk, Document, Membership
from extract.values import Hit

__all__ = ["find", "highlight_spans"]

_COMMON = 2_000  # a word in more chunks is common: it nominates chunks only if rarer words nominate too few
_COUNTED = 10_000  # chunks are counted up to this: beyond it the weights of rare words do not grow
_POOL = 200  # chunks that are scored
_ENOUGH = 50  # chunks nominated by rarer words


def find(
    chatbot_id: int, words: str, *, limit: int = 8, source_ids: Sequence[int] | None = None
) -> list[Hit]:
    """Return the best passages for `words`, a question or keywords, best first; an empty list if nothing matches.

    Only words in quotes have to match. `source_ids` limits the search to documents of these sources.
    """
    units = parse(words)
    if not units or limit < 1 or (source_ids is not None and not source_ids):
        return []
    full_text = FullText(chatbot_id, source_ids)
    pool, weights = _nominate(full_text, units)
    if not pool:
        return []
    ranked = rank(full_text.candidates(pool), units, weights, limit)
    return _hits(chatbot_id, ranked, words, source_ids)


def _nominate(full_text: FullText, units: Sequence[Unit]) -> tuple[list[int], Mapping[int, float]]:
    """Return the ids of the chunks to score, and the weight of each unit of the query."""
    # Stop words nominate chunks only if the query has no other words.
    nominating = [unit for unit in units if not unit.stop] or list(units)
    postings = full_text.postings(nominating, _COMMON + 1)
    if any(unit.required and not postings[unit.place] for unit in nominating):
        return [], {}
    total = full_text.size(_COUNTED)
    weights = dict.fromkeys((unit.place for unit in units), STOP_WEIGHT)
    weights |= {place: rarity(len(found), total) for place, found in postings.items()}
    rare = [unit for unit in nominating if 0 < len(postings[unit.place]) <= _COMMON]
    common = [unit for unit in nominating if len(postings[unit.place]) > _COMMON]
    promise: dict[int, float] = {}
    for unit in rare:
        for chunk_id in postings[unit.place]:
            promise[chunk_id] = promise.get(chunk_id, 0.0) + weights[unit.place]
    for unit in rare:
        if unit.required:
            promise = {key: promise[key] for key in postings[unit.place] if key in promise}
    pool = sorted(promise, key=lambda chunk_id: (-promise[chunk_id], chunk_id))
    if len(pool) > _POOL:
        # The database's own ranking decides between chunks that contain equally rare words.
        pool = list(dict.fromkeys([*pool[:_POOL], *full_text.best(rare, _POOL // 2)]))
    if common and (len(pool) < _ENOUGH or any(unit.required for unit in common)):
        pool = list(dict.fromkeys([*pool, *full_text.best(common, _POOL)]))
    return pool, weights


def _hits(
    chatbot_id: int,
    ranked: Sequence[tuple[Candidate, float]],
    words: str,
    source_ids: Sequence[int] | None,
) -> list[Hit]:
    ids = [candidate.chunk_id for candidate, _ in ranked]
    holds = Membership.select(fn.MIN(Membership.source)).where(Membership.document == Document.id)
    if source_ids is not None:
        holds = holds.where(Membership.source.in_(list(source_ids)))
    rows: Iterable[Any] = (
        Chunk.select(
            Chunk.id,
            Chunk.text,
            Chunk.heading_path,
            Document.id.alias("document_id"),
            Document.title,
            Document.url,
            Document.edited_at,
            Document.synced_at,
            holds.alias("source_id"),
        )
        .join(Document)
        .where(Chunk.id.in_(ids), Document.chatbot_id + 0 == chatbot_id, Document.removed_at.is_null())
        .namedtuples()
    )
    found = {row.id: row for row in rows}
    return [
        Hit(
            text=row.text,
            snippet=snippet(row.text, words),
            title=row.title,
            heading_path=tuple(row.heading_path),
            url=row.url,
            score=round(points, 4),
            source_id=row.source_id,
            document_id=row.document_id,
            chunk_id=row.id,
            last_edited_at=row.edited_at,
            last_synced_at=row.synced_at,
        )
        for candidate, points in ranked
        if (row := found.get(candidate.chunk_id)) is not None and row.source_id is not None
    ]
