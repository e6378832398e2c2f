"""A Notion that gives the answers it was told, in order, and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2

Answer = httpx2.Response | Exception | Callable[[httpx2.Request], httpx2.Response]


def ok(body: Any) -> httpx2.Response:
    return httpx2.Response(200, json=body)


def error(status: int, code: str, message: str = "", **more: Any) -> httpx2.Response:
    headers = more.pop("headers", None)
    body = {"object": "error", "status": status, "code": code, "message": message, "request_id": "r-1"}
    return httpx2.Response(status, json={**body, **more}, headers=headers)


def html(status: int) -> httpx2.Response:
    return httpx2.Response(status, html="<html><body>cloudflare</body></html>", headers={"cf-ray": "8f"})


def listing(
    *results: Any, cursor: str | None = None, has_more: bool | None = None, **more: Any
) -> httpx2.Response:
    more_to_come = cursor is not None if has_more is None else has_more
    return ok(
        {
            "object": "list",
            "results": list(results),
            "next_cursor": cursor,
            "has_more": more_to_come,
            **more,
        }
    )


class Script:
    """Use it as the function of an `httpx2.MockTransport`. The last answer repeats when `forever`."""

    def __init__(self, *answers: Answer, forever: bool = False) -> None:
        self.answers = list(answers)
        self.forever = forever
        self.asked: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        last = self.forever and len(self.answers) == 1
        answer = self.answers[0] if last else self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx2.Response) else answer(request)

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.content) for request in self.asked]

    @property
    def paths(self) -> list[str]:
        return [request.url.raw_path.decode() for request in self.asked]

    @property
    def tokens(self) -> list[str]:
        return [request.headers["Authorization"].removeprefix("Bearer ") for request in self.asked]


class Tokens:
    """A token source that hands out `t0`, then `t1` after a refresh, and so on."""

    def __init__(self) -> None:
        self.number = 0

    def access_token(self) -> str:
        return f"t{self.number}"

    def refresh(self, used: str) -> str:
        assert used == self.access_token()
        self.number += 1
        return self.access_token()


class Pauses(list[float]):
    """Stands for `time.sleep`: remembers how long it was asked to wait, and does not."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)
