"""Sets a world's clock back while its past is written."""

from datetime import datetime, timedelta
from types import TracebackType

from sandbox.world.world import World


class Calendar:
    """`days_ago(12, 14)` sets the world's clock to 14:12, twelve days ago; leaving the context sets it right."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._clock = world.clock
        self._today = world.now().replace(hour=0, minute=0, second=0, microsecond=0)

    def days_ago(self, days: int, hour: int = 10, minute: int = 12) -> None:
        """Set the world's clock to a time of day, so many days ago."""
        moment = self._today - timedelta(days=max(days, 1)) + timedelta(hours=hour, minutes=minute)
        self._world.clock = lambda: moment

    def day(self, days_ago: int) -> str:
        """A date value, so many days before today."""
        return (self._today - timedelta(days=days_ago)).date().isoformat()

    def moment(self, days_ago: int, hour: int, minute: int = 0) -> str:
        """An ISO time on a day that lies so many days ago."""
        at: datetime = self._today - timedelta(days=days_ago) + timedelta(hours=hour, minutes=minute)
        return at.isoformat(timespec="milliseconds")

    def __enter__(self) -> "Calendar":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._world.clock = self._clock
