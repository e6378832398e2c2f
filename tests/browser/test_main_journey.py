"""The main journey in a real browser: register, connect, tick, import, ask, edit in Notion, ask again."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import House

WORK_MS = 30_000


def register(page: Page, house: House) -> None:
    page.goto(house.url)
    page.get_by_label("Organisation").fill("Lumen Coffee")
    page.get_by_label("E-mail").fill("mara@lumen.example")
    page.get_by_label("Your name").fill("Mara Lindqvist")
    page.get_by_label("Password", exact=True).fill("a quiet roastery at dawn")
    page.get_by_role("button", name="Create organisation").click()
    expect(page.get_by_role("heading", name="Knowledge base")).to_be_visible()


def connect(page: Page, *, tick: tuple[str, ...]) -> None:
    page.get_by_role("link", name="Connect to Notion").click()
    for title in tick:
        page.get_by_label(title).first.check()
    page.get_by_role("button", name="Allow access").click()
    expect(page).to_have_url(re.compile(r"/chatbots/\d+/notion"))


def import_titles(page: Page, *titles: str) -> None:
    for title in titles:
        page.locator("[data-search]").fill(title)
        page.get_by_role("checkbox", name=title).first.check()
    page.locator("[data-import]").click()
    expect(page).to_have_url(re.compile(r"/chatbots/\d+/sources"))


def fits(page: Page) -> bool:
    """Whether nothing on the page is wider than the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_from_an_empty_machine_to_an_answer_that_follows_an_edit(page: Page, house: House) -> None:
    register(page, house)
    page.goto(f"{house.url}/settings")
    assert fits(page)
    page.goto(house.url)
    connect(page, tick=("Company handbook", "Glossary"))
    import_titles(page, "Holidays and sick leave", "Glossary")

    for title in ("Holidays and sick leave", "Glossary"):
        row = page.locator("[id^=source-]").filter(has_text=title)
        expect(row).to_have_attribute("data-status", "trained", timeout=WORK_MS)

    page.get_by_role("link", name="Try it").click()
    page.get_by_role("searchbox").fill("holiday days")
    expect(page.locator("mark").first).to_be_visible()
    expect(page.locator("main")).to_contain_text("28 days")
    expect(page.get_by_role("link", name="Open in Notion").first).to_have_attribute(
        "href", re.compile(house.notion_url)
    )

    notion = page.context.new_page()
    notion.goto(house.notion_url)
    notion.get_by_role("link", name="Holidays and sick leave").first.click()
    notion.get_by_role("link", name="Edit", exact=True).click()
    notion.locator("textarea").first.fill("Sabbaticals are granted after seven full years.")
    notion.get_by_role("button", name="Save").click()
    notion.close()

    ask = page.url.split("?")[0] + "?q=sabbaticals+granted"
    for _ in range(60):
        page.goto(ask)
        if page.locator("mark").count():
            break
        page.wait_for_timeout(500)
    expect(page.locator("main")).to_contain_text("after seven full years")
