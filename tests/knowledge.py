"""A vocabulary for tests that need a connected organisation: connect, tick, work, look."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from daemon.loop import tick
from extract import actions
from extract.connections import connect
from extract.notion.oauth import TokenGrant, parse_grant
from extract.runtime import Runtime
from extract.search import find
from extract.store.models import Chatbot, Connection, Document, Organisation, Run, Source
from extract.sync import drain
from extract.sync.clocks import LastCheck
from extract.values import Hit, Schedule
from extract.worklist import due
from sandbox import World
from sandbox.world.world import GrantHandle
from tests.clock import StoppedClock


@dataclass(frozen=True, slots=True)
class Knowledge:
    """One chatbot connected to one workspace; the daemon and the worker run when a test says so."""

    runtime: Runtime
    clock: StoppedClock
    world: World
    chatbot: Chatbot
    connection: Connection
    grant: GrantHandle
    checked: LastCheck = field(default_factory=LastCheck)

    def tick(self, *ids: str, schedule: Schedule = "live", with_subpages: bool = False) -> list[Source]:
        """Tick pages and databases by id and import them (a person pastes their links)."""
        picks = [actions.find_pick(self.runtime, self.connection, notion_id) for notion_id in ids]
        picks = [replace(pick, with_subpages=with_subpages) for pick in picks]
        imported = actions.import_picks(
            self.runtime, chatbot=self.chatbot, connection=self.connection, picks=picks, schedule=schedule
        )
        return [*imported.created, *imported.known]

    def work(self) -> drain.Ended:
        """One worker takes the connection until nothing is due."""
        return drain.drain(self.runtime, self.connection.id)

    def watch(self) -> None:
        """One tick of the daemon."""
        tick(self.runtime, checked=self.checked)

    def follow(self, *, seconds: float = 61) -> None:
        """Time passes, the daemon ticks, and a worker works if the daemon has something for it."""
        self.clock.advance(seconds=seconds)
        self.watch()
        self.work_if_woken()

    def work_if_woken(self) -> None:
        """A worker takes the connection, unless the daemon would leave it alone: most ticks find nothing due."""
        if self.connection.id in due.connections_with_work(now=self.runtime.clock()):
            self.work()

    def followed(self, *ids: str, with_subpages: bool = False) -> Knowledge:
        """Tick these, read them, and let the minute of their last edit close: what comes next is an edit."""
        self.tick(*ids, with_subpages=with_subpages)
        self.work()
        self.follow(seconds=120)
        return self

    def ask(self, words: str) -> list[Hit]:
        return find.find(self.chatbot.id, words)

    def answers(self, words: str) -> list[str]:
        """Titles of the pages that answer."""
        return [hit.title for hit in self.ask(words)]

    def source(self, notion_id: str) -> Source:
        found: Source = Source.get((Source.chatbot == self.chatbot.id) & (Source.notion_id == notion_id))
        return found

    def document(self, notion_id: str) -> Document:
        found: Document = Document.get(
            (Document.chatbot == self.chatbot.id) & (Document.notion_id == notion_id)
        )
        return found

    def runs(self, notion_id: str) -> list[Run]:
        return list(Run.select().where(Run.source == self.source(notion_id).id).order_by(Run.id))

    def spent(self) -> list[str]:
        """Endpoints asked since the last call of this."""
        asked = [request.endpoint for request in self.world.requests if request.endpoint != "token"]
        self.world.requests.clear()
        return asked


def connected(runtime: Runtime, clock: StoppedClock, world: World, grant: GrantHandle) -> Knowledge:
    """An organisation with one chatbot, connected by `grant`."""
    organisation = Organisation.create(name="Acme", created_at=clock())
    chatbot = Chatbot.create(organisation=organisation, name="Help desk", created_at=clock())
    connection = connect(
        runtime,
        organisation_id=organisation.id,
        grant=token_grant(grant),
    )
    return Knowledge(runtime, clock, world, chatbot, connection, grant)


def token_grant(grant: GrantHandle) -> TokenGrant:
    """What the token endpoint answers when a person has been through the consent that `grant` stands for."""
    return parse_grant(
        {
            "access_token": grant.access_token,
            "refresh_token": grant.refresh_token,
            "bot_id": grant.bot_id,
            "workspace_id": grant.workspace_id,
            "workspace_name": "Acme",
            "token_type": "bearer",
        }
    )
