"""A small company connected to one chatbot, for the stories."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from extract.runtime import Runtime
from sandbox import World
from sandbox.world.handles import DatabaseHandle, PageHandle
from sandbox.world.world import WorkspaceHandle
from tests.clock import StoppedClock
from tests.knowledge import Knowledge, connected


@dataclass(frozen=True, slots=True)
class Notion:
    """What the company keeps in Notion."""

    workspace: WorkspaceHandle
    handbook: PageHandle
    terms: DatabaseHandle


@pytest.fixture
def notion(world: World, clock: StoppedClock) -> Notion:
    workspace = world.workspace("Acme", user="Ada")
    handbook = workspace.page("Handbook", "# Holidays\n\nEverybody has thirty days of holiday.")
    terms = workspace.database("Glossary", {"Term": "title", "Meaning": "rich_text"})
    terms.row("Ristretto", {"Meaning": "A short espresso"}, body="Half the water, all the coffee.")
    terms.row("Lungo", {"Meaning": "A long espresso"})
    clock.advance(hours=1)
    return Notion(workspace, handbook, terms)


@pytest.fixture
def acme(any_runtime: Runtime, clock: StoppedClock, world: World, notion: Notion) -> Knowledge:
    """The company, connected; nothing is ticked yet. Once on each database."""
    grant = world.install(notion.workspace, share=[notion.handbook, notion.terms])
    return connected(any_runtime, clock, world, grant)


@pytest.fixture
def connect(runtime: Runtime, clock: StoppedClock, world: World, notion: Notion) -> Callable[..., Knowledge]:
    """Connect the company with another configuration, on SQLite."""

    def make(runtime: Runtime = runtime) -> Knowledge:
        grant = world.install(notion.workspace, share=[notion.handbook, notion.terms])
        return connected(runtime, clock, world, grant)

    return make
