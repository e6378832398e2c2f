"""JSON that somebody else wrote: nothing that a database refuses, and no surprise but ValueError."""

from __future__ import annotations

import pytest

from extract.foreign_json import UNSTORABLE, parse_json


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"a": [1, 2.5, "x", null, true]}', {"a": [1, 2.5, "x", None, True]}),
        (b'"caf\\u00e9"', "café"),
        (b'"\\ud83d\\ude00"', "\U0001f600"),  # a whole pair is a character
        (b'"a\\u0000b"', "ab"),
        (b'"a\\ud83d"', "a"),  # half a pair is none
        (b'{"k\\u0000": ["\\ude00"]}', {"k": [""]}),
        (b"[NaN, Infinity, -Infinity, 1e999]", [None, None, None, None]),
        (b'"\xff"', "�"),
        (b'"\xed\xa0\x80"', "���"),  # half a pair in bytes
        (b'{"a": 1, "a": 2}', {"a": 2}),
    ],
)
def test_what_comes_in_can_be_stored(raw: bytes, value: object) -> None:
    assert parse_json(raw) == value


@pytest.mark.parametrize("raw", [b"", b"{", b"<html>", b'"a\x00b"', b"[" * 100_000])
def test_what_is_no_json_is_a_value_error(raw: bytes) -> None:
    with pytest.raises(ValueError, match="."):
        parse_json(raw)


def test_bytes_of_a_request_and_bytes_of_an_answer_are_read_alike() -> None:
    assert parse_json(bytearray(b'{"a": 1}')) == parse_json(b'{"a": 1}')


@pytest.mark.parametrize(("character", "storable"), [("\x00", False), ("\ud800", False), ("\x01", True)])
def test_what_no_database_stores(character: str, storable: bool) -> None:
    assert (UNSTORABLE.search(character) is None) == storable
