"""The fetches of a drain that are under way: started in the pool, collected when Notion has answered.

All answers that are held at once share one `Room`. A page whose answer does not fit is fetched alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass

import structlog

from extract.notion.client import NotionClient
from extract.notion.limits.room import Room, Share
from extract.sync.claims import Claimed
from extract.sync.fetching.fetch import fetch
from extract.sync.fetching.large_pages import LargePages
from extract.sync.fetching.related_titles import RelatedTitles
from extract.sync.session import HEARTBEAT_SECONDS, Session
from extract.sync.task import Fetched, Task

log = structlog.get_logger(__name__)

HELD_BYTES = 8 << 20
"""Bytes of Notion's answers that are held at once."""


@dataclass(frozen=True, slots=True)
class InFlight:
    """A fetch under way. The client serves it alone, so that its counts are what the fetch has cost."""

    claimed: Claimed
    client: NotionClient
    share: Share


@dataclass(frozen=True, slots=True)
class Collected:
    """A fetch that has ended: with what it brought, or with an error."""

    fetch: InFlight
    fetched: Fetched | None
    error: BaseException | None


class Fetches:
    """At most `session.parallel` fetches at once, and the claims that wait to be fetched alone."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._titles = RelatedTitles(session.runtime.redis, session.connection.id)
        self._room = Room(HELD_BYTES)
        self._large_pages = LargePages(session.runtime.redis, session.connection.id)
        self._under_way: dict[Future[Fetched], InFlight] = {}
        self._waiting_alone: list[Claimed] = []
        self._one_alone = False

    def __len__(self) -> int:
        return len(self._under_way)

    @property
    def may_start(self) -> bool:
        """True if a batch may be started beside what is under way."""
        return len(self) < self._session.parallel and not self._one_alone and not self._waiting_alone

    @property
    def has_waiting(self) -> bool:
        """True if a page waits to be fetched alone."""
        return bool(self._waiting_alone)

    def document_ids(self) -> list[int]:
        """Return the documents whose fetches are under way."""
        return [fetch.claimed.row.id for fetch in self._under_way.values()]

    def start(self, claims: Sequence[Claimed], clients: Sequence[NotionClient]) -> None:
        """Start a batch, each fetch with its client; pages known to be large wait to be fetched alone."""
        large = self._large_pages.among([claimed.row.id for claimed in claims])
        for claimed, client in zip(claims, clients, strict=True):
            if claimed.row.id in large:
                self._waiting_alone.append(claimed)
            else:
                self._submit(claimed, client, Share(self._room))

    def next_alone(self) -> Claimed:
        """Return the page that `start_alone` starts."""
        return self._waiting_alone[0]

    def start_alone(self, client: NotionClient) -> None:
        """Start the next page that is too large to be fetched beside others."""
        self._one_alone = True
        room = Room(self._session.config.notion.largest_answer_bytes, for_one=True)
        self._submit(self._waiting_alone.pop(0), client, Share(room))

    def collect(self) -> Iterator[Collected]:
        """Wait for a fetch to end, but no longer than a heartbeat; yield those that have. Call `release` for each."""
        done, _ = wait(self._under_way, timeout=HEARTBEAT_SECONDS, return_when=FIRST_COMPLETED)
        if not done:
            self._session.lease.renew()
        for future in done:
            fetch, error = self._under_way.pop(future), future.exception()
            yield Collected(fetch, None if error else future.result(), error)

    def release(self, fetch: InFlight) -> None:
        """Release the room that the answer of a fetch took."""
        fetch.share.release()
        if not self._under_way:
            self._one_alone = False

    def fetch_alone(self, fetch: InFlight) -> None:
        """Let a page whose answer did not fit wait to be fetched alone."""
        log.info("page_is_read_alone", document_id=fetch.claimed.row.id)
        if (
            fetch.share.most_wanted > HELD_BYTES // 8
        ):  # the next drains fetch it alone at once; a small one may fit
            self._large_pages.add(fetch.claimed.row.id)
        self._waiting_alone.append(fetch.claimed)

    def cancel_unstarted(self) -> list[Claimed]:
        """Return the claims of fetches that no thread had begun; they are not under way any more."""
        futures = [future for future in self._under_way if future.cancel()]
        return [self._under_way.pop(future).claimed for future in futures]

    def left(self) -> list[Claimed]:
        """Return the claims that are under way, or wait to be."""
        return [*(fetch.claimed for fetch in self._under_way.values()), *self._waiting_alone]

    def _submit(self, claimed: Claimed, client: NotionClient, share: Share) -> None:
        client.use_share(share)
        future = self._session.pool.submit(self._fetch, client, claimed.task, share)
        self._under_way[future] = InFlight(claimed, client, share)

    def _fetch(self, client: NotionClient, task: Task, share: Share) -> Fetched:
        """Fetch one page. Runs in a thread of the pool."""
        share.wait()
        return fetch(client, task, names=self._titles, clock=self._session.runtime.clock)
