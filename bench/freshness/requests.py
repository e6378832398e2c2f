"""What following Notion costs in requests: an import, an idle poll and k changes, by documents held."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from bench.bed import Bed, bed
from bench.filling import fill
from daemon.loop import poll_one
from extract.store.models import Connection, Document
from extract.values import utc_now

PAGES = 50
CHANGES = (1, 10, 100)
NO_DAILY_LOOKS = {"VERIFY_HOURS": "100000"}
"""The daily looks come by the clock, not by the poll; they would be counted among what a change costs."""


def main(sizes: Sequence[int], *, most_imported: int = 10_000, database_url: str = "") -> None:
    """Sizes above `most_imported` are listed for real, and filled."""
    for documents in sizes:
        filled = documents > most_imported
        with bed(
            pages=PAGES,
            rows=documents - PAGES,
            blocks=3,
            settings=NO_DAILY_LOOKS,
            database_url=database_url,
        ) as notion:
            print(
                f"{documents} documents, {PAGES} of them pages by themselves, {'filled' if filled else 'imported'}"
            )
            _import(notion, filled=filled)
            poll(notion)
            notion.drain()
            notion.requests()
            poll(notion)
            print(f"  idle poll: {_told(notion.requests())}")
            for changes in CHANGES:
                _change(notion, changes)


def _import(notion: Bed, *, filled: bool) -> None:
    began = time.monotonic()
    if filled:
        fill(notion)
    else:
        notion.tick_all()
        notion.drain()
    asked = notion.requests()
    seconds = time.monotonic() - began
    held, bodies = notion.synced(), asked.pop("markdown")
    picker = {"search": asked.pop("search")}
    kind = f"{bodies} bodies" if not filled else f"{bodies} of {held} bodies, all others filled in"
    print(
        f"  import: {kind}, listings {_told(asked)}: "
        f"{sum(asked.values()) / held:.3f} beside each body ({seconds:.0f} s; the picker {_told(picker)})",
        flush=True,
    )


def _change(notion: Bed, changes: int) -> None:
    """So many pages are edited: the poll that finds it, then what is read at once and after the minute."""
    # Each page is edited once: a second edit within its minute is another story.
    rows = list(Document.select(Document.notion_id).where(Document.changed_at.is_null()).limit(changes))
    notion.edit({row.notion_id: f"Rewritten, one of {changes}." for row in rows})
    poll(notion)
    found = notion.requests()
    notion.drain()
    at_once = notion.requests()
    later = replace(notion, runtime=replace(notion.runtime, clock=lambda: utc_now() + timedelta(minutes=2)))
    later.drain()
    print(
        f"  {len(rows):>3} changed: poll {_told(found)}; read {_told(at_once)}; "
        f"once their minute has closed {_told(notion.requests())}",
        flush=True,
    )


def poll(notion: Bed) -> None:
    Connection.update(poll_at=None).execute()
    poll_one(notion.runtime, notion.connection.id)


def _told(asked: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(asked.items())) or "nothing"
