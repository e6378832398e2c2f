"""A few hundred hostile requests and commands on each database; `make fuzz` plays many."""

from __future__ import annotations

import os

import pytest

from extract.runtime import Runtime
from tests.fuzz.play import fuzzed_app, play_commands, play_requests
from tests.webapp.conftest import Cast, standing_cast
from tests.webapp.rows import make_connection, make_document, make_source
from webapp.api.keys import make_key

SEEDS = range(1, int(os.environ.get("FUZZ_SEEDS", "2")) + 1)
"""Each begins with the same rows and sends other requests."""

REQUESTS, COMMANDS = 250, 40


@pytest.fixture
def any_cast(any_runtime: Runtime) -> Cast:
    """The standing cast, with a connection, a source and a document."""
    cast, now = standing_cast(any_runtime), any_runtime.clock()
    source = make_source(cast.chatbot, make_connection(cast.acme, now), "Handbook", now, kind="database")
    make_document(source, "Leave", now, "Everybody has thirty days of leave.")
    return cast


@pytest.mark.parametrize("seed", SEEDS)
def test_no_request_ends_in_a_fault_of_ours(any_runtime: Runtime, any_cast: Cast, seed: int) -> None:
    _, key = make_key(any_cast.chatbot, "bot", any_runtime.clock())
    people = [any_cast.ada, any_cast.cleo, any_cast.mallory]

    found = play_requests(fuzzed_app(any_runtime), people=people, key=key, seed=seed, count=REQUESTS)

    assert list(found) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_no_command_line_ends_in_a_traceback(any_runtime: Runtime, any_cast: Cast, seed: int) -> None:
    assert list(play_commands(fuzzed_app(any_runtime), seed=seed, count=COMMANDS)) == []
