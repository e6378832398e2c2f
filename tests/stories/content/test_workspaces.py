"""A whole workspace as one source: everything shared with the integration, now and later."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from extract import actions
from extract.actions import Pick
from extract.runtime import Runtime
from extract.store.models import Connection, Document, Source
from sandbox import World
from sandbox.world.handles import DatabaseHandle, PageHandle
from sandbox.world.world import WorkspaceHandle
from tests.clock import StoppedClock
from tests.knowledge import Knowledge, connected


@dataclass(frozen=True, slots=True)
class Company:
    workspace: WorkspaceHandle
    handbook: PageHandle
    guide: PageHandle
    tasks: DatabaseHandle
    private: PageHandle


@pytest.fixture
def company(world: World, clock: StoppedClock) -> Company:
    workspace = world.workspace("Acme", user="Ada")
    handbook = workspace.page("Handbook", "handbookword")
    guide = workspace.page("Guide", "guideword", parent=handbook)
    tasks = workspace.database("Tasks", {"Task": "title", "Note": "rich_text"})
    tasks.row("Water plants", {"Note": "rowword"})
    private = workspace.page("Salaries", "privateword")
    clock.advance(hours=1)
    return Company(workspace, handbook, guide, tasks, private)


@pytest.fixture
def acme(any_runtime: Runtime, clock: StoppedClock, world: World, company: Company) -> Knowledge:
    grant = world.install(company.workspace, share=[company.handbook, company.tasks])
    return connected(any_runtime, clock, world, grant)


def take_all(acme: Knowledge, schedule: str = "live") -> Source:
    """Take the whole workspace, and wait until it is read."""
    pick = Pick(kind="workspace", notion_id=acme.connection.workspace_id, title="Acme", url="")
    actions.import_picks(
        acme.runtime,
        chatbot=acme.chatbot,
        connection=acme.connection,
        picks=[pick],
        schedule=schedule,  # type: ignore[arg-type]
    )
    acme.work()
    acme.follow(seconds=120)
    return acme.source(acme.connection.workspace_id)


def titles() -> list[str]:
    return sorted(row.title for row in Document.select().where(Document.removed_at.is_null()))


def test_all_that_is_shared_answers_and_nothing_else(acme: Knowledge) -> None:
    source = take_all(acme)

    assert titles() == ["Guide", "Handbook", "Water plants"]
    assert acme.ask("privateword") == []
    assert (source.status, source.kind) == ("trained", "workspace")


def test_an_import_is_one_request_a_page_and_the_pages_of_the_listing(acme: Knowledge) -> None:
    pick = Pick(kind="workspace", notion_id=acme.connection.workspace_id, title="Acme", url="")
    actions.import_picks(
        acme.runtime, chatbot=acme.chatbot, connection=acme.connection, picks=[pick], schedule="live"
    )
    acme.spent()
    acme.work()

    assert sorted(acme.spent()) == ["markdown"] * 3 + ["query", "search"]


def test_what_is_made_or_edited_later_follows(acme: Knowledge, company: Company) -> None:
    take_all(acme)
    company.workspace.page("Late", "lateword", parent=company.guide)
    company.tasks.row("Feed cat", {"Note": "catword"})
    company.handbook.edit("newhandbookword")
    acme.follow()

    assert acme.answers("lateword") == ["Late"]
    assert acme.answers("catword") == ["Feed cat"]
    assert acme.answers("newhandbookword") == ["Handbook"]


@pytest.fixture
def busy(acme: Knowledge, company: Company) -> Knowledge:
    """So much is edited all the time that search shows an old page on no first page."""
    for number in range(120):
        company.workspace.page(f"Note {number}", parent=company.handbook)
    acme.clock.advance(minutes=5)
    return acme


def test_an_old_page_that_is_shared_later_arrives_within_the_hour(busy: Knowledge, company: Company) -> None:
    take_all(busy)
    busy.grant.share(company.private)
    busy.follow(seconds=1800)
    assert busy.ask("privateword") == []

    busy.follow(seconds=1900)
    assert busy.answers("privateword") == ["Salaries"]


def test_a_new_consent_looks_at_once_for_what_it_shared(busy: Knowledge, company: Company) -> None:
    take_all(busy)
    busy.grant.share(company.private)

    actions.consented_again(busy.runtime, busy.connection)
    busy.work()

    assert busy.answers("privateword") == ["Salaries"]


def test_what_is_unshared_leaves_after_two_answers_and_comes_back_by_itself(
    acme: Knowledge, company: Company
) -> None:
    take_all(acme)
    acme.grant.unshare(company.guide)
    for _ in range(12):
        acme.follow(seconds=3 * 3600)
    assert titles() == ["Handbook", "Water plants"]

    acme.grant.share(company.guide)
    for _ in range(12):
        acme.follow(seconds=3 * 3600)
    assert acme.answers("guideword") == ["Guide"]


def test_a_page_that_search_leaves_out_stays_while_it_is_there(
    acme: Knowledge, company: Company, world: World
) -> None:
    take_all(acme)
    world.hide_from_search(company.guide)
    for _ in range(12):
        acme.follow(seconds=3 * 3600)
        assert acme.answers("guideword") == ["Guide"]


def test_a_walk_that_the_budget_interrupts_goes_on_where_it_stopped(
    acme: Knowledge, company: Company, world: World
) -> None:
    for number in range(250):
        company.workspace.page(f"Page {number}", f"word{number}", parent=company.handbook)
    acme.clock.advance(minutes=5)
    config = acme.runtime.config
    few = replace(config, notion=replace(config.notion, requests_per_window=2, people_share=0))
    narrow = replace(acme, runtime=replace(acme.runtime, config=few))
    pick = Pick(kind="workspace", notion_id=acme.connection.workspace_id, title="Acme", url="")
    actions.import_picks(
        narrow.runtime, chatbot=acme.chatbot, connection=acme.connection, picks=[pick], schedule="off"
    )
    acme.spent()
    narrow.work()
    assert acme.spent() == ["search"] * 2
    assert acme.source(acme.connection.workspace_id).walk_cursor is not None
    acme.clock.advance(seconds=90)
    narrow.work()

    assert acme.spent() == ["search", "query"]
    assert Document.select().count() == 253


def test_a_new_database_arrives_with_its_rows(acme: Knowledge, company: Company) -> None:
    take_all(acme)
    recipes = company.workspace.database("Recipes", {"Dish": "title"}, parent=company.guide)
    recipes.row("Soup", body="soupword")
    acme.follow()

    assert acme.answers("soupword") == ["Soup"]


def test_a_trashed_database_takes_its_rows_out_until_it_is_restored(
    acme: Knowledge, company: Company
) -> None:
    take_all(acme)
    company.tasks.trash()
    for _ in range(3):
        acme.follow(seconds=120)
    assert acme.ask("rowword") == []

    company.tasks.restore()
    for _ in range(3):
        acme.follow(seconds=120)
    assert acme.answers("rowword") == ["Water plants"]


def test_a_row_moved_before_its_database_was_trashed_answers_all_the_time(
    acme: Knowledge, company: Company
) -> None:
    other = company.workspace.database("Archive", {"Task": "title"})
    acme.grant.share(other)
    take_all(acme)
    company.tasks.rows[0].move(other)
    company.tasks.trash()
    for _ in range(4):
        acme.follow(seconds=120)
        assert titles() == ["Guide", "Handbook", "Water plants"]


def test_an_idle_poll_of_a_workspace_is_two_requests(acme: Knowledge) -> None:
    take_all(acme)
    acme.follow(seconds=300)
    acme.spent()
    acme.follow()

    assert acme.spent() == ["search", "search"]
    assert Connection.get().error is None
