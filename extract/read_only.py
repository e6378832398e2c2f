"""A context that must not change anything: writing a row or sending Notion a request raises SideEffectError."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_active: ContextVar[bool] = ContextVar("read_only", default=False)

_READING = frozenset(
    ("SELECT", "WITH", "VALUES", "EXPLAIN", "PRAGMA", "SHOW", "SET")
    + ("BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
)


class SideEffectError(RuntimeError):
    """Code in a read-only context tried to change something. This is a bug, so no caller handles it."""


@contextmanager
def read_only(active: bool = True) -> Iterator[None]:
    """Refuse writes and requests to Notion in this context (thread) until the block ends.

    `read_only(False)` allows them again for a block inside.
    """
    token = _active.set(active)
    try:
        yield
    finally:
        _active.reset(token)


def refuse_write(statement: str) -> None:
    """Raise SideEffectError if the context is read-only and `statement` may write."""
    if _active.get() and statement.lstrip()[:10].partition(" ")[0].upper() not in _READING:
        raise SideEffectError(f"a read-only request tried to write: {statement[:60]}")


def refuse_notion() -> None:
    """Raise SideEffectError if the context is read-only."""
    if _active.get():
        raise SideEffectError("a read-only request tried to ask Notion")
