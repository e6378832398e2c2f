"""Remembers for a day which pages of a connection are so large that each is fetched alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import cast

import redis
import structlog

log = structlog.get_logger(__name__)

_KEPT = timedelta(days=1)


class LargePages:
    """Ids of documents, in Redis. Without Redis none is known, which costs one more request for each."""

    def __init__(self, client: redis.Redis, connection_id: int) -> None:
        self._redis = client
        self._key = f"hilal:large:{connection_id}"

    def add(self, document_id: int) -> None:
        """Note that a document is large. A Redis that does not answer is logged, not raised."""
        try:
            with self._redis.pipeline() as pipe:
                pipe.sadd(self._key, document_id)
                pipe.expire(self._key, _KEPT)
                pipe.execute()
        except redis.RedisError as error:
            log.warning("large_page_not_noted", document_id=document_id, error=type(error).__name__)

    def among(self, document_ids: Sequence[int]) -> Collection[int]:
        """Return those of the documents that are known to be large."""
        try:
            known = cast("list[int]", self._redis.smismember(self._key, list(document_ids)))
        except redis.RedisError:
            return ()
        return {document_id for document_id, large in zip(document_ids, known, strict=True) if large}
