"""When each API key was last used: noted in Redis by the web process, stored in its row by the daemon.

A read of the API must not write to the database: it would wait for other writers, and GET changes nothing.
"""

from __future__ import annotations

from datetime import datetime

import redis
import structlog

from extract.store.models import ApiKey

log = structlog.get_logger(__name__)

_NOTED = "hilal:keys_used"


def note_use(server: redis.Redis, key_id: int, *, now: datetime) -> None:
    """Note that a key was used. Without Redis the use goes unnoted and the API answers all the same."""
    try:
        server.hset(_NOTED, str(key_id), now.isoformat())
    except redis.RedisError as error:
        log.warning("key_use_not_noted", key_id=key_id, error=type(error).__name__)


def store_uses(server: redis.Redis) -> int:
    """Move what was noted into the rows; return how many keys were used. Raises RedisError."""
    together = server.pipeline(transaction=True)
    together.hgetall(_NOTED)
    together.delete(_NOTED)
    noted, _ = together.execute()
    for key_id, moment in noted.items():
        used_at = datetime.fromisoformat(moment.decode())
        later = ApiKey.last_used_at.is_null() | (ApiKey.last_used_at < used_at)
        ApiKey.update(last_used_at=used_at).where((ApiKey.id == int(key_id)) & later).execute()
    return len(noted)
