"""A page of another origin of the same site cannot act in the name of somebody who is logged in.

Ports do not count for SameSite cookies, so the browser sends the session along; a sibling sub-domain is the same case.
https://developer.mozilla.org/en-US/docs/Glossary/Site
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import House
from tests.browser.test_main_journey import connect, register

ATTACK = """
async ([target, paths]) => {
  for (const path of paths)
    for (const method of ["HEAD", "GET", "POST"])
      await fetch(target + path, {method, mode: "no-cors", credentials: "include"}).catch(() => {});
  for (const path of paths) {
    const form = document.createElement("form");
    form.method = "post"; form.action = target + path; form.target = "sink";
    document.body.append(form);
    const sent = new Promise(done => document.querySelector("iframe").onload = done);
    form.submit();
    await Promise.race([sent, new Promise(done => setTimeout(done, 2000))]);
  }
}
"""


class _Elsewhere(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>elsewhere</title><iframe name=sink></iframe>")

    def log_message(self, format: str, *arguments: object) -> None:
        """Stay silent."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The address of a page on another port of the same machine."""
    server = HTTPServer(("127.0.0.1", 0), _Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_page_elsewhere_revokes_no_key_and_disconnects_nothing(
    page: Page, house: House, elsewhere: str
) -> None:
    register(page, house)
    connect(page, tick=("Company handbook",))
    page.goto(f"{house.url}/settings/chatbots")
    page.get_by_label("What the key is for").fill("Website")
    page.get_by_role("button", name="New API key").click()
    revoke = page.get_by_role("link", name="Revoke").first.get_attribute("href")
    page.goto(f"{house.url}/settings/connections")
    disconnect = page.get_by_role("link", name="Disconnect").first.get_attribute("href")

    attacker = page.context.new_page()
    attacker.goto(elsewhere)
    attacker.evaluate(ATTACK, [house.url, [revoke, disconnect, "/logout"]])
    attacker.close()

    page.goto(f"{house.url}/settings/chatbots")
    expect(page.get_by_role("link", name="Revoke Website")).to_be_visible()
    page.goto(f"{house.url}/settings/connections")
    expect(page.get_by_role("link", name="Disconnect")).to_be_visible()
