"""Makes hostile requests and commands from a seed: odd ids, odd texts, odd headers, for every route and field."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import quote_from_bytes

from tests.extract.notion.test_events import TOKEN, event

NUMBERS = (
    *(
        "0",
        "1",
        "2",
        "3",
        "-1",
        "²",
        "٣",
        "1e3",
        "007",
        "",
        "x",
        "NaN",
        "0x1",
        "1_000",
        " 1 ",
        "9" * 18,
        "9" * 19,
    ),
    *(str(2**31), str(2**63 - 1), str(2**63), str(2**64), str(-(2**63)), "9" * 3_000),
)
REFUSED_TEXTS: tuple[bytes, ...] = (
    b"\x00",
    b"a\x00b",
    b"a" * 4_001,
    b"a" * 100_000,
    b"@" * 5_000 + b".test",
)
TEXTS: tuple[bytes, ...] = (
    b"",
    b" ",
    b"\xed\xa0\x80",  # half a surrogate pair
    b"\xff\xfe",
    "\u202e\ufeff\ufffe".encode(),
    "ﷺ".encode() * 300,
    "e\u0301".encode() * 200,
    b"%",
    b"%00",
    b"_%\\",
    b"'\"--;",
    b"<script>alert(1)</script>",
    b"{{7*7}}${7*7}",
    b"../../etc/passwd",
    b"http://[",
    b"//elsewhere.test",
    b"javascript:alert(1)",
    b'"unclosed phrase',
    b"NEAR(a b) AND * OR NOT",
    b"a" * 255,
    b"a" * 256,
    b"a" * 4_000,
    b"@" * 2_000 + b".test",
    b"ada@acme.test",
    b"11111111-1111-1111-1111-111111111111",
    b"https://www.notion.so/Page-11111111111111111111111111111111",
    b"2026-11-22T09:00:00+00:00",
    b"9999-12-31T23:59:59+00:00",
    b"live",
    b"all",
    b"1",
)
FIELDS = (
    *(
        "q",
        "kind",
        "status",
        "sort",
        "page",
        "cursor",
        "limit",
        "link",
        "connection",
        "chatbot",
        "refresh",
        "chunks",
    ),
    *(
        "email",
        "password",
        "current",
        "name",
        "organisation",
        "invitation",
        "next",
        "role",
        "default_schedule",
    ),
    *("notion_id", "connection_id", "subpages", "with_subpages", "schedule", "workspace", "ask", "confirmed"),
    *(
        "source_id",
        "every",
        "from",
        "at_work",
        "column",
        "offered",
        "shown_at",
        "token",
        "state",
        "code",
        "error",
    ),
)
HEADERS: Mapping[str, Sequence[str]] = {
    "HX-Request": ("true", "false", ""),
    "HX-Request-Type": ("full", "partial"),
    "HX-Target": ("div#results", "#" * 500, "div#<b>"),
    "HX-Current-URL": ("http://[", "/chatbots/1/sources", "\x7f", "http://localhost/" + "a" * 3_000),
    "Sec-Fetch-Site": ("same-origin", "none", "cross-site", "?"),
    "Origin": ("null", "http://[", "http://localhost"),
    "Referer": ("http://[", "https://elsewhere.test/"),
    "Accept": ("application/json", "*/*;q=NaN"),
    "Accept-Language": ("de;q=²", ""),
    "If-None-Match": ('"x"', "W/", "*"),
    "Range": ("bytes=9-1", "bytes=0-"),
    "X-Forwarded-For": ("1.2.3.4", "garbage, ::1", ""),
    "Content-Type": ("application/json", "multipart/form-data", "text/plain; charset=²"),
    "Cookie": ("hilal=garbage", "hilal=" + "a" * 3_000),
}
METHODS = ("HEAD", "OPTIONS", "POST")
_PLACE = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True, slots=True)
class Request:
    """One request, ready for the test client. `path` is percent-encoded and includes the query."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def request_for(random: Random, rule: str, methods: Sequence[str]) -> Request:
    """A hostile request to one rule of the URL map, mostly by one of the `methods` it takes."""
    path = _PLACE.sub(lambda _: _quoted(_id(random).encode()), rule)
    query = _pairs(random, most=4)
    method = random.choice([*METHODS, *methods])
    headers = {name: random.choice(values) for name, values in HEADERS.items() if random.random() < 0.08}
    body = b""
    if method in ("POST", "PUT") and not rule.startswith("/webhooks/"):
        body = _pairs(random, most=8).encode()
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    return Request(method, f"{path}?{query}" if query else path, headers, body)


def event_for(random: Random) -> Request:
    """A webhook event with odd values; usually signed, so that it is read."""
    body: Any = event()
    for _ in range(random.randint(1, 4)):
        name = random.choice([*body, "entity", "data", "\x00"])
        body[name] = _json(random, depth=3)
    raw = json.dumps(body).encode() if random.random() < 0.9 else random.choice(TEXTS)
    signature = hmac.new(TOKEN.encode(), raw, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json"}
    headers["X-Notion-Signature"] = f"sha256={signature}" if random.random() < 0.9 else random.choice(NUMBERS)
    return Request("POST", "/webhooks/notion", headers, raw)


def arguments_for(random: Random, command: Sequence[str], parameters: Sequence[str]) -> list[str]:
    """A command line with odd values for some of its options and arguments."""
    words = list(command)
    for name in parameters:
        if random.random() < 0.7:
            value = _text(random).decode("utf-8", "surrogateescape") if random.random() < 0.5 else _id(random)
            words += [name, value] if name.startswith("-") else [value]
    return words


def _id(random: Random) -> str:
    return "1" if random.random() < 0.6 else random.choice(NUMBERS)


def _text(random: Random) -> bytes:
    if random.random() < 0.3:
        return random.choice(NUMBERS).encode()
    if random.random() < 0.05:
        return random.choice(REFUSED_TEXTS)
    if random.random() < 0.15:
        return random.randbytes(random.randint(1, 60))
    return random.choice(TEXTS)


def _pairs(random: Random, *, most: int) -> str:
    names = random.choices(FIELDS, k=random.randint(0, most))
    return "&".join(f"{name}={_quoted(_text(random))}" for name in names)


def _quoted(raw: bytes) -> str:
    return quote_from_bytes(raw, safe="")


def _json(random: Random, *, depth: int) -> Any:
    if depth and random.random() < 0.5:
        some = [_json(random, depth=depth - 1) for _ in range(random.randint(0, 3))]
        names = ("id", "type", "parent", "data_source_id", "\ud800")
        return some if random.random() < 0.3 else dict(zip(names, some, strict=False))
    return random.choice(
        [None, True, 10**400, -1.5, "\x00", "\ud800", "page", "2026-99-99", *map(str, NUMBERS)]
    )
