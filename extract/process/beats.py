"""Signs of life of workers and daemons: keys of Redis that run out after five minutes.

A value is the time of the sign and, while a worker drains a connection, that connection and since when:
`2026-11-28T09:00:00+00:00 7 2026-11-28T08:59:48+00:00`.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import redis

Process = Literal["worker", "daemon"]

LIFE = timedelta(minutes=5)
STALLED_AFTER = timedelta(seconds=60)
"""A worker whose last sign of life is older is stuck, or was killed."""


@dataclass(frozen=True, slots=True)
class Beat:
    """The last sign of life of one process. `where` is `<host>:<pid>`; an idle worker has no connection."""

    where: str
    at: datetime
    connection_id: int | None = None
    since: datetime | None = None

    def is_stalled(self, now: datetime) -> bool:
        """Return True if the process was at work and has shown no progress for long."""
        return self.connection_id is not None and now - self.at > STALLED_AFTER


def here() -> str:
    """Return the name of this process in a beat: `<host>:<pid>`."""
    return f"{socket.gethostname()}:{os.getpid()}"


def write_beat(client: redis.Redis, process: Process, beat: Beat) -> None:
    """Store a sign of life. Raises RedisError."""
    words = [beat.at.isoformat()]
    if beat.connection_id is not None and beat.since is not None:
        words += [str(beat.connection_id), beat.since.isoformat()]
    client.set(_key(process, beat.where), " ".join(words), ex=LIFE)


def drop_beat(client: redis.Redis, process: Process, where: str) -> None:
    """Delete the beat of a process that has ended. Raises RedisError."""
    client.delete(_key(process, where))


def beats(client: redis.Redis, process: Process) -> Sequence[Beat]:
    """Return the beats of one kind of process of the last five minutes, newest first. Raises RedisError."""
    prefix = _key(process, "")
    keys = sorted(client.scan_iter(match=f"{prefix}*", count=1000))
    values: Any = client.mget(keys) if keys else []
    found = [
        _parsed(key.decode().removeprefix(prefix), value) for key, value in zip(keys, values, strict=True)
    ]
    return sorted((beat for beat in found if beat), key=lambda beat: beat.at, reverse=True)


def last_beat(client: redis.Redis, process: Process) -> datetime | None:
    """Return the time of the newest beat of this kind of process; None if there is none. Raises RedisError."""
    found = beats(client, process)
    return found[0].at if found else None


def _key(process: Process, where: str) -> str:
    return f"hilal:beat:{process}:{where}"


def _parsed(where: str, value: bytes | None) -> Beat | None:
    """Return the beat in `value`; None if the key has expired or contains something else."""
    try:
        at, *job = (value or b"").decode().split() or [""]
        moment = datetime.fromisoformat(at)
        if not moment.tzinfo:
            return None
        return (
            Beat(where, moment, int(job[0]), datetime.fromisoformat(job[1])) if job else Beat(where, moment)
        )
    except (ValueError, IndexError):
        return None
