"""What the workspace is made of: users, pages, databases, data sources, grants. Data only, no behaviour."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Json = dict[str, Any]
RichText = list[Json]
# A block is the API's block JSON: "type", a payload under that name, optional "id" and nested "children".
Block = Json


@dataclass(slots=True)
class User:
    id: str
    name: str
    email: str
    avatar_url: str | None = None


@dataclass(slots=True)
class Workspace:
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
    unread_text: str | None = None  # a body not parsed yet: worlds of 100,000 pages are made faster than read
    revision: int = 0


@dataclass(slots=True)
class Property:
    id: str
    name: str
    type: str
    config: Json = field(default_factory=dict)
    description: str | None = None


@dataclass(slots=True)
class DataSource:
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
    """An authorisation code that has been handed out and not yet exchanged."""

    code: str
    redirect_uri: str
    workspace_id: str
    user_id: str
    shares: list[str]
    issued: datetime
    used: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What listeners hear: one record changed."""

    kind: str  # workspace | user | page | database | data_source | grant
    id: str
    # created | content | properties | schema | moved | trashed | restored | archived | purged | access
    action: str
    at: datetime
