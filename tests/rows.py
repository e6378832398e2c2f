"""Rows as a sync would have left them, and stubs as a listing tells them. Each has defaults and keyword overrides.

Import the module: `rows.document(source, title="Handbook")`. What is not named is made: a source without a chatbot
gets one of its own. `now` is the moment at which the rows were made; it is `tests.clock.START` unless a test says more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

from cryptography.fernet import Fernet

from extract.rules.changes import computed_digest_of, digest_of
from extract.search import index
from extract.store.models import (
    Chatbot,
    Child,
    Connection,
    DataSource,
    Document,
    Link,
    Membership,
    Organisation,
    Run,
    Source,
)
from extract.store.vault import Vault
from extract.values import PageReading, Parent, Passage, Stub
from tests.clock import START

FERNET_KEY = Fernet.generate_key().decode()
"""The key of every vault in the tests."""

EDITED = (START - timedelta(hours=1)).replace(second=0)
"""Notion's time of the edit that a document holds unless a test says otherwise. A minute, rounded down."""

_made = {"ids": 0}
R = TypeVar("R")


def notion_id() -> str:
    """An id that no other row of this run has."""
    _made["ids"] += 1
    return str(UUID(int=_made["ids"] + (7 << 100)))


def organisation(*, now: datetime = START, **values: Any) -> Organisation:
    return Organisation.create(**{"name": "Acme", "created_at": now, **values})


def chatbot(owner: Organisation | None = None, *, now: datetime = START, **values: Any) -> Chatbot:
    given = {"organisation": owner or organisation(now=now), "name": "Help desk", "created_at": now}
    return Chatbot.create(**{**given, **values})


def connection(owner: Organisation | None = None, *, now: datetime = START, **values: Any) -> Connection:
    """Alive and idle, with the sealed token `a token` unless its `state` is another."""
    alive = values.get("state", "alive") == "alive"
    given = {
        "organisation": owner or organisation(now=now),
        "bot_id": notion_id(),
        "workspace_id": notion_id(),
        "workspace_name": "Acme",
        "created_at": now,
        "access_token": Vault([FERNET_KEY]).seal("a token") if alive else None,
    }
    return Connection.create(**{**given, **values})


def source(
    bot: Chatbot | None = None, via: Connection | None = None, *, now: datetime = START, **values: Any
) -> Source:
    """A live page that was trained at `now`; nothing is wanted. `kind` and `with_subpages` make it another."""
    if bot is None:
        bot = chatbot(via.organisation if via else None, now=now)
    given = {
        "chatbot": bot,
        "connection": via or connection(bot.organisation, now=now),
        "kind": "page",
        "notion_id": notion_id(),
        "title": "Handbook",
        "url": "https://www.notion.so/a-page",
        "status": "trained",
        "created_at": now,
        "last_synced_at": now,
    }
    return Source.create(**{**given, **values})


def tree(
    bot: Chatbot | None = None, via: Connection | None = None, *, now: datetime = START, **values: Any
) -> tuple[Source, Document]:
    """A page that is held with its sub-pages, and the document of that page."""
    made = source(bot, via, now=now, with_subpages=True, **values)
    return made, document(made, now=now, notion_id=made.notion_id, title=made.title)


def table(holder: Source, **values: Any) -> DataSource:
    """A data source whose rows `holder` holds; of a database source, in its own container."""
    container = holder.notion_id if holder.kind == "database" else notion_id()
    given = {"source": holder, "notion_id": notion_id(), "database_id": container, "name": holder.title}
    return DataSource.create(**{**given, **values})


def document(
    *holders: Source, passages: Sequence[str] = (), now: datetime = START, **values: Any
) -> Document:
    """A page that these sources hold, read after its last edit at `EDITED`; nothing is wanted.

    Its chatbot and connection are those of the first source. With `passages` the index holds them as its text.
    """
    given = {
        "chatbot": holders[0].chatbot_id,
        "connection": holders[0].connection_id,
        "notion_id": notion_id(),
        "title": "A page",
        "url": "https://www.notion.so/a-page",
        "hash": "read",
        "edited_at": EDITED,
        "noticed_at": EDITED,
        "synced_at": EDITED + timedelta(minutes=30),
        "created_at": EDITED,
    }
    made = Document(**{**given, **values})
    if "stub_digest" not in values:
        made.stub_digest = digest_of(stub_of(made))
    made.save(force_insert=True)
    for holder in holders:
        hold(holder, made)
    if passages:
        index.put(made.id, reading(made.title, *passages), now=now)
    return fresh(made)


