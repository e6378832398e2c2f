"""What each answer of Notion's means for us, and that an answer from elsewhere never means anything final."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from extract.config.load import ROOT
from extract.errors import (
    Blocked,
    Forbidden,
    InvalidRequest,
    NotFound,
    NotionError,
    RateLimited,
    Transient,
    Unauthorized,
    WrongKind,
)
from extract.notion.http import Reply
from extract.notion.verdict import verdict
from tests.clock import START

DATA = ROOT / "tests" / "data" / "notion"


def judged(status: int, body: dict[str, Any] | None, retry_after: str | None = None) -> NotionError | None:
    return verdict(Reply(status, body, "r-1", retry_after), "GET /x", now=START)


def documented() -> list[Any]:
    lines = (DATA / "errors_documented.jsonl").read_text().splitlines()
    bodies = [json.loads(line)["body"] for line in lines]
    return [body.get("body", body) for body in bodies]


EXPECTED: dict[tuple[int, str], type[NotionError]] = {
    (400, "invalid_grant"): InvalidRequest,
    (400, "invalid_json"): InvalidRequest,
    (400, "invalid_request"): InvalidRequest,
    (400, "invalid_request_url"): InvalidRequest,
    (400, "missing_version"): InvalidRequest,
    (400, "validation_error"): InvalidRequest,
    (401, "unauthorized"): Unauthorized,
    (403, "restricted_resource"): Forbidden,
    (404, "object_not_found"): NotFound,
    (409, "conflict_error"): Transient,
    (429, "rate_limited"): RateLimited,
    (500, "internal_server_error"): Transient,
    (502, "bad_gateway"): Transient,
    (503, "database_connection_unavailable"): Transient,
    (503, "service_unavailable"): Transient,
    (504, "gateway_timeout"): Transient,
}


@pytest.mark.parametrize("body", documented(), ids=lambda body: f"{body['status']}-{body['code']}")
def test_every_documented_error_has_its_meaning(body: dict[str, Any]) -> None:
    error = judged(body["status"], body)

    assert type(error) is EXPECTED[body["status"], body["code"]]
    assert (error.status, error.code, error.endpoint) == (body["status"], body["code"], "GET /x")
    assert error.request_id == "r-1"


def test_a_good_answer_is_no_error() -> None:
    assert judged(200, {"object": "page"}) is None


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 500, 503])
def test_an_answer_that_is_no_json_passes(status: int) -> None:
    assert type(judged(status, None)) is Transient


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 410])
def test_json_that_is_not_notions_never_forbids_or_removes_anything(status: int) -> None:
    assert type(judged(status, {"message": "no such route"})) is Transient


def test_not_found_under_another_code_is_a_fault_of_ours_and_removes_nothing() -> None:
    assert type(judged(404, {"code": "invalid_request_url"})) is InvalidRequest


@pytest.mark.parametrize(
    "message",
    [
        "Provided ID 6a0d is a database, not a page. Use the retrieve database API instead.",
        "Provided ID 6a0d is a page, not a database. Use the retrieve page API instead.",
        "Provided ID 6a0d is a data source, not a database. Use the retrieve data source API instead.",
    ],
)
def test_an_id_of_another_kind_is_told_apart(message: str) -> None:
    assert type(judged(400, {"code": "validation_error", "message": message})) is WrongKind


@pytest.mark.parametrize("message", [None, 7, "page_id should be a valid uuid, not a page."])
def test_other_refusals_are_not_taken_for_another_kind(message: object) -> None:
    assert type(judged(400, {"code": "validation_error", "message": message})) is InvalidRequest


def test_a_rate_limit_is_honoured_to_the_second() -> None:
    error = judged(429, {"code": "rate_limited"}, retry_after="17")

    assert isinstance(error, RateLimited)
    assert error.resume_at == START + timedelta(seconds=17)


def test_an_overload_is_treated_as_a_rate_limit() -> None:
    error = judged(529, {"code": "service_overload"}, retry_after="3")

    assert isinstance(error, RateLimited)
    assert error.resume_at == START + timedelta(seconds=3)


def test_the_body_repeats_the_pause_where_the_header_is_lost() -> None:
    error = judged(429, {"code": "rate_limited", "additional_data": {"retry_after": "42"}})

    assert isinstance(error, RateLimited)
    assert error.resume_at == START + timedelta(seconds=42)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 60),
        ("", 60),
        ("soon", 60),
        ("-5", 60),
        ("0", 1),
        ("1.5", 1.5),
        ("9" * 9, 86_400),
        ("9" * 400, 60),
        ("Sun, 22 Nov 2026 09:01:00 GMT", 30),
        ("Sun, 22 Nov 2026 08:00:00 GMT", 1),
    ],
)
def test_any_retry_after_gives_a_sensible_pause(header: str | None, seconds: float) -> None:
    error = judged(429, None, retry_after=header)

    assert isinstance(error, RateLimited)
    assert error.resume_at == START + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "body",
    [
        {"code": "rate_limited", "additional_data": {"rate_limit_reason": "public_api_request_blocked"}},
        {"code": "public_api_request_blocked"},
    ],
)
def test_a_block_is_told_apart_from_a_rate_limit(body: dict[str, Any]) -> None:
    assert type(judged(429, body, retry_after="5")) is Blocked


def test_the_reason_of_a_rate_limit_is_kept() -> None:
    reason = "public_api_space_request_rate_limit"
    error = judged(429, {"code": "rate_limited", "additional_data": {"rate_limit_reason": reason}})

    assert error is not None
    assert error.code == reason
