"""One request over the wire: bounded answers, and the border where foreign exceptions become ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx2

from extract.config.load import Config
from extract.errors import AnswerTooLarge, InvalidRequest, NotionError, Transient
from extract.foreign_json import parse_json
from extract.notion.limits.room import Share
from extract.notion.unpacking import ENCODING, pieces
from extract.read_only import refuse_notion
from extract.values import Clock, Json

VERSION = "2026-03-11"
"""Sent on every call. https://developers.notion.com/reference/versioning"""

CONNECT_SECONDS = 10.0
_KEPT_OPEN_SECONDS = 90.0
LARGEST_ANSWER = 16 * 1024 * 1024
"""Bytes of one answer, unpacked, unless the caller allows another size."""

_LOOPBACK = ("127.0.0.1", "localhost", "::1")

MAPPED: Mapping[type[Exception], type[NotionError]] = {
    # A wrong address or scheme is a fault of ours, whatever its place in httpx2's tree.
    httpx2.UnsupportedProtocol: InvalidRequest,
    httpx2.LocalProtocolError: InvalidRequest,
    httpx2.InvalidURL: InvalidRequest,
    # Time-outs, broken connections, proxies, half an answer.
    httpx2.TransportError: Transient,
    httpx2.DecodingError: Transient,
    httpx2.TooManyRedirects: Transient,
    ConnectionError: Transient,  # a transport in the same process breaks off as a socket does
}
"""What comes out of httpx2 while asking, most specific first. What is not here is a bug and passes through."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `body` is None when it is no JSON object (HTML of the edge, half an answer).

    `date` is the answering clock's time, to the second; None when it did not say.
    """

    status: int
    body: dict[str, Json] | None
    request_id: str | None
    retry_after: str | None
    date: datetime | None = None


def http_client(config: Config, transport: httpx2.BaseTransport | None = None) -> httpx2.Client:
    """The client for every call to Notion; `transport` replaces the network. The caller closes it."""
    refuse_notion()
    notion = config.notion
    address = httpx2.URL(notion.api_url)
    most = max(notion.parallel_requests, config.watch.parallel_polls)
    return httpx2.Client(
        base_url=address,
        headers={
            "Notion-Version": VERSION,
            "Accept": "application/json",
            "Accept-Encoding": ENCODING,
            "User-Agent": "notion-sync-for-hilal-chatbot",
        },
        timeout=_timeout(notion.timeout_seconds),
        # Kept open from one poll of a connection to the next.
        limits=httpx2.Limits(
            max_connections=most + 2, max_keepalive_connections=most, keepalive_expiry=_KEPT_OPEN_SECONDS
        ),
        follow_redirects=False,
        # One client serves many connections: what the edge remembers of one must not travel with another.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        # A proxy named in the environment leads to the outside, not to a sandbox on this machine.
        trust_env=address.host not in _LOOPBACK,
        transport=transport,
    )


@dataclass(frozen=True, slots=True)
class Request:
    """One request to Notion. `auth` is user and password of Basic authentication; `timeout_seconds` is of each read."""

    method: str
    path: str
    params: Mapping[str, str | int] | None = None
    content: Mapping[str, Json] | None = None
    headers: Mapping[str, str] | None = None
    auth: tuple[str, str] | None = None
    timeout_seconds: float | None = None

    @property
    def endpoint(self) -> str:
        """Method and path, as the log and the errors name it."""
        return f"{self.method} {self.path}"


def send(
    http: httpx2.Client,
    asked: Request,
    *,
    clock: Clock,
    largest: int = LARGEST_ANSWER,
    share: Share | None = None,
) -> Reply:
    """Ask once, whatever the answer's status. With `share`, the answer's bytes are taken from it.

    Raises Transient when no whole answer came, InvalidRequest when it cannot be asked, AnswerTooLarge beyond
    `largest` bytes, NeedsRoom when the share has no room for it.
    """
    endpoint, auth = asked.endpoint, httpx2.BasicAuth(*asked.auth) if asked.auth else None
    timeout = http.timeout if asked.timeout_seconds is None else _timeout(asked.timeout_seconds)
    request = http.build_request(
        asked.method,
        asked.path,
        params=asked.params,
        json=asked.content,
        headers=dict(asked.headers or {}),
        timeout=timeout,
    )
    # httpx2 bounds each read, not the answer: one byte a minute would hold a worker for hours.
    deadline = clock() + timedelta(seconds=2 * (timeout.read or 60.0))
    try:
        response = http.send(request, stream=True, auth=auth)
        try:
            if _announced(response) > largest:
                raise AnswerTooLarge(largest, status=response.status_code, endpoint=endpoint)
            raw = _read(response, endpoint, largest=largest, share=share, clock=clock, deadline=deadline)
        finally:
            response.close()
    except tuple(MAPPED) as error:
        raise translated(error, endpoint) from error
    body = _json_object(raw)
    return Reply(
        status=response.status_code,
        body=body,
        request_id=_request_id(body) or response.headers.get("x-notion-request-id"),
        retry_after=response.headers.get("retry-after"),
        date=_date(response.headers.get("date")),
    )


def _announced(response: httpx2.Response) -> int:
    """The length of the body as sent, by its header; 0 when it does not say."""
    length = response.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdecimal() and len(length) < 20 else 0


def _read(
    response: httpx2.Response,
    endpoint: str,
    *,
    largest: int,
    share: Share | None,
    clock: Clock,
    deadline: datetime,
) -> bytearray:
    raw, taken = bytearray(), 0
    try:
        for piece in pieces(response):
            if len(raw) + len(piece) > largest:
                raise AnswerTooLarge(largest, status=response.status_code, endpoint=endpoint)
            if share is not None:
                share.take(len(piece))
                taken += len(piece)
            raw += piece
            if clock() > deadline:
                raise Transient(code="answer_too_slow", endpoint=endpoint)
    except BaseException:  # also for an interrupt: the room belongs to all fetches
        if share is not None:
            share.give_back(taken)
        raise
    return raw


def translated(error: Exception, endpoint: str | None = None) -> NotionError:
    """The error of ours for one of httpx2; its name travels as the code."""
    ours = next(ours for theirs, ours in MAPPED.items() if isinstance(error, theirs))
    return ours(code=type(error).__name__, endpoint=endpoint)


def _date(header: str | None) -> datetime | None:
    """https://www.rfc-editor.org/rfc/rfc9110#field.date"""
    try:
        moment = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def _timeout(seconds: float) -> httpx2.Timeout:
    """Patience is for Notion's answer; getting a connection and sending a small body are quick or broken."""
    return httpx2.Timeout(CONNECT_SECONDS, read=seconds)


def _request_id(body: Mapping[str, Json] | None) -> str | None:
    found = (body or {}).get("request_id")
    return found if isinstance(found, str) else None


def _json_object(raw: bytearray) -> dict[str, Json] | None:
    """The JSON object in `raw`, without what no database stores; None for anything else."""
    try:
        value = parse_json(raw)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
