"""One entry for each request, for tests that count requests."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class Request:
    """One request as it was answered; status is 0 where the connection broke."""

    method: str
    path: str
    endpoint: str
    status: int
    bot_id: str | None
    at: datetime
    target: str | None = None
