"""The body of an answer in pieces of bounded size, whatever it unpacks to."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import httpx2

ENCODING = "gzip"
"""What we ask for. httpx2's own decoders unpack a received piece whole, which may be a thousand times as large."""

_PIECE = 256 * 1024  # bytes


def pieces(response: httpx2.Response) -> Iterator[bytes]:
    """The decoded body. Raises httpx2.DecodingError when it is not what its header says, httpx2.TransportError."""
    if response.is_stream_consumed:  # a transport in the same process may hand over the whole body, decoded
        yield response.content
        return
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        yield from response.iter_raw()
        return
    if encoding != ENCODING:
        raise httpx2.DecodingError(f"content-encoding {encoding[:20]!r}", request=response.request)
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)  # gzip
    try:
        for raw in response.iter_raw():
            while raw:
                yield unpacker.decompress(raw, _PIECE)
                raw = unpacker.unconsumed_tail
        yield unpacker.flush()
    except zlib.error as error:
        raise httpx2.DecodingError(str(error), request=response.request) from error
