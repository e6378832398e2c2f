"""Records a fetch that failed: existing content stays, the retry is scheduled, a second 404 removes the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from extract.config.load import Config
from extract.connections.serving import assign_to_absent, reassign
from extract.errors import AnswerTooLarge, NotFound, NotionError
from extract.removal import brake
from extract.rules.answers import decide_missing
from extract.rules.timing import ATTEMPTS_TO_LONGEST_PAUSE, doubt_pause, not_ahead
from extract.store.models import Document
from extract.sync.claims import Claimed
from extract.sync.removing import remove
from extract.sync.runs import RunLog
from extract.worklist import documents
from extract.worklist.facts import is_in_doubt, is_present


@dataclass(frozen=True, slots=True)
class Failures:
    """Records failures. Call every method inside a transaction that checked the lease."""

    config: Config
    run_log: RunLog

    def record(self, claimed: Claimed, error: NotionError, *, now: datetime) -> None:
        """Record what Notion answered instead of the page."""
        self.run_log.count(claimed.source_ids, failed=1)
        if isinstance(error, NotFound):
            self._missing(claimed, now=now)
        elif isinstance(error, AnswerTooLarge):
            # Each attempt costs as much as reading the page; an edit of the page lets it be tried at once.
            self.defer(claimed, error.sentence, now=now, attempts=ATTEMPTS_TO_LONGEST_PAUSE)
        else:
            self.defer(claimed, error.sentence, now=now)

    def defer(self, claimed: Claimed, sentence: str, *, now: datetime, attempts: int = 1) -> None:
        """Schedule the retry, as after `attempts` failures or later, unless somebody requested the page again."""
        self.run_log.mark_touched(claimed.source_ids)
        if not documents.is_overtaken(claimed.row):
            documents.defer(claimed.row, sentence, now=now, attempts=attempts)

    def _missing(self, claimed: Claimed, *, now: datetime) -> None:
        document = claimed.row
        self.run_log.mark_touched(claimed.source_ids)
        if documents.is_overtaken(document):
            return
        pause = doubt_pause(self.config.watch.poll_seconds)
        doubted_at = document.doubted_at and not_ahead(document.doubted_at, now=now)
        decision = decide_missing(
            removed=not is_present(document), doubted_at=doubted_at, now=now, pause=pause
        )
        if decision == "still removed":
            reassign(Document.id == document.id)  # another connection may see it by the next routine check
            sentence = document.error or NotFound.sentence
            remove(self.config, self.run_log, claimed, sentence, because=document.removed_because, now=now)
        elif decision == "gone":
            self._gone(claimed, now=now)
        else:
            if not is_in_doubt(document):
                reassign(Document.id == document.id)  # another connection that reaches the page is asked next
            documents.doubt(document, NotFound.sentence, until=now + pause, now=now)

    def _gone(self, claimed: Claimed, *, now: datetime) -> None:
        """Remove a page that is confirmed missing, unless a connection that is away may see it or the brake holds."""
        document = claimed.row
        if assign_to_absent(document):
            return
        if brake.stops(document, now=now):
            self.defer(claimed, brake.SENTENCE, now=now)
            return
        because = "confirmed" if brake.was_confirmed(document) else "missing"
        remove(self.config, self.run_log, claimed, NotFound.sentence, because=because, now=now)
