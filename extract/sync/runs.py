"""The running account of a source: opening, counting and closing runs, and the status a person sees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from peewee import fn

from extract.rules.timing import Rank, outcome_of
from extract.search.index import Put
from extract.store.db import batches
from extract.store.models import Document, Membership, Run, Source
from extract.values import Reading
from extract.worklist import sources
from extract.worklist.facts import is_gone
from extract.worklist.outcome import count_documents, has_outstanding

KEPT_RUNS = 50
"""How many runs of a source are kept at least; of a busy month more, up to the most."""
MOST_RUNS = 500
RUNS_KEPT_FOR = timedelta(days=30)

NOTHING_TO_READ = "There is no text to learn from in this source yet."
ONLY_EMBEDS = (
    "This page holds only embeds (Figma, Loom …) without captions, so there is no text to learn from."
)
NOTHING_READABLE = "None of its pages could be read. "


class RunLog:
    """The accounts of one drain: which runs are open, what is counted into them, which sources to settle.

    Every method that writes is called inside a transaction that has checked the lease.
    """

    def __init__(self) -> None:
        self._runs: dict[int, int] = {}  # source id -> id of its open run
        self._touched: set[int] = set()

    def open(self, source_ids: Sequence[int], *, rank: Rank, now: datetime) -> None:
        """See that each source that was not stopped has an open run, and shows that it is at work."""
        self._forget_closed(source_ids)
        unopened = [one for one in source_ids if one not in self._runs]
        running = Source.id.in_(unopened) & Source.stopped_at.is_null()
        for source in Source.select().where(running) if unopened else ():
            run = Run.get_or_none((Run.source == source.id) & Run.finished_at.is_null())
            if run is None:
                first = source.last_synced_at is None and rank is Rank.PERSON
                run = Run.create(
                    source=source.id, trigger="import" if first else rank.trigger, started_at=now
                )
            self._runs[source.id] = run.id
            sources.show_status(source, "re-training" if source.last_synced_at else "training")
        self.mark_touched(source_ids)

    def _forget_closed(self, source_ids: Sequence[int]) -> None:
        """A person may have stopped a source and resumed it: what is read now belongs to another run."""
        known = {self._runs[one]: one for one in source_ids if one in self._runs}
        if known:
            still = Run.select(Run.id).where(Run.id.in_(list(known)) & Run.finished_at.is_null())
            for closed in known.keys() - {run.id for run in still}:
                del self._runs[known[closed]]

    def mark_touched(self, source_ids: Iterable[int]) -> None:
        """These sources may have come to an end of their work: settle them before long."""
        self._touched.update(source_ids)

    def count(self, source_ids: Sequence[int], **added: int) -> None:
        """Add to plain counters of the sources' open runs, e.g. `requests=1`, `failed=1`, `removed=1`."""
        ids = [self._runs[source_id] for source_id in source_ids if source_id in self._runs]
        values = {name: getattr(Run, name) + number for name, number in added.items() if number}
        if ids and values:
            Run.update(**values).where(Run.id.in_(ids)).execute()

    def count_put(self, source_ids: Sequence[int], reading: Reading, put: Put) -> None:
        """Add one read document to the sources' open runs."""
        self.count(
            source_ids,
            fetched=1,
            changed=1 if put.changed else 0,
            unchanged=0 if put.changed else 1,
            chunks_added=put.added,
            chunks_kept=put.kept,
            chunks_removed=put.removed,
            unread_blocks=reading.unread_blocks,
        )
        ids = [self._runs[source_id] for source_id in source_ids if source_id in self._runs]
        if reading.unknown_tags and ids:
            for run in Run.select().where(Run.id.in_(ids)):
                run.unknown_tags = sorted({*run.unknown_tags, *reading.unknown_tags})
                run.save(only=[Run.unknown_tags])

    def close_finished(self, *, now: datetime) -> None:
        """Close the runs of those touched sources that have nothing left to try."""
        for source in Source.select().where(Source.id.in_(sorted(self._touched))):
            if close_if_finished(source, now=now):
                self._runs.pop(source.id, None)
        self._touched.clear()

    def close(self, source: Source, *, outcome: str, sentence: str | None, now: datetime) -> None:
        """End the run of a source at once with a known outcome: its root is gone, or cannot be read."""
        sources.show(source, outcome, sentence)
        Run.update(outcome=outcome, finished_at=now, error=sentence).where(
            (Run.source == source.id) & Run.finished_at.is_null()
        ).execute()
        self._runs.pop(source.id, None)


