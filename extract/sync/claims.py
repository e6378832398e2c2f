"""Claims documents for a drain: decides what to fetch for each, and schedules the retry before the attempt."""

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
from extract.sync.runs import RunLog
from extract.sync.task import Task
from extract.values import Stub
from extract.worklist import documents
from extract.worklist.facts import held_facts, stored_stub


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claimed document: its row at that time, the sources that hold it, and what to fetch."""

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
    """Return what to fetch for a document that is due.

    For a request the body is read. Routine checks, and schedules without a listed edit, fetch the page object and read
    the body only if it shows a change. The check of a document that is not `followed` never reads the body: its edits
    wait for the schedule. `reread`: a routine check reads the body whatever the edit time says.
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
        return task  # a page that came back is read whatever its edit time says: no content of it is stored
    is_listed = (
        document.stub is not None
    )  # a listing showed an edit, though a doubt makes us fetch the page object
    if document.requested_at is not None and (is_listed or document.request_rank != Rank.SCHEDULE):
        return task
    if document.requested_at is None and document.recheck_at is not None and document.recheck_at <= now:
        return task
    if document.requested_at is None and not followed:
        return replace(task, stub=None, only_if=lambda seen: False)
    if document.requested_at is None and reread:
        return replace(task, stub=None)
    facts = replace(held_facts(document), requested=False)
    return replace(
        task, stub=None, only_if=lambda seen: compare_listing(seen, facts, thorough=True) == "stale"
    )


def claim(rows: Sequence[Document], run_log: RunLog, *, watch: Watch, now: datetime) -> list[Claimed]:
    """Schedule each document's retry, open the runs of their sources, and decide what to fetch.

    The retry is scheduled before the attempt, so that a document that crashes the worker is delayed.
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
    """Return the related pages whose titles the knowledge base does not have. Runs in the thread of the fetch."""
    shown, _ = split_columns(stub.properties, hidden)
    related = relation_ids(shown)
    if not related:
        return ()
    with database_opened():
        held_here = queries.titles_held(chatbot_id, related)
    return tuple(notion_id for notion_id in related if notion_id not in held_here)


def release_claims(claims: Sequence[Claimed]) -> None:
    """Release the claims of documents that were not written: they did not fail."""
    documents.release([claimed.row.id for claimed in claims])
