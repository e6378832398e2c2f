"""One request over the wire: whatever goes wrong there becomes an error of ours, and no answer can swamp us."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import httpx2
import pytest

from extract.config.load import Config
from extract.errors import AnswerTooLarge, InvalidRequest, NeedsRoom, NotionError, Transient
from extract.notion.http import MAPPED, VERSION, Reply, Request, http_client, send, translated
from extract.notion.limits.room import Room, Share
from extract.notion.unpacking import pieces
from tests.clock import StoppedClock
from tests.extract.notion.script import Script, html, ok

BUGS = {
    # Raised only when our own code misuses a response, or asks for raise_for_status and cookies, which it does not.
    httpx2.StreamError,
    httpx2.StreamConsumed,
    httpx2.StreamClosed,
    httpx2.ResponseNotRead,
    httpx2.RequestNotRead,
    httpx2.HTTPStatusError,
    httpx2.CookieConflict,
    # Only ever raised as one of their subclasses.
    httpx2.HTTPError,
    httpx2.RequestError,
}


def ask(config: Config, clock: StoppedClock, script: Script, **more: object) -> Reply:
    with http_client(config, httpx2.MockTransport(script)) as http:
        taken = {name: more.pop(name) for name in ("largest", "share") if name in more}
        return send(http, Request("GET", "/v1/x", **more), clock=clock, **taken)


def exceptions_of_httpx() -> list[type[Exception]]:
    names = (getattr(httpx2, name) for name in httpx2.__all__)
    return [name for name in names if isinstance(name, type) and issubclass(name, Exception)]


@pytest.mark.parametrize("kind", exceptions_of_httpx(), ids=lambda kind: kind.__name__)
def test_every_exception_of_httpx_is_mapped_or_known_to_be_a_bug(kind: type[Exception]) -> None:
    assert issubclass(kind, tuple(MAPPED)) != (kind in BUGS)


@pytest.mark.parametrize("kind", [kind for kind in exceptions_of_httpx() if kind not in BUGS])
def test_what_httpx_raises_comes_out_as_ours(
    config: Config, clock: StoppedClock, kind: type[Exception]
) -> None:
    with pytest.raises(NotionError) as failure:
        ask(config, clock, Script(kind("secret details")))

    assert isinstance(failure.value, Transient | InvalidRequest)
    assert failure.value.code == kind.__name__
    assert "secret" not in f"{failure.value} {failure.value.sentence}"


def test_a_wrong_address_is_our_fault_and_a_broken_connection_is_not() -> None:
    assert type(translated(httpx2.UnsupportedProtocol("x"))) is InvalidRequest
    assert type(translated(httpx2.LocalProtocolError("x"))) is InvalidRequest
    assert type(translated(httpx2.RemoteProtocolError("x"))) is Transient
    assert type(translated(httpx2.ReadTimeout("x"))) is Transient


def test_bugs_pass_through(config: Config, clock: StoppedClock) -> None:
    with pytest.raises(ZeroDivisionError):
        ask(config, clock, Script(ZeroDivisionError()))


def test_every_call_names_the_version_and_asks_for_json(config: Config, clock: StoppedClock) -> None:
    script = Script(ok({}))

    ask(config, clock, script)

    assert script.asked[0].headers["Notion-Version"] == VERSION == "2026-03-11"
    assert script.asked[0].headers["Accept"] == "application/json"


def test_the_request_id_is_found_in_the_body_or_the_header(config: Config, clock: StoppedClock) -> None:
    in_header = httpx2.Response(500, text="x", headers={"x-notion-request-id": "h-1"})

    assert ask(config, clock, Script(ok({"request_id": "b-1"}))).request_id == "b-1"
    assert ask(config, clock, Script(in_header)).request_id == "h-1"
    assert ask(config, clock, Script(html(502))).request_id is None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>",
        b'{"object": "page", "id": "6a',
        b"[1, 2]",
        b'"text"',
        b"\xff\xfe\xfd",
        b"[" * 100_000,
        b'{"a": ' * 100_000,
        b'{"n": ' + b"9" * 5_000 + b"}",
    ],
    ids=["empty", "html", "truncated", "list", "string", "bytes", "deep list", "deep object", "huge number"],
)
def test_anything_but_a_json_object_is_no_body(config: Config, clock: StoppedClock, raw: bytes) -> None:
    reply = ask(config, clock, Script(httpx2.Response(200, content=raw)))

    assert (reply.status, reply.body) == (200, None)


def test_what_no_database_stores_is_left_out(config: Config, clock: StoppedClock) -> None:
    raw = (
        rb'{"a\u0000": ["x\u0000y", {"b": "\ud83d\ude00 \ud83d z"}], "t": "a \\u0000 b", '
        rb'"n": NaN, "m": -1e999, "k": 1.5}'
    )

    reply = ask(config, clock, Script(httpx2.Response(200, content=raw)))

    assert reply.body == {"a": ["xy", {"b": "😀  z"}], "n": None, "m": None, "k": 1.5, "t": r"a \u0000 b"}


def test_an_answer_without_end_is_not_read_into_memory(config: Config, clock: StoppedClock) -> None:
    class Endless(httpx2.SyncByteStream):
        sent = 0
        closed = False

        def __iter__(self) -> Iterator[bytes]:
            while True:
                Endless.sent += 1
                yield b"x" * 65_536

        def close(self) -> None:
            Endless.closed = True

    with pytest.raises(InvalidRequest) as failure:
        ask(config, clock, Script(httpx2.Response(200, stream=Endless())), largest=1 << 20)

    assert failure.value.code == "answer_too_large"
    assert "larger than 1 MB" in failure.value.sentence
    assert Endless.sent <= 17
    assert Endless.closed


def test_a_small_answer_that_unpacks_to_a_huge_one_is_refused_too(
    config: Config, clock: StoppedClock
) -> None:
    packed = gzip.compress(b" " * (4 << 20))
    answer = httpx2.Response(200, content=packed, headers={"content-encoding": "gzip"})

    with pytest.raises(InvalidRequest) as failure:
        ask(config, clock, Script(answer), largest=1 << 20)

    assert failure.value.code == "answer_too_large"


class Packed(httpx2.SyncByteStream):
    """A gzip of a gigabyte of spaces, in pieces of 64 kB."""

    def __init__(self) -> None:
        packer = zlib.compressobj(wbits=31)
        space = b" " * (1 << 20)
        self.packed = b"".join([packer.compress(space) for _ in range(1024)] + [packer.flush()])
        self.sent = 0

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self.packed), 65_536):
            self.sent += 65_536
            yield self.packed[start : start + 65_536]


def test_a_packed_answer_is_unpacked_piece_by_piece(config: Config, clock: StoppedClock) -> None:
    bomb = Packed()
    response = httpx2.Response(200, stream=bomb, headers={"content-encoding": "gzip"})

    assert max(len(piece) for piece in islice(pieces(response), 20)) <= 256 * 1024

    bomb.sent = 0
    response = httpx2.Response(200, stream=bomb, headers={"content-encoding": "gzip"})
    with pytest.raises(AnswerTooLarge):
        ask(config, clock, Script(response), largest=1 << 20)
    assert bomb.sent == 65_536


def test_a_packed_answer_is_read_whole(config: Config, clock: StoppedClock) -> None:
    class Whole(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            packed = gzip.compress(b'{"text": "' + b"word " * 300_000 + b'"}')
            yield from (packed[at : at + 7] for at in range(0, len(packed), 7))

    response = httpx2.Response(200, stream=Whole(), headers={"content-encoding": "gzip"})

    assert ask(config, clock, Script(response)).body == {"text": "word " * 300_000}


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip"])
def test_an_answer_packed_otherwise_than_asked_for_passes(
    config: Config, clock: StoppedClock, encoding: str
) -> None:
    class Garbage(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield b"\x8b\x01\x80{}\x03"

    response = httpx2.Response(200, stream=Garbage(), headers={"content-encoding": encoding})

    with pytest.raises(Transient) as failure:
        ask(config, clock, Script(response))
    assert failure.value.code == "DecodingError"


def test_an_answer_that_announces_its_size_is_refused_unread(config: Config, clock: StoppedClock) -> None:
    class Unread(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            raise AssertionError("nobody reads this")

    response = httpx2.Response(200, stream=Unread(), headers={"content-length": str(60 << 20)})

    with pytest.raises(AnswerTooLarge):
        ask(config, clock, Script(response))


def test_answers_share_their_room_until_it_is_given_back(config: Config, clock: StoppedClock) -> None:
    room = Room(150)
    first, second = Share(room), Share(room)
    answer = {"text": "x" * 80}

    ask(config, clock, Script(ok(answer)), share=first)
    with pytest.raises(NeedsRoom):
        ask(config, clock, Script(ok(answer)), share=second)
    first.release()

    assert ask(config, clock, Script(ok(answer)), share=second).body == answer


def test_a_page_that_fills_a_room_of_its_own_is_too_large(config: Config, clock: StoppedClock) -> None:
    share = Share(Room(150, for_one=True))
    ask(config, clock, Script(ok({"text": "x" * 80})), share=share)

    with pytest.raises(AnswerTooLarge):
        ask(config, clock, Script(ok({"text": "x" * 80})), share=share)


def test_an_answer_that_trickles_is_given_up(config: Config, clock: StoppedClock) -> None:
    class Trickle(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                clock.advance(seconds=30)
                yield b" "

    started = clock()
    with pytest.raises(Transient) as failure:
        ask(config, clock, Script(httpx2.Response(200, stream=Trickle())), timeout_seconds=70)

    assert failure.value.code == "answer_too_slow"
    assert (clock() - started).total_seconds() == 150


def test_a_connection_that_breaks_in_the_middle_passes(config: Config, clock: StoppedClock) -> None:
    class Broken(httpx2.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield b'{"object"'
            raise httpx2.RemoteProtocolError("peer closed connection")

    with pytest.raises(Transient):
        ask(config, clock, Script(httpx2.Response(200, stream=Broken())))


def test_redirects_are_not_followed_so_that_no_token_travels_elsewhere(
    config: Config, clock: StoppedClock
) -> None:
    script = Script(httpx2.Response(302, headers={"location": "https://elsewhere.test/"}))

    assert ask(config, clock, script).status == 302
    assert len(script.asked) == 1


def test_cookies_of_the_edge_are_not_kept(config: Config, clock: StoppedClock) -> None:
    script = Script(httpx2.Response(200, json={}, headers={"set-cookie": "__cf_bm=1; Path=/"}), ok({}))

    with http_client(config, httpx2.MockTransport(script)) as http:
        send(http, Request("GET", "/v1/x"), clock=clock)
        send(http, Request("GET", "/v1/x"), clock=clock)

    assert "cookie" not in script.asked[1].headers


@pytest.mark.parametrize("address", ["https://api.notion.com", "https://gate.test/notion/"])
def test_the_configured_address_is_asked(config: Config, clock: StoppedClock, address: str) -> None:
    config = replace(config, notion=replace(config.notion, api_url=address))
    script = Script(ok({}))

    ask(config, clock, script)

    assert str(script.asked[0].url) == address.rstrip("/") + "/v1/x"


def test_a_proxy_of_the_environment_leads_outside_only(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    outside = replace(config, notion=replace(config.notion, api_url="https://api.notion.com"))

    with http_client(config) as here, http_client(outside) as there:
        assert (here.trust_env, there.trust_env) == (False, True)
