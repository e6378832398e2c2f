"""Booking documents for a drain: what is asked for each, and the retry that is claimed before the attempt."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from extract.config.schema import Watch
from extract.connections.tokens import database_opened
from extract.membership import placement, queries
from extract.membership.columns import split_columns
from extract.reading import relation_ids
from extract.rules.changes import compare_listing
from extract.rules.timing import Rank, reread_due
from extract.store.models import Document
from extract.sync.fetch import Task
from extract.sync.runs import RunLog
from extract.values import Stub
from extract.worklist import documents
from extract.worklist.facts import held_facts, stored_stub


@dataclass(frozen=True, slots=True)
class Claimed:
    """A document under way: its row as it was claimed, the sources that hold it, and what is asked for it."""

    row: Document
    source_ids: tuple[int, ...]
    task: Task


def task_for(
    document: Document,
    *,
    hidden: Collection[str] = (),
    followed: bool = True,
    reread: bool = False,
    unplaced: bool = False,
    now: datetime,
) -> Task:
    """What to fetch for a document that is due. A wish reads the body; a mere look reads it only if it moved.

    What no live source holds is only looked at for whether it is still there: its edits wait for its schedule.
    `reread`: the body is read whatever its time says.
    """
    unnamed = partial(_unnamed, document.chatbot_id, hidden)
    task = Task(
        document.id,
        document.notion_id,
        stored_stub(document),
        hidden=hidden,
        unnamed=unnamed,
        unplaced=unplaced,
    )
    if document.removed_at is not None:
        return task  # what has come back is read whole, whatever its time says: nothing of it is held
    told = document.stub is not None  # a listing said that it moved, though a doubt has the page asked first
    if document.requested_at is not None and (told or document.request_rank != Rank.SCHEDULE):
        return task
    if document.requested_at is None and document.recheck_at is not None and document.recheck_at <= now:
        return task
    if document.requested_at is None and not followed:
        return replace(task, stub=None, only_if=lambda seen: False)
    if document.requested_at is None and reread:
        return replace(task, stub=None)
    facts = replace(held_facts(document), wanted=False)
    return replace(
        task, stub=None, only_if=lambda seen: compare_listing(seen, facts, thorough=True) == "stale"
    )


def claim(rows: Sequence[Document], run_log: RunLog, *, watch: Watch, now: datetime) -> list[Claimed]:
    """Book each document's retry, open the runs of their sources, and say what to fetch.

    The retry comes before the attempt: a crash then means later, never at once and forever.
    """
    ids = [row.id for row in rows]
    hidden, live, unplaced = (
        queries.hidden_columns(ids),
        queries.followed(ids),
        placement.unplaced(ids),
    )
    tasks = []
    for row in rows:
        reread = reread_due(
            row.notion_id,
            synced_at=row.synced_at,
            now=now,
            days=watch.reread_days,
            hours=watch.verify_hours,
        )
        task = task_for(
            row,
            hidden=hidden.get(row.id, ()),
            followed=row.id in live,
            reread=reread,
            unplaced=row.id in unplaced,
            now=now,
        )
        tasks.append(task)
    documents.claim(rows, now=now)
    holders = queries.sources_holding(ids)
    for document in rows:
        if document.requested_at is not None and document.request_rank < Rank.CHECK:
            run_log.open(holders[document.id], rank=Rank(document.request_rank), now=now)
    return [
        Claimed(document, tuple(holders[document.id]), task)
        for document, task in zip(rows, tasks, strict=True)
    ]


def _unnamed(chatbot_id: int, hidden: Collection[str], stub: Stub) -> Sequence[str]:
    """The related pages that the knowledge base cannot name. In the thread of the fetch, once the stub is there."""
    shown, _ = split_columns(stub.properties, hidden)
    related = relation_ids(shown)
    if not related:
        return ()
    with database_opened():
        held_here = queries.titles_held(chatbot_id, related)
    return tuple(each for each in related if each not in held_here)


def release_claims(claims: Sequence[Claimed]) -> None:
    """Unbook what was started and not written: it did not fail."""
    documents.release([claimed.row.id for claimed in claims])
