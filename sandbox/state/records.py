"""The records of a world: users, workspaces, pages, databases, data sources, grants. Data only."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Json = dict[str, Any]
RichText = list[Json]
# A block is the API's block JSON: "type", a payload under that name, optional "id" and nested "children".
Block = Json


@dataclass(slots=True)
class User:
    """A person."""

    id: str
    name: str
    email: str
    avatar_url: str | None = None


@dataclass(slots=True)
class Workspace:
    """A workspace and the ids of its members."""

    id: str
    name: str
    owner_id: str
    icon: str | None = None
    user_ids: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Page:
    """A page, a row of a data source included: rows have a parent of type data_source."""

    id: str
    workspace_id: str
    parent_type: str  # workspace | page | data_source
    parent_id: str
    title: RichText
    created: datetime
    edited: datetime
    created_by: str
    edited_by: str
    values: dict[str, Any] = field(default_factory=dict)
    icon: Json | None = None
    cover: Json | None = None
    parent_block: str | None = None
    in_trash: bool = False
    trashed_by: str | None = None
    archived: bool = False
    locked: bool = False
    blocks: list[Block] = field(default_factory=list)
    unread_text: str | None = None  # a body not parsed yet, so that a test can make 100,000 pages quickly
    revision: int = 0


@dataclass(slots=True)
class Property:
    """One column of a data source."""

    id: str
    name: str
    type: str
    config: Json = field(default_factory=dict)
    description: str | None = None


@dataclass(slots=True)
class DataSource:
    """One table of a database: its schema; the rows are pages with it as parent."""

    id: str
    database_id: str
    workspace_id: str
    title: RichText
    created: datetime
    edited: datetime
    created_by: str
    edited_by: str
    schema: dict[str, Property] = field(default_factory=dict)  # by property id
    description: RichText = field(default_factory=list)
    icon: Json | None = None
    in_trash: bool = False
    trashed_by: str | None = None
    next_number: int = 1


@dataclass(slots=True)
class Database:
    """A container of data sources, placed like a page."""

    id: str
    workspace_id: str
    parent_type: str  # workspace | page
    parent_id: str
    title: RichText
    created: datetime
    edited: datetime
    created_by: str
    edited_by: str
    description: RichText = field(default_factory=list)
    data_source_ids: list[str] = field(default_factory=list)
    icon: Json | None = None
    cover: Json | None = None
    is_inline: bool = False
    parent_block: str | None = None
    in_trash: bool = False
    trashed_by: str | None = None
    linked: bool = False  # a linked view: it has no data sources of its own


@dataclass(slots=True)
class Grant:
    """One person's authorisation of the integration in one workspace."""

    bot_id: str
    workspace_id: str
    user_id: str
    access_token: str
    refresh_token: str
    issued: datetime
    everything: bool = False  # all top-level content, future content included
    shares: list[str] = field(default_factory=list)
    denied: list[str] = field(default_factory=list)
    revoked: bool = False
    expired: bool = False


@dataclass(slots=True)
class PendingCode:
    """An authorisation code, from the consent screen until the token exchange."""

    code: str
    redirect_uri: str
    workspace_id: str
    user_id: str
    shares: list[str]
    issued: datetime
    used: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """The change of one record, as listeners get it."""

    kind: str  # workspace | user | page | database | data_source | grant
    id: str
    # created | content | properties | schema | moved | trashed | restored | archived | purged | access
    action: str
    at: datetime
