"""Notion's JSON as our frozen values. It is untrusted: what does not fit becomes None, never an exception."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from extract.notion.fields import dashed, identifier, mapping, text
from extract.reading import page_title, plain_text
from extract.values import DatabaseContainer, DataSourceRef, Json, ObjectKind, PageMarkdown, Parent, Stub

UNTITLED = "Untitled"

_KINDS: Mapping[str, ObjectKind] = {"page": "page", "data_source": "data_source"}
_LONGEST_EMOJI = 32  # a family of four with skin tones needs 11 code points


@dataclass(frozen=True, slots=True)
class Bot:
    """Who we are in a workspace: the bot of this authorisation. https://developers.notion.com/reference/get-self"""

    id: str
    name: str
    workspace_id: str | None
    workspace_name: str | None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of search results. `incomplete`: Notion says that it left results out."""

    stubs: tuple[Stub, ...]
    next_cursor: str | None
    incomplete: bool = False


def moment_of(value: Json) -> datetime | None:
    """A time of Notion's as an aware UTC moment.

    Pages carry `2026-07-04T09:08:00.000Z`, containers `2026-07-04T09:08:57.778+00:00`.
    """
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def icon_of(value: Json) -> str | None:
    """An emoji or an external address; never a file of Notion's: its signed address is public for an hour."""
    if not isinstance(value, Mapping):
        return None
    kind = value.get("type")
    if kind == "emoji":
        emoji = text(value.get("emoji"))
        return emoji if emoji and len(emoji) <= _LONGEST_EMOJI else None
    external = value.get("external")
    if kind == "external" and isinstance(external, Mapping):
        return _url(external.get("url")) or None
    return None


def parent_of(value: Json) -> Parent:
    """Where an object sits; `unknown` for what Notion does not tell."""
    if not isinstance(value, Mapping):
        return Parent("unknown")
    kind = text(value.get("type")) or "unknown"
    return Parent(kind, identifier(value.get(kind)), identifier(value.get("database_id")))


def stub_of(value: Json) -> Stub | None:
    """A page or data source from a listing or a GET; None for any other kind of object.

    `{"object", "id"}` alone is what Notion gives where a capability is missing: a partial stub.
    """
    if not isinstance(value, Mapping):
        return None
    kind = _KINDS.get(str(value.get("object")))
    notion_id = identifier(value.get("id"))
    if kind is None or notion_id is None:
        return None
    properties = value.get("properties")
    parent = parent_of(value.get("parent"))
    if kind == "data_source" and isinstance(value.get("database_parent"), Mapping):
        # Its own parent is only its container; what a person calls its place is the container's parent.
        place = parent_of(value.get("database_parent"))
        parent = Parent(place.kind, place.id, parent.database_id)
    return Stub(
        kind=kind,
        id=notion_id,
        title=_title(kind, value),
        url=_url(value.get("url")),
        icon=icon_of(value.get("icon")),
        parent=parent,
        edited_at=moment_of(value.get("last_edited_time")),
        created_at=moment_of(value.get("created_time")),
        in_trash=_in_trash(value),
        is_archived=value.get("is_archived") is True,
        properties=properties if isinstance(properties, Mapping) else {},
        database_id=parent.database_id,
        partial=not isinstance(properties, Mapping),
    )


def database_of(value: Json) -> DatabaseContainer | None:
    """A database container; None for any other kind of object. A linked view has no data sources."""
    if not isinstance(value, Mapping) or value.get("object") != "database":
        return None
    notion_id = identifier(value.get("id"))
    if notion_id is None:
        return None
    listed = value.get("data_sources")
    sources = (_data_source(item) for item in (listed if isinstance(listed, list) else []))
    return DatabaseContainer(
        id=notion_id,
        title=_joined(value.get("title")),
        url=_url(value.get("url")),
        icon=icon_of(value.get("icon")),
        parent=parent_of(value.get("parent")),
        in_trash=_in_trash(value),
        data_sources=tuple(source for source in sources if source is not None),
    )


def markdown_of(value: Json, page_id: str) -> PageMarkdown | None:
    """The body of a page; None when the answer has none, so that nothing empties a page by mistake."""
    if not isinstance(value, Mapping) or not isinstance(value.get("markdown"), str):
        return None
    listed = value.get("unknown_block_ids")
    unknown = (identifier(item) for item in (listed if isinstance(listed, list) else []))
    return PageMarkdown(
        page_id=dashed(page_id),
        markdown=value["markdown"],
        unknown_block_ids=tuple(dict.fromkeys(item for item in unknown if item is not None)),
    )


def bot_of(value: Json) -> Bot | None:
    """Our own user object; None when it is not one."""
    if not isinstance(value, Mapping) or value.get("object") != "user":
        return None
    notion_id = identifier(value.get("id"))
    if notion_id is None:
        return None
    bot = mapping(value.get("bot"))
    return Bot(
        id=notion_id,
        name=text(value.get("name")) or "",
        workspace_id=identifier(bot.get("workspace_id")),
        workspace_name=text(bot.get("workspace_name")),
    )


def _title(kind: ObjectKind, value: Mapping[str, Json]) -> str:
    if kind == "data_source":
        return _joined(value.get("title"))
    properties = value.get("properties")
    return page_title(properties) if isinstance(properties, Mapping) else UNTITLED


def _joined(title: Json) -> str:
    return " ".join(plain_text(title if isinstance(title, list) else []).split()) or UNTITLED


def _url(value: Json) -> str:
    """An address that may become a link; empty for anything else."""
    return value if isinstance(value, str) and value.startswith(("https://", "http://")) else ""


def _in_trash(value: Mapping[str, Json]) -> bool:
    """Versions before 2026-03-11 say `archived`. https://developers.notion.com/guides/get-started/upgrade-guide-2026-03-11"""
    return value.get("in_trash", value.get("archived")) is True


def _data_source(value: Json) -> DataSourceRef | None:
    notion_id = identifier(value.get("id")) if isinstance(value, Mapping) else None
    return DataSourceRef(notion_id, text(value.get("name")) or UNTITLED) if notion_id else None
