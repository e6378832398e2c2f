"""What one story plays with: a Notion of three workspaces, two organisations of ours, and what was written where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from extract import actions
from extract.connections import connect
from extract.notion.oauth import parse_grant
from extract.runtime import Runtime
from extract.store.models import Chatbot, Connection, Organisation
from sandbox import World
from sandbox.world.handles import DatabaseHandle, DataSourceHandle, PageHandle
from sandbox.world.world import GrantHandle, WorkspaceHandle
from tests.clock import StoppedClock
from tests.simulation.stage.courier import Courier
from tests.simulation.stage.power import Power
from tests.simulation.stage.wire import Wire

T = TypeVar("T")

COLUMNS = {"Name": "title", "Note": "rich_text", "Sum": "formula", "Next": "relation"}


class NotionClock:
    """Notion's clock, which may differ from ours."""

    def __init__(self, ours: StoppedClock) -> None:
        self._ours = ours
        self.skew = timedelta()  # some seconds, that come and go
        self.ahead = timedelta()  # some minutes, since ours was last set

    def __call__(self):  # type: ignore[no-untyped-def]
        return self._ours.now + self.skew + self.ahead


@dataclass
class Scene:
    """Everything that steps act on. Ids in lists are in the order they were made."""

    world: World
    clock: StoppedClock
    notion_clock: NotionClock
    runtime: Runtime
    power: Power
    wire: Wire
    workspaces: list[WorkspaceHandle] = field(default_factory=list)
    grants: list[GrantHandle] = field(default_factory=list)
    chatbots: list[Chatbot] = field(default_factory=list)
    connections: dict[str, int] = field(default_factory=dict)  # bot id -> id of our connection
    words: int = 0
    bodies: dict[str, list[str]] = field(
        default_factory=dict
    )  # page id -> the word of each version of its body
    notes: list[str] = field(default_factory=list)  # what the steps did, for the story as it is told
    denied: set[str] = field(default_factory=set)  # what Notion has denied once, though it was there
    courier: Courier | None = None  # who brings Notion's events; None: there are none

    def word(self, kind: str) -> str:
        """A word that stands nowhere else: `b` in a body, `t` in a title, `p` in a property, `f` in a formula."""
        self.words += 1
        return f"z{kind}{self.words:05d}"

    def body(self, page_id: str, more: str = "") -> str:
        """A new version of a page's body, remembered."""
        word = self.word("b")
        self.bodies.setdefault(page_id, []).append(word)
        return f"# Part\n\nThe word {word} stands here.\n\n{more}"

    def say(self, note: str) -> None:
        self.notes.append(note)

    # What there is to choose from

    def pages(self, *, rows: bool | None = None, trashed: bool | None = False) -> list[PageHandle]:
        return [
            PageHandle(self.world, each.id)
            for each in self.world.pages.values()
            if (rows is None or (each.parent_type == "data_source") is rows)
            and (trashed is None or each.in_trash is trashed)
        ]

    def databases(self, *, trashed: bool | None = False) -> list[DatabaseHandle]:
        return [
            DatabaseHandle(self.world, each.id)
            for each in self.world.databases.values()
            if trashed is None or each.in_trash is trashed
        ]

    def tables(self) -> list[DataSourceHandle]:
        return [table for database in self.databases() for table in database.data_sources]


def pick(among: Sequence[T], number: int) -> T | None:
    """The choice that a number means, modulo what there is; None when there is nothing."""
    return among[number % len(among)] if among else None


def furnish(scene: Scene) -> None:
    """Three workspaces with a few pages and databases each, and two organisations connected to them."""
    for name in ("Acme", "Beta", "Gamma"):
        workspace = scene.world.workspace(name, user=f"{name} Owner")
        scene.workspaces.append(workspace)
        _write(scene, workspace)
    scene.clock.advance(hours=2)
    acme, beta, gamma = scene.workspaces
    acme.user("Grace")
    acme.user("Linus")
    tops = _tops(scene, acme)
    scene.grants = [
        scene.world.install(acme, share=tops[:-1]),
        scene.world.install(beta),
        scene.world.install(acme, share=tops[1:], user="Grace"),
        scene.world.install(acme, share=tops, user="Linus"),
        scene.world.install(gamma, share=_tops(scene, gamma)),
    ]
    now = scene.clock()
    ours = Organisation.create(name="Ours", created_at=now)
    theirs = Organisation.create(name="Theirs", created_at=now)
    scene.chatbots = [
        Chatbot.create(organisation=organisation, name=name, created_at=now)
        for organisation, name in ((ours, "Help"), (ours, "Sales"), (theirs, "Theirs"))
    ]
    for grant, organisation in zip(scene.grants, (ours, ours, ours, theirs, theirs), strict=True):
        connection_of(scene, grant, organisation.id)


def connection_of(scene: Scene, grant: GrantHandle, organisation_id: int) -> Connection:
    """The person comes back from Notion's consent screen."""
    connection = connect(
        scene.runtime,
        organisation_id=organisation_id,
        grant=parse_grant(
            {
                "access_token": grant.access_token,
                "refresh_token": grant.refresh_token,
                "bot_id": grant.bot_id,
                "workspace_id": grant.workspace_id,
                "workspace_name": scene.world.workspaces[grant.workspace_id].name,
            }
        ),
    )
    scene.connections.setdefault(grant.bot_id, connection.id)
    return connection


def grant_of(scene: Scene, connection_id: int) -> GrantHandle:
    """The authorisation behind one of our connections."""
    return next(grant for grant in scene.grants if scene.connections[grant.bot_id] == connection_id)


def paste(scene: Scene, connection: Connection, notion_id: str) -> actions.Pick:
    """What a pasted link points to."""
    return actions.find_pick(scene.runtime, connection, notion_id)


def _write(scene: Scene, workspace: WorkspaceHandle) -> None:
    for _ in range(3):
        page = workspace.page(f"Page {scene.word('t')}")
        page.edit(scene.body(page.id))
        below = workspace.page(f"Below {scene.word('t')}", parent=page)
        below.edit(scene.body(below.id))
    for parent in (None, page):
        database = workspace.database(f"Table {scene.word('t')}", dict(COLUMNS), parent=parent)
        for _ in range(3):
            row_in(scene, database.data_source)


def row_in(scene: Scene, table: DataSourceHandle) -> PageHandle:
    """A new row with a body and, where the columns are still there, a note and a sum."""
    row = table.row(f"Row {scene.word('t')}")
    row.edit(scene.body(row.id))
    columns = {column.name: column.type for column in table.record.schema.values()}
    values = {}
    if columns.get("Note") == "rich_text":
        values["Note"] = scene.word("p")
    if columns.get("Sum") == "formula":
        values["Sum"] = scene.word("f")
    if values:
        row.set(values)
    return row


def _tops(scene: Scene, workspace: WorkspaceHandle) -> list[PageHandle | DatabaseHandle]:
    tops: list[PageHandle | DatabaseHandle] = [
        page for page in scene.pages() if page.record.parent_id == workspace.id
    ]
    tops += [database for database in scene.databases() if database.record.parent_id == workspace.id]
    return tops
