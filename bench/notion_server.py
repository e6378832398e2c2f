"""A sandbox with as many pages as asked for, in a process of its own: `python -m bench.notion_server --rows 100`.

Prints one line of JSON with its port, its grant and the ids of what can be ticked. `GET /_requests` answers the
requests served so far, by endpoint, and forgets them; `GET /_journal` the same one by one: when, which, what status.
`POST /_edit` writes a text into pages. With a scene of `bench.scenes` instead of numbers, clients of the API's older
version are answered, and `GET /_pieces` tells what there is to be read.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.serving import WSGIRequestHandler, make_server

from bench.peers import scenes, tokens
from bench.peers.older_notion import OlderNotion
from sandbox import World, create_app, seed_company
from sandbox.world.handles import DatabaseHandle, PageHandle
from sandbox.world.limits import RateLimit

PARAGRAPH = "The grinder is set to seven and cleaned every evening, and the log is kept beside the machine. "


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        return


def body(number: int, blocks: int) -> str:
    """A page of about `blocks` blocks, no two pages alike."""
    parts = [f"# Chapter {number}"]
    for block in range(blocks - 1):
        parts.append(
            f"- Point {block} of page {number}" if block % 3 else f"{PARAGRAPH}Page {number}, part {block}."
        )
    return "\n\n".join(parts)


def build(pages: int, rows: int, blocks: int) -> tuple[World, list[PageHandle | DatabaseHandle]]:
    """A workspace written yesterday, and what can be ticked in it; no pages and no rows: the seeded company."""
    if not pages and not rows:
        world = seed_company(World())
        return world, _top(world)
    start = datetime.now(UTC) - timedelta(days=1)
    moments = (start + timedelta(seconds=number / 100) for number in range(10_000_000))
    world = World(clock=lambda: next(moments), seed=1)
    workspace = world.workspace("Bench")
    things: list[PageHandle | DatabaseHandle] = [
        workspace.page(f"Page {number}", body(number, blocks)) for number in range(pages)
    ]
    if rows:
        database = workspace.database("Rows", {"Name": "title", "Note": "rich_text", "Price": "number"})
        for number in range(rows):
            database.row(
                f"Row {number}", {"Note": f"Note {number}", "Price": number}, body=body(number, blocks)
            )
        things.append(database)
    return world, things


def _top(world: World) -> list[PageHandle | DatabaseHandle]:
    """All pages and databases, but not the rows: those come with their database."""
    databases = [world.database(identifier) for identifier in world.databases]
    rows = {row.id for database in databases for row in database.rows}
    return [*[world.page(identifier) for identifier in world.pages if identifier not in rows], *databases]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.notion_server")
    for name, usual in (("pages", 0), ("rows", 0), ("blocks", 50), ("latency-ms", 0)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    parser.add_argument("--scene", default="")
    parser.add_argument("--requests-per-window", type=int, default=0, help="0 lifts the limit")
    parser.add_argument("--window-seconds", type=float, default=60)
    return parser.parse_args()


def main() -> int:
    given = _options()
    world, things = scenes.build(given.scene) if given.scene else build(given.pages, given.rows, given.blocks)
    limit = given.requests_per_window
    world.rate_limit = RateLimit(limit, given.window_seconds) if limit else None
    world.latency_seconds = given.latency_ms / 1000
    world.keep_requests = 1_000_000
    world.clock = lambda: datetime.now(UTC)
    grant = world.install(world.workspace_named(next(iter(world.workspaces.values())).name))
    app: Flask = create_app(world)

    @app.get("/_requests")
    def requests() -> ResponseReturnValue:
        counted = Counter(each.endpoint for each in world.requests)
        world.requests.clear()
        return jsonify(counted)

    @app.get("/_journal")
    def journal() -> ResponseReturnValue:
        served = [[each.at.timestamp(), each.endpoint, each.status] for each in world.requests]
        world.requests.clear()
        return jsonify(served)

    @app.post("/_edit")
    def edit() -> ResponseReturnValue:
        """`{"pages": {id: text}}`: each page is rewritten, as a person would."""
        for identifier, text in request.get_json()["pages"].items():
            world.page(identifier).edit(text)
        return "", 204

    @app.get("/_pieces")
    def pieces() -> ResponseReturnValue:
        """The words of each page to be read, and how a client would ask for them all."""
        databases = [thing for thing in things if isinstance(thing, DatabaseHandle)]
        rows = [row.id for database in databases for row in database.rows]
        plain = [thing.id for thing in things if isinstance(thing, PageHandle)]
        words = {page: tokens.pieces(world, grant.record, world.pages[page]) for page in [*plain, *rows]}
        return jsonify(pages=plain, rows=rows, databases=[database.id for database in databases], words=words)

    served = OlderNotion(app, world) if given.scene else app
    server = make_server("127.0.0.1", 0, served, threaded=True, request_handler=Quiet)
    line = {
        "port": server.server_port,
        "access_token": grant.access_token,
        "refresh_token": grant.refresh_token,
        "bot_id": grant.bot_id,
        "workspace_id": grant.workspace_id,
        "client_id": world.client_id,
        "client_secret": world.client_secret,
        "ids": [thing.id for thing in things],
        "titles": [thing.title for thing in things],
    }
    print(json.dumps(line), flush=True)
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
