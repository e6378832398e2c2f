"""What Notion's answer about one page means for the document: pure decisions, made before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from extract.rules.changes import recheck_time
from extract.values import Stub

TitleChange = Literal["renamed", "arrived"]

FORGOTTEN = timedelta(days=60)
"""How long a tombstone is checked. A page that returns later is new, by the listing that shows it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to write for a page that was found.

    `index`: the body was read. `confirm`: the page did not change. `remove`: it is in the trash.
    """

    action: Literal["index", "confirm", "remove"]
    renamed: bool
    recheck_at: datetime | None


def decide(
    stub: Stub,
    *,
    known_as: tuple[str, str, str | None],
    body_read: bool,
    read_at: datetime,
    skew: timedelta,
) -> Decision:
    """Decide what a page that Notion returned means.

    `known_as` is the title, URL and icon that we hold. `read_at` is our time of the request, `skew` how far Notion's
    clock is ahead of ours; `recheck_at` is a time of our clock.
    """
    renamed = (stub.title, stub.url, stub.icon) != known_as
    if stub.in_trash:
        return Decision("remove", renamed, None)
    if not body_read:
        return Decision("confirm", renamed, None)
    closed = recheck_time(stub.edited_at, read_at=read_at + skew)
    return Decision("index", renamed, closed - skew if closed else None)


def decide_missing(
    *, removed: bool, doubted_at: datetime | None, now: datetime, pause: timedelta
) -> Literal["still removed", "doubt", "gone"]:
    """Decide what a 404 means. The first proves nothing; a second, at least `pause` later, means the page is gone."""
    if removed:
        return "still removed"
    if doubted_at is not None and now - doubted_at >= pause:
        return "gone"
    return "doubt"


def is_forgotten(removed_at: datetime | None, *, now: datetime) -> bool:
    """Return True if a tombstone is so old that checking it ends."""
    return removed_at is not None and now - removed_at >= FORGOTTEN


def title_change(*, held_title: str, title: str, read_before: bool) -> TitleChange | None:
    """Return how the title of a page that was just read changed for the pages that point to it, or None. Pure."""
    if held_title.split() != title.split():
        return "renamed"
    return None if read_before else "arrived"
