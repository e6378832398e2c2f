"""A world with a stopped clock, one workspace, one grant, and a client that speaks the API to it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from sandbox import World, create_app
from sandbox.world.world import GrantHandle, WorkspaceHandle

REDIRECT = "http://chatbot.test/notion/callback"


class Time:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **parts: float) -> None:
        self.now += timedelta(**parts)


class Api:
    """Requests with a grant's token; answers are JSON, errors included."""

    def __init__(self, world: World, grant: GrantHandle) -> None:
        self.world = world
        self.grant = grant
        transport = httpx2.WSGITransport(app=create_app(world))
        self.http = httpx2.Client(transport=transport, base_url="http://notion.test")
        self.status = 0
        self.headers = httpx2.Headers()
        self.version = "2026-03-11"

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        return self._json(self.http.get(path, params=params or None, headers=self._headers()))

    def post(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return self._json(self.http.post(path, json=body or {}, headers=self._headers()))

    def markdown(self, page: Any, version: str = "v1", **params: Any) -> str:
        answer = self.get(f"/v1/pages/{page.id}/markdown", markdown_version=version, **params)
        return str(answer["markdown"])

    def search(self, **body: Any) -> list[str]:
        return [title(each) for each in self.post("/v1/search", body)["results"]]

    def query(self, database: Any, **body: Any) -> dict[str, Any]:
        return self.post(f"/v1/data_sources/{database.data_source.id}/query", body)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.grant.access_token}", "Notion-Version": self.version}

    def _json(self, response: httpx2.Response) -> dict[str, Any]:
        self.status, self.headers = response.status_code, response.headers
        body: dict[str, Any] = response.json()
        return body


def title(thing: dict[str, Any]) -> str:
    """The title of a page or data source as the API shows it."""
    items = thing.get("title")
    if items is None:
        items = next(each["title"] for each in thing["properties"].values() if each["type"] == "title")
    return "".join(item["plain_text"] for item in items)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def world(time: Time) -> World:
    return World(clock=time, seed=7)


@pytest.fixture
def acme(world: World) -> WorkspaceHandle:
    return world.workspace("Acme", user="Ada Lovelace")


@pytest.fixture
def grant(world: World, acme: WorkspaceHandle) -> GrantHandle:
    return world.install(acme)


@pytest.fixture
def api(world: World, grant: GrantHandle) -> Iterator[Api]:
    made = Api(world, grant)
    yield made
    made.http.close()
