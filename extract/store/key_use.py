"""When each API key was last used: the web process notes it in Redis, the daemon stores it in the row.

A read of the API must not write to the database: it would wait for other writers, and a GET must not change anything.
"""

from __future__ import annotations

from datetime import datetime

import redis
import structlog

from extract.store.models import ApiKey

log = structlog.get_logger(__name__)

_NOTED = "hilal:keys_used"


def note_use(server: redis.Redis, key_id: int, *, now: datetime) -> None:
    """Note in Redis that a key was used. If Redis does not answer, the use is not recorded; nothing is raised."""
    try:
        server.hset(_NOTED, str(key_id), now.isoformat())
    except redis.RedisError as error:
        log.warning("key_use_not_noted", key_id=key_id, error=type(error).__name__)


def store_uses(server: redis.Redis) -> int:
    """Store the noted uses in the rows of the keys. Return how many keys were used. Raises RedisError."""
    together = server.pipeline(transaction=True)
    together.hgetall(_NOTED)
    together.delete(_NOTED)
    noted, _ = together.execute()
    for key_id, moment in noted.items():
        used_at = datetime.fromisoformat(moment.decode())
        later = ApiKey.last_used_at.is_null() | (ApiKey.last_used_at < used_at)
        ApiKey.update(last_used_at=used_at).where((ApiKey.id == int(key_id)) & later).execute()
    return len(noted)
