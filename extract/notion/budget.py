"""The request budget of one Notion workspace, in Redis, shared by every process that talks to that workspace.

Notion counts requests in a window; we never learn when it counted one, only that it did so between our
sending and its answer. A slot is therefore held from `take` until a whole window after the answer came back:
whatever window the server looks at, it never sees more than `limit`. An attempt that never returns gives its
slot back after the longest flight plus a window. https://developers.notion.com/reference/request-limits

Redis may lose all of this at any moment; the cost is a 429, which `pause` then spreads to all processes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Literal, cast
from uuid import uuid4

import redis
import structlog

from ..errors import BudgetSpent, HilalError, RateLimited
from ..shapes import Clock

Lane = Literal["people", "work"]
"""`people` is a person waiting before a page; `work` is everything else."""

_LEAST_WAIT = timedelta(seconds=1)
_GRACE_MS = 60_000  # keys outlive their last slot by this much, so that clocks may differ a little

log = structlog.get_logger(__name__)

# KEYS: slots of work, slots of people (sorted sets: slot -> when it becomes free), pause
# ARGV: now, lane, limit, limit of work, slot, when it is free if it never returns, window, life of the keys
_TAKE = """
local now = tonumber(ARGV[1])
local limit, work_limit, window = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[7])
local paused = tonumber(redis.call('GET', KEYS[3]) or '0')
if paused > now then return {'paused', paused} end

local function used(key)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', '(' .. ARGV[1])
  return redis.call('ZCARD', key)
end
-- A request still in flight is expected to return soon, so its slot to be free a window from now.
local function scores(key, last)
  local found = redis.call('ZRANGE', key, 0, last, 'WITHSCORES')
  local result = {}
  for i = 2, #found, 2 do table.insert(result, math.min(tonumber(found[i]), now + window)) end
  return result
end

local work, people = used(KEYS[1]), used(KEYS[2])
local over = work + people - limit
local work_over = ARGV[2] == 'work' and work - work_limit or -1
if over < 0 and work_over < 0 then
  local key = ARGV[2] == 'work' and KEYS[1] or KEYS[2]
  redis.call('ZADD', key, ARGV[6], ARGV[5])
  redis.call('PEXPIRE', key, ARGV[8])
  return {'taken', 0}
end

local resume = now
if over >= 0 then
  local all = scores(KEYS[1], over)
  for _, score in ipairs(scores(KEYS[2], over)) do table.insert(all, score) end
  table.sort(all)
  resume = math.max(resume, all[over + 1])
end
if work_over >= 0 then
  resume = math.max(resume, scores(KEYS[1], work_over)[work_over + 1])
end
return {'spent', resume + 1}
"""

# KEYS: pause. ARGV: until, life of the key. The longer of two pauses counts.
_PAUSE = """
if tonumber(redis.call('GET', KEYS[1]) or '0') < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
"""


class BudgetUnreachable(HilalError):
    """Redis does not answer: nobody knows how much of the window is left, so Notion may not be asked."""

    sentence = (
        "The request budget cannot be read because Redis does not answer. "
        "The sync goes on by itself when it is back; the operator finds the cause in the log."
    )


@dataclass(slots=True)
class Slip:
    """One request that may be made now. `done` as soon as its answer is there, whatever it says."""

    _budget: Budget
    _key: str
    _slot: str = field(default_factory=lambda: uuid4().hex)
    _returned: bool = False

    def done(self) -> None:
        if not self._returned:
            self._returned = True
            self._budget.returned(self._key, self._slot)

    def __enter__(self) -> Slip:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.done()


class Budget:
    """`limit` requests in any `window_seconds`, of which work leaves `people_share` to people."""

    def __init__(
        self,
        redis: redis.Redis,
        *,
        workspace_id: str,
        limit: int,
        window_seconds: float,
        people_share: float,
        clock: Clock,
        flight_seconds: float = 180.0,
    ) -> None:
        """`flight_seconds`: no request takes longer than that from `take` to `done`."""
        self._redis = redis
        self._clock = clock
        self.limit = limit
        self.work_limit = max(1, int(limit * (1 - people_share) + 1e-9))
        self.window = timedelta(seconds=window_seconds)
        self._flight = timedelta(seconds=flight_seconds)
        # The braces keep the three keys of a workspace together on a Redis cluster.
        name = f"hilal:budget:{{{workspace_id}}}"
        self._keys: dict[Lane, str] = {"work": f"{name}:work", "people": f"{name}:people"}
        self._pause_key = f"{name}:pause"
        self._take = redis.register_script(_TAKE)
        self._pause = redis.register_script(_PAUSE)
        self._life_ms = _milliseconds(self.window + self._flight) + _GRACE_MS

    def take(self, lane: Lane) -> Slip:
        """The right to make one request now, or BudgetSpent, or RateLimited while Notion has us pause."""
        now = self._clock()
        slip = Slip(self, self._keys[lane])
        keys = [self._keys["work"], self._keys["people"], self._pause_key]
        free_at = _epoch(now + self._flight + self.window)
        arguments = [_epoch(now), lane, self.limit, self.work_limit, slip._slot, free_at]
        arguments += [_milliseconds(self.window), self._life_ms]
        try:
            verdict, resume = cast(list[Any], self._take(keys=keys, args=arguments))
        except redis.RedisError as error:
            raise BudgetUnreachable() from error
        if verdict == b"taken" or verdict == "taken":
            return slip
        resume_at = _moment(resume)
        if verdict in (b"paused", "paused"):
            raise RateLimited(resume_at=resume_at, code="paused")
        raise BudgetSpent(resume_at=max(resume_at, now + _LEAST_WAIT))

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

    def pause(self, until: datetime) -> None:
        """Nobody asks Notion anything before `until`. Never shortens a pause."""
        life = max(_milliseconds(until - self._clock()), 0) + _GRACE_MS
        try:
            self._pause(keys=[self._pause_key], args=[_epoch(until), life])
        except redis.RedisError as error:
            log.warning("budget_pause_not_shared", error=type(error).__name__)

    def paused_until(self) -> datetime | None:
        """When the pause that Notion asked for ends; None when there is none."""
        try:
            value = cast(bytes | None, self._redis.get(self._pause_key))
        except redis.RedisError as error:
            raise BudgetUnreachable() from error
        until = _moment(int(value)) if value else None
        return until if until is not None and until > self._clock() else None

    def used(self, lane: Lane | None = None) -> int:
        """Slots held now, by one lane or by both."""
        lanes: tuple[Lane, ...] = (lane,) if lane else ("work", "people")
        now = _epoch(self._clock())
        try:
            return sum(int(cast(Any, self._redis.zcount(self._keys[each], now, "+inf"))) for each in lanes)
        except redis.RedisError as error:
            raise BudgetUnreachable() from error

    def free(self, lane: Lane = "people") -> int:
        """How many requests this lane could make at once; 0 while paused."""
        if self.paused_until() is not None:
            return 0
        left = self.limit - self.used()
        if lane == "work":
            left = min(left, self.work_limit - self.used("work"))
        return max(left, 0)


def _epoch(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _milliseconds(span: timedelta) -> int:
    return int(span / timedelta(milliseconds=1))


def _moment(epoch: Any) -> datetime:
    return datetime.fromtimestamp(int(epoch) / 1000, UTC)
