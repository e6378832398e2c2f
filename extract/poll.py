"""The two sweeps of a connection: recent edits, recent trash. Two requests when nothing moved, whatever is stored."""

from __future__ import annotations

from datetime import datetime

import structlog

from .models import Connection
from .notice import Noticed, notice_edits
from .notion.client import NotionClient
from .shapes import Stub
from .watch import OVERLAP, SEARCH_LAG

log = structlog.get_logger(__name__)

MOST_PAGES = 200
"""A sweep that has to look further back than this is left to the daily looks; it says so in the log."""


def poll(client: NotionClient, connection: Connection, *, now: datetime, verify_hours: float) -> Noticed:
    """Mark what was edited, added, moved or trashed since the last sweep. Raises NotionError; marks made stay.

    The watermarks move only when a sweep came to its end, so that nothing is passed over by a failure.
    """
    edits, newest_edit = _sweep(
        client, connection, since=connection.edits_seen_to, in_trash=False, now=now, verify_hours=verify_hours
    )
    trash, newest_trash = _sweep(
        client, connection, since=connection.trash_seen_to, in_trash=True, now=now, verify_hours=verify_hours
    )
    _advance(connection, newest_edit=newest_edit, newest_trash=newest_trash, now=now)
    return edits + trash


def _sweep(
    client: NotionClient,
    connection: Connection,
    *,
    since: datetime | None,
    in_trash: bool,
    now: datetime,
    verify_hours: float,
) -> tuple[Noticed, datetime | None]:
    """Read newest first until entries are older than the watermark less the overlap; the newest time seen.

    The first page is looked at whole: it was paid for, and search lags.
    """
    floor = None if since is None else since - OVERLAP
    noticed, newest = Noticed(), None
    for number, page in enumerate(client.walk_search(in_trash=in_trash), start=1):
        noticed += notice_edits(connection.id, page.stubs, now=now, verify_hours=verify_hours)
        times = [stub.edited_at for stub in page.stubs if stub.edited_at is not None]
        newest = max([*times, *([newest] if newest else [])], default=None)
        if _far_enough(page.stubs, floor):
            break
        if number == MOST_PAGES:
            log.warning("sweep_cut_short", connection_id=connection.id, in_trash=in_trash, pages=number)
            break
    return noticed, newest


def _far_enough(stubs: tuple[Stub, ...], floor: datetime | None) -> bool:
    """Whether this page reached below the floor. The boundary minute itself is read to its end."""
    if floor is None:
        return True
    times = [stub.edited_at for stub in stubs if stub.edited_at is not None]
    return bool(times) and min(times) < floor


def _advance(
    connection: Connection, *, newest_edit: datetime | None, newest_trash: datetime | None, now: datetime
) -> None:
    """Move the watermarks up, unless somebody has moved them back meanwhile (an import does)."""
    before = {"edits_seen_to": connection.edits_seen_to, "trash_seen_to": connection.trash_seen_to}
    newest = {"edits_seen_to": newest_edit, "trash_seen_to": newest_trash}
    for name, old in before.items():
        field = getattr(Connection, name)
        # What was edited so long ago has been shown by now: a crowd of that minute is not walked through again.
        reached = max(filter(None, (old, newest[name], now - SEARCH_LAG)))
        unmoved = field.is_null() if old is None else field == old
        Connection.update({field: reached}).where((Connection.id == connection.id) & unmoved).execute()
    Connection.update(polled_at=now, poll_failures=0).where(Connection.id == connection.id).execute()
