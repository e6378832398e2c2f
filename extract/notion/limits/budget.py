"""The request budget of one Notion workspace, in Redis, shared by every process that talks to that workspace.

Notion counts requests in a window; we never learn when it counted one, only that it did so between our
sending and its answer. A slot is therefore held from `take` until a whole window after the answer came back:
whatever window the server checks at, it never sees more than `limit`. An attempt that never returns gives its
slot back after the longest flight plus a window. https://developers.notion.com/reference/request-limits

Redis may lose all of this at any moment; the cost is a 429, which `pause` then spreads to all processes.
How far the limit may rise above the configured one is `limit`'s decision.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, cast
from uuid import uuid4

import redis
import structlog

from extract.errors import Blocked, BudgetSpent, ChecksSpent, HilalError, RateLimited
from extract.notion.limits.lanes import LANES, Lane, RequestLimits
from extract.notion.limits.limit_store import LimitStore
from extract.values import Clock

_LEAST_WAIT = timedelta(seconds=1)
_BROWSING = timedelta(minutes=10)
"""A person who has just asked for something is taken to browse for so long."""
_GRACE_MS = 60_000  # keys outlive their last slot by this much, so that clocks may differ a little
_CLOCKS_DIFFER_MS = 120_000
"""What was written further ahead of our clock than this was written under a wrong one."""

log = structlog.get_logger(__name__)

_TAKE = Path(__file__).with_name("budget.lua").read_text(encoding="utf-8")
_PAUSE = Path(__file__).with_name("pause.lua").read_text(encoding="utf-8")


class BudgetUnreachable(HilalError):
    """Redis does not answer: nobody knows how much of the window is left, so Notion may not be asked."""

    sentence = (
        "The request budget cannot be read because Redis does not answer. "
        "The sync goes on by itself when it is back; the operator finds the cause in the log."
    )


@dataclass(slots=True)
class Permit:
    """One request that may be made now. `done` as soon as its answer is there, whatever it says."""

    _budget: Budget
    _key: str
    _slot: str = field(default_factory=lambda: uuid4().hex)
    _returned: bool = False

    def done(self) -> None:
        """Give the slot back, once: it becomes free a window from now."""
        if not self._returned:
            self._returned = True
            self._budget.returned(self._key, self._slot)

    def __enter__(self) -> Permit:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.done()


class Budget:
    """`limit` requests in any `window`, of which work leaves `interactive_share` to people who browse.

    While nobody has browsed for some minutes, work leaves only what the first page of a picker takes. Looks are a part
    of work, and use at most `checks_share` of the window.
    """

    def __init__(
        self,
        redis: redis.Redis,
        *,
        workspace_id: str,
        limits: RequestLimits,
        clock: Clock,
    ) -> None:
        self._redis = redis
        self._clock = clock
        self._limits = limits
        self.window = timedelta(seconds=limits.window_seconds)
        self._flight = timedelta(seconds=limits.flight_seconds)
        # The braces keep the keys of a workspace together on a Redis cluster.
        name = f"hilal:budget:{{{workspace_id}}}"
        self._keys: dict[Lane, str] = {lane: f"{name}:{lane}" for lane in LANES}
        self._pause_key, self._block_key = f"{name}:pause", f"{name}:block"
        self._browsing_key = f"{name}:browsing"
        self._limit = LimitStore(
            redis,
            f"{name}:limit",
            workspace_id=workspace_id,
            configured=limits.limit,
            most=limits.most,
            window=self.window,
            clock=clock,
        )
        self._take = redis.register_script(_TAKE)
        self._pause = redis.register_script(_PAUSE)
        self._life_ms = _milliseconds(self.window + self._flight) + _GRACE_MS

    @property
    def limit(self) -> int:
        """The requests of a window at present. Raises BudgetUnreachable."""
        try:
            return self._limit.present()
        except redis.RedisError as error:
            raise BudgetUnreachable() from error

    def share(self, lane: Lane) -> int:
        """How many requests of a window this lane may use now. Raises BudgetUnreachable."""
        try:
            quiet = not self._redis.exists(self._browsing_key)
        except redis.RedisError as error:
            raise BudgetUnreachable() from error
        return self._limits.share(lane, self.limit, quiet=quiet)

    def take(self, lane: Lane) -> Permit:
        """The right to make one request now.

        Raises BudgetSpent; ChecksSpent when only the share of checks is used up; RateLimited during a pause; Blocked.
        """
        now = self._clock()
        permit = Permit(self, self._keys[lane])
        try:
            verdict, resume = self._try(permit, lane, now)
            if verdict == "spent" and self._limit.full():
                verdict, resume = self._try(permit, lane, now)
        except redis.RedisError as error:
            raise BudgetUnreachable() from error
        if verdict == "taken":
            return permit
        resume_at = _moment(resume)
        if verdict == "blocked":
            raise Blocked(resume_at=resume_at)
        if verdict == "paused":
            raise RateLimited(resume_at=resume_at, code="paused")
        spent = ChecksSpent if verdict == "checks" else BudgetSpent
        raise spent(resume_at=max(resume_at, now + _LEAST_WAIT))

    def _try(self, permit: Permit, lane: Lane, now: datetime) -> tuple[str, int]:
        limit = self._limit.present()
        free_at = _epoch(now + self._flight + self.window)
        beside_people, alone = (self._limits.share("sync", limit, quiet=quiet) for quiet in (False, True))
        shares = (limit, beside_people, self._limits.share("checks", limit, quiet=False))
        life = (_milliseconds(self.window), self._life_ms)
        lent = (alone, _milliseconds(_BROWSING))
        arguments: list[int | str] = [
            _epoch(now),
            LANES.index(lane) + 1,
            *shares,
            permit._slot,
            free_at,
            *life,
            *lent,
            _CLOCKS_DIFFER_MS,
        ]
        holds = (self._pause_key, self._block_key)
        keys = [*self._keys.values(), *holds, self._browsing_key, *map(_since, holds)]
        verdict, resume = cast(list[Any], self._take(keys=keys, args=arguments))
        return verdict.decode() if isinstance(verdict, bytes) else str(verdict), int(resume)

    def returned(self, key: str, slot: str) -> None:
        """The answer is there: the slot is free a window from now. Failing to say so costs only time."""
        free_at = _epoch(self._clock() + self.window)
        try:
            with self._redis.pipeline(transaction=True) as pipe:
                pipe.zadd(key, {slot: free_at})
                pipe.pexpire(key, self._life_ms)
                pipe.execute()
        except redis.RedisError as error:
            log.warning("budget_slot_not_returned", error=type(error).__name__)

    def pause(self, until: datetime, *, reason: str | None = None) -> None:
        """Nobody asks Notion anything before `until`. Never shortens a pause. `reason` is Notion's for a 429."""
        self._hold(self._pause_key, until)
        try:
            self._limit.refused(reason)
        except redis.RedisError as error:
            log.warning("budget_refusal_not_learnt", error=type(error).__name__)

    def block(self, until: datetime) -> None:
        """Notion has blocked us: every connection of the workspace hears so before `until`, without asking."""
        self._hold(self._block_key, until)

    def _hold(self, key: str, until: datetime) -> None:
        now = self._clock()
        life = max(_milliseconds(until - now), 0) + _GRACE_MS
        try:
            self._pause(keys=[key, _since(key)], args=[_epoch(until), life, _epoch(now), _CLOCKS_DIFFER_MS])
        except redis.RedisError as error:
            log.warning("budget_pause_not_shared", error=type(error).__name__)

    def paused_until(self) -> datetime | None:
        """When the pause that Notion asked for ends; None when there is none."""
        return self._until(self._pause_key)

    def blocked_until(self) -> datetime | None:
        """Until when nobody tries whether Notion still blocks us; None when it does not."""
        return self._until(self._block_key)

    def _until(self, key: str) -> datetime | None:
        try:
            value, since = cast(list[bytes | None], self._redis.mget(key, _since(key)))
        except redis.RedisError as error:
            raise BudgetUnreachable() from error
        now = _epoch(self._clock())
        if value is None or int(value) <= now or int(since or 0) > now + _CLOCKS_DIFFER_MS:
            return None
        return _moment(value)

    def used(self, lane: Lane | None = None) -> int:
        """Slots held now, by one lane or by all."""
        now = self._clock()
        last = _epoch(now + self._flight + self.window) + _CLOCKS_DIFFER_MS
        lanes = (lane,) if lane else LANES
        try:
            return sum(
                int(cast(Any, self._redis.zcount(self._keys[lane], _epoch(now), last))) for lane in lanes
            )
        except redis.RedisError as error:
            raise BudgetUnreachable() from error

    def free(self, lane: Lane = "interactive") -> int:
        """How many requests this lane could make at once; 0 while paused or blocked."""
        if self.paused_until() or self.blocked_until():
            return 0
        limit, checks = self.limit, self.used("checks")
        work = checks + self.used("sync")
        left = limit - work - self.used("interactive")
        if lane != "interactive":
            left = min(left, self.share("sync") - work)
        if lane == "checks":
            left = min(left, self.share("checks") - checks)
        return max(left, 0)


def _since(key: str) -> str:
    """Where it is kept when a pause or a block was written."""
    return f"{key}:since"


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _milliseconds(span: timedelta) -> int:
    return int(span / timedelta(milliseconds=1))


def _moment(epoch: Any) -> datetime:
    return datetime.fromtimestamp(int(epoch) / 1000, UTC)
