"""Webhooks as Notion sends them: gathers the changes of each entity and signs the events.


https://developers.notion.com/reference/webhooks · https://developers.notion.com/reference/webhooks-events-delivery
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sandbox.state.ids import IdMint, derived_id
from sandbox.state.records import Change, Database, DataSource, Grant, Json, Page
from sandbox.state.times import print_instant
from sandbox.world.world import World

API_VERSION = "2026-03-11"

_TYPES: Mapping[tuple[str, str], str] = {
    ("page", "created"): "page.created",
    ("page", "content"): "page.content_updated",
    ("page", "properties"): "page.properties_updated",
    ("page", "moved"): "page.moved",
    ("page", "trashed"): "page.deleted",
    ("page", "restored"): "page.undeleted",
    ("data_source", "created"): "data_source.created",
    ("data_source", "properties"): "data_source.schema_updated",
    ("data_source", "schema"): "data_source.schema_updated",
    ("data_source", "trashed"): "data_source.deleted",
    ("data_source", "restored"): "data_source.undeleted",
    ("database", "created"): "database.created",
    ("database", "moved"): "database.moved",
    ("database", "trashed"): "database.deleted",
    ("database", "restored"): "database.undeleted",
}
_ROWS_CHANGE = ("created", "trashed", "restored", "moved")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request to the address of the subscription: the event, its exact bytes and the headers."""

    event: Json
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _PendingEvent:
    """An event about one entity that waits to be sent, and the grants that can see the entity."""

    type: str
    at: datetime
    record: Page | Database | DataSource
    grants: tuple[Grant, ...]


class Subscription:
    """The integration's webhook subscription: one for all workspaces. It does not send; `take` returns deliveries.

    A caller may send them in any order, twice or not at all, as happens with Notion.
    """

    def __init__(self, world: World, token: str | None = None, seed: int | str | None = None) -> None:
        self._world = world
        self._mint = IdMint(seed)
        self._waiting: dict[tuple[str, str], _PendingEvent] = {}
        self._never_seen: set[str] = set()  # made and trashed since the last `take`
        self.token = token or self._mint.token("secret")
        self.id = derived_id("subscription", world.integration_id)
        world.on_change(self._on_change)

    def handshake(self) -> Delivery:
        """The one unsigned message: the token that a person pastes into Notion's portal."""
        body = _compact({"verification_token": self.token})
        return Delivery({}, body, {"Content-Type": "application/json"})

    def take(self) -> list[Delivery]:
        """The deliveries since the last call: one event an entity and type, in the order of the last change.

        Nothing is sent about an entity that has been deleted for good meanwhile.
        """
        with self._world.lock:
            still = (
                event for event in self._waiting.values() if self._world.node(event.record.id) is not None
            )
            pending = sorted(still, key=lambda event: event.at)
            self._waiting.clear()
            self._never_seen.clear()
            return [self._signed(self._event(event)) for event in pending]

    def again(self, delivery: Delivery) -> Delivery:
        """The next attempt to deliver the same event."""
        event = delivery.event | {"attempt_number": delivery.event["attempt_number"] + 1}
        return self._signed(event)

    def _on_change(self, change: Change) -> None:
        record = self._world.node(change.id)
        kind = _TYPES.get((change.kind, change.action))
        if record is None or kind is None:
            return
        self._gather(kind, record, change.at)
        if isinstance(record, Page) and change.action in _ROWS_CHANGE:
            table = self._world.data_sources.get(record.parent_id)
            if table is not None:
                self._gather("data_source.content_updated", table, change.at)

    def _gather(self, kind: str, record: Page | Database | DataSource, at: datetime) -> None:
        """Keep one event an entity and type; none for an entity that was made and trashed since the last `take`."""
        grants = tuple(
            grant
            for grant in self._world.grants.values()
            if grant.workspace_id == record.workspace_id
            and not grant.revoked
            and self._world.access.can_see(grant, record.id)
        )
        if not grants:
            return
        created = (record.id, f"{kind.partition('.')[0]}.created")
        if kind.endswith("_updated") and created in self._waiting:
            self._waiting[created] = replace(self._waiting[created], at=at)
            return
        if kind.endswith(".deleted"):
            if created in self._waiting:
                self._never_seen.add(record.id)
            self._waiting = {key: event for key, event in self._waiting.items() if key[0] != record.id}
            if record.id in self._never_seen:
                return
        self._waiting[record.id, kind] = _PendingEvent(kind, at, record, grants)

    def _event(self, pending: _PendingEvent) -> Json:
        record, workspace = pending.record, self._world.workspaces[pending.record.workspace_id]
        accessible_by = [{"id": grant.user_id, "type": "person"} for grant in pending.grants]
        accessible_by += [{"id": grant.bot_id, "type": "bot"} for grant in pending.grants]
        return {
            "id": self._mint.new(),
            "timestamp": print_instant(pending.at),
            "workspace_id": workspace.id,
            "workspace_name": workspace.name,
            "subscription_id": self.id,
            "integration_id": self._world.integration_id,
            "authors": [{"id": record.edited_by, "type": "person"}],
            "accessible_by": accessible_by,
            "attempt_number": 1,
            "entity": {"id": record.id, "type": pending.type.partition(".")[0]},
            "type": pending.type,
            "api_version": API_VERSION,
            "data": {"parent": self._parent(record), **_details(pending)},
        }

    def _parent(self, record: Page | Database | DataSource) -> Json:
        if isinstance(record, DataSource):
            return {"id": record.database_id, "type": "database"}
        if record.parent_type == "workspace":
            return {"id": record.workspace_id, "type": "space"}
        if record.parent_type == "data_source":
            table = self._world.data_sources[record.parent_id]
            return {"id": table.database_id, "type": "database", "data_source_id": table.id}
        if record.parent_block is not None:
            return {"id": record.parent_block, "type": "block"}
        return {"id": record.parent_id, "type": "page"}

    def _signed(self, event: Json) -> Delivery:
        body = _compact(event)
        made = hmac.new(self.token.encode(), body, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "X-Notion-Signature": f"sha256={made}"}
        return Delivery(event, body, headers)


def _details(pending: _PendingEvent) -> Json:
    """The data of an event beside the parent. The blocks and properties named need not be those that changed."""
    record = pending.record
    if pending.type == "page.content_updated" and isinstance(record, Page):
        named = [block["id"] for block in record.blocks[:10] if "id" in block]
        return {"updated_blocks": [{"id": identifier, "type": "block"} for identifier in named]}
    if pending.type == "page.properties_updated" and isinstance(record, Page):
        return {"updated_properties": ["title", *record.values]}
    if pending.type == "data_source.schema_updated" and isinstance(record, DataSource):
        columns = record.schema.values()
        return {
            "updated_properties": [
                {"id": prop.id, "name": prop.name, "action": "updated"} for prop in columns
            ]
        }
    return {}


def _compact(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
