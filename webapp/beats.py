"""Reads when workers and daemons last said that they live: keys of Redis that run out after five minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import redis

Process = Literal["worker", "daemon"]


@dataclass(frozen=True, slots=True)
class Beat:
    """One process that reported within the last five minutes. `where` is `<host>:<pid>`."""

    where: str
    at: datetime


def beats(client: redis.Redis, process: Process) -> Sequence[Beat]:
    """The living processes of one kind, the latest beat first."""
    prefix = f"hilal:beat:{process}:"
    keys = sorted(client.scan_iter(match=f"{prefix}*", count=1000))
    values: Any = client.mget(keys) if keys else []
    found = []
    for key, value in zip(keys, values, strict=True):
        moment = _moment(value)
        if moment:
            found.append(Beat(where=key.decode().removeprefix(prefix), at=moment))
    return sorted(found, key=lambda beat: beat.at, reverse=True)


def last_beat(client: redis.Redis, process: Process) -> datetime | None:
    """The latest beat of any process of this kind; None when none has reported lately."""
    found = beats(client, process)
    return found[0].at if found else None


def _moment(value: bytes | None) -> datetime | None:
    """The time in `value`; None when the key ran out meanwhile or holds no aware time."""
    try:
        moment = datetime.fromisoformat((value or b"").decode())
    except ValueError:
        return None
    return moment if moment.tzinfo else None
