"""Notion's request budget: so many requests in a window, counted for each workspace."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil


@dataclass(slots=True)
class RateLimit:
    """A fixed window, which opens with the first request after the last one has closed."""

    requests: int = 180
    window_seconds: float = 60
    _windows: dict[str, tuple[datetime, int]] = field(default_factory=dict, repr=False)

    def spend(self, connection: str, now: datetime) -> int:
        """Count one request of a workspace; the seconds to wait if its window is spent, else 0."""
        opened, used = self._windows.get(connection, (now, 0))
        closes = opened + timedelta(seconds=self.window_seconds)
        if now >= closes or now < opened:
            opened, used, closes = now, 0, now + timedelta(seconds=self.window_seconds)
        if used >= self.requests:
            return max(1, ceil((closes - now).total_seconds()))
        self._windows[connection] = (opened, used + 1)
        return 0
