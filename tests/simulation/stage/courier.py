"""Notion's events on their way to our web process: at once, late, twice, in another order, or never."""

from __future__ import annotations

import random
from typing import Literal

from sandbox.webhooks.events import Delivery
from tests.simulation.broken import Broken
from tests.simulation.stage.power import Power
from tests.telling import Telling

Weather = Literal["fair", "shaky", "lost"]
WEATHERS: tuple[Weather, ...] = ("fair", "shaky", "shaky", "lost")


class Courier:
    """Posts what Notion tells, each time it is asked to; what becomes of each event is the weather's and chance's."""

    def __init__(self, telling: Telling, power: Power, seed: int) -> None:
        self._telling = telling
        self._power = power
        self._chance = random.Random(f"courier-{seed}")
        self._late: list[Delivery] = []
        self.weather: Weather = "fair"

    def carry(self) -> None:
        """Take what happened since the last time; post what is to arrive now."""
        arriving: list[Delivery] = []
        for each in [*self._late_ones(), *self._telling.subscription.take()]:
            arriving.extend(self._fate_of(each))
        if self.weather == "shaky":
            self._chance.shuffle(arriving)
        for each in arriving:
            self._post(each)

    def _late_ones(self) -> list[Delivery]:
        late, self._late = self._late, []
        return late

    def _fate_of(self, delivery: Delivery) -> list[Delivery]:
        """How often it arrives now: mostly once."""
        if self.weather == "lost":
            return []
        drawn = self._chance.random() if self.weather == "shaky" else 0.0
        if drawn < 0.5:
            return [delivery]
        if drawn < 0.65:
            return [delivery, self._telling.subscription.again(delivery)]
        if drawn < 0.85:
            self._late.append(delivery)
        return []

    def _post(self, delivery: Delivery) -> None:
        """Notion tries again what a dying process did not answer."""
        answered = False
        with self._power.process():
            [status] = self._telling.send([delivery])
            answered = True
            if status != 200:
                raise Broken("an event is refused", f"{delivery.event['type']}: {status}")
        if not answered:
            self._late.append(self._telling.subscription.again(delivery))
