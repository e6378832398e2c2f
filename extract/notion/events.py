"""Notion's webhook events: whether they are Notion's, what one says, what it means for us. Pure.

https://developers.notion.com/reference/webhooks · https://developers.notion.com/reference/webhooks-events-delivery
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from extract.notion.fields import mapping
from extract.notion.stubs import moment_of
from extract.values import Json, Parent

TOO_OLD = timedelta(hours=25)
"""Notion tries for about a day; what is older is a replay."""

Meaning = Literal["page", "gone", "rows", "table", "nothing", "unknown"]
"""page: ask it, and take it in where it belongs · gone: ask it, if we hold it · rows: of this table came or went ·
table: list it again · nothing: not about text · unknown: a type that Notion has added since."""

_MEANINGS: Mapping[str, Meaning] = {
    "page.created": "page",
    "page.content_updated": "page",
    "page.properties_updated": "page",
    "page.moved": "page",
    "page.undeleted": "page",
    "page.transcription_block.transcript_deleted": "page",
    "page.deleted": "gone",
    "page.locked": "nothing",
    "page.unlocked": "nothing",
    "data_source.content_updated": "rows",
    "data_source.created": "table",
    "data_source.schema_updated": "table",
    "data_source.moved": "table",
    "data_source.deleted": "table",
    "data_source.undeleted": "table",
    "database.content_updated": "rows",  # the name of before 2025-09-03
    "database.schema_updated": "table",  # likewise
    "database.created": "table",
    "database.moved": "table",
    "database.deleted": "table",
    "database.undeleted": "table",
}
_NOT_ABOUT_TEXT = ("comment.", "view.", "file_upload.")
_PARENTS: Mapping[str, str] = {"page": "page_id", "block": "block_id", "database": "database_id"}


@dataclass(frozen=True, slots=True)
class Event:
    """What one event says, as far as it matters. `bots` are the authorisations that can see the entity."""

    type: str
    at: datetime | None
    workspace_id: str | None
    bots: frozenset[str]
    entity_id: str | None
    parent: Parent

    @property
    def meaning(self) -> Meaning:
        """What it asks of us; an event that names no entity asks nothing."""
        if self.entity_id is None or self.type.startswith(_NOT_ABOUT_TEXT):
            return "nothing"
        return _MEANINGS.get(self.type, "unknown")


def is_signed(raw: bytes, signature: str, tokens: Iterable[str]) -> bool:
    """Whether `signature` (the header X-Notion-Signature) was made of these very bytes with one of the tokens."""
    scheme, separator, given = signature.strip().partition("=")
    if scheme != "sha256" or not separator:
        return False
    told = given.lower().encode("utf-8", "replace")
    made = [hmac.new(token.encode(), raw, hashlib.sha256).hexdigest().encode() for token in tokens]
    return any(hmac.compare_digest(signature, told) for signature in made)


def handshake_token(body: Json) -> str | None:
    """The verification token, when this is the one message that hands it over; it is the signing key, too."""
    if not isinstance(body, Mapping) or "type" in body:
        return None
    token = body.get("verification_token")
    return token if isinstance(token, str) and is_token(token) else None


def is_token(text: str) -> bool:
    """Whether `text` can be a verification token: 16 to 200 visible characters."""
    return 16 <= len(text) <= 200 and all("!" <= sign <= "~" for sign in text)


def event_id(body: Json) -> str | None:
    """Notion's id of the event; None when this is no event."""
    if not isinstance(body, Mapping) or not isinstance(body.get("type"), str):
        return None
    return _uuid(body.get("id"))


def is_too_old(body: Mapping[str, Json], *, now: datetime) -> bool:
    """Whether the event is older than Notion would still send it. One that does not say when is not."""
    at = moment_of(body.get("timestamp"))
    return at is not None and now - at > TOO_OLD


def trimmed(body: Mapping[str, Json]) -> dict[str, Json]:
    """The event as it came, without what is never used: names, and who did or may see what."""
    kept = {name: body.get(name) for name in ("id", "type", "timestamp", "workspace_id", "entity")}
    kept["accessible_by"] = [{"id": bot, "type": "bot"} for bot in sorted(_bots(body))]
    kept["data"] = {"parent": dict(mapping(mapping(body.get("data")).get("parent")))}
    return kept


def event_of(body: Json) -> Event:
    """What an event says; whatever does not fit is as if it were not said."""
    said = mapping(body)
    return Event(
        type=str(said.get("type")),
        at=moment_of(said.get("timestamp")),
        workspace_id=_uuid(said.get("workspace_id")),
        bots=_bots(said),
        entity_id=_uuid(mapping(said.get("entity")).get("id")),
        parent=_parent(mapping(mapping(said.get("data")).get("parent"))),
    )


def _parent(value: Mapping[str, Json]) -> Parent:
    """In the words of a stub: a row's parent is its data source, `workspace` is the top."""
    kind, identifier = str(value.get("type")), _uuid(value.get("id"))
    table = _uuid(value.get("data_source_id"))
    if table is not None:
        return Parent("data_source_id", table, identifier if kind == "database" else None)
    if kind in ("space", "workspace"):
        return Parent("workspace")
    return Parent(_PARENTS.get(kind, "unknown"), identifier)


def _bots(body: Mapping[str, Json]) -> frozenset[str]:
    listed = body.get("accessible_by")
    seers = [mapping(seer) for seer in (listed if isinstance(listed, list) else [])]
    ids = [_uuid(seer.get("id")) for seer in seers if seer.get("type") == "bot"]
    return frozenset(bot_id for bot_id in ids if bot_id)


def _uuid(value: Json) -> str | None:
    """A UUID in the spelling we store; None for anything else, so that nothing odd reaches a query."""
    try:
        return str(UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None
