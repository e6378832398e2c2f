"""The two sweeps of a connection: recent edits, recent trash. Two requests if nothing changed, whatever is stored.

A sweep that the budget interrupts continues where it stopped, so a week of edits may take several windows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
import structlog

from extract.discovery.arrivals import notice_shown
from extract.discovery.changes_listed import Noticed
from extract.errors import NotionError
from extract.notion.client import NotionClient
from extract.rules.timing import CLOCKS_DIFFER, OVERLAP, SEARCH_LAG
from extract.store.db import database
from extract.store.models import Connection
from extract.values import Stub

log = structlog.get_logger(__name__)

DAY = timedelta(days=1)
"""How far a watermark that lies ahead of Notion's clock is set back; routine checks find what is older."""

MOST_PAGES = 500
"""After so many pages a sweep ends, with a line in the log; routine checks find what is older."""

Name = Literal["edits", "trash"]


@dataclass(frozen=True, slots=True)
class Sweep:
    """How far one sweep has come: pages read, the newest time seen, and the cursor of the next page."""

    pages: int = 0
    newest: datetime | None = None
    cursor: str | None = None

    def after(self, stubs: tuple[Stub, ...], cursor: str | None) -> Sweep:
        """Return the sweep after one more page with these stubs; `cursor` is of the page that follows."""
        times = [stub.edited_at for stub in stubs if stub.edited_at is not None]
        newest = max([*times, *([self.newest] if self.newest else [])], default=None)
        return Sweep(self.pages + 1, newest, cursor)


def poll(client: NotionClient, connection: Connection, *, now: datetime, verify_hours: float) -> Noticed:
    """Request what was edited, added, moved or trashed since the last sweep. Raises NotionError.

    The requests made before an error stay. A watermark is moved only at the end of its sweep, so that an error skips
    nothing.
    """
    floors = (connection.edits_seen_to, connection.trash_seen_to)
    noticed, edits = _sweep(client, connection, "edits", now=now, verify_hours=verify_hours)
    trashed, trash = _sweep(client, connection, "trash", now=now, verify_hours=verify_hours)
    if _shifted(edits, trash, trash_seen_to=floors[1]) and not connection.sweeps.get("again"):
        _sweep_again(connection, floors[0])
    elif connection.sweeps.get("again"):
        _store(connection, "again", None)
    Connection.update(polled_at=now, poll_failures=0).where(Connection.id == connection.id).execute()
    return noticed + trashed


def _sweep(
    client: NotionClient, connection: Connection, name: Name, *, now: datetime, verify_hours: float
) -> tuple[Noticed, Sweep]:
    """Read newest first until entries are older than the watermark less the overlap, then move the watermark.

    Every entry of a page that was fetched is compared, since search lags.
    """
    stored = connection.edits_seen_to if name == "edits" else connection.trash_seen_to
    since = stored
    noticed, sweep = Noticed(), _stored(connection, name)
    try:
        for page in client.walk_search(in_trash=name == "trash", cursor=sweep.cursor):
            with database.atomic():
                noticed += notice_shown(connection.id, page.stubs, now=now, verify_hours=verify_hours)
            sweep = sweep.after(page.stubs, page.next_cursor)
            since = _possible(stored, newest=sweep.newest, now=now + client.skew)
            if _far_enough(page.stubs, None if since is None else since - OVERLAP):
                break
            if sweep.pages >= MOST_PAGES:
                log.warning("sweep_cut_short", connection_id=connection.id, sweep=name, pages=sweep.pages)
                break
    except NotionError:
        if sweep.cursor is not None:
            _store(connection, name, sweep)
        raise
    if since != stored:
        log.warning("watermark_ahead", connection_id=connection.id, sweep=name, watermark=str(stored))
    _advance(connection, name, stored, since=since, newest=sweep.newest, now=now + client.skew)
    _store(connection, name, None)
    return noticed, replace(sweep, cursor=None)


def _possible(watermark: datetime | None, *, newest: datetime | None, now: datetime) -> datetime | None:
    """Return the watermark, or one a day back where it is later than both Notion's clock and the newest entry.

    `now` is by Notion's clock. Such a watermark was written while our clock was wrong and Notion's was not known.
    """
    latest = max(filter(None, (newest, now)))
    if watermark is None or watermark <= latest + CLOCKS_DIFFER:
        return watermark
    return now - DAY


def _far_enough(stubs: tuple[Stub, ...], floor: datetime | None) -> bool:
    """Return True if this page has an entry older than `floor`. Entries of the minute of `floor` are all read."""
    if floor is None:
        return True
    times = [stub.edited_at for stub in stubs if stub.edited_at is not None]
    return bool(times) and min(times) < floor


def _shifted(edits: Sweep, trash: Sweep, *, trash_seen_to: datetime | None) -> bool:
    """Return True if a page was trashed while several pages of edits were read.

    It left the list, so the entries after it moved up, and one may have been skipped between two pages.
    """
    trashed_since = trash.newest is not None and (trash_seen_to is None or trash.newest >= trash_seen_to)
    return edits.pages > 1 and trashed_since


def _sweep_again(connection: Connection, floor: datetime | None) -> None:
    """Let the next sweep start at the watermark of this one, once."""
    _store(connection, "again", Sweep())
    if floor is not None:
        Connection.update(edits_seen_to=floor).where(Connection.id == connection.id).execute()


def _advance(
    connection: Connection,
    name: Name,
    stored: datetime | None,
    *,
    since: datetime | None,
    newest: datetime | None,
    now: datetime,
) -> None:
    """Move a watermark up, unless it was moved back in the meantime, as an import does. `now` is by Notion's clock.

    `stored` is the watermark in the row, `since` the one that the sweep used.
    """
    field = Connection.edits_seen_to if name == "edits" else Connection.trash_seen_to
    # Search has shown older edits by now: many pages edited in one minute need not be listed by every sweep.
    reached = max(filter(None, (since, newest, now - SEARCH_LAG)))
    unmoved = field.is_null() if stored is None else field == stored
    Connection.update({field: reached}).where((Connection.id == connection.id) & unmoved).execute()


def _stored(connection: Connection, name: Name) -> Sweep:
    """Return how far an interrupted sweep has come; a new one if none was interrupted."""
    state = connection.sweeps.get(name)
    return msgspec.convert(state, Sweep) if state else Sweep()


def _store(connection: Connection, name: Name | Literal["again"], sweep: Sweep | None) -> None:
    """Store how far a sweep has come; None deletes that. Only the daemon that claimed the poll writes it."""
    sweeps: dict[str, Any] = {key: value for key, value in connection.sweeps.items() if key != name}
    if sweep is not None:
        sweeps[name] = msgspec.to_builtins(sweep)
    if sweeps != connection.sweeps:
        connection.sweeps = sweeps
        Connection.update(sweeps=sweeps).where(Connection.id == connection.id).execute()
