"""The whole product, started as `make run` starts it, and a real Chromium in front of it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from extract.config.load import ROOT


@dataclass(frozen=True, slots=True)
class House:
    """The running product: where people open it, where the practice workspace is."""

    url: str
    notion_url: str


def _chromium() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail("REQUIRE_BROWSER=1, but there is no Chromium on the PATH")
    pytest.skip("no Chromium on the PATH")


def _two_free_ports() -> int:
    """A port that is free together with the next one, which the practice workspace takes."""
    for _ in range(50):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            with suppress(OSError, OverflowError):
                second.bind(("127.0.0.1", port + 1))
                return port
    raise RuntimeError("no two neighbouring ports are free")


@pytest.fixture(scope="session")
def chromium() -> str:
    return _chromium()


@pytest.fixture
def house(tmp_path: Path, chromium: str) -> Iterator[House]:
    port = _two_free_ports()
    unset = ("REDIS_URL", "DATABASE_URL", "NOTION_CLIENT_ID", "NOTION_CLIENT_SECRET", "NOTION_API_URL")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    environment |= {
        "HILAL_INSTANCE": str(tmp_path / "instance"),
        "PORT": str(port),
        "POLL_SECONDS": "1",
        "PYTHONUNBUFFERED": "1",
    }
    process = subprocess.Popen(
        [sys.executable, "run.py"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    said = ""
    while "Hilal is ready" not in said:
        line = process.stdout.readline()
        assert line, f"the product did not start:\n{said}"
        said += line
    yield House(url=f"http://127.0.0.1:{port}", notion_url=f"http://127.0.0.1:{port + 1}")
    process.send_signal(signal.SIGINT)
    assert process.wait(25) == 0
    process.stdout.close()


@pytest.fixture
def browser(chromium: str) -> Iterator[Browser]:
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    flags += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Page:
    """A desktop window. A broken script or a refused resource fails the test."""
    opened = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    opened.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    return opened
