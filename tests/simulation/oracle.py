"""What should be true, known without the product's logic: from the sandbox's records and from who ticked what."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

from extract.store.db import database
from extract.store.models import Connection, Document, Source
from sandbox.state.rich_text import plain_text
from tests.simulation.broken import Broken
from tests.simulation.stage.scene import Scene, grant_of

WORD = re.compile(r"\bz[btpf]\d{5}\b")
Key = tuple[int, str]
"""Chatbot and Notion page."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a chatbot holds of one page."""

    title: str
    text: str

    def words(self, kind: str) -> set[str]:
        return {word for word in WORD.findall(self.text) if word[1] == kind}


def kept() -> dict[Key, Kept]:
    """Everything that answers now."""
    rows = database.execute_sql(
        "SELECT chatbot_id, notion_id, title, text FROM document"
        " WHERE removed_at IS NULL AND hash <> '' AND synced_at IS NOT NULL"
    )
    return {(chatbot, notion_id): Kept(title, text) for chatbot, notion_id, title, text in rows}


def wanted(scene: Scene) -> dict[Key, set[int]]:
    """Every page that a source of a chatbot should hold now -> the ids of those sources."""
    found: dict[Key, set[int]] = {}
    for source in Source.select().where(Source.chatbot.in_([each.id for each in scene.chatbots])):
        grant = grant_of(scene, source.connection_id).record
        for page_id in belonging(scene, source):
            page = scene.world.pages.get(page_id)
            if page is not None and not page.in_trash and scene.world.access.can_see(grant, page_id):
                found.setdefault((source.chatbot_id, page_id), set()).add(source.id)
    return found


def belonging(scene: Scene, source: Source) -> Iterator[str]:
    """The pages of a source, as Notion has them; also those that cannot be read now."""
    if source.kind == "page" and not source.with_subpages:
        yield source.notion_id
    elif source.kind == "page":
        yield from _below(scene, source.notion_id)
    elif source.kind == "workspace":
        grant = grant_of(scene, source.connection_id).record
        yield from (page.id for page in scene.world.pages.values() if page.workspace_id == grant.workspace_id)
    else:
        yield from _rows(scene, source)


def _below(scene: Scene, root: str) -> Iterator[str]:
    """A page with all that sits below it; Notion lists no archived row, nor what hangs in one."""
    world, front = scene.world, [root]
    while front:
        each = front.pop()
        page = world.pages.get(each)
        if page is not None and page.archived and page.parent_type == "data_source" and each != root:
            continue
        if page is not None:
            yield each
        front.extend(world.children.get(each, ()))


def can_be_found(scene: Scene, source: Source, page_id: str) -> bool:
    """Whether Notion tells of a page at all: of one in a tree only where all up to the root is in sight, and none of it
    in the trash; of one in a workspace by search, or else by the body or the table it sits in.
    """
    world, page = scene.world, scene.world.pages[page_id]
    grant = grant_of(scene, source.connection_id).record
    if source.kind == "workspace":
        hidden = page_id in world.index_for(page.workspace_id).hidden
        above = page.parent_type != "workspace" and world.access.can_see(grant, page.parent_id)
        return above or not hidden
    between = page_id
    while source.with_subpages and between != source.notion_id:
        between = world.parent_of(between) or source.notion_id
        node = world.node(between)
        if node is None or node.in_trash or not world.access.can_see(grant, between):
            return False
    return True


def _rows(scene: Scene, source: Source) -> Iterator[str]:
    held = scene.world.databases.get(source.notion_id)
    grant = grant_of(scene, source.connection_id).record
    if held is None or held.in_trash or not scene.world.access.can_see(grant, held.id):
        return
    for table in held.data_source_ids:
        if scene.world.access.can_see(grant, table):
            for row in scene.world.children.get(table, ()):
                if not scene.world.pages[row].archived:
                    yield row


def hidden(holders: Collection[int]) -> frozenset[str]:
    """The ids of the columns that every database among the holders of a row has switched off."""
    rows = Source.select().where(Source.id.in_(sorted(holders)) & (Source.kind == "database"))
    off = [frozenset(source.hidden_columns) for source in rows]
    return frozenset.intersection(*off) if off else frozenset()


