"""Which pages are read alone is remembered in Redis, for a day, and Redis may be away."""

from __future__ import annotations

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from extract.sync.fetching.large_pages import LargePages


def test_a_large_page_is_known_to_every_later_drain_of_its_connection(redis_server: redis.Redis) -> None:
    LargePages(redis_server, 1).add(7)

    assert LargePages(redis_server, 1).among([5, 7]) == {7}
    assert LargePages(redis_server, 2).among([7]) == set()


def test_it_is_forgotten_a_day_after_the_last_one_was_found(redis_server: redis.Redis) -> None:
    LargePages(redis_server, 1).add(7)

    (key,) = redis_server.keys("hilal:large:*")
    assert 86_000 < redis_server.ttl(key) <= 86_400


def test_without_redis_none_is_known_and_none_is_noted() -> None:
    away = redis.Redis(unix_socket_path="/nowhere/redis.sock", retry=Retry(NoBackoff(), 0))

    LargePages(away, 1).add(7)

    assert not LargePages(away, 1).among([7])
