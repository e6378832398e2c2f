"""A world survives a restart; the server starts and stops."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from sandbox import World, seed_company
from sandbox.world.persistence import Store
from tests.sandbox.conftest import Api, Time


def reopened(path: Path, time: Time) -> World:
    world = World(clock=time)
    store = Store(path, world)
    assert store.load()
    store.close()
    return world


def test_everything_is_there_after_a_restart(tmp_path: Path, time: Time) -> None:
    world = World(clock=time, seed=5)
    store = Store(tmp_path / "world.db", world)
    assert not store.load()
    seed_company(world)
    workspace = world.workspace_named("Lumen Coffee")
    grant = world.install(workspace, share=[workspace.find("Company handbook"), workspace.find("Glossary")])
    grant.unshare(workspace.find("Expenses"))
    workspace.find("Security basics").trash()
    store.save()
    workspace.find("Roadmap").purge()
    store.close()

    again = reopened(tmp_path / "world.db", time)
    before, after = Api(world, grant), Api(again, again.grant(grant.bot_id))
    assert sorted(after.search()) == sorted(before.search())
    assert "Expenses" not in after.search()
    assert after.search(filter={"in_trash": True}) == ["Security basics"]
    handbook = workspace.find("Company handbook")
    for version in ("v1", "v2"):
        assert after.markdown(handbook, version) == before.markdown(handbook, version)
    glossary = workspace.find("Glossary")
    answers = [each.query(glossary) for each in (before, after)]
    assert answers[0]["results"] == answers[1]["results"]
    with pytest.raises(KeyError):
        again.workspace_named("Lumen Coffee").find("Roadmap")
    block = handbook.blocks[0]["id"]
    assert after.get(f"/v1/blocks/{block}")["id"] == block


def test_only_what_changed_is_written(tmp_path: Path, time: Time) -> None:
    world = World(clock=time, seed=5)
    store = Store(tmp_path / "world.db", world)
    page = world.workspace("Acme").page("Plan")
    store.save()
    assert world.dirty == set()
    page.edit("new")
    assert world.dirty == {("page", page.id)}
    store.close()


def test_the_server_starts_keeps_its_state_and_stops_cleanly(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "sandbox", "--port", str(port), "--state", str(tmp_path / "state.db")]
    command += ["--client-id", "cid", "--client-secret", "secret"]
    for attempt in range(2):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": "."})
        assert process.stdout is not None
        assert b"Practice workspace on" in process.stdout.readline()
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", follow_redirects=True) as http:
            home = http.get("/")
            assert ("Renamed" in home.text) is (attempt == 1)
            if attempt == 0:
                http.post(f"{home.url.path}/edit", data={"title": "Renamed", "text": "x", "icon": ""})
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        process.stdout.close()
