"""What the sandbox tells by webhook, in the form of Notion's own events."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import SimpleQueue
from threading import Thread

import pytest

from sandbox import World
from sandbox.state.records import Json
from sandbox.webhooks.events import Delivery, Subscription
from sandbox.webhooks.sender import WebhookSender, loopback_address
from sandbox.world.handles import PageHandle
from sandbox.world.world import GrantHandle, WorkspaceHandle
from tests.sandbox.conftest import Time


@pytest.fixture
def page(acme: WorkspaceHandle, grant: GrantHandle) -> PageHandle:
    return acme.page("Handbook", "The first words.")


@pytest.fixture
def subscription(world: World, page: PageHandle) -> Subscription:
    return Subscription(world, seed=1)


def types(deliveries: list[Delivery]) -> list[str]:
    return [each.event["type"] for each in deliveries]


def test_an_event_carries_what_notion_sends(
    world: World, acme: WorkspaceHandle, grant: GrantHandle, page: PageHandle, subscription: Subscription
) -> None:
    page.edit("Other words.")

    [delivery] = subscription.take()
    event: Json = json.loads(delivery.body)
    assert event == delivery.event
    assert event["type"] == "page.content_updated"
    assert event["timestamp"] == "2026-11-22T12:00:30.000Z"
    assert event["entity"] == {"id": page.id, "type": "page"}
    assert (event["workspace_id"], event["workspace_name"]) == (acme.id, acme.name)
    assert event["accessible_by"] == [
        {"id": acme.owner.id, "type": "person"},
        {"id": grant.bot_id, "type": "bot"},
    ]
    assert event["data"]["parent"] == {"id": acme.id, "type": "space"}
    assert event["data"]["updated_blocks"][0]["type"] == "block"
    assert (event["attempt_number"], event["api_version"]) == (1, "2026-03-11")
    assert event["integration_id"] == world.integration_id
    assert {"id", "subscription_id", "authors"} <= event.keys()


def test_the_signature_is_over_the_very_bytes(page: PageHandle, subscription: Subscription) -> None:
    page.rename("Größe 日本")

    [delivery] = subscription.take()
    made = hmac.new(subscription.token.encode(), delivery.body, hashlib.sha256).hexdigest()
    assert delivery.headers["X-Notion-Signature"] == f"sha256={made}"
    assert "X-Notion-Signature" not in subscription.handshake().headers
    assert json.loads(subscription.handshake().body) == {"verification_token": subscription.token}


def test_a_burst_is_one_event_of_the_last_time(
    page: PageHandle, subscription: Subscription, time: Time
) -> None:
    for _ in range(5):
        page.append("more")
        time.pass_(seconds=3)

    [delivery] = subscription.take()
    assert delivery.event["timestamp"] == "2026-11-22T12:00:42.000Z"
    assert subscription.take() == []


def test_a_row_tells_of_itself_and_of_its_table(acme: WorkspaceHandle, subscription: Subscription) -> None:
    table = acme.database("Glossary", {"Term": "title", "Meaning": "rich_text"})
    subscription.take()

    table.row("Lungo", {"Meaning": "long"})

    by_type = {each.event["type"]: each.event for each in subscription.take()}
    assert by_type.keys() == {"page.created", "data_source.content_updated"}
    assert by_type["page.created"]["data"]["parent"] == {
        "id": table.id,
        "type": "database",
        "data_source_id": table.data_source.id,
    }
    assert by_type["data_source.content_updated"]["data"]["parent"] == {"id": table.id, "type": "database"}


def test_what_is_made_and_trashed_at_once_is_not_told(
    acme: WorkspaceHandle, page: PageHandle, subscription: Subscription
) -> None:
    acme.page("A slip").trash()
    page.edit("Last words.")
    page.trash()

    assert types(subscription.take()) == ["page.deleted"]
    page.restore()
    assert types(subscription.take()) == ["page.undeleted"]


def test_only_what_a_grant_sees_is_told(
    acme: WorkspaceHandle, grant: GrantHandle, page: PageHandle, subscription: Subscription
) -> None:
    hidden = acme.page("Salaries")
    grant.unshare(hidden)
    subscription.take()

    hidden.edit("secret")
    assert subscription.take() == []
    grant.revoke()
    page.edit("words")
    assert subscription.take() == []


def test_another_attempt_is_the_same_event(page: PageHandle, subscription: Subscription) -> None:
    page.edit("words")
    [first] = subscription.take()

    second = subscription.again(first)

    assert second.event == first.event | {"attempt_number": 2}
    assert second.headers != first.headers


@pytest.mark.parametrize("address", ["https://127.0.0.1/x", "http://10.0.0.1/x", "http:///x"])
def test_the_sandbox_tells_nobody_but_this_machine(address: str) -> None:
    with pytest.raises(ValueError, match="loopback|address"):
        loopback_address(address)


@pytest.fixture
def heard() -> Iterator[tuple[str, SimpleQueue[Json], list[int]]]:
    """An address on this machine: what it hears, and the statuses it answers with (200 when there are none)."""
    said: SimpleQueue[Json] = SimpleQueue()
    statuses: list[int] = []

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(statuses.pop(0) if statuses else 200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Ear)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/webhooks/notion", said, statuses
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_sender_posts_the_token_then_events_and_tries_again(
    page: PageHandle, subscription: Subscription, heard: tuple[str, SimpleQueue[Json], list[int]]
) -> None:
    address, said, statuses = heard
    statuses += [503, 200, 500]
    sender = WebhookSender(subscription, address, gather_seconds=0.01)
    sender.start()

    assert said.get(timeout=10) == said.get(timeout=10) == {"verification_token": subscription.token}
    page.edit("words")
    first, second = said.get(timeout=10), said.get(timeout=10)
    sender.end()
    sender.join(10)
    assert (first["attempt_number"], second["attempt_number"]) == (1, 2)
    assert first["id"] == second["id"]
