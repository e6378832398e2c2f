"""Outages of Redis or the database: one log line at the start, one at the end, growing pauses between attempts."""

from __future__ import annotations

import time

import structlog

log = structlog.get_logger(__name__)

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 5.0


class Outage:
    """The failures in a row of one service. `name` is the start of its log events (`redis_away`, `redis_back`)."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._began: float | None = None
        self._pause = _FIRST_PAUSE

    def failed(self, cause: str) -> float:
        """Note one more failure. Return the seconds to wait before the next attempt."""
        if self._began is None:
            self._began = time.monotonic()
            log.error(f"{self._name}_away", cause=cause)
        pause, self._pause = self._pause, min(self._pause * 2, _LONGEST_PAUSE)
        return pause

    def over(self) -> None:
        """Note that the service answers."""
        if self._began is not None:
            log.info(f"{self._name}_back", seconds=round(time.monotonic() - self._began, 1))
            self._began, self._pause = None, _FIRST_PAUSE
