"""Six requests at once, on both databases: what must happen once happens once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from threading import Barrier
from typing import TypeVar

import pytest
from flask import Flask

from extract import actions, connections
from extract.actions import Pick
from extract.discovery import webhook_tokens
from extract.errors import Refused
from extract.notion.oauth import TokenGrant
from extract.runtime import Runtime
from extract.store.db import database, lock
from extract.store.models import (
    Chatbot,
    Connection,
    Document,
    Invitation,
    Member,
    Organisation,
    Source,
    WebhookToken,
)
from tests.webapp.conftest import PASSWORD, Browser
from tests.webapp.rows import make_connection
from webapp import create_app
from webapp.people import members
from webapp.roles import Role

T = TypeVar("T")
AT_ONCE = 6


@pytest.fixture
def any_app(any_runtime: Runtime) -> Flask:
    return create_app(any_runtime)


@pytest.fixture
def now(any_runtime: Runtime) -> datetime:
    return any_runtime.clock()


@pytest.fixture
def acme(any_app: Flask, now: datetime) -> Organisation:
    return members.create_organisation("Acme", now)


def at_once(acts: Sequence[Callable[[], T]]) -> list[T]:
    """Do all of it in threads that begin together, each with a database connection of its own."""
    barrier = Barrier(len(acts), timeout=30)

    def act(one: Callable[[], T]) -> T:
        with database.connection_context():
            database.execute_sql("SELECT 1")
            barrier.wait()
            return one()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act, acts))


def person(organisation: Organisation, name: str, role: Role, now: datetime) -> Member:
    return Member.create(
        organisation=organisation,
        email=f"{name}@acme.test",
        name=name,
        role=role.word,
        password_hash="none",
        session_key="k",
        created_at=now,
    )


def unless_refused(act: Callable[[], object]) -> bool:
    with suppress(Refused):
        act()
        return True
    return False


def test_six_first_registrations_make_one_organisation_with_one_owner(any_app: Flask) -> None:
    browsers = [Browser(any_app.test_client()) for _ in range(AT_ONCE)]
    for browser in browsers:
        browser.get("/register")

    def register(number: int) -> int:
        form = {"email": f"p{number}@acme.test", "password": PASSWORD, "name": "P", "organisation": "Acme"}
        return browsers[number].post("/register", form).status_code

    statuses = at_once([lambda number=number: register(number) for number in range(AT_ONCE)])  # type: ignore[misc]

    assert statuses.count(303) == 1
    assert [member.role for member in Member.select()] == ["owner"]
    assert (Organisation.select().count(), Chatbot.select().count()) == (1, 1)


@pytest.mark.parametrize("act", ["demote", "remove"])
def test_owners_who_demote_or_remove_each_other_leave_one(
    acme: Organisation, now: datetime, act: str
) -> None:
    owners = [person(acme, f"owner{number}", Role.OWNER, now) for number in range(AT_ONCE)]
    seen = [Member.get_by_id(owner.id) for owner in owners]

    def go(member: Member) -> bool:
        do = members.remove_member if act == "remove" else lambda who: members.set_role(who, Role.MEMBER)
        return unless_refused(lambda: do(member))

    done = at_once([lambda member=member: go(member) for member in seen])  # type: ignore[misc]

    assert done.count(True) == AT_ONCE - 1
    assert Member.select().where(Member.role == "owner").count() == 1


def test_one_address_invited_six_times_has_one_invitation(acme: Organisation, now: datetime) -> None:
    ada = person(acme, "ada", Role.OWNER, now)

    at_once([lambda: members.invite(acme, "dan@acme.test", Role.ADMIN, now, by=ada)] * AT_ONCE)

    assert Invitation.select().count() == 1


def test_an_invitation_accepted_six_times_makes_one_member(acme: Organisation, now: datetime) -> None:
    _, token = members.invite(acme, "dan@acme.test", Role.ADMIN, now)

    def accept() -> bool:
        found = members.open_invitation(token, now)
        return found is not None and unless_refused(
            lambda: members.accept(found, "dan@acme.test", "Dan", PASSWORD, now)
        )

    assert at_once([accept] * AT_ONCE).count(True) == 1
    assert Member.select().count() == 1


def test_an_admin_who_is_removed_meanwhile_leaves_no_invitation_behind(
    acme: Organisation, now: datetime
) -> None:
    person(acme, "ada", Role.OWNER, now)
    bob = person(acme, "bob", Role.ADMIN, now)
    acts: list[Callable[[], object]] = [lambda: members.remove_member(Member.get_by_id(bob.id))]
    acts += [
        lambda number=number: unless_refused(  # type: ignore[misc]
            lambda: members.invite(acme, f"x{number}@acme.test", Role.ADMIN, now, by=bob)
        )
        for number in range(AT_ONCE - 1)
    ]

    at_once(acts)

    assert Invitation.select().count() == 0


def test_six_imports_of_one_page_make_one_source(
    any_runtime: Runtime, acme: Organisation, now: datetime
) -> None:
    connection, chatbot = make_connection(acme, now), acme.chatbots.get()
    pick = Pick(kind="page", notion_id="1" * 32, title="Handbook", url="")

    def take() -> int:
        made = actions.import_picks(
            any_runtime, chatbot=chatbot, connection=connection, picks=[pick], schedule="live"
        )
        return len(made.created)

    assert sum(at_once([take] * AT_ONCE)) == 1
    assert (Source.select().count(), Document.select().count()) == (1, 0)


def test_one_consent_that_comes_back_six_times_makes_one_connection(
    any_runtime: Runtime, acme: Organisation
) -> None:
    grant = TokenGrant(
        access_token="a", refresh_token="r", bot_id="b", workspace_id="w", workspace_name="Acme"
    )

    at_once([lambda: connections.connect(any_runtime, organisation_id=acme.id, grant=grant)] * AT_ONCE)

    assert Connection.select().count() == 1


def test_six_webhook_tokens_accepted_at_once_leave_one_that_is_active(
    any_runtime: Runtime, acme: Organisation, now: datetime
) -> None:
    tokens = [
        WebhookToken.create(sealed=any_runtime.vault.seal("s"), digest=str(number), received_at=now)
        for number in range(AT_ONCE)
    ]

    done = at_once(
        [
            lambda row=row: unless_refused(lambda: webhook_tokens.accept(any_runtime, row.id))  # type: ignore[misc]
            for row in tokens
        ]
    )

    assert done.count(True) == 1
    assert [row.active_since for row in WebhookToken.select()] == [now]


def test_a_lock_outside_a_transaction_is_a_mistake(acme: Organisation) -> None:
    with pytest.raises(RuntimeError, match="without a transaction"):
        lock("anything")
