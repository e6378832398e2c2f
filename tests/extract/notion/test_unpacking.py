"""Bodies of answers arrive in pieces of bounded size, whatever they unpack to."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import httpx2
import pytest

from extract.notion.unpacking import pieces

LIMIT = 256 * 1024


class Raw(httpx2.SyncByteStream):
    """A body as it comes from the network, in these parts."""

    def __init__(self, *parts: bytes) -> None:
        self.parts = parts

    def __iter__(self) -> Iterator[bytes]:
        yield from self.parts


def answer(*parts: bytes, encoding: str | None = None) -> httpx2.Response:
    headers = {} if encoding is None else {"content-encoding": encoding}
    request = httpx2.Request("GET", "https://api.notion.com/v1/pages/1")
    return httpx2.Response(200, headers=headers, stream=Raw(*parts), request=request)


def test_a_body_as_it_is_comes_as_it_was_sent() -> None:
    assert list(pieces(answer(b"a", b"bc"))) == [b"a", b"bc"]
    assert list(pieces(answer(b"a", encoding=" Identity "))) == [b"a"]


@pytest.mark.parametrize("cut", [1, 7, 10_000])
def test_a_packed_body_is_unpacked_however_it_was_cut(cut: int) -> None:
    packed = gzip.compress(b"Words. " * 50)
    parts = [packed[start : start + cut] for start in range(0, len(packed), cut)]

    assert b"".join(pieces(answer(*parts, encoding="gzip"))) == b"Words. " * 50


def test_a_small_body_that_unpacks_to_a_large_one_comes_in_small_pieces() -> None:
    packed = gzip.compress(bytes(5 * LIMIT + 1))

    sizes = [len(piece) for piece in pieces(answer(packed, encoding="gzip"))]

    assert sum(sizes) == 5 * LIMIT + 1
    assert max(sizes) <= LIMIT


@pytest.mark.parametrize(("body", "encoding"), [(b"no gzip", "gzip"), (b"x", "br"), (b"x", "gzip, gzip")])
def test_a_body_that_is_not_what_its_header_says_is_refused(body: bytes, encoding: str) -> None:
    with pytest.raises(httpx2.DecodingError):
        list(pieces(answer(body, encoding=encoding)))


def test_a_body_that_a_transport_handed_over_whole_is_taken_as_it_is() -> None:
    assert list(pieces(httpx2.Response(200, content=b"all of it"))) == [b"all of it"]
