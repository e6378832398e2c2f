"""The small frozen values that travel between the steps; each is named for its moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

Json = Any
"""Parsed JSON of Notion's, untrusted: read it with `.get`, never index it blindly."""

Clock = Callable[[], datetime]
"""Answers the present moment, aware, in UTC. The one way in which time enters."""

ObjectKind = Literal["page", "data_source"]
SourceKind = Literal["page", "database", "workspace"]
Schedule = Literal["off", "live", "daily", "weekly", "monthly"]

SCHEDULES: tuple[Schedule, ...] = ("off", "live", "daily", "weekly", "monthly")


def utc_now() -> datetime:
    """The clock of production code."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Parent:
    """Where a page, database or data source sits. `id` is None for the workspace itself."""

    kind: str
    id: str | None = None
    database_id: str | None = None


@dataclass(frozen=True, slots=True)
class Stub:
    """What a listing (search, query, GET) tells about one page or data source; no body.

    Ids are dashed lower-case UUIDs. `edited_at` is Notion's minute, rounded down. `properties` is the raw
    `properties` object (values for a page, schema for a data source). `database_id` is set for a data source
    and for a row.
    """

    kind: ObjectKind
    id: str
    title: str
    url: str
    icon: str | None
    parent: Parent
    edited_at: datetime | None
    created_at: datetime | None
    in_trash: bool
    is_archived: bool
    properties: Mapping[str, Json]
    database_id: str | None = None
    partial: bool = False


@dataclass(frozen=True, slots=True)
class DataSourceRef:
    """One data source of a database container."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class DatabaseContainer:
    """A database as the person sees it: a container of data sources."""

    id: str
    title: str
    url: str
    icon: str | None
    parent: Parent
    in_trash: bool
    data_sources: tuple[DataSourceRef, ...]


@dataclass(frozen=True, slots=True)
class PageMarkdown:
    """The body of a page as Notion's markdown endpoint gave it."""

    page_id: str
    markdown: str
    unknown_block_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PageLink:
    """A reference found in a document. `notion_id` is set when the target is a Notion page or database."""

    text: str
    url: str
    notion_id: str | None = None


@dataclass(frozen=True, slots=True)
class BodyChild:
    """A sub-page or a database that the body of a page holds. `title` is what the body calls it."""

    kind: Literal["page", "database"]
    notion_id: str
    title: str


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a page, rendered: `Name: value`. `kind` is Notion's type name."""

    name: str
    kind: str
    text: str
    volatile: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    """One chunk as reading made it. `digest` identifies it: same heading path and text, same digest."""

    text: str
    heading_path: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class PageReading:
    """Everything the index needs to know of one page, made by `reading` without any I/O.

    `text` is the canonical text (title and properties first, then the body, as plain CommonMark), what the bot sees;
    `digest` the hash of it that decides whether anything changed (volatile properties left out).
    `unread_blocks` counts holes that Notion would not open; `unknown_tags` names tags we did not know. `children` are
    the sub-pages and databases in the body, each once. `read_as_plain_text`: the page has more markup than is read, so
    its text stands here without structure; `characters_left_out` counts what was too much to be read at all.
    """

    title: str
    text: str
    digest: str
    properties: tuple[Property, ...]
    links: tuple[PageLink, ...]
    passages: tuple[Passage, ...]
    unread_blocks: int = 0
    unknown_tags: tuple[str, ...] = ()
    images_without_caption: int = 0
    embeds_without_caption: int = 0
    children: tuple[BodyChild, ...] = ()
    read_as_plain_text: bool = False
    characters_left_out: int = 0


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer of a search, with its citation."""

    text: str
    snippet: str
    title: str
    heading_path: tuple[str, ...]
    url: str
    score: float
    source_id: int
    document_id: int
    chunk_id: int
    last_edited_at: datetime | None
    last_synced_at: datetime | None
