"""The request budget: no window ever sees more than the limit, whoever asks, and people never queue behind work."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import datetime, timedelta
from random import Random

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.backoff import NoBackoff
from redis.retry import Retry

from extract.errors import Blocked, BudgetSpent, ChecksSpent, HilalError, Later, RateLimited
from extract.notion.limits.budget import Budget, Permit
from extract.notion.limits.lanes import RequestLimits
from tests.clock import START, StoppedClock


def make(server: redis.Redis, clock: StoppedClock, **more: object) -> Budget:
    options: dict[str, object] = {
        "limit": 5,
        "window_seconds": 60,
        "interactive_share": 0.2,
        "flight_seconds": 100,
    }
    return Budget(server, workspace_id="w", limits=RequestLimits(**(options | more)), clock=clock)


def taken(budget: Budget, lane: str, *, at_most: int = 1000) -> int:
    """How many requests the lane gets, each answered at once."""
    for number in range(at_most):
        try:
            budget.take(lane).done()
        except BudgetSpent:
            return number
    return at_most


def test_work_leaves_a_share_of_the_window_to_people(redis_server: redis.Redis, clock: StoppedClock) -> None:
    budget = make(redis_server, clock, limit=180, interactive_share=0.15)
    budget.take("interactive").done()

    assert taken(budget, "sync") == 153
    assert taken(budget, "interactive") == 26
    assert (budget.used(), budget.used("sync"), budget.free(), budget.free("sync")) == (180, 153, 0, 0)


def test_while_nobody_browses_work_leaves_only_the_first_page_of_a_picker(
    redis_server: redis.Redis, clock: StoppedClock
) -> None:
    budget = make(redis_server, clock, limit=180, interactive_share=0.15)

    assert taken(budget, "sync") == budget.share("sync") == 175
    assert taken(budget, "interactive") == 5
    assert budget.share("sync") == 153


def test_a_person_who_comes_back_has_their_share_in_the_next_window(
    redis_server: redis.Redis, clock: StoppedClock
) -> None:
    budget = make(redis_server, clock, limit=180, interactive_share=0.15)
    taken(budget, "sync")
    budget.take("interactive").done()
    clock.advance(seconds=61)

    assert taken(budget, "sync") == 153
    assert taken(budget, "interactive") == 27


def test_work_that_found_its_window_spent_is_told_when_enough_is_free_to_go_on_with(
    redis_server: redis.Redis, clock: StoppedClock
) -> None:
    budget = make(redis_server, clock, limit=40, interactive_share=0)
    for _ in range(35):
        budget.take("sync").done()
        clock.advance(seconds=1)

    taken(budget, "sync")
    with pytest.raises(BudgetSpent) as refusal:
        budget.take("sync")
    first_free = clock() - timedelta(seconds=35) + timedelta(seconds=60)
    # Eight slots are a quarter of the 35 that work may use while nobody browses.
    assert first_free + timedelta(seconds=7) < refusal.value.resume_at <= first_free + timedelta(seconds=10)


def test_people_may_use_the_whole_window(redis_server: redis.Redis, clock: StoppedClock) -> None:
    budget = make(redis_server, clock)

    assert budget.free() == 5
    assert taken(budget, "interactive") == 5
    assert taken(budget, "sync") == 0


def test_what_people_used_of_their_share_is_not_taken_from_work(
    redis_server: redis.Redis, clock: StoppedClock
) -> None:
    budget = make(redis_server, clock)

    budget.take("interactive").done()

    assert taken(budget, "sync") == 4


def test_work_always_gets_something_even_when_the_window_is_one_request(
    redis_server: redis.Redis, clock: StoppedClock
) -> None:
    assert taken(make(redis_server, clock, limit=1, interactive_share=0.9), "sync") == 1


def test_looks_get_their_share_and_no_more_of_what_work_may_use(
    redis_server: redis.Redis, clock: StoppedClock
) -> None:
    budget = make(redis_server, clock, limit=180, interactive_share=0.15, checks_share=0.1)

    assert taken(budget, "checks") == budget.share("checks") == 18
    assert (budget.free("checks"), budget.free("sync"), budget.free("interactive")) == (0, 157, 162)
    assert taken(budget, "sync") == 157
    assert taken(budget, "interactive") == 5


def test_work_that_used_its_window_leaves_nothing_to_looks(
    redis_server: redis.Redis, clock: StoppedClock
) -> None:
    budget = make(redis_server, clock, limit=20, interactive_share=0.2, checks_share=0.5)
    assert taken(budget, "sync") == 16

    with pytest.raises(BudgetSpent) as refusal:
        budget.take("checks")
    assert not isinstance(refusal.value, ChecksSpent)


def test_a_share_of_looks_that_is_spent_says_so_and_when_it_reopens(
    redis_server: redis.Redis, clock: StoppedClock
) -> None:
    budget = make(redis_server, clock, limit=20, interactive_share=0.2, checks_share=0.1)
    budget.take("sync").done()
    clock.advance(seconds=10)
    assert taken(budget, "checks") == 2

    with pytest.raises(ChecksSpent) as refusal:
        budget.take("checks")

    assert refusal.value.resume_at == clock() + timedelta(seconds=60, milliseconds=1)
    clock.now = refusal.value.resume_at
    budget.take("checks")


def test_looks_always_get_something_even_when_their_share_is_less_than_a_request(
    redis_server: redis.Redis, clock: StoppedClock
) -> None:
    assert taken(make(redis_server, clock, limit=5, checks_share=0.01), "checks") == 1


def test_a_slot_is_free_again_a_window_after_its_answer_came(
    redis_server: redis.Redis, clock: StoppedClock
) -> None:
    budget = make(redis_server, clock, limit=1)
    permit = budget.take("sync")
    clock.advance(seconds=20)
    permit.done()

    clock.advance(seconds=60)
    with pytest.raises(BudgetSpent):
        budget.take("sync")
    clock.advance(seconds=0.001)

    budget.take("sync")


def test_the_refusal_says_when_the_first_slot_is_free(redis_server: redis.Redis, clock: StoppedClock) -> None:
    budget = make(redis_server, clock, limit=2, interactive_share=0)
    budget.take("sync").done()
    clock.advance(seconds=10)
    budget.take("sync").done()

    with pytest.raises(BudgetSpent) as refusal:
        budget.take("sync")

    assert refusal.value.resume_at == START + timedelta(seconds=60, milliseconds=1)
    clock.now = refusal.value.resume_at
    budget.take("sync")


def test_the_refusal_never_asks_to_come_back_in_less_than_a_second(
    redis_server: redis.Redis, clock: StoppedClock
) -> None:
    budget = make(redis_server, clock, limit=1)
    budget.take("sync").done()
    clock.advance(seconds=59.9)

    with pytest.raises(BudgetSpent) as refusal:
        budget.take("sync")

    assert refusal.value.resume_at == clock() + timedelta(seconds=1)


def test_requests_in_flight_are_expected_to_return_soon(
    redis_server: redis.Redis, clock: StoppedClock
) -> None:
    budget = make(redis_server, clock, limit=1)
    budget.take("sync")

    with pytest.raises(BudgetSpent) as refusal:
        budget.take("sync")

    assert refusal.value.resume_at == clock() + timedelta(seconds=60, milliseconds=1)


def test_an_attempt_that_never_returns_frees_its_slot_after_flight_and_window(
    redis_server: redis.Redis, clock: StoppedClock
) -> None:
    budget = make(redis_server, clock, limit=1)
    budget.take("sync")

    clock.advance(seconds=160)
    with pytest.raises(BudgetSpent):
        budget.take("sync")
    clock.advance(seconds=0.001)

    budget.take("sync")


def test_done_twice_counts_once(redis_server: redis.Redis, clock: StoppedClock) -> None:
    budget = make(redis_server, clock)
    with budget.take("sync") as permit:
        pass
    clock.advance(seconds=30)
    permit.done()

    clock.advance(seconds=31)

    assert budget.used() == 0


def test_a_pause_stops_every_process_and_lane_until_its_end(
    redis_server: redis.Redis, clock: StoppedClock
) -> None:
    budget, elsewhere = make(redis_server, clock), make(redis_server, clock)
    until = clock() + timedelta(seconds=90)

    budget.pause(until)

    assert elsewhere.paused_until() == until
    assert elsewhere.free() == 0
    for lane in ("interactive", "sync"):
        with pytest.raises(RateLimited) as refusal:
            elsewhere.take(lane)
        assert refusal.value.resume_at == until
    clock.advance(seconds=90)
    assert elsewhere.paused_until() is None
    elsewhere.take("sync")


def test_a_shorter_pause_does_not_shorten_a_longer_one(
    redis_server: redis.Redis, clock: StoppedClock
) -> None:
    budget = make(redis_server, clock)
    until = clock() + timedelta(seconds=90)

    budget.pause(until)
    budget.pause(clock() + timedelta(seconds=5))

    assert budget.paused_until() == until


def test_a_block_is_heard_by_every_process_of_the_workspace_until_its_end(
    redis_server: redis.Redis, clock: StoppedClock
) -> None:
    budget, elsewhere = make(redis_server, clock), make(redis_server, clock)
    until = clock() + timedelta(hours=1)

    budget.block(until)

    for lane in ("interactive", "sync", "checks"):
        with pytest.raises(Blocked) as refusal:
            elsewhere.take(lane)
        assert refusal.value.resume_at == until
    assert elsewhere.free() == 0
    assert elsewhere.paused_until() is None
    clock.now = until
    elsewhere.take("sync")


def test_workspaces_do_not_share_a_budget(redis_server: redis.Redis, clock: StoppedClock) -> None:
    one = make(redis_server, clock, limit=1)
    limits = RequestLimits(limit=1, window_seconds=60, interactive_share=0)
    other = Budget(redis_server, workspace_id="x", limits=limits, clock=clock)
    one.take("sync")

    other.take("sync")


def test_everything_it_keeps_expires_by_itself(redis_server: redis.Redis, clock: StoppedClock) -> None:
    budget = make(redis_server, clock)
    budget.take("sync").done()
    budget.take("interactive")
    budget.take("checks")
    budget.pause(clock() + timedelta(seconds=5))
    budget.block(clock() + timedelta(seconds=5))

    keys = list(redis_server.scan_iter())

    assert len(keys) == 8
    assert all(redis_server.pttl(key) > 0 for key in keys)


def test_an_emptied_redis_only_forgets(redis_server: redis.Redis, clock: StoppedClock) -> None:
    budget = make(redis_server, clock, limit=1)
    permit = budget.take("sync")
    redis_server.flushall()
    redis_server.script_flush()

    permit.done()

    assert budget.used() == 1


def test_an_unreachable_redis_is_said_clearly(clock: StoppedClock) -> None:
    gone = redis.Redis(unix_socket_path="/nonexistent/redis.sock", retry=Retry(NoBackoff(), 0))
    budget = make(gone, clock)

    for ask in (lambda: budget.take("sync"), budget.used, budget.free, budget.paused_until):
        with pytest.raises(HilalError, match="Redis does not answer") as failure:
            ask()
        assert not isinstance(failure.value, Later)


def test_losing_redis_while_an_answer_is_under_way_does_not_lose_the_answer(clock: StoppedClock) -> None:
    gone = redis.Redis(unix_socket_path="/nonexistent/redis.sock", retry=Retry(NoBackoff(), 0))
    budget = make(gone, clock)

    Permit(budget, "key").done()
    budget.pause(clock() + timedelta(seconds=5))


def worst_window(counted: list[datetime], window: timedelta) -> int:
    """The most requests that any window of this length holds, wherever it lies."""
    return max((sum(start <= moment < start + window for moment in counted) for start in counted), default=0)


@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32), limit=st.integers(1, 7), share=st.sampled_from([0, 0.15, 0.5, 0.9]))
def test_no_window_ever_sees_more_than_the_limit(
    redis_server: redis.Redis, seed: int, limit: int, share: float
) -> None:
    """Notion may count a request at any moment between its sending and its answer; some answers never come."""
    redis_server.flushall()
    chance, clock, flight = Random(seed), StoppedClock(), timedelta(seconds=30)
    processes = [
        make(
            redis_server,
            clock,
            limit=limit,
            interactive_share=share,
            checks_share=0.5,
            window_seconds=10,
            flight_seconds=30,
        )
        for _ in range(3)
    ]
    flying: list[tuple[datetime, Permit]] = []
    counted: list[datetime] = []
    for _ in range(150):
        clock.advance(seconds=chance.choice([0, 0.0004, 0.3, 1, 4, 9.9995, 10]))
        for sent, permit in list(flying):
            lost = clock() - sent > flight
            if lost or chance.random() < 0.5:
                flying.remove((sent, permit))
                counted.append(sent + min(clock() - sent, flight) * chance.choice([0, 0.5, 1]))
                if not lost:
                    permit.done()
        with suppress(BudgetSpent):
            lane = chance.choice(["sync", "interactive", "checks"])
            flying.append((clock(), chance.choice(processes).take(lane)))

    assert worst_window(counted, timedelta(seconds=10)) <= limit


def test_threads_that_ask_at_once_get_exactly_the_limit(
    redis_server: redis.Redis, clock: StoppedClock
) -> None:
    budget = make(redis_server, clock, limit=40, interactive_share=0)
    got: list[int] = []
    threads = [threading.Thread(target=lambda: got.append(taken(budget, "sync"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(got) == 40
