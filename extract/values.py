"""Small frozen values that the steps pass on to each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

Json = Any
"""Parsed JSON of Notion's, untrusted: read it with `.get`, never index it blindly."""

Clock = Callable[[], datetime]
"""Returns the present time, aware, in UTC. Code takes a clock as an argument and does not read the time itself."""

ObjectKind = Literal["page", "data_source"]
ChildKind = Literal["page", "database"]

# The words that the database stores. mypy refuses any other word where one of these
# is compared or assigned, and `extract.store.fields.WordField` refuses it where it is stored or asked for.
SourceKind = Literal["page", "database", "workspace"]
Schedule = Literal["off", "live", "daily", "weekly", "monthly"]
ConnectionState = Literal["alive", "reconnect", "disconnected"]
AtWork = Literal["pending", "processing", "training", "re-training"]
Settled = Literal["trained", "empty", "failed"]
SourceStatus = Literal[AtWork, Settled]
Trigger = Literal["import", "retrain", "schedule", "edit", "verify"]
Outcome = Literal[Settled, "cancelled"]
RemovalReason = Literal["trash", "missing", "database", "confirmed"]
RoleWord = Literal["member", "admin", "owner"]

CHILD_KINDS: tuple[ChildKind, ...] = get_args(ChildKind)
SOURCE_KINDS: tuple[SourceKind, ...] = get_args(SourceKind)
SCHEDULES: tuple[Schedule, ...] = get_args(Schedule)
CONNECTION_STATES: tuple[ConnectionState, ...] = get_args(ConnectionState)
SOURCE_STATUSES: tuple[SourceStatus, ...] = get_args(SourceStatus)
TRIGGERS: tuple[Trigger, ...] = get_args(Trigger)
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
REMOVAL_REASONS: tuple[RemovalReason, ...] = get_args(RemovalReason)
ROLE_WORDS: tuple[RoleWord, ...] = get_args(RoleWord)  # from least to most


def utc_now() -> datetime:
    """Return the present time: the clock of production code."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Parent:
    """The parent of a page, database or data source. `id` is None for the workspace."""

    kind: str
    id: str | None = None
    database_id: str | None = None


@dataclass(frozen=True, slots=True)
class Stub:
    """What a listing (search, query, GET) says about one page or data source; no body.

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
    """A database as people see it: a container of data sources."""

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
    """A sub-page or a database that the body of a page contains. `title` is what the body calls it."""

    kind: ChildKind
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
    """One chunk as `reading` made it. `digest` identifies it: same heading path and text, same digest."""

    text: str
    heading_path: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class PageReading:
    """Everything that the index stores of one page, made by `reading` without any I/O.

    `text` is the canonical text that the chatbot sees (title and properties first, then the body, as plain CommonMark).
    `digest` is the hash that decides whether the text changed; volatile properties are left out of it.
    `unread_blocks` counts holes that Notion did not fill; `unknown_tags` names tags that `reading` does not know.
    `children` are the sub-pages and databases in the body, each once. `read_as_plain_text`: the page has more markup
    than is read, so its text has no structure. `characters_left_out` counts what was too long to be read at all.
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
    """One passage that a search found, with its citation."""

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
