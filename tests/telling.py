"""Notion's webhooks in a test: the sandbox tells, the web process hears, when the test says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from flask.testing import FlaskClient

from extract.runtime import Runtime
from sandbox import World
from sandbox.webhooks.events import Delivery, Subscription
from webapp import create_app

ADDRESS = "/webhooks/notion"


@dataclass(frozen=True, slots=True)
class Telling:
    """A verified subscription between the sandbox and the web process of a test."""

    subscription: Subscription
    client: FlaskClient

    def send(self, deliveries: Iterable[Delivery]) -> list[int]:
        """Post these, in this order; the status of each answer."""
        return [
            self.client.post(ADDRESS, data=each.body, headers=dict(each.headers)).status_code
            for each in deliveries
        ]

    def tell(self) -> list[str]:
        """Post all that happened since the last time; the types of the events."""
        deliveries = self.subscription.take()
        assert set(self.send(deliveries)) <= {200}
        return [each.event["type"] for each in deliveries]

    def lose(self) -> int:
        """What happened since the last time is never posted; how many events that were."""
        return len(self.subscription.take())


def telling(runtime: Runtime, world: World) -> Telling:
    """A subscription whose token is the configured one."""
    subscription = Subscription(world, seed="subscription")
    notion = replace(runtime.config.notion, webhook_token=subscription.token)
    heard_by = replace(runtime, config=replace(runtime.config, notion=notion))
    return Telling(subscription, create_app(heard_by).test_client())