def words_of(scene: Scene, page_id: str, hidden: Collection[str] = ()) -> dict[str, set[str]]:
    """The words of a page's own title, body and properties but the hidden ones, as Notion has them now."""
    page = scene.world.pages[page_id]
    table = scene.world.data_sources.get(page.parent_id)
    values: dict[str, set[str]] = {"p": set(), "f": set()}
    for column in table.schema.values() if table is not None else ():
        stored = page.values.get(column.id)
        if quote(column.id, safe="") in hidden:
            continue
        if column.type == "rich_text" and stored:
            values["p"].update(WORD.findall(plain_text(stored)))
        if column.type == "formula" and stored:
            values["f"].add(stored["string"])
    return {"b": set(scene.bodies.get(page_id, [])[-1:]), "t": {plain_text(page.title)}, **values}


def held() -> dict[Key, set[int]]:
    """Every page that a source of a chatbot has been seen to hold -> the ids of those sources."""
    found: dict[Key, set[int]] = {}
    rows = database.execute_sql(
        "SELECT d.chatbot_id, d.notion_id, m.source_id FROM membership m JOIN document d ON d.id = m.document_id"
    )
    for chatbot, notion_id, source_id in rows:
        found.setdefault((chatbot, notion_id), set()).add(source_id)
    return found


Asleep = dict[int, tuple[object, ...]]
"""A document that only stopped sources hold -> since when, and how it is."""


def asleep() -> Asleep:
    """What nothing of ours may touch."""
    rows = database.execute_sql(
        "SELECT d.id, MIN(s.stopped_at), MAX(s.stopped_at), d.synced_at, d.removed_at, d.hash"
        " FROM document d JOIN membership m ON m.document_id = d.id JOIN source s ON s.id = m.source_id"
        " GROUP BY d.id, d.synced_at, d.removed_at, d.hash HAVING COUNT(*) = COUNT(s.stopped_at)"
    )
    return {document_id: tuple(rest) for document_id, *rest in rows}


def in_doubt(notion_id: str) -> bool:
    """Whether Notion has already denied once, to anybody of ours, that this is there."""
    return any(
        table.select().where((table.notion_id == notion_id) & table.doubted_at.is_null(False)).exists()
        for table in (Document, Source)
    )


@dataclass
class Oracle:
    """Watches a story step by step. `look` raises Broken."""

    scene: Scene
    before: dict[Key, Kept] = field(default_factory=dict)
    always: dict[Key, set[int]] = field(default_factory=dict)
    """The sources that held a page when the step began, and should have held it at every moment since."""

    asleep: Asleep = field(default_factory=dict)
    """What only stopped sources held when the step began."""

    def begin(self) -> None:
        self.always = held()
        self.asleep = asleep()
        self.meanwhile()

    def meanwhile(self) -> None:
        """Somebody has just done something: what is not wanted now was not wanted all the time."""
        now = wanted(self.scene)
        self.always = {key: by & now[key] for key, by in self.always.items() if key in now}

    def look(self) -> None:
        """After a step: nothing readable has vanished, no text went backwards, nobody holds what is not theirs."""
        self.meanwhile()
        now = kept()
        for key, was in self.before.items():
            if self.always.get(key) and key not in now:
                raise Broken("a readable page vanished", f"{was.title} ({key[1][:6]}) from chatbot {key[0]}")
        for key, holds in now.items():
            self._text(key, holds)
        self._silos()
        self._sleep()
        self.before = now
        if self.scene.wire.breaks:
            raise self.scene.wire.breaks[0]

    def _text(self, key: Key, holds: Kept) -> None:
        """Every version of a body bears one word; what we hold is one of them, and never an older one again."""
        versions = self.scene.bodies[key[1]]
        found = holds.words("b")
        if len(found) != 1 or not found <= set(versions):
            raise Broken("a text that the page never had", f"{holds.title}: {sorted(found)}")
        was = self.before.get(key)
        if was is not None and was.text:
            [then], [now] = was.words("b"), found
            if versions.index(now) < versions.index(then):
                raise Broken("a text went backwards", f"{holds.title}: {then} -> {now}")

    def _sleep(self) -> None:
        """What was stopped when the step began, and still is, was left alone."""
        now = asleep()
        for document_id, was in self.asleep.items():
            is_now = now.get(document_id, was)
            if is_now[:2] == was[:2] and is_now != was:
                raise Broken("a stopped source was worked", f"document {document_id}: {was} -> {is_now}")

    def _silos(self) -> None:
        strangers = database.execute_sql(
            "SELECT COUNT(*) FROM document d JOIN chatbot b ON b.id = d.chatbot_id"
            " JOIN connection c ON c.id = d.connection_id WHERE b.organisation_id <> c.organisation_id"
        ).fetchone()
        if strangers[0]:
            raise Broken("an organisation holds what is not its own")


def alive() -> list[Connection]:
    return list(Connection.select().where(Connection.state == "alive").order_by(Connection.id))
