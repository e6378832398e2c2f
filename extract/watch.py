"""Which rows are stale, due or doubted: pure decisions over values, with the time as an argument."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from hashlib import sha256
from typing import Literal

from .reading import stub_digest
from .shapes import Json, Schedule, Stub

OVERLAP = timedelta(minutes=2)
"""How far below its watermark a sweep looks: search lags, and minutes are rounded down."""

SEARCH_LAG = timedelta(minutes=10)
"""How long an edit may take until search shows it, with clocks that differ; what a sweep saw before that is seen."""

MINUTE = timedelta(minutes=1)
SKEW = timedelta(seconds=20)
"""How far Notion's clock may be from ours, with its time to settle a write."""

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=6)
FULL_EVERY = 4
"""Each n-th scheduled run is a full pass: relations, formulas and sharing move no time."""

FRESH_STUB = timedelta(minutes=5)
"""A stub listed this recently may stand in for asking the page itself."""

PERIODS: Mapping[str, timedelta] = {
    "daily": timedelta(hours=24),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=30),
}

AT_WORK = ("pending", "processing", "training", "re-training")
"""The states of a source in which a person is waiting for something."""

SETTLED = ("trained", "empty", "failed")


class Rank(IntEnum):
    """Who asked, and so who goes first within a connection."""

    PERSON = 0
    EDIT = 1
    SCHEDULE = 2
    VERIFY = 3

    @property
    def trigger(self) -> str:
        """The word a run is filed under."""
        return {Rank.PERSON: "retrain", Rank.EDIT: "edit", Rank.SCHEDULE: "schedule"}.get(self, "verify")


@dataclass(frozen=True, slots=True)
class Held:
    """What we hold of one document, as far as deciding about it goes."""

    edited_at: datetime | None
    noticed_at: datetime | None
    stub_digest: str
    wanted: bool
    removed: bool


Verdict = Literal["same", "stale", "trashed"]


def judge(stub: Stub, held: Held) -> Verdict:
    """What a listing's stub means for a document we hold.

    A newer time nominates; so does a changed title or property at the same time, since minutes are rounded down and
    relations move no time. An older time is a lagging index: it says nothing.
    """
    known = held.noticed_at if held.wanted or held.removed else held.edited_at
    lags = known is not None and stub.edited_at is not None and stub.edited_at < known
    if stub.in_trash:
        return "same" if held.removed or lags else "trashed"
    if held.removed:
        return "same" if lags else "stale"
    if known is None or stub.edited_at is None:
        return "same" if held.wanted else "stale"
    if stub.edited_at != known:
        return "stale" if stub.edited_at > known else "same"
    return "same" if digest_of(stub) == held.stub_digest else "stale"


def digest_of(stub: Stub) -> str:
    """A hash of what a person can change in a listing: title and properties without what Notion computes."""
    computed = ("formula", "rollup", "last_edited_time", "last_edited_by")
    kept = {
        name: value
        for name, value in stub.properties.items()
        if not (isinstance(value, dict) and value.get("type") in computed)
    }
    return stub_digest(kept, f"{stub.title}\n{stub.icon or ''}\n{stub.url}")


def schema_digest(properties: Mapping[str, Json]) -> str:
    """A hash of the columns that matter to a row's text: ids, names, types and number formats."""
    columns = []
    for name, column in properties.items():
        if isinstance(column, dict):
            number = column.get("number")
            shown = number.get("format") if isinstance(number, dict) else None
            columns.append(f"{column.get('id')}\t{name}\t{column.get('type')}\t{shown}")
    return sha256("\n".join(sorted(columns)).encode("utf-8", "replace")).hexdigest()


def look_again_at(edited_at: datetime | None, *, read_at: datetime) -> datetime | None:
    """When to read once more a page that was read at `read_at`: after its minute has closed; None when it had.

    Notion rounds `last_edited_time` down to the minute, so a second edit within that minute moves no time.
    https://developers.notion.com/changelog/last-edited-time-is-now-rounded-to-the-nearest-minute
    """
    if edited_at is None:
        return None
    closed = edited_at + MINUTE + SKEW
    return None if read_at >= closed else closed


def pause_after(attempts: int) -> timedelta:
    """How long to leave something alone that has failed `attempts` times in a row."""
    doublings = min(max(attempts - 1, 0), 20)
    return min(LONGEST_PAUSE, FIRST_PAUSE * float(2**doublings))


def next_sync(schedule: Schedule | str, *, now: datetime) -> datetime | None:
    """The next scheduled sync, a whole period from `now`; None for `off` and `live`."""
    period = PERIODS.get(schedule)
    return None if period is None else now + period


def following_sync(schedule: Schedule | str, *, due_at: datetime, now: datetime) -> datetime | None:
    """The scheduled sync after the one that was due at `due_at`: on the same grid, the first that is still to come.

    However late a run starts and however many were missed, the time of day stays.
    """
    period = PERIODS.get(schedule)
    return None if period is None else due_at + period * (max(now - due_at, timedelta(0)) // period + 1)


def few_of_each(due: Iterable[tuple[int, int]], *, waiting: Mapping[int, int], most: int) -> list[int]:
    """Which sources to start of those that are due, as pairs of source and connection, longest due first.

    No connection gets more wishes than make up `most` with those that wait already: a thousand sources that fall due
    in one minute are started as fast as they are worked, and an edit that comes meanwhile finds no crowd.
    """
    chosen, places = [], dict(waiting)
    for source_id, connection_id in due:
        places[connection_id] = places.get(connection_id, 0) + 1
        if places[connection_id] <= most:
            chosen.append(source_id)
    return chosen


def verify_at(notion_id: str, *, now: datetime, hours: float, first: bool) -> datetime:
    """When to look at a document by itself: spread over the period by its id, then once a period."""
    period = timedelta(hours=hours)
    share = int(sha256(notion_id.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF
    # The first look falls anywhere in the period; later ones keep their place, with a little play.
    return now + (period * share if first else period * (0.9 + 0.1 * share))


def round_of_looks(
    *, pages: int, rows: int, per_window: int, window: timedelta, period: timedelta
) -> timedelta:
    """How long it takes to look at everything once: the period, or longer where the share of looks is too small.

    A page costs a request, rows of a database one for each hundred.
    """
    requests = pages + -(-rows // 100)
    return max(period, window * -(-requests // per_window))


def too_many_gone(*, doubted: int, live: int) -> bool:
    """Whether so much vanished at once that it is likelier a fault of the connection than of the pages."""
    return doubted > max(10, live // 4)


def outcome_of(*, readable: int, with_text: int, failed: int, listing_failed: bool) -> str:
    """The state a source settles in: failed only when nothing of it could be read."""
    if with_text:
        return "trained"
    if (failed and not readable) or listing_failed:
        return "failed"
    return "empty"
