"""Two organisations: Ada owns Acme, Bob is its admin, Cleo a member; Mallory owns the other one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from werkzeug.test import TestResponse

from extract import connections
from extract.notion.oauth import TokenGrant
from extract.runtime import Runtime
from extract.store.models import Chatbot, Connection, Member, Organisation, Source
from webapp import create_app
from webapp.extensions import limiter
from webapp.people import members
from webapp.people.passwords import hash_password
from webapp.roles import Role

if TYPE_CHECKING:
    from sandbox import World

PASSWORD = "correct horse battery"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_META = re.compile(r'name="csrf-token" content="([^"]+)"')


@cache
def _password_hash() -> str:
    """Everybody's; hashing takes its time on purpose."""
    return hash_password(PASSWORD)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is there, and the chatbots of both organisations."""

    acme: Organisation
    ada: Member
    bob: Member
    cleo: Member
    chatbot: Chatbot
    other: Organisation
    mallory: Member
    other_chatbot: Chatbot


class Browser:
    """A person's browser: keeps cookies, sends the CSRF token of the page it has open."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.token = ""

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self._seen(self.client.get(path, **kwargs))

    def post(self, path: str, data: dict[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        """Send a form as the open page would, with its token."""
        if not self.token:
            self.get("/any-page-will-do")
        answer = self.client.post(path, data={"csrf_token": self.token} | (data or {}), **kwargs)
        self.token = ""  # logging in or out makes a new session, with a new token
        return self._seen(answer)

    def fragment(self, path: str, **kwargs: Any) -> TestResponse:
        """Ask as htmx does for a part of a page."""
        headers = {"HX-Request": "true", "HX-Request-Type": "partial"} | kwargs.pop("headers", {})
        return self._seen(self.client.get(path, headers=headers, **kwargs))

    def _seen(self, response: TestResponse) -> TestResponse:
        if response.mimetype == "text/html":
            found = _TOKEN.search(response.text) or _META.search(response.text)
            self.token = found.group(1) if found else self.token
        return response


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Each test has an app of its own; the templates are compiled once for all of them."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(runtime: Runtime, compiled_templates: FileSystemBytecodeCache) -> Iterator[Flask]:
    made = create_app(runtime)
    made.jinja_env.bytecode_cache = compiled_templates
    made.testing = True
    yield made
    limiter.reset()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def browser(app: Flask) -> Browser:
    """Nobody in particular."""
    return Browser(app.test_client())


@pytest.fixture
def cast(runtime: Runtime) -> Cast:
    return standing_cast(runtime)


def standing_cast(runtime: Runtime) -> Cast:
    """Both organisations and their people, written to the open database."""
    now = runtime.clock()
    acme = members.create_organisation("Acme", now)
    other = members.create_organisation("Umbrella", now)

    def person(organisation: Organisation, name: str, role: Role) -> Member:
        return Member.create(
            organisation=organisation,
            email=f"{name.lower()}@{organisation.name.lower()}.test",
            name=name,
            role=role.word,
            password_hash=_password_hash(),
            session_key=members.new_session_key(),
            created_at=now,
        )

    return Cast(
        acme=acme,
        ada=person(acme, "Ada", Role.OWNER),
        bob=person(acme, "Bob", Role.ADMIN),
        cleo=person(acme, "Cleo", Role.MEMBER),
        chatbot=acme.chatbots.get(),
        other=other,
        mallory=person(other, "Mallory", Role.OWNER),
        other_chatbot=other.chatbots.get(),
    )


@pytest.fixture
def login(app: Flask) -> Callable[[Member], Browser]:
    """A browser in which this person is logged in."""
    return partial(logged_in, app)


def logged_in(app: Flask, member: Member) -> Browser:
    browser = Browser(app.test_client())
    with browser.client.session_transaction() as session:
        session["_user_id"] = f"{member.id}.{member.session_key}"
        session["_fresh"] = True
    return browser


@pytest.fixture
def ada(cast: Cast, login: Callable[[Member], Browser]) -> Browser:
    return login(cast.ada)


@pytest.fixture
def connection(runtime: Runtime, cast: Cast, world: World) -> Connection:
    """Acme's Notion, connected; everything in it is shared."""
    workspace = world.workspace("Acme")
    grant = world.install(workspace).record
    return connections.connect(
        runtime,
        organisation_id=cast.acme.id,
        grant=TokenGrant(
            access_token=grant.access_token,
            refresh_token=grant.refresh_token,
            bot_id=grant.bot_id,
            workspace_id=workspace.id,
            workspace_name="Acme",
        ),
    )


@pytest.fixture
def source(cast: Cast, connection: Connection, runtime: Runtime) -> Source:
    """One source of Acme's chatbot."""
    return Source.create(
        chatbot=cast.chatbot,
        connection=connection,
        kind="page",
        notion_id="11111111-1111-1111-1111-111111111111",
        title="Handbook",
        created_at=runtime.clock(),
    )
