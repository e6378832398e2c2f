"""When something is due, for how long it is paused, and when doubt counts: pure, with the time as an argument."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import IntEnum
from hashlib import sha256
from typing import get_args

from extract.values import AtWork, Schedule, Settled, SourceKind, Trigger

OVERLAP = timedelta(minutes=2)
"""How far below its watermark a sweep reads: search lags, and Notion rounds times down to the minute."""

SEARCH_LAG = timedelta(minutes=10)
"""How long an edit may take until search shows it, with clocks that differ. A complete sweep has seen older edits."""

CLOCKS_DIFFER = timedelta(minutes=2)
"""How far the clocks of two of our machines may differ before a time counts as wrong."""

LONGEST_CONNECTION_PAUSE = timedelta(minutes=15)
"""How long a connection is paused when Notion does not say for how long."""

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=6)
ATTEMPTS_TO_LONGEST_PAUSE = 11
FULL_EVERY = 4
"""Each n-th scheduled run is a full pass: relations, formulas and sharing do not change a page's edit time."""

FRESH_STUB = timedelta(minutes=5)
"""How long a listed stub saves fetching the page object."""

PERIODS: Mapping[Schedule, timedelta] = {
    "daily": timedelta(hours=24),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=30),
}

TOLD_WITHIN = timedelta(minutes=6)
"""Notion sends nearly every event within five minutes of the edit; one that has not come by then counts as missed."""

TRUST = timedelta(hours=24)
"""How long after the last event of a connection it is polled less often."""

AT_WORK: tuple[AtWork, ...] = get_args(AtWork)
"""The statuses of a source whose sync is waiting or running."""

SETTLED: tuple[Settled, ...] = get_args(Settled)


class Rank(IntEnum):
    """Who requested the work; the lowest number comes first within a connection."""

    PERSON = 0
    EDIT = 1
    SCHEDULE = 2
    CHECK = 3

    @property
    def trigger(self) -> Trigger:
        """The value of `Run.trigger` for a run of this rank."""
        return _TRIGGERS[self]


_TRIGGERS: Mapping[Rank, Trigger] = {
    Rank.PERSON: "retrain",
    Rank.EDIT: "edit",
    Rank.SCHEDULE: "schedule",
    Rank.CHECK: "verify",
}


def believable(moment: datetime, *, now: datetime, longest: timedelta = timedelta(0)) -> bool:
    """Return False if `moment` is later than `now` plus `longest`, the longest time it can have been set ahead.

    A clock that is set back, or was wrong for a while, leaves such moments in the rows. Waiting for one of them could
    take years, so it counts as past. Omit `longest` for moments of the past, such as the time of a read.
    """
    return moment <= now + longest + CLOCKS_DIFFER


def is_recent(moment: datetime | None, *, now: datetime, within: timedelta) -> bool:
    """Return True if `moment` is less than `within` ago. A moment later than `now` is not recent."""
    return moment is not None and believable(moment, now=now) and now - moment < within


def not_ahead(moment: datetime, *, now: datetime) -> datetime:
    """Return `moment`, a time of the past, or `now` if it lies ahead because a clock was wrong."""
    return moment if believable(moment, now=now) else now


def webhooks_prove_alive(
    event_at: datetime | None, event_missed_at: datetime | None, *, now: datetime
) -> bool:
    """Return True if an event of the connection arrived within a day, and none was missed since."""
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
    """Return how long until the next poll of a connection: longer while its webhooks prove alive."""
    alive = webhooks_prove_alive(event_at, event_missed_at, now=now)
    return timedelta(seconds=max(seconds, seconds_with_webhooks) if alive else seconds)


def was_missed(edited_at: datetime, *, polled_at: datetime | None, now: datetime) -> bool:
    """Return True if an event should have reported the edit before this poll found it.

    Notion may still send the event of a very recent edit. An edit that the previous poll should have found is not
    missed either: it became visible only now (a page was shared, or search had left it out), and Notion sends no event
    for that.
    """
    return polled_at is not None and polled_at - SEARCH_LAG <= edited_at <= now - TOLD_WITHIN


