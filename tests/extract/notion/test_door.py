"""The door: what is retried, how often and how long, what is spent, and what happens to tokens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import httpx2
import pytest
import structlog

from extract.errors import (
    Blocked,
    BudgetSpent,
    Forbidden,
    InvalidRequest,
    NotFound,
    RateLimited,
    ReconnectNeeded,
    Transient,
)
from extract.notion.client import NotionClient
from extract.notion.limits.budget import Budget
from tests.clock import StoppedClock
from tests.extract.notion.script import Pauses, Script, Tokens, error, html, ok

Scripted = Callable[..., NotionClient]

ME = ok({"object": "user", "id": "b", "type": "bot", "bot": {}, "request_id": "r-9"})

PASSING = [
    error(500, "internal_server_error"),
    error(502, "bad_gateway"),
    error(503, "service_unavailable"),
    error(503, "database_connection_unavailable"),
    error(504, "gateway_timeout"),
    error(409, "conflict_error"),
    html(403),
    html(500),
    html(503),
    html(200),
    httpx2.Response(200, content=b'{"object": "us'),
    httpx2.ConnectError("refused"),
    httpx2.ReadTimeout("slow"),
    httpx2.ConnectTimeout("no answer"),
    httpx2.ReadError("connection reset"),
    httpx2.DecodingError("not gzip after all"),
    httpx2.RemoteProtocolError("half an answer"),
]


@pytest.mark.parametrize("failure", PASSING, ids=repr)
def test_a_passing_failure_is_asked_again_at_once(
    scripted: Scripted, pauses: Pauses, failure: httpx2.Response | Exception
) -> None:
    script = Script(failure, failure, ME)
    client = scripted(script)

    client.me()

    assert pauses == [0.25, 0.75]
    assert (client.requests, client.retries) == (3, 2)


def test_a_failure_that_lasts_is_handed_up_after_a_few_seconds(scripted: Scripted, pauses: Pauses) -> None:
    client = scripted(Script(error(503, "service_unavailable"), forever=True))

    with pytest.raises(Transient) as failure:
        client.me()

    assert (failure.value.status, failure.value.request_id) == (503, "r-1")
    assert client.requests == 4
    assert sum(pauses) <= 6


def test_pauses_are_spread_so_that_workers_do_not_return_together(scripted: Scripted, pauses: Pauses) -> None:
    for chance, expected in ((0.0, [0.125, 0.375, 1.0]), (0.999, [0.37475, 1.12425, 2.998])):
        pauses.clear()
        with pytest.raises(Transient):
            scripted(Script(html(502), forever=True), chance=lambda chance=chance: chance).me()
        assert pauses == pytest.approx(expected)


def test_slow_failures_are_not_repeated(scripted: Scripted, pauses: Pauses, clock: StoppedClock) -> None:
    def time_out(request: httpx2.Request) -> httpx2.Response:
        clock.advance(seconds=70)
        raise httpx2.ReadTimeout("slow", request=request)

    client = scripted(Script(time_out, forever=True))

    with pytest.raises(Transient):
        client.me()

    assert client.requests == 1
    assert pauses == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(400, "validation_error"), InvalidRequest),
        (error(403, "restricted_resource"), Forbidden),
        (error(404, "object_not_found"), NotFound),
        (
            error(429, "rate_limited", additional_data={"rate_limit_reason": "public_api_request_blocked"}),
            Blocked,
        ),
    ],
)
def test_a_final_answer_is_not_asked_again(
    scripted: Scripted, answer: httpx2.Response, kind: type[Exception]
) -> None:
    client = scripted(Script(answer))

    with pytest.raises(kind):
        client.me()

    assert client.requests == 1


@pytest.mark.parametrize("status", [429, 529])
def test_a_rate_limit_pauses_everyone_and_nobody_sleeps(
    scripted: Scripted, budget: Budget, pauses: Pauses, clock: StoppedClock, status: int
) -> None:
    client = scripted(Script(error(status, "rate_limited", headers={"Retry-After": "7"}), ME))
    until = clock() + timedelta(seconds=7)

    with pytest.raises(RateLimited) as refusal:
        client.me()
    with pytest.raises(RateLimited):
        client.me()

    assert refusal.value.resume_at == budget.paused_until() == until
    assert (client.requests, pauses) == (1, [])
    clock.now = until
    client.me()


def test_a_block_stops_every_client_of_the_workspace_and_is_told_to_the_operator(
    scripted: Scripted, budget: Budget, clock: StoppedClock
) -> None:
    script = Script(error(429, "public_api_request_blocked"), ME)

    with structlog.testing.capture_logs() as lines, pytest.raises(Blocked):
        scripted(script).me()
    with pytest.raises(Blocked):
        scripted(script, lane="interactive").me()

    assert len(script.asked) == 1
    assert budget.blocked_until() == clock() + timedelta(hours=1)
    assert [(line["log_level"], line["event"]) for line in lines] == [("error", "notion_has_blocked_us")]
    clock.advance(hours=1)
    scripted(script).me()


def test_a_search_is_a_read_and_is_asked_again_like_one(scripted: Scripted) -> None:
    client = scripted(Script(error(503, "service_unavailable"), ok({"results": []})))

    client.search("words")

    assert (client.requests, client.retries) == (2, 1)


def test_a_client_asks_for_whom_it_was_told_last(scripted: Scripted, budget: Budget) -> None:
    client = scripted(Script(ME, ME), lane="checks")

    client.me()
    client.use_lane("sync")
    client.me()

    assert (budget.used("checks"), budget.used("sync")) == (1, 1)


def test_every_attempt_is_paid_for(scripted: Scripted, budget: Budget) -> None:
    scripted(Script(html(502), httpx2.ConnectError("refused"), ME)).me()

    assert budget.used("sync") == 3


def test_a_spent_budget_stops_the_request_before_it_is_sent(scripted: Scripted, budget: Budget) -> None:
    for _ in range(budget.share("sync")):
        budget.take("sync").done()
    script = Script(ME)

    with pytest.raises(BudgetSpent):
        scripted(script).me()
    scripted(script, lane="interactive").me()

    assert len(script.asked) == 1


def test_an_expired_token_is_replaced_once_and_the_request_goes_on(
    scripted: Scripted, tokens: Tokens
) -> None:
    script = Script(error(401, "unauthorized"), ME)

    scripted(script).me()

    assert script.tokens == ["t0", "t1"]


def test_a_new_token_that_is_refused_too_needs_the_person(scripted: Scripted, tokens: Tokens) -> None:
    told: list[str] = []
    script = Script(error(401, "unauthorized"), forever=True)

    with pytest.raises(ReconnectNeeded) as failure:
        scripted(script, on_refused=told.append).me()

    assert script.tokens == ["t0", "t1"]
    assert told == ["t1"]
    assert failure.value.request_id == "r-1"


def test_a_401_of_the_edge_costs_no_token(scripted: Scripted, tokens: Tokens) -> None:
    scripted(Script(html(401), ME)).me()

    assert tokens.number == 0


def test_a_failure_and_an_expired_token_are_both_survived(scripted: Scripted) -> None:
    script = Script(html(502), error(401, "unauthorized"), html(502), ME)

    scripted(script).me()

    assert script.tokens == ["t0", "t0", "t1", "t1"]


def test_request_ids_are_logged_and_tokens_and_words_are_not(scripted: Scripted) -> None:
    script = Script(
        error(500, "internal_server_error", "secret message"), ok({"results": [], "request_id": "r-9"})
    )

    with structlog.testing.capture_logs() as lines:
        scripted(script).search("secret words")

    assert [line.get("request_id") for line in lines] == ["r-1", "r-9"]
    assert all("secret" not in str(line) and "t0" not in str(line) for line in lines)
