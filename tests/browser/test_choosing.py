"""Choosing in the picker, in a real browser: sub-pages, the whole workspace, what it costs, and stopping."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import House
from tests.browser.test_main_journey import WORK_MS, register


def test_a_page_is_taken_with_its_sub_pages_though_the_list_has_moved_on(page: Page, house: House) -> None:
    register(page, house)
    page.get_by_role("link", name="Connect to Notion").click()
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Allow access").click()

    row = page.locator('#results li[data-title="Company handbook"]')
    below = row.get_by_role("checkbox", name="with sub-pages")
    expect(below).to_have_count(0)
    row.get_by_role("checkbox", name="Company handbook").check()
    below.check()
    expect(page.locator(".chip")).to_have_text(re.compile("Company handbook, with sub-pages"))

    page.get_by_role("checkbox", name="Everything shared").check()
    expect(page.locator("#estimate")).to_contain_text(re.compile(r"\d+ requests to Notion"))
    page.get_by_role("button", name="Do not import Everything").click()
    expect(page.get_by_role("checkbox", name="Everything shared")).not_to_be_checked()

    page.locator("[data-search]").fill("glossary")
    expect(row).to_have_count(0)
    page.locator("[data-import]").click()
    expect(page).to_have_url(re.compile(r"/chatbots/\d+/sources"))
    source = page.locator("[id^=source-]").filter(has_text="Company handbook")
    expect(source).to_contain_text("Page with sub-pages")
    expect(source).to_have_attribute("data-status", "trained", timeout=WORK_MS)
    expect(page.locator("[id^=source-]")).to_have_count(1)
