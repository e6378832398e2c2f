"""Queries for people: how far a sync has come, how many documents wait, how many requests a page took lately."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from peewee import JOIN, Case, fn

from extract.store.models import Connection, Document, Membership, Run, Source
from extract.worklist.due import not_stopped


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the running sync of a source has come: `done` of `total` documents, with `requests` sent so far."""

    done: int
    total: int
    requests: int = 0
    started_at: datetime | None = None

    @property
    def left(self) -> int:
        """How many documents are still to be read."""
        return self.total - self.done


def progress(source_ids: Sequence[int]) -> Mapping[int, Progress]:
    """Return how far each source with an open run has come, by source id; the others are left out."""
    if not source_ids:
        return {}
    still = Document.requested_at.is_null(False) & Document.error.is_null()
    left = fn.SUM(Case(None, ((still, 1),), 0))
    rows = (
        Run.select(Run.source, Run.fetched, Run.requests, Run.started_at, left)
        .join(Source)
        .join(Membership, JOIN.LEFT_OUTER)
        .join(Document, JOIN.LEFT_OUTER)
        .where(Run.source.in_(list(source_ids)) & Run.finished_at.is_null())
        .group_by(Run.id, Run.source, Run.fetched, Run.requests, Run.started_at)
        .order_by(Run.id)
        .tuples()
        .iterator()
    )
    return {
        source_id: Progress(fetched, fetched + int(left or 0), requests, started_at)
        for source_id, fetched, requests, started_at, left in rows
    }


def waiting(workspace_id: str) -> int:
    """Return how many documents wait for requests of this workspace, whichever connection serves them."""
    return int(
        Document.select()
        .join(Connection)
        .where(
            (Connection.workspace_id == workspace_id)
            & (Connection.state == "alive")
            & Document.requested_at.is_null(False)
            & Document.error.is_null()
            & not_stopped()
        )
        .count()
    )


def requests_a_page(connection_id: int) -> float:
    """Return how many requests a page took on average in the last ten runs of at least 20 pages, from 1 to 3.

    Requests for what Notion leaves out of bodies are included. 1 if the connection has no such run.
    """
    runs = (
        Run.select(Run.requests, Run.fetched)
        .join(Source)
        .where((Source.connection == connection_id) & Run.finished_at.is_null(False) & (Run.fetched >= 20))
        .order_by(Run.id.desc())
        .limit(10)
        .tuples()
        .iterator()
    )
    spent = list(runs)
    pages = sum(fetched for _, fetched in spent)
    return max(1.0, min(3.0, sum(requests for requests, _ in spent) / pages)) if pages else 1.0
