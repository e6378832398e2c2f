"""An organisation that consented at the sandbox."""

from __future__ import annotations

import pytest

from extract.connections import connect
from extract.runtime import Runtime
from extract.store.models import Connection, Organisation
from sandbox import World
from sandbox.world.world import GrantHandle
from tests.extract.connections.consent import granted


@pytest.fixture
def organisation(any_runtime: Runtime) -> Organisation:
    return Organisation.create(name="Acme Ltd", created_at=any_runtime.clock())


@pytest.fixture
def handle(world: World) -> GrantHandle:
    return world.install(world.workspace("Acme"))


@pytest.fixture
def connection(any_runtime: Runtime, organisation: Organisation, handle: GrantHandle) -> Connection:
    return connect(any_runtime, organisation_id=organisation.id, grant=granted(handle))
