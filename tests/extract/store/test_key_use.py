"""When a key was last used: noted at once, stored later."""

from __future__ import annotations

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from daemon.loop import tick
from extract.runtime import Runtime
from extract.store.key_use import note_use, store_uses
from extract.store.models import ApiKey, Organisation
from tests.clock import StoppedClock


def _key(now: StoppedClock) -> ApiKey:
    organisation = Organisation.create(name="Acme", created_at=now())
    chatbot = organisation.chatbots.model.create(organisation=organisation, name="Bot", created_at=now())
    return ApiKey.create(chatbot=chatbot, name="Website", prefix="hk_", key_hash="x", created_at=now())


def _last_use() -> object:
    return ApiKey.get().last_used_at


def test_the_daemon_stores_the_latest_use(any_runtime: Runtime, clock: StoppedClock) -> None:
    key = _key(clock)
    note_use(any_runtime.redis, key.id, now=clock())
    clock.advance(seconds=20)
    note_use(any_runtime.redis, key.id, now=clock())

    tick(any_runtime)

    assert _last_use() == clock()


def test_an_older_use_never_replaces_a_later_one(any_runtime: Runtime, clock: StoppedClock) -> None:
    key = _key(clock)
    earlier = clock()
    clock.advance(seconds=20)
    ApiKey.update(last_used_at=clock()).execute()
    note_use(any_runtime.redis, key.id, now=earlier)

    assert store_uses(any_runtime.redis) == 1
    assert _last_use() == clock()


def test_the_use_of_a_deleted_key_is_dropped(runtime: Runtime, clock: StoppedClock) -> None:
    note_use(runtime.redis, 4711, now=clock())

    store_uses(runtime.redis)

    assert store_uses(runtime.redis) == 0


def test_without_redis_a_use_goes_unnoted(clock: StoppedClock) -> None:
    gone = redis.Redis(unix_socket_path="/nonexistent/redis.sock", retry=Retry(NoBackoff(), 0))

    note_use(gone, 1, now=clock())
