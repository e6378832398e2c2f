"""The one door to Notion: every request passes budget, token, retries and error mapping here."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Lock
from typing import Protocol

import httpx2
import structlog

from extract.errors import Blocked, NotionError, RateLimited, ReconnectNeeded, Transient, Unauthorized
from extract.notion.http import LARGEST_ANSWER, Reply, Request, send
from extract.notion.limits.budget import Budget
from extract.notion.limits.lanes import Lane
from extract.notion.limits.room import Share
from extract.notion.verdict import verdict
from extract.values import Clock, Json

PAUSES = (0.25, 0.75, 2.0)
"""Seconds between quick retries, before jitter. Short: a failure that lasts is for the next drain, not for a
worker that sleeps."""

PATIENCE = timedelta(seconds=20)
"""No retry once a request has taken this long: slow failures would hold the worker for minutes."""

_SAME_TIME = timedelta(seconds=5)

log = structlog.get_logger(__name__)


class TokenSource(Protocol):
    """Where the access token comes from."""

    def access_token(self) -> str:
        """The token to use now. Raises ReconnectNeeded when there is none."""

    def refresh(self, used: str) -> str:
        """A new token after `used` was answered with 401. Raises ReconnectNeeded."""


@dataclass(frozen=True, slots=True)
class Access:
    """What requests for one connection need. Safe to share between the clients of several threads.

    `on_refused` is called with a token when even a new one is answered with 401. `largest_answer` is in bytes.
    """

    http: httpx2.Client
    tokens: TokenSource
    budget: Budget
    clock: Clock
    pause: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    on_refused: Callable[[str], None] = lambda used: None
    largest_answer: int = LARGEST_ANSWER


class Door:
    """Asks Notion on behalf of one connection. Safe to use from several threads."""

    def __init__(self, access: Access, lane: Lane) -> None:
        self._access = access
        self.lane: Lane = lane
        self.share: Share | None = None
        self._lock = Lock()
        self.requests = 0
        self.retries = 0
        self.skew = timedelta(0)

    def get(
        self,
        path: str,
        params: Mapping[str, str | int] | None = None,
        *,
        timeout_seconds: float | None = None,
    ) -> dict[str, Json]:
        """Return the answer to a GET. Raises the errors of `verdict`."""
        return self._ask(Request("GET", path, params=params, timeout_seconds=timeout_seconds))

    def post(self, path: str, content: Mapping[str, Json]) -> dict[str, Json]:
        """Search and query: reads, although they are POSTs, so they are retried as reads."""
        return self._ask(Request("POST", path, content=content))

    def _ask(self, request: Request) -> dict[str, Json]:
        """Raises the errors of `verdict`; 429 and 529 are never waited for here."""
        access = self._access
        give_up_at = access.clock() + PATIENCE
        token = access.tokens.access_token()
        refreshed, failures = False, 0
        while True:
            try:
                return self._attempt(replace(request, headers={"Authorization": f"Bearer {token}"}))
            except Unauthorized as error:
                if refreshed:
                    access.on_refused(token)
                    raise ReconnectNeeded(
                        status=error.status,
                        code=error.code,
                        request_id=error.request_id,
                        endpoint=error.endpoint,
                    ) from error
                token, refreshed = access.tokens.refresh(token), True
            except Transient:
                if failures == len(PAUSES) or access.clock() > give_up_at:
                    raise
                self._wait(PAUSES[failures])
                failures += 1

    def _attempt(self, request: Request) -> dict[str, Json]:
        access, endpoint = self._access, request.endpoint
        permit = access.budget.take(self.lane)
        with self._lock:
            self.requests += 1
        try:
            reply = send(
                access.http, request, clock=access.clock, largest=access.largest_answer, share=self.share
            )
        except NotionError as error:
            log.warning("notion_request_failed", endpoint=endpoint, code=error.code)
            raise
        finally:
            permit.done()
        self._compare_clocks(reply)
        refusal = verdict(reply, endpoint, now=access.clock())
        if refusal is None:
            log.debug("notion_request", endpoint=endpoint, status=reply.status, request_id=reply.request_id)
            return reply.body or {}
        self._refused(refusal)
        raise refusal

    def _refused(self, refusal: NotionError) -> None:
        """Log it, and tell every process what Notion asks of all of them."""
        told = log.error if isinstance(refusal, Blocked) else log.warning
        told(
            "notion_has_blocked_us" if isinstance(refusal, Blocked) else "notion_request_refused",
            endpoint=refusal.endpoint,
            status=refusal.status,
            code=refusal.code,
            request_id=refusal.request_id,
        )
        if isinstance(refusal, RateLimited):
            self._access.budget.pause(refusal.resume_at, reason=refusal.code)
        elif isinstance(refusal, Blocked):
            self._access.budget.block(refusal.resume_at)

    def _compare_clocks(self, reply: Reply) -> None:
        """How far Notion's clock is ahead of ours; a difference that a slow answer explains is none."""
        if reply.date is not None:
            ahead = reply.date - self._access.clock()
            self.skew = ahead if abs(ahead) > _SAME_TIME else timedelta(0)

    def _wait(self, seconds: float) -> None:
        """Between half and one and a half times `seconds`, so that many workers do not come back together."""
        seconds *= 0.5 + self._access.chance()
        with self._lock:
            self.retries += 1
        self._access.pause(seconds)
