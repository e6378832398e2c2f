"""How far what is at work has come, what waits before it, and what a page has cost lately."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from peewee import JOIN, Case, fn

from extract.store.models import Connection, Document, Membership, Run, Source
from extract.worklist.due import not_stopped


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the running sync of a source has come: `done` of `total` documents, with what it has asked for them."""

    done: int
    total: int
    requests: int = 0
    started_at: datetime | None = None

    @property
    def left(self) -> int:
        return self.total - self.done


def progress(source_ids: Sequence[int]) -> Mapping[int, Progress]:
    """How far each source that is at work has come; sources without an open run are left out."""
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
    )
    return {
        source_id: Progress(fetched, fetched + int(left or 0), requests, started_at)
        for source_id, fetched, requests, started_at, left in rows
    }


def waiting(workspace_id: str) -> int:
    """How many documents wait for requests of this workspace, whichever connection serves them."""
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
    """What a page has cost lately, holes included, by the larger runs of the connection; 1 where none is known."""
    runs = (
        Run.select(Run.requests, Run.fetched)
        .join(Source)
        .where((Source.connection == connection_id) & Run.finished_at.is_null(False) & (Run.fetched >= 20))
        .order_by(Run.id.desc())
        .limit(10)
        .tuples()
    )
    spent = list(runs)
    pages = sum(fetched for _, fetched in spent)
    return max(1.0, min(3.0, sum(requests for requests, _ in spent) / pages)) if pages else 1.0
