"""One listing of one source: what every kind of listing is given, and how it asks Notion and commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from extract.notion.client import NotionClient
from extract.rules.timing import Rank
from extract.store.models import Source
from extract.sync.session import Answer, Session


@dataclass(frozen=True, slots=True)
class ListingRun:
    """A listing under way. A listing that was interrupted goes on where it stopped, in another run."""

    session: Session
    client: NotionClient
    source: Source

    @property
    def rank(self) -> Rank:
        """Who requested the listing."""
        return Rank(self.source.request_rank)

    @property
    def verify_hours(self) -> float:
        return self.session.config.watch.verify_hours

    def now(self) -> datetime:
        return self.session.now()

    def ask(self, request: Callable[[], Answer]) -> Answer:
        """Send one request while the lease is kept. Raises NotionError, Stopped."""
        return self.session.ask(request, self.source.id)

    def next_of(self, pages: Iterator[Answer]) -> Answer | None:
        """Fetch the next page of a listing; None when there is none."""
        return self.ask(lambda: next(pages, None))

    def commit(self) -> AbstractContextManager[None]:
        """Open a transaction that has renewed the lease."""
        return self.session.commit()
