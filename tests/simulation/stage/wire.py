"""The wire between us and Notion: it takes time, carries what happens meanwhile, and watches our manners."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta

import httpx2
from peewee import Database

from sandbox import World
from tests.clock import StoppedClock
from tests.simulation.broken import Broken
from tests.simulation.stage.power import Happening, Power, must_not_be_in_transaction

LATENCY = 0.12  # seconds, half before Notion sees the request and half after
DAY = timedelta(days=1)
PATIENCE = 70  # seconds that we wait for an answer
BLOCKED = timedelta(hours=1)  # who blocks us is left alone so long

MOST_REFUSALS = 2
"""How often a day a workspace may refuse us while we find out how much it allows: what was tried fails, and what was
taken to hold may have held by the luck of its windows only."""


class Wire(httpx2.BaseTransport):
    """Carries requests to the sandbox's own app. `breaks` collects what must not have happened."""

    def __init__(
        self, inner: httpx2.BaseTransport, world: World, clock: StoppedClock, power: Power, opened: Database
    ) -> None:
        self._inner, self._world, self._clock, self._power, self._opened = inner, world, clock, power, opened
        self._meanwhile: dict[int, Happening] = {}
        self.after_meanwhile: Happening = lambda: None
        self.page_size: int | None = None  # Notion may give less than is asked for; None: as many as asked
        self._quiet_until: dict[str, datetime] = {}  # workspace -> when it may be asked again
        self.unsure_until: datetime | None = (
            None  # Redis was emptied: nobody knows what of the window is left
        )
        self.may_be_refused = False  # how much Notion allows is found out by using it
        self._refusals: dict[str, list[datetime]] = {}
        self.hanging = 0  # so many of the next answers never arrive
        self.requests = 0
        self.breaks: list[Broken] = []

    def meanwhile(self, after: int, happens: Happening) -> None:
        """Something happens between the answer to the `after`th request from now and its arrival."""
        self._meanwhile[self.requests + after] = happens

    def forget_meanwhile(self) -> None:
        self._meanwhile.clear()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if threading.current_thread() is not threading.main_thread():
            raise AssertionError("a story with several threads would not go the same way twice")
        must_not_be_in_transaction(self._opened, str(request.url))
        self._power.spend("requests")
        self.requests += 1
        number = self.requests
        workspace = self._workspace(request)
        self._manners(workspace, request)
        self._clock.advance(seconds=LATENCY / 2)
        try:
            response = self._inner.handle_request(self._shortened(request))
            response.read()
        finally:
            self._clock.advance(seconds=LATENCY / 2)
            happens = self._meanwhile.pop(number, None)
            if happens is not None:
                with self._power.unharmed():
                    happens()
                    self.after_meanwhile()
        self._power.spend("requests")  # who dies here has not heard the answer
        if self.hanging:
            self.hanging -= 1
            self._clock.advance(seconds=PATIENCE)
            raise httpx2.ReadTimeout("as ordered", request=request)
        if workspace and response.status_code in (429, 529):
            self._limited(workspace, response)
        return response

    def _shortened(self, request: httpx2.Request) -> httpx2.Request:
        """The same listing in shorter pages, so that a small Notion has long ones."""
        if self.page_size is None or request.url.path.rsplit("/", 1)[-1] not in ("search", "query"):
            return request
        body = json.loads(request.content)
        body["page_size"] = min(self.page_size, body.get("page_size", 100))
        headers = {name: value for name, value in request.headers.items() if name != "content-length"}
        return httpx2.Request(request.method, request.url, headers=headers, json=body)

    def _workspace(self, request: httpx2.Request) -> str | None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        grants = self._world.grants.values()
        return next((grant.workspace_id for grant in grants if grant.access_token == token), None)

    def _manners(self, workspace: str | None, request: httpx2.Request) -> None:
        until = self._quiet_until.get(workspace or "")
        if until is not None and self._clock.now < until and not self._unsure():
            self.breaks.append(Broken("a request before Retry-After was over", str(request.url.path)))

    def _limited(self, workspace: str, response: httpx2.Response) -> None:
        if "x-injected" not in response.headers and not self._unsure():
            self._refused(workspace)
        pause = timedelta(seconds=float(response.headers.get("retry-after", "0")))
        if "public_api_request_blocked" in response.text:
            pause = BLOCKED
        until = self._clock.now + pause
        self._quiet_until[workspace] = max(until, self._quiet_until.get(workspace, until))

    def _refused(self, workspace: str) -> None:
        """The window was used up: never where its size is known, seldom where it is found out."""
        now = self._clock.now
        lately = [at for at in self._refusals.get(workspace, []) if now - at < DAY]
        self._refusals[workspace] = [*lately, now]
        if not self.may_be_refused:
            self.breaks.append(Broken("more requests than the window allows"))
        elif len(lately) >= MOST_REFUSALS:
            self.breaks.append(Broken("refused too often", f"{len(lately) + 1} times within a day"))

    def _unsure(self) -> bool:
        return self.unsure_until is not None and self._clock.now < self.unsure_until

    def emptied(self, *, window_seconds: float) -> None:
        """Redis has forgotten the window and every pause: for one window nobody can know better."""
        self.clock_was_set(window_seconds=window_seconds)
        self._quiet_until.clear()
        self._refusals.clear()

    def clock_was_set(self, *, window_seconds: float) -> None:
        """Our minute is not Notion's for a while."""
        self.unsure_until = self._clock.now + timedelta(seconds=2 * window_seconds)