def relist_pause(rows: int) -> timedelta:
    """Return how long after a listing of so many rows the next one waits, if only events about its rows requested it.

    A listing costs a request for each hundred rows, and may cost one a minute on average. Notion sends an event for
    each row as well, so no edit waits for the listing.
    """
    return timedelta(minutes=rows // 100)


def doubt_pause(poll_seconds: float) -> timedelta:
    """Return how long after a first 404 a second one counts."""
    return timedelta(seconds=max(15.0, poll_seconds))


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait before the next attempt, after `attempts` failures in a row."""
    doublings = min(max(attempts - 1, 0), 20)
    return min(LONGEST_PAUSE, FIRST_PAUSE * float(2**doublings))


def next_sync(schedule: Schedule, *, now: datetime) -> datetime | None:
    """Return the next scheduled sync, a whole period from `now`; None for `off` and `live`."""
    period = PERIODS.get(schedule)
    return None if period is None else now + period


def following_sync(schedule: Schedule, *, due_at: datetime, now: datetime) -> datetime | None:
    """Return the next scheduled sync: the first moment after `now` that is a whole number of periods from `due_at`.

    However late a run starts and however many were missed, the time of day stays. `due_at` may lie ahead, too.
    """
    period = PERIODS.get(schedule)
    return None if period is None else due_at + period * ((now - due_at) // period + 1)


def few_of_each(due: Iterable[tuple[int, int]], *, waiting: Mapping[int, int], most: int) -> list[int]:
    """Return which sources to request of those that are `due`: pairs of source and connection, longest due first.

    `waiting` says how many of each connection are requested already; with these there are `most` at once. A thousand
    sources that are due in the same minute are requested as fast as they are synced, so that an edit in the meantime
    does not wait behind them.
    """
    chosen, places = [], dict(waiting)
    for source_id, connection_id in due:
        places[connection_id] = places.get(connection_id, 0) + 1
        if places[connection_id] <= most:
            chosen.append(source_id)
    return chosen


def next_check_at(notion_id: str, *, now: datetime, hours: float, first: bool) -> datetime:
    """Return when the next routine check of a document is due: the first at a time that depends on its id, then one
    a period.
    """
    period = timedelta(hours=hours)
    share = _share(notion_id)
    # The first check falls anywhere in the period; later ones keep their place, with a tenth of variation.
    return now + (period * share if first else period * (0.9 + 0.1 * share))


def _share(notion_id: str) -> float:
    """Return a number from 0 to 1 that is always the same for an id."""
    return int(sha256(notion_id.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF


def listing_pause(kind: SourceKind, *, walked: int, hours: float) -> timedelta:
    """Return how long after a complete listing the next one is due: `hours`, or less for a workspace.

    A workspace is walked more often, since no sweep shows an old page that was shared lately. The pause grows by an
    hour for each 1000 objects walked, so the walks cost about ten requests an hour.
    """
    daily = timedelta(hours=hours)
    return (
        min(daily, max(timedelta(hours=1), timedelta(hours=walked / 1000))) if kind == "workspace" else daily
    )


def reread_due(
    notion_id: str, *, synced_at: datetime | None, now: datetime, days: float, hours: float
) -> bool:
    """Return True if a page that seems unchanged is to be read again, for changes that leave its edit time as it is.

    Its id decides when in the last quarter of the `days`, or in the last `hours` where a round of checks is longer.
    """
    if synced_at is None:
        return False
    if not believable(synced_at, now=now):
        return True  # read under a wrong clock; nobody knows when
    period = timedelta(days=days)
    spread = max(period / 4, timedelta(hours=hours))
    return now - synced_at >= max(period - spread * _share(notion_id), period / 2)


def too_many_gone(*, doubted: int, removed: int, live: int) -> bool:
    """Return True if so many pages are missing that a mistake in sharing is likelier than that all were deleted.

    `removed` counts those removed within a day without a person's confirmation; they are not among the `live`. Those
    in doubt still are.
    """
    return doubted + removed > max(10, (live + removed) // 4)


def round_of_checks(
    *, pages: int, rows: int, per_window: int, window: timedelta, period: timedelta
) -> timedelta:
    """Return how long it takes to check everything once: the period, or longer if `per_window` is too small for that.

    A page costs a request, rows of a database one for each hundred.
    """
    requests = pages + -(-rows // 100)
    return max(period, window * -(-requests // per_window))


def outcome_of(*, readable: int, with_text: int, failed: int, listing_failed: bool) -> Settled:
    """Return the status that a source ends a sync with: failed only if nothing of it could be read."""
    if with_text:
        return "trained"
    if (failed and not readable) or listing_failed:
        return "failed"
    return "empty"
