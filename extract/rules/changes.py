"""What a listing means for a page that is held: pure comparisons of times and hashes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

from extract.reading import stub_digest
from extract.values import Json, Stub

MINUTE = timedelta(minutes=1)
SKEW = timedelta(seconds=20)
"""How far Notion's clock may be from ours, with its time to settle a write."""

LONGEST_TO_CLOSE = timedelta(minutes=10)
"""How far ahead a page is looked at again at most, however far ahead of our clock its edit lies."""


@dataclass(frozen=True, slots=True)
class Held:
    """What we hold of one document, as far as deciding about it goes."""

    edited_at: datetime | None
    noticed_at: datetime | None
    stub_digest: str
    wanted: bool
    removed: bool
    computed_digest: str = ""


ListingVerdict = Literal["same", "stale", "trashed"]


def compare_listing(stub: Stub, held: Held, *, thorough: bool = False) -> ListingVerdict:
    """What a listing's stub means for a document we hold.

    A newer time nominates; so does a changed title or property at the same time, since minutes are rounded down and
    relations move no time. An older time is a lagging index: it says nothing. `thorough` also looks at what Notion
    computes (formulas, rollups): for the daily look, since some of it moves with the clock.
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
    if digest_of(stub) != held.stub_digest:
        return "stale"
    computed = computed_digest_of(stub) if thorough and held.computed_digest else held.computed_digest
    return "same" if computed == held.computed_digest else "stale"


_COMPUTED = ("formula", "rollup")
_VOLATILE = ("last_edited_time", "last_edited_by")


def digest_of(stub: Stub) -> str:
    """A hash of what a person can change in a listing: title and properties without what Notion computes."""
    kept = {
        name: value
        for name, value in stub.properties.items()
        if not (isinstance(value, dict) and value.get("type") in (*_COMPUTED, *_VOLATILE))
    }
    return stub_digest(kept, f"{stub.title}\n{stub.icon or ''}\n{stub.url}")


def computed_digest_of(stub: Stub) -> str:
    """A hash of what Notion computes; empty where a page has nothing of the kind."""
    computed = {
        name: value
        for name, value in stub.properties.items()
        if isinstance(value, dict) and value.get("type") in _COMPUTED
    }
    return stub_digest(computed, "") if computed else ""


def schema_digest(properties: Mapping[str, Json]) -> str:
    """A hash of the columns that matter to a row's text: ids, names, types and number formats."""
    columns = []
    for name, column in properties.items():
        if isinstance(column, dict):
            number = column.get("number")
            shown = number.get("format") if isinstance(number, dict) else None
            columns.append(f"{column.get('id')}\t{name}\t{column.get('type')}\t{shown}")
    return sha256("\n".join(sorted(columns)).encode("utf-8", "replace")).hexdigest()


def recheck_time(edited_at: datetime | None, *, read_at: datetime) -> datetime | None:
    """When to read once more a page that was read at `read_at`: after its minute has closed; None when it had.

    Notion rounds `last_edited_time` down to the minute, so a second edit within that minute moves no time.
    https://developers.notion.com/changelog/last-edited-time-is-now-rounded-to-the-nearest-minute
    """
    if edited_at is None:
        return None
    closed = edited_at + MINUTE + SKEW
    return None if read_at >= closed else min(closed, read_at + LONGEST_TO_CLOSE)


EventVerdict = Literal["known", "look", "read"]


def compare_event(
    at: datetime | None,
    *,
    synced_at: datetime | None,
    recheck_at: datetime | None,
    requested_at: datetime | None,
) -> EventVerdict:
    """What an event of the time `at` asks for a page: nothing, that the coming look asks the page too, or a read.

    `requested_at` is of a wish that will ask the page itself; None when there is no such wish.
    """
    if at is None:
        return "read"
    settled = at + SKEW
    if requested_at is not None and settled <= requested_at:
        return "known"
    seen = synced_at is not None and settled <= synced_at
    if recheck_at is not None and settled <= recheck_at:
        return "known" if seen else "look"  # the look reads the body; the title may have changed since
    return "known" if seen else "read"
