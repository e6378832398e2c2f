"""The request budget of one Notion workspace, in Redis, shared by every process that talks to that workspace.

Notion counts requests in a window; we never learn when it counted one, only that it did so between our
sending and its answer. A slot is therefore held from `take` until a whole window after the answer came back:
whatever window the server looks at, it never sees more than `limit`. An attempt that never returns gives its
slot back after the longest flight plus a window. https://developers.notion.com/reference/request-limits

Redis may lose all of this at any moment; the cost is a 429, which `pause` then spreads to all processes.
How far the limit may rise above the configured one is `limit`'s decision.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Literal, cast
from uuid import uuid4

import redis
import structlog

from extract.errors import Blocked, BudgetSpent, ChecksSpent, HilalError, RateLimited
from extract.notion.limit_store import LimitStore
from extract.values import Clock

Lane = Literal["interactive", "sync", "checks"]
"""`people` is a person waiting before a page; `looks` only sees to it that nothing was missed; `work` is the rest."""

_LANES: tuple[Lane, ...] = ("interactive", "sync", "checks")
_LEAST_WAIT = timedelta(seconds=1)
_FIRST_PAGE = 5  # requests that the first page of a picker takes at most
_BROWSING = timedelta(minutes=10)
"""A person who has just asked for something is taken to browse for so long."""
_GRACE_MS = 60_000  # keys outlive their last slot by this much, so that clocks may differ a little
_CLOCKS_DIFFER_MS = 120_000
"""What was written further ahead of our clock than this was written under a wrong one."""

log = structlog.get_logger(__name__)

# KEYS: slots of people, of work, of looks (sorted sets: slot -> when it becomes free), pause, block, browsing,
#       when the pause was written, when the block was
# ARGV: now, lane (1 people, 2 work, 3 looks), limit, limit of work with looks, limit of looks, slot,
#       when it is free if it never returns, window, life of the keys,
#       limit of work while nobody browses, how long a person is taken to browse, how far clocks may differ
_TAKE = """
local now, lane, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[8])
local latest = now + tonumber(ARGV[12])
local function until_of(key, since)
  if tonumber(redis.call('GET', since) or '0') > latest then return 0 end
  return tonumber(redis.call('GET', key) or '0')
end
local blocked, paused = until_of(KEYS[5], KEYS[8]), until_of(KEYS[4], KEYS[7])
if blocked > now then return {'blocked', blocked} end
if paused > now then return {'paused', paused} end

local used = {}
for i = 1, 3 do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', '(' .. ARGV[1])
  -- No slot is held longer than one whose request never returns: the clock was set back.
  redis.call('ZREMRANGEBYSCORE', KEYS[i], tonumber(ARGV[7]) + tonumber(ARGV[12]) + 1, '+inf')
  used[i] = redis.call('ZCARD', KEYS[i])
end

-- When enough slots of these lanes are free again: for a person the first, for others enough to go on with, since a
-- drain for each single slot would spend them on beginning anew. A request in flight is expected to return soon.
local work_limit = tonumber(redis.call('EXISTS', KEYS[6]) == 1 and ARGV[4] or ARGV[10])
local worth = lane == 1 and 1 or math.max(1, math.floor(work_limit / 4))
local function resume(first, last, over)
  local all = {}
  for i = first, last do
    local found = redis.call('ZRANGE', KEYS[i], 0, over + worth - 1, 'WITHSCORES')
    for j = 2, #found, 2 do table.insert(all, math.min(tonumber(found[j]), now + window)) end
  end
  table.sort(all)
  return all[math.min(over + worth, #all)]
end

local over = used[1] + used[2] + used[3] - tonumber(ARGV[3])
local work_over = lane > 1 and used[2] + used[3] - work_limit or -1
local looks_over = lane == 3 and used[3] - tonumber(ARGV[5]) or -1
if over < 0 and work_over < 0 and looks_over < 0 then
  if lane == 1 then redis.call('SET', KEYS[6], 1, 'PX', ARGV[11]) end
  redis.call('ZADD', KEYS[lane], ARGV[7], ARGV[6])
  redis.call('PEXPIRE', KEYS[lane], ARGV[9])
  return {'taken', 0}
end

local at = now
if over >= 0 then at = math.max(at, resume(1, 3, over)) end
if work_over >= 0 then at = math.max(at, resume(2, 3, work_over)) end
if over >= 0 or work_over >= 0 then return {'spent', at + 1} end
return {'checks', resume(3, 3, looks_over) + 1}
"""

# KEYS: pause, when it was written. ARGV: until, life of the keys, now, how far clocks may differ.
# The longer of two pauses counts, unless it was written under a wrong clock.
_PAUSE = """
local wrong = tonumber(redis.call('GET', KEYS[2]) or '0') > tonumber(ARGV[3]) + tonumber(ARGV[4])
if wrong or tonumber(redis.call('GET', KEYS[1]) or '0') < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[2])
end
"""


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
        limit: int,
        window_seconds: float,
        interactive_share: float,
        clock: Clock,
        checks_share: float = 1.0,
        most: int = 0,
        flight_seconds: float = 180.0,
    ) -> None:
        """`most` is how far the limit may be raised; no request takes longer than `flight_seconds`."""
        self._redis = redis
        self._clock = clock
        self._people_share, self._looks_share = interactive_share, checks_share
        self.window = timedelta(seconds=window_seconds)
        self._flight = timedelta(seconds=flight_seconds)
        # The braces keep the keys of a workspace together on a Redis cluster.
        name = f"hilal:budget:{{{workspace_id}}}"
        self._keys: dict[Lane, str] = {lane: f"{name}:{lane}" for lane in _LANES}
        self._pause_key, self._block_key = f"{name}:pause", f"{name}:block"
        self._browsing_key = f"{name}:browsing"
        self._limit = LimitStore(
            redis,
            f"{name}:limit",
            workspace_id=workspace_id,
            configured=limit,
            most=most,
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
        return self._share(lane, self.limit, quiet=quiet)

    def _share(self, lane: Lane, limit: int, *, quiet: bool) -> int:
        """`quiet`: nobody has browsed lately."""
        if lane == "interactive":
            return limit
        beside_people = max(1, int(limit * (1 - self._people_share) + 1e-9))
        work = max(beside_people, limit - _FIRST_PAGE) if quiet else beside_people
        return work if lane == "sync" else min(work, max(1, int(limit * self._looks_share + 1e-9)))

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
        beside_people, alone = (self._share("sync", limit, quiet=quiet) for quiet in (False, True))
        shares = (limit, beside_people, self._share("checks", limit, quiet=False))
        life = (_milliseconds(self.window), self._life_ms)
        lent = (alone, _milliseconds(_BROWSING))
        arguments: list[int | str] = [
            _epoch(now),
            _LANES.index(lane) + 1,
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
        lanes = (lane,) if lane else _LANES
        try:
            return sum(
                int(cast(Any, self._redis.zcount(self._keys[each], _epoch(now), last))) for each in lanes
            )
        except redis.RedisError as error:
            raise BudgetUnreachable() from error

    def free(self, lane: Lane = "interactive") -> int:
        """How many requests this lane could make at once; 0 while paused or blocked."""
        if self.paused_until() or self.blocked_until():
            return 0
        limit, looks = self.limit, self.used("checks")
        work = looks + self.used("sync")
        left = limit - work - self.used("interactive")
        if lane != "interactive":
            left = min(left, self.share("sync") - work)
        if lane == "checks":
            left = min(left, self.share("checks") - looks)
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
