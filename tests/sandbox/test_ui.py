"""A person's way through the practice pages."""

import re

import httpx2
import pytest

from sandbox import World, create_app, seed_company
from tests.sandbox.conftest import Time

HOST = "http://notion.test"


@pytest.fixture
def world(time: Time) -> World:
    return seed_company(World(clock=time, seed=1))


@pytest.fixture
def browser(world: World) -> httpx2.Client:
    transport = httpx2.WSGITransport(app=create_app(world))
    return httpx2.Client(transport=transport, base_url=HOST, follow_redirects=True, headers={"Origin": HOST})


def test_every_page_and_database_can_be_looked_at(browser: httpx2.Client, world: World) -> None:
    for page in world.pages.values():
        for path in (f"/pages/{page.id}", f"/pages/{page.id}/edit"):
            answer = browser.get(path)
            assert answer.status_code == 200
            assert "Practice workspace" in answer.text
            assert "<script" not in answer.text
    for database in world.databases:
        assert browser.get(f"/databases/{database}").status_code == 200


def test_a_page_is_made_written_renamed_trashed_and_restored(browser: httpx2.Client, world: World) -> None:
    workspace = world.workspace_named("Lumen Coffee")
    made = browser.post("/pages", data={"workspace_id": workspace.id, "title": "New plan"})
    page = workspace.find("New plan")
    assert made.url.path == f"/pages/{page.id}/edit"
    form = {"title": "Better <plan>", "icon": "🌟", "text": "# Aim\r\nSell *more*"}
    shown = browser.post(f"/pages/{page.id}/edit", data=form)
    assert "Better &lt;plan&gt;" in shown.text
    assert [block["type"] for block in page.blocks] == ["heading_1", "paragraph"]
    browser.post(f"/things/{page.id}/trash")
    assert page.in_trash
    assert "Better" in browser.get(f"/workspaces/{workspace.id}/trash").text
    browser.post(f"/things/{page.id}/restore")
    assert not page.in_trash


def test_saving_without_a_change_moves_no_time(browser: httpx2.Client, world: World, time: Time) -> None:
    page = world.workspace_named("Lumen Coffee").find("Subscription plans")
    before = page.last_edited_time
    form = {"title": page.title, "icon": "📦", "text": page.source}
    browser.post(f"/pages/{page.id}/edit", data=form)
    assert page.last_edited_time == before


def test_a_row_is_added_and_its_properties_filled_in(browser: httpx2.Client, world: World) -> None:
    workspace = world.workspace_named("Lumen Coffee")
    log = workspace.find("Incident log")
    browser.post(f"/data-sources/{log.data_source.id}/rows", data={"title": "Mill jammed"})
    row = workspace.find("Mill jammed")
    names = {prop.name: prop.id for prop in log.data_source.record.schema.values()}
    form = {
        "title": "Mill jammed",
        "text": "",
        "icon": "",
        f"prop-{names['Status']}": "Monitoring",
        f"prop-{names['Minutes']}": "12",
        f"prop-{names['Lead']}": "Tomás Ferreira, Mara",
        f"prop-{names['Terms']}": "SKU, Bloom",
        f"prop-{names['Happened']}": "2026-11-21",
    }
    shown = browser.post(f"/pages/{row.id}/edit", data=form).text
    for text in ("Monitoring", "12", "Tomás Ferreira, Mara Lindqvist", "SKU, Bloom", "2026-11-21"):
        assert text in shown
    form[f"prop-{names['Minutes']}"] = "many"
    refused = browser.post(f"/pages/{row.id}/edit", data=form)
    assert refused.status_code == 400
    assert "not a number" in refused.text


def test_sharing_is_given_and_taken(browser: httpx2.Client, world: World) -> None:
    workspace = world.workspace_named("Lumen Coffee")
    page, child = workspace.find("Company handbook"), workspace.find("Expenses")
    grant = world.install(workspace, share=[])
    assert "does not see this" in browser.get(f"/pages/{page.id}").text
    browser.post(f"/things/{page.id}/sharing/{grant.bot_id}", data={"share": "yes"})
    assert "through its parent" in browser.get(f"/pages/{child.id}").text
    browser.post(f"/things/{child.id}/sharing/{grant.bot_id}", data={"share": "no"})
    assert (grant.can_see(page), grant.can_see(child)) == (True, False)


def test_a_form_from_another_site_changes_nothing(browser: httpx2.Client, world: World) -> None:
    page = world.workspace_named("Lumen Coffee").find("Expenses")
    for origin in ("http://evil.test", "null"):
        answer = browser.post(f"/things/{page.id}/trash", headers={"Origin": origin})
        assert answer.status_code == 403
    assert not page.in_trash


def test_links_that_are_not_web_addresses_are_not_links(browser: httpx2.Client, world: World) -> None:
    page = world.workspace_named("Lumen Coffee").page(
        "Odd", "[click](javascript:alert)\n\n!bookmark javascript:x"
    )
    assert not re.search(r'href="javascript', browser.get(f"/pages/{page.id}").text)


def test_a_link_in_notions_own_form_leads_to_its_page_here(browser: httpx2.Client, world: World) -> None:
    page = next(iter(world.pages.values()))
    database = next(iter(world.databases.values()))

    to_page = browser.get(f"/p/Some-title-{page.id.replace('-', '')}")
    to_database = browser.get(f"/p/{database.id.replace('-', '')}")

    assert to_page.url.path == f"/pages/{page.id}"
    assert to_database.url.path == f"/databases/{database.id}"