def unread(*holders: Source, now: datetime = START, **values: Any) -> Document:
    """A page that was never read and is wanted since `now`, as an import leaves it."""
    never = {"hash": "", "edited_at": None, "noticed_at": None, "synced_at": None, "stub_digest": ""}
    return document(*holders, now=now, **{**never, "requested_at": now, "created_at": now, **values})


def row(holder: Source, in_table: DataSource, **values: Any) -> Document:
    """A row of a table, held by the source that holds the table."""
    return document(holder, **{"data_source_id": in_table.notion_id, **values})


def hold(holder: Source, held: Document, *, listing: int = 0) -> None:
    Membership.create(source=holder, document=held, listing=listing)


def child(body_of: Document, *, kind: str = "page", notion_id: str) -> None:
    """The body of a document holds this sub-page or database."""
    Child.create(document=body_of, notion_id=notion_id, kind=kind)


def link(names_it: Document, *, notion_id: str) -> None:
    """A document names this page."""
    Link.create(document=names_it, notion_id=notion_id)


def run(of: Source, *, now: datetime = START, **values: Any) -> Run:
    """An open run that began at `now`."""
    return Run.create(**{"source": of, "trigger": "edit", "started_at": now, **values})


def reading(title: str, *passages: str, heading_path: tuple[str, ...] = (), **values: Any) -> PageReading:
    """What `extract.reading` makes of a page with these passages."""
    text = f"# {title}\n\n" + "\n\n".join(passages)
    given = {
        "title": title,
        "text": text,
        "digest": sha256(text.encode()).hexdigest(),
        "properties": (),
        "links": (),
        "passages": tuple(
            Passage(passage, heading_path, sha256(f"{title}{passage}".encode()).hexdigest())
            for passage in passages
        ),
    }
    return PageReading(**{**given, **values})


def stub(**values: Any) -> Stub:
    """A page at the top of a workspace, edited at `EDITED`."""
    given: dict[str, Any] = {
        "kind": "page",
        "id": notion_id() if "id" not in values else values["id"],
        "title": "A page",
        "url": "https://www.notion.so/a-page",
        "icon": None,
        "parent": Parent("workspace"),
        "edited_at": EDITED,
        "created_at": EDITED,
        "in_trash": False,
        "is_archived": False,
        "properties": {},
    }
    return Stub(**{**given, **values})


def stub_of(held: Document, **values: Any) -> Stub:
    """What a listing tells of a document that has not moved since it was read, but for `values`."""
    parent = Parent("workspace")
    if held.data_source_id:
        parent = Parent("data_source_id", held.data_source_id)
    elif held.parent_page_id:
        parent = Parent("page_id", held.parent_page_id)
    same = {"id": held.notion_id, "title": held.title, "url": held.url, "icon": held.icon, "parent": parent}
    return stub(**{**same, "edited_at": held.edited_at, **values})


def table_stub(of: DataSource, **values: Any) -> Stub:
    """What search tells of a data source that has not changed, but for `values`."""
    same = {"kind": "data_source", "id": of.notion_id, "title": of.name, "properties": of.properties}
    place = {"parent": Parent("database_id", of.database_id), "database_id": of.database_id}
    return stub(**{**same, **place, **values})


def told_by(listed: Stub) -> dict[str, Any]:
    """The columns that a document has after it was read with this stub."""
    return {"stub_digest": digest_of(listed), "computed_digest": computed_digest_of(listed)}


def fresh(held: R) -> R:
    """The row as the database has it now."""
    return type(held).get_by_id(held.id)  # type: ignore[attr-defined, no-any-return]


def pages_of(holder: Source) -> set[str]:
    """The Notion ids of the documents that a source holds."""
    held = Document.select(Document.notion_id).join(Membership).where(Membership.source == holder)
    return {found.notion_id for found in held}


def is_there(held: Document) -> bool:
    """Return True if the row exists; a document that nobody holds is dropped."""
    return bool(Document.select().where(Document.id == held.id).exists())
