"""Times as Notion stores and prints them: whole minutes for pages, milliseconds for databases."""

from datetime import UTC, date, datetime


def floor_minute(moment: datetime) -> datetime:
    """The beginning of the minute, in UTC."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def minute_number(moment: datetime) -> int:
    """Minutes since 1970, the grain in which last_edited_time can tell two moments apart."""
    return int(moment.timestamp() // 60)


def print_minute(moment: datetime) -> str:
    """2026-07-04T09:08:00.000Z, as pages, blocks and data sources carry."""
    m = moment.astimezone(UTC)
    return f"{m.year:04d}-{m.month:02d}-{m.day:02d}T{m.hour:02d}:{m.minute:02d}:00.000Z"


def print_millis(moment: datetime) -> str:
    """2026-07-04T09:08:57.778+00:00, as database containers carry."""
    m = moment.astimezone(UTC)
    return f"{m:%Y-%m-%dT%H:%M:%S}.{m.microsecond // 1000:03d}+00:00"


def print_instant(moment: datetime) -> str:
    """2026-07-04T09:08:57.778Z, as expiry times carry."""
    m = moment.astimezone(UTC)
    return f"{m:%Y-%m-%dT%H:%M:%S}.{m.microsecond // 1000:03d}Z"


def read_moment(text: str) -> datetime:
    """An ISO date or date-time as an aware moment; a bare date is midnight UTC."""
    if len(text) == 10:
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
