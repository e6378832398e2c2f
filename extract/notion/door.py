"""The one door to Notion: every request passes budget, token, retries and error mapping here."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from threading import Lock
from typing import Protocol

import httpx2
import structlog

from extract.errors import Blocked, NotionError, RateLimited, ReconnectNeeded, Transient, Unauthorized
from extract.notion.budget import Budget
from extract.notion.http import LARGEST_ANSWER, Reply, send
from extract.notion.lanes import Lane
from extract.notion.room import Share
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


class Door:
    """Asks Notion on behalf of one connection. Safe to use from several threads."""

    def __init__(
        self,
        *,
        http: httpx2.Client,
        tokens: TokenSource,
        budget: Budget,
        lane: Lane,
        clock: Clock,
        pause: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
        on_refused: Callable[[str], None] = lambda used: None,
        largest_answer: int = LARGEST_ANSWER,
    ) -> None:
        """`largest_answer` is in bytes."""
        self._http = http
        self._tokens = tokens
        self._budget = budget
        self.lane: Lane = lane
        self._clock = clock
        self._sleep = pause
        self._chance = chance
        self._on_refused = on_refused
        self._largest_answer = largest_answer
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
        return self._ask("GET", path, params=params, timeout_seconds=timeout_seconds)

    def post(self, path: str, content: Mapping[str, Json]) -> dict[str, Json]:
        """Search and query: reads, although they are POSTs, so they are retried as reads."""
        return self._ask("POST", path, content=content)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        content: Mapping[str, Json] | None = None,
        timeout_seconds: float | None = None,
    ) -> dict[str, Json]:
        """Raises the errors of `verdict`; 429 and 529 are never waited for here."""
        give_up_at = self._clock() + PATIENCE
        token = self._tokens.access_token()
        refreshed, failures = False, 0
        while True:
            try:
                return self._attempt(method, path, token, params, content, timeout_seconds)
            except Unauthorized as error:
                if refreshed:
                    self._on_refused(token)
                    raise ReconnectNeeded(
                        status=error.status,
                        code=error.code,
                        request_id=error.request_id,
                        endpoint=error.endpoint,
                    ) from error
                token, refreshed = self._tokens.refresh(token), True
            except Transient:
                if failures == len(PAUSES) or self._clock() > give_up_at:
                    raise
                self._wait(PAUSES[failures])
                failures += 1

    def _attempt(
        self,
        method: str,
        path: str,
        token: str,
        params: Mapping[str, str | int] | None,
        content: Mapping[str, Json] | None,
        timeout_seconds: float | None,
    ) -> dict[str, Json]:
        endpoint = f"{method} {path}"
        permit = self._budget.take(self.lane)
        with self._lock:
            self.requests += 1
        try:
            reply = send(
                self._http,
                method,
                path,
                clock=self._clock,
                params=params,
                content=content,
                headers={"Authorization": f"Bearer {token}"},
                timeout_seconds=timeout_seconds,
                largest=self._largest_answer,
                share=self.share,
            )
        except NotionError as error:
            log.warning("notion_request_failed", endpoint=endpoint, code=error.code)
            raise
        finally:
            permit.done()
        self._compare_clocks(reply)
        refusal = verdict(reply, endpoint, now=self._clock())
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
            self._budget.pause(refusal.resume_at, reason=refusal.code)
        elif isinstance(refusal, Blocked):
            self._budget.block(refusal.resume_at)

    def _compare_clocks(self, reply: Reply) -> None:
        """How far Notion's clock is ahead of ours; a difference that a slow answer explains is none."""
        if reply.date is not None:
            ahead = reply.date - self._clock()
            self.skew = ahead if abs(ahead) > _SAME_TIME else timedelta(0)

    def _wait(self, seconds: float) -> None:
        """Between half and one and a half times `seconds`, so that many workers do not come back together."""
        seconds *= 0.5 + self._chance()
        with self._lock:
            self.retries += 1
        self._sleep(seconds)