def prune(*, now: datetime) -> int:
    """Delete runs that nobody looks at any more; answers how many. Twice at once is harmless.

    Each source keeps its latest and those of the last month, whichever is more, up to the most.
    """
    place = fn.ROW_NUMBER().over(partition_by=[Run.source], order_by=[Run.started_at.desc(), Run.id.desc()])
    placed = Run.select(Run.id, Run.started_at, place.alias("place")).where(Run.finished_at.is_null(False))
    old = (placed.c.started_at < now - RUNS_KEPT_FOR) & (placed.c.place > KEPT_RUNS)
    rows = placed.select_from(placed.c.id).where(old | (placed.c.place > MOST_RUNS)).tuples()
    ids = [run_id for (run_id,) in rows]
    for some in batches(ids):
        Run.delete().where(Run.id.in_(some)).execute()
    return len(ids)


def count_wait(connection_id: int, pause: timedelta) -> None:
    """The connection rests for so long: its sources' open runs wait with it."""
    ours = Source.select(Source.id).where(Source.connection == connection_id)
    seconds = max(0, round(pause.total_seconds()))
    Run.update(waits=Run.waits + 1, waited_seconds=Run.waited_seconds + seconds).where(
        Run.source.in_(ours) & Run.finished_at.is_null()
    ).execute()


def show_listing(source: Source) -> None:
    """A listing has begun."""
    sources.show_status(source, "re-training" if source.last_synced_at else "processing")


def close_if_finished(source: Source, *, now: datetime) -> bool:
    """Close the run and show the outcome once nothing of the source is left to try; answers whether it did.

    Call inside a transaction, with a row read in it.
    """
    if source.stopped_at is not None:  # its run is closed; what was under way may have brought its first text
        sources.show_status(source, "trained" if count_documents(source.id).with_text else "empty")
        return True
    if source.requested_at is not None and source.error is None:
        return False
    if has_outstanding(source):
        return False
    counts = count_documents(source.id)
    listing_failed = source.requested_at is not None
    # Rows of a database that left may be held elsewhere, and go on answering there.
    outcome = "empty"
    if not is_gone(source):
        outcome = outcome_of(
            readable=counts.readable,
            with_text=counts.with_text,
            failed=counts.failed,
            listing_failed=listing_failed,
        )
    if not listing_failed:
        source.error = _sentence(source, outcome)
    ran = (
        Run.update(outcome=outcome, finished_at=now, error=source.error)
        .where((Run.source == source.id) & Run.finished_at.is_null())
        .execute()
    )
    # A mere look, which opens no run, is no sync.
    if not listing_failed and outcome != "failed" and (ran or source.last_synced_at is None):
        source.last_synced_at = now
        source.save(only=[Source.last_synced_at])
    sources.show(source, outcome, source.error)
    return True


def _sentence(source: Source, outcome: str) -> str | None:
    """What a person reads beside the status; None when there is nothing to say."""
    if outcome == "failed":
        first = (
            Document.select(Document.error)
            .join(Membership)
            .where((Membership.source == source.id) & Document.error.is_null(False))
            .first()
        )
        return NOTHING_READABLE + (first.error if first else "")
    if outcome == "empty":
        if source.doubted_at is not None:  # the database itself is gone, and said so
            return str(source.error)
        gone = (
            Document.select(Document.error)
            .join(Membership)
            .where(
                (Membership.source == source.id)
                & Document.removed_at.is_null(False)
                & Document.error.is_null(False)
            )
            .first()
        )
        if gone and source.kind == "page":
            return str(gone.error)
        return ONLY_EMBEDS if _only_embeds(source) else NOTHING_TO_READ
    return None


def _only_embeds(source: Source) -> bool:
    """Whether the one page that an empty source has holds embeds."""
    pages = list(
        Document.select(Document.embeds_without_caption)
        .join(Membership)
        .where((Membership.source == source.id) & Document.removed_at.is_null())
        .limit(2)
    )
    return len(pages) == 1 and pages[0].embeds_without_caption > 0
