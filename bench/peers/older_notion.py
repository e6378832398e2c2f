"""What Notion still does for clients of its API before data sources, in front of a sandbox that does not.

Version 2022-06-28 is answered, a database is queried by its own path, and a cursor within blocks is the id of the
next block, as Notion's answers show. Readers that have not moved on are compared on what Notion would tell them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask
from werkzeug.wrappers import Response

from sandbox import World
from sandbox.api.checks import VERSIONS
from sandbox.editing.pages import blocks_of
from sandbox.state.records import Block

OLD = "2022-06-28"
_QUERY = re.compile(r"/v1/databases/([^/]+)/query$")
_CHILDREN = re.compile(r"/v1/blocks/([^/]+)/children$")
_Start = Callable[..., Any]


class OlderNotion:
    """A WSGI layer; requests of newer versions pass untouched."""

    def __init__(self, app: Flask, world: World) -> None:
        self._app = app
        self._world = world

    def __call__(self, environ: dict[str, Any], start_response: _Start) -> Iterable[bytes]:
        if environ.get("HTTP_NOTION_VERSION") != OLD:
            return self._app(environ, start_response)
        environ["HTTP_NOTION_VERSION"] = VERSIONS[0]
        path = environ["PATH_INFO"]
        if query := _QUERY.match(path):
            database = self._world.databases[query[1]]
            environ["PATH_INFO"] = f"/v1/data_sources/{database.data_source_ids[0]}/query"
        response = Response.from_app(self._app, environ)
        if _CHILDREN.match(path) and response.status_code == 200:
            body = json.loads(response.get_data())
            if body["next_cursor"]:
                body["next_cursor"] = self._next(body["results"][-1]["id"])
                response.set_data(json.dumps(body))
        return response(environ, start_response)

    def _next(self, last: str) -> str:
        world = self._world
        waiting = [blocks_of(world, world.pages[world.page_of_block[last]])]
        while waiting:
            siblings: list[Block] = waiting.pop()
            ids = [block["id"] for block in siblings]
            if last in ids:
                return str(ids[ids.index(last) + 1])
            waiting += [block.get("children") or [] for block in siblings]
        raise LookupError(last)
