"""How far a workspace's limit is raised: by evidence, within bounds, and back at Notion's first word against it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import redis

from extract.errors import BudgetSpent
from extract.notion.limits.budget import Budget
from extract.notion.limits.lanes import RequestLimits
from extract.notion.limits.limit_rules import RESPITE, Limit, when_full, when_refused
from tests.clock import START, StoppedClock

WINDOW = timedelta(seconds=60)
OBJECTION = "public_api_request_rate_limit"


def full(known: Limit, *, after: timedelta, most: int = 600) -> Limit:
    return when_full(known, most=most, window=WINDOW, now=START + after)


def refused(known: Limit, reason: str = OBJECTION, *, after: timedelta = timedelta(0)) -> Limit:
    return when_refused(known, reason, configured=180, window=WINDOW, now=START + after)


def test_a_limit_that_was_full_for_a_whole_window_is_raised_by_a_quarter() -> None:
    once = full(Limit(180, 180), after=timedelta(0))
    assert once.present == full(once, after=WINDOW - timedelta(seconds=1)).present == 180

    assert full(once, after=WINDOW) == Limit(present=225, held=180)


def test_it_is_never_raised_beyond_the_most() -> None:
    nearly = Limit(present=549, held=439, full_at=START)

    assert full(nearly, after=WINDOW).present == 600
    assert full(Limit(600, 549, full_at=START), after=WINDOW).present == 600


def test_an_objection_puts_it_back_to_what_held_and_a_second_one_to_what_is_configured() -> None:
    back = refused(Limit(present=281, held=225))
    assert (back.present, back.held) == (225, 180)

    assert refused(back, after=timedelta(hours=1)).present == 180


def test_requests_that_are_refused_together_put_it_back_once() -> None:
    back = refused(Limit(present=281, held=225))

    assert refused(back, after=timedelta(seconds=59)).present == 225


def test_nobody_tries_again_for_a_day() -> None:
    back = refused(Limit(present=225, held=180))

    assert full(back, after=RESPITE - timedelta(seconds=1)) == back
    assert full(full(back, after=RESPITE), after=RESPITE + WINDOW).present == 225


@pytest.mark.parametrize("reason", ["public_api_space_request_rate_limit", "service_overload"])
def test_an_answer_about_something_else_only_spoils_the_evidence(reason: str) -> None:
    assert refused(Limit(present=281, held=225, full_at=START), reason) == Limit(present=281, held=225)


def make(server: redis.Redis, clock: StoppedClock, **more: int) -> Budget:
    options = {"limit": 20, "most": 30, **more}
    limits = RequestLimits(window_seconds=60, interactive_share=0, **options)
    return Budget(server, workspace_id="w", limits=limits, clock=clock)


def spend(budget: Budget) -> int:
    for number in range(1000):
        try:
            budget.take("sync").done()
        except BudgetSpent:
            return number
    raise AssertionError("there is no limit")


def test_a_larger_plan_is_found_out_window_by_window(redis_server: redis.Redis, clock: StoppedClock) -> None:
    budget, elsewhere = make(redis_server, clock), make(redis_server, clock)
    assert spend(budget) == 20

    clock.advance(seconds=61)
    assert spend(budget) == 25
    assert elsewhere.limit == elsewhere.share("sync") == 25
    clock.advance(seconds=61)
    spend(budget)
    clock.advance(seconds=61)
    assert spend(budget) == budget.limit == 30


def test_an_idle_workspace_learns_nothing(redis_server: redis.Redis, clock: StoppedClock) -> None:
    budget = make(redis_server, clock)
    for _ in range(10):
        for _ in range(19):
            budget.take("sync").done()
        clock.advance(seconds=61)

    assert budget.limit == 20


def test_a_429_is_learnt_by_every_process(redis_server: redis.Redis, clock: StoppedClock) -> None:
    budget, elsewhere = make(redis_server, clock), make(redis_server, clock)
    spend(budget)
    clock.advance(seconds=61)
    spend(budget)

    budget.pause(clock() + timedelta(seconds=5), reason=OBJECTION)

    assert elsewhere.limit == 20
    for _ in range(5):
        clock.advance(seconds=61)
        assert spend(elsewhere) == 20


def test_a_redis_that_forgets_begins_at_the_configured_limit(
    redis_server: redis.Redis, clock: StoppedClock
) -> None:
    budget = make(redis_server, clock)
    spend(budget)
    clock.advance(seconds=61)
    spend(budget)
    redis_server.flushall()

    assert budget.limit == 20


@pytest.mark.parametrize("most", [0, 20])
def test_without_room_above_nothing_is_learnt_and_nothing_kept(
    redis_server: redis.Redis, clock: StoppedClock, most: int
) -> None:
    budget = make(redis_server, clock, most=most)
    for _ in range(3):
        assert spend(budget) == 20
        clock.advance(seconds=61)
    budget.pause(clock(), reason=OBJECTION)

    assert redis_server.keys("*:limit") == []


def test_a_limit_learnt_under_another_configuration_stays_within_the_new_one(
    redis_server: redis.Redis, clock: StoppedClock
) -> None:
    budget = make(redis_server, clock)
    spend(budget)
    clock.advance(seconds=61)
    spend(budget)

    assert make(redis_server, clock, most=22).limit == 22
    assert make(redis_server, clock, limit=28).limit == 28


def test_moments_that_a_wrong_clock_wrote_keep_nobody_from_trying_for_longer() -> None:
    far = START + timedelta(days=3650)
    lasting = full(Limit(225, 180, refused_at=far), after=timedelta(0))
    assert lasting.refused_at == START

    raised = full(full(Limit(180, 180, full_at=far), after=timedelta(0)), after=WINDOW)
    assert raised == Limit(present=225, held=180)
