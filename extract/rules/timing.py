"""Which rows are stale, due or doubted: pure decisions over values, with the time as an argument."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import IntEnum
from hashlib import sha256

from extract.values import Schedule, SourceKind

OVERLAP = timedelta(minutes=2)
"""How far below its watermark a sweep looks: search lags, and minutes are rounded down."""

SEARCH_LAG = timedelta(minutes=10)
"""How long an edit may take until search shows it, with clocks that differ; what a sweep saw before that is seen."""

CLOCKS_DIFFER = timedelta(minutes=2)
"""How far the clocks of two of our machines may differ without anything being taken for a wrong time."""

LONGEST_REST = timedelta(minutes=15)
"""How long a connection rests when Notion does not say for how long."""

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=6)
ATTEMPTS_TO_LONGEST_PAUSE = 11
FULL_EVERY = 4
"""Each n-th scheduled run is a full pass: relations, formulas and sharing move no time."""

FRESH_STUB = timedelta(minutes=5)
"""A stub listed this recently may stand in for asking the page itself."""

PERIODS: Mapping[str, timedelta] = {
    "daily": timedelta(hours=24),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=30),
}

TOLD_WITHIN = timedelta(minutes=6)
"""Notion tells of nearly every edit within five minutes; what was not told by then is taken as never told."""

TRUST = timedelta(hours=24)
"""How long the last event of a connection lets its polls come slowly."""

AT_WORK = ("pending", "processing", "training", "re-training")
"""The states of a source in which a person is waiting for something."""

SETTLED = ("trained", "empty", "failed")


class Rank(IntEnum):
    """Who asked, and so who goes first within a connection."""

    PERSON = 0
    EDIT = 1
    SCHEDULE = 2
    CHECK = 3

    @property
    def trigger(self) -> str:
        """The word a run is filed under."""
        return {Rank.PERSON: "retrain", Rank.EDIT: "edit", Rank.SCHEDULE: "schedule"}.get(self, "verify")


def believable(moment: datetime, *, now: datetime, longest: timedelta = timedelta(0)) -> bool:
    """Return False when `moment` is later than `now` plus `longest`, the longest time it can have been set ahead.

    A clock that is set back, or was wrong for a while, leaves such moments in the rows. Waiting for one of them could
    take years, so it counts as past. Without `longest` the moment is one of the past, such as a time of reading.
    """
    return moment <= now + longest + CLOCKS_DIFFER


def is_recent(moment: datetime | None, *, now: datetime, within: timedelta) -> bool:
    """Return True when `moment` is less than `within` ago. One that lies ahead of `now` is not recent."""
    return moment is not None and believable(moment, now=now) and now - moment < within


def not_ahead(moment: datetime, *, now: datetime) -> datetime:
    """Return `moment`, or `now` in place of a moment of the past that lies ahead."""
    return moment if believable(moment, now=now) else now


def webhooks_prove_alive(
    event_at: datetime | None, event_missed_at: datetime | None, *, now: datetime
) -> bool:
    """Whether an event of a connection came within a day, and none was missed since."""
    if event_at is None or now - event_at > TRUST or not believable(event_at, now=now):
        return False
    if event_missed_at is None or not believable(event_missed_at, now=now):
        return True
    return event_at > event_missed_at


def poll_pause(
    event_at: datetime | None,
    event_missed_at: datetime | None,
    *,
    now: datetime,
    seconds: float,
    seconds_with_webhooks: float,
) -> timedelta:
    """How long until the next poll of a connection: longer while its webhooks prove alive."""
    alive = webhooks_prove_alive(event_at, event_missed_at, now=now)
    return timedelta(seconds=max(seconds, seconds_with_webhooks) if alive else seconds)


def was_missed(edited_at: datetime, *, polled_at: datetime | None, now: datetime) -> bool:
    """Whether an edit that a poll found should have been told by an event before.

    Not when it is quite new, and not when the poll before could have found it too: then it is not the edit that is
    new but the sight of it, which no event tells (something was shared, or search had left it out).
    """
    return polled_at is not None and polled_at - SEARCH_LAG <= edited_at <= now - TOLD_WITHIN


def relist_pause(rows: int) -> timedelta:
    """How long after a listing of so many rows another one has to wait that only tells that some came or went.

    A listing costs a request for each hundred; one a minute is what it may cost on the average. Rows are told of by
    events of their own, so nothing waits for it.
    """
    return timedelta(minutes=rows // 100)


def doubt_pause(poll_seconds: float) -> timedelta:
    """How long after a first 404 a second one counts."""
    return timedelta(seconds=max(15.0, poll_seconds))


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

    However late a run starts and however many were missed, the time of day stays. `due_at` may lie ahead, too.
    """
    period = PERIODS.get(schedule)
    return None if period is None else due_at + period * ((now - due_at) // period + 1)


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


def next_check_at(notion_id: str, *, now: datetime, hours: float, first: bool) -> datetime:
    """When to look at a document by itself: spread over the period by its id, then once a period."""
    period = timedelta(hours=hours)
    share = _share(notion_id)
    # The first look falls anywhere in the period; later ones keep their place, with a little play.
    return now + (period * share if first else period * (0.9 + 0.1 * share))


def _share(notion_id: str) -> float:
    """A place from 0 to 1 that an id always has."""
    return int(sha256(notion_id.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF


def listing_pause(kind: SourceKind | str, *, walked: int, hours: float) -> timedelta:
    """How long after a listing that finds what left and what came the next one is due: once in `hours`.

    A workspace is walked oftener, for an old page that is newly shared shows in no sweep: ten requests an hour buy
    that much, a hundred things each.
    """
    daily = timedelta(hours=hours)
    return (
        min(daily, max(timedelta(hours=1), timedelta(hours=walked / 1000))) if kind == "workspace" else daily
    )


def reread_due(
    notion_id: str, *, synced_at: datetime | None, now: datetime, days: float, hours: float
) -> bool:
    """Whether a page that does not seem to have moved is read again, for what moves no time at all.

    Spread by its id over the last quarter of the `days`, but at least over one round of looks of `hours`.
    """
    if synced_at is None:
        return False
    if not believable(synced_at, now=now):
        return True  # read under a wrong clock; nobody knows when
    period = timedelta(days=days)
    spread = max(period / 4, timedelta(hours=hours))
    return now - synced_at >= max(period - spread * _share(notion_id), period / 2)


def too_many_gone(*, doubted: int, removed: int, live: int) -> bool:
    """Whether so much vanished within a day that it is likelier a fault of sharing than an end of the pages.

    `removed` went unasked within that day and is no longer among the `live`; those in doubt still are.
    """
    return doubted + removed > max(10, (live + removed) // 4)


def round_of_checks(
    *, pages: int, rows: int, per_window: int, window: timedelta, period: timedelta
) -> timedelta:
    """How long it takes to look at everything once: the period, or longer where the share of looks is too small.

    A page costs a request, rows of a database one for each hundred.
    """
    requests = pages + -(-rows // 100)
    return max(period, window * -(-requests // per_window))


def outcome_of(*, readable: int, with_text: int, failed: int, listing_failed: bool) -> str:
    """The state a source settles in: failed only when nothing of it could be read."""
    if with_text:
        return "trained"
    if (failed and not readable) or listing_failed:
        return "failed"
    return "empty"
