"""What Redis remembers of a workspace's limit, within what is configured."""

from __future__ import annotations

from datetime import timedelta

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from extract.notion.limits.limit_store import LimitStore
from tests.clock import StoppedClock

OBJECTION = "public_api_request_rate_limit"


def limit(server: redis.Redis, clock: StoppedClock, *, configured: int = 180, most: int = 600) -> LimitStore:
    return LimitStore(
        server,
        "hilal:limit:w",
        workspace_id="w",
        configured=configured,
        most=most,
        window=timedelta(seconds=60),
        clock=clock,
    )


def test_what_one_process_learns_counts_for_all(redis_server: redis.Redis, clock: StoppedClock) -> None:
    learning = limit(redis_server, clock)
    assert not learning.full()
    clock.advance(seconds=60)

    assert learning.full()

    assert limit(redis_server, clock).present() == 225
    learning.refused(OBJECTION)
    assert limit(redis_server, clock).present() == 180


def test_a_redis_that_forgets_begins_at_the_configured_limit(
    redis_server: redis.Redis, clock: StoppedClock
) -> None:
    learning = limit(redis_server, clock)
    learning.full()
    clock.advance(seconds=60)
    learning.full()

    redis_server.flushall()

    assert learning.present() == 180


@pytest.mark.parametrize(("configured", "most", "present"), [(200, 210, 210), (300, 600, 300)])
def test_what_was_learnt_stays_within_a_new_configuration(
    redis_server: redis.Redis, clock: StoppedClock, configured: int, most: int, present: int
) -> None:
    learning = limit(redis_server, clock)
    learning.full()
    clock.advance(seconds=60)
    learning.full()

    assert limit(redis_server, clock, configured=configured, most=most).present() == present


def test_where_there_is_nothing_to_learn_redis_is_not_even_asked(clock: StoppedClock) -> None:
    fixed = limit(redis.Redis(unix_socket_path="/nowhere", retry=Retry(NoBackoff(), 0)), clock, most=180)

    fixed.refused(OBJECTION)
    assert not fixed.full()
    assert fixed.present() == 180


def test_what_is_known_is_forgotten_after_a_week(redis_server: redis.Redis, clock: StoppedClock) -> None:
    limit(redis_server, clock).full()

    assert 0 < redis_server.ttl("hilal:limit:w") <= 7 * 24 * 60 * 60
