"""Times, sizes and counts as text for people, and times read back. Pure; the present is an argument."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def ago(moment: datetime, now: datetime) -> str:
    """ "just now", "4 min ago", "3 h ago", "yesterday", "5 days ago", then the date."""
    passed = now - moment
    if passed < timedelta(minutes=1):
        return "just now"
    if passed < timedelta(hours=1):
        return f"{passed // timedelta(minutes=1)} min ago"
    if passed < timedelta(hours=24):
        return f"{passed // timedelta(hours=1)} h ago"
    if passed < timedelta(days=2):
        return "yesterday"
    if passed < timedelta(days=14):
        return f"{passed.days} days ago"
    return _date(moment, now)


def soon(moment: datetime, now: datetime) -> str:
    """ "now", "in 4 min", "today, 17:00", "tomorrow, 09:00", then the date. UTC; the script shows local time."""
    left = moment - now
    if left <= timedelta(0):
        return "now"
    if left < timedelta(hours=1):
        return f"in {max(1, left // timedelta(minutes=1))} min"
    days = (moment.astimezone(UTC).date() - now.astimezone(UTC).date()).days
    clock = moment.astimezone(UTC).strftime("%H:%M")
    if days == 0:
        return f"today, {clock}"
    if days == 1:
        return f"tomorrow, {clock}"
    return f"{_date(moment, now)}, {clock}"


def every(period: timedelta) -> str:
    """ "every hour", "every 30 hours", "every 3 days"."""
    hours = max(1, round(period / timedelta(hours=1)))
    count, unit = (hours, "hour") if hours < 48 else (round(hours / 24), "day")
    return f"every {unit}" if count == 1 else f"every {count:,} {unit}s"


def span(period: timedelta) -> str:
    """ "4 min", "3 h", "12 days"."""
    if period < timedelta(hours=1):
        return f"{max(1, period // timedelta(minutes=1))} min"
    if period < timedelta(hours=48):
        return f"{period // timedelta(hours=1)} h"
    return f"{period.days:,} days"


def iso(moment: datetime) -> str:
    """`2026-11-22T09:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_iso(text: str | None) -> datetime | None:
    """The time that `datetime.isoformat` wrote; None for no text. Raises ValueError for other text."""
    return datetime.fromisoformat(text) if text else None


def exact(moment: datetime) -> str:
    """`22 Nov 2026, 09:00 UTC`."""
    return f"{moment.astimezone(UTC):%-d %b %Y, %H:%M} UTC"


def filesize(count: int) -> str:
    """`512 B`, `14 kB`, `1.2 MB`."""
    if count < 1000:
        return f"{count} B"
    if count < 1_000_000:
        return f"{count / 1000:.0f} kB"
    return f"{count / 1_000_000:,.1f} MB"


def counted(count: int, one: str, many: str | None = None) -> str:
    """`1 source`, `2,400 sources`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _date(moment: datetime, now: datetime) -> str:
    moment = moment.astimezone(UTC)
    return f"{moment:%-d %b}" if moment.year == now.astimezone(UTC).year else f"{moment:%-d %b %Y}"
