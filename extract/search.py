"""Words → hits: the passages of one chatbot that answer a question best, the same on both databases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from peewee import fn

from .fulltext import FullText
from .models import Chunk, Document, Membership
from .queries import Unit, parse
from .ranking import STOP_WEIGHT, Candidate, rank, rarity
from .shapes import Hit
from .snippets import highlight_spans, snippet

__all__ = ["find", "highlight_spans"]

_COMMON = 4_000  # a word that more chunks hold is common, and by itself nominates none
_POOL = 250  # chunks that are weighed in full


def find(
    chatbot_id: int, words: str, *, limit: int = 8, source_ids: Sequence[int] | None = None
) -> list[Hit]:
    """The best passages for `words`, a question or keywords, best first; none when nothing matches.

    Not every word has to match, unless it is in quotes. `source_ids` narrows the search to what these hold.
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
    """The chunks worth weighing, and what each unit of the query tells."""
    # Where there are telling words, the others nominate nothing.
    telling = [unit for unit in units if not unit.stop] or list(units)
    postings = full_text.postings(units, _COMMON + 1)
    total = full_text.size()
    weights = {
        unit.place: rarity(len(postings[unit.place]), total) * (STOP_WEIGHT if unit.stop else 1.0)
        for unit in units
    }
    required = [unit for unit in units if unit.required]
    rare = [unit for unit in telling if len(postings[unit.place]) <= _COMMON]
    common = [unit for unit in telling if len(postings[unit.place]) > _COMMON]
    promise: dict[int, float] = {}
    for unit in rare:
        for chunk_id in postings[unit.place]:
            promise[chunk_id] = promise.get(chunk_id, 0.0) + weights[unit.place]
    for unit in required:
        if unit in rare:
            holding = set(postings[unit.place])
            promise = {chunk_id: worth for chunk_id, worth in promise.items() if chunk_id in holding}
    pool = sorted(promise, key=lambda chunk_id: (-promise[chunk_id], chunk_id))
    if len(pool) > _POOL or common:
        best = full_text.best(telling, _POOL)
        pool = list(dict.fromkeys([*pool[:_POOL], *best]))
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
