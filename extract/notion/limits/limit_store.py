"""What Redis remembers of a workspace's learnt limit. Forgotten, it starts again at the configured one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import redis
import structlog

from extract.notion.limits.limit_rules import Limit, when_full, when_refused
from extract.values import Clock

_LIFE = timedelta(days=7)

log = structlog.get_logger(__name__)


class LimitStore:
    """The limit of one workspace between `configured` and `most`; below or at the configured one nothing is learnt."""

    def __init__(
        self,
        redis: redis.Redis,
        key: str,
        *,
        workspace_id: str,
        configured: int,
        most: int,
        window: timedelta,
        clock: Clock,
    ) -> None:
        self._redis = redis
        self._key = key
        self._workspace_id = workspace_id
        self._configured = configured
        self._most = max(configured, most)
        self._window = window
        self._clock = clock

    @property
    def learns(self) -> bool:
        """Return True if the limit may rise above the configured one."""
        return self._most > self._configured

    def present(self) -> int:
        """The limit that counts now. Raises redis.RedisError."""
        return self._within(self._read(self._redis)).present if self.learns else self._configured

    def full(self) -> bool:
        """A request found no slot; whether the limit was raised for it. Raises redis.RedisError."""
        return self.learns and self._change(
            lambda known: when_full(known, most=self._most, window=self._window, now=self._clock())
        )

    def refused(self, reason: str | None) -> None:
        """Notion answered 429 for `reason`. Raises redis.RedisError."""
        if self.learns:
            self._change(
                lambda known: when_refused(
                    known, reason, configured=self._configured, window=self._window, now=self._clock()
                )
            )

    def _change(self, decide: Callable[[Limit], Limit]) -> bool:
        """Put the decision's outcome in the place of what it was based on; whether the limit rose."""
        before = after = Limit(self._configured, self._configured)

        def swap(pipe: Any) -> None:
            nonlocal before, after
            before = self._within(self._read(pipe))
            after = decide(before)
            pipe.multi()
            if after != before:
                pipe.set(self._key, _written(after), px=_LIFE)

        self._redis.transaction(swap, self._key)
        if after.present != before.present:
            log.info(
                "request_limit_learnt",
                workspace_id=self._workspace_id,
                was=before.present,
                limit=after.present,
            )
        return after.present > before.present

    def _read(self, source: Any) -> Limit:
        value = cast(bytes | None, source.get(self._key))
        if value is None:
            return Limit(self._configured, self._configured)
        known = json.loads(value)
        return Limit(known["present"], known["held"], _moment(known["full_at"]), _moment(known["refused_at"]))

    def _within(self, known: Limit) -> Limit:
        """The configuration may have changed since."""
        present, held = (
            min(max(limit, self._configured), self._most) for limit in (known.present, known.held)
        )
        return Limit(present, held, known.full_at, known.refused_at)


def _written(limit: Limit) -> str:
    return json.dumps(
        {
            "present": limit.present,
            "held": limit.held,
            "full_at": limit.full_at and limit.full_at.timestamp(),
            "refused_at": limit.refused_at and limit.refused_at.timestamp(),
        }
    )


def _moment(epoch: float | None) -> datetime | None:
    return None if epoch is None else datetime.fromtimestamp(epoch, UTC)
