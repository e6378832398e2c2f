"""Cursors of lists ordered by id: opaque to the caller, and stable while rows are added and deleted."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

_MARK = b"after:"


def write_cursor(last_id: int) -> str:
    """The cursor of the page that begins after this id."""
    return urlsafe_b64encode(_MARK + str(last_id).encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> int:
    """The id after which the page begins; 0 for no cursor. Raises ValueError for any other text."""
    if not cursor:
        return 0
    written = urlsafe_b64decode((cursor + "=" * (-len(cursor) % 4)).encode())
    number = written.removeprefix(_MARK)
    if number == written or not number.isdigit() or len(number) > 18:
        raise ValueError("not a cursor of ours")
    return int(number)
