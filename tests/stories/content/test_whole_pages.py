"""Pages arrive whole: holes are filled, long lists completed, long pages read to their end; and cheaply."""

from __future__ import annotations

from extract import actions
from sandbox import World
from tests.knowledge import Knowledge
from tests.stories.conftest import Notion


def test_captions_of_bookmarks_and_embeds_are_read_with_one_listing_for_many(
    acme: Knowledge, notion: Notion
) -> None:
    page = notion.workspace.page("Links", "Where to look:")
    page.append("!bookmark https://example.com/a The roasting curve explained")
    page.append("!embed https://www.loom.com/share/b A walk through the warehouse")
    page.append("!bookmark https://example.com/c Water hardness by city")
    acme.grant.share(page)
    acme.tick(page.id)
    acme.spent()
    acme.work()

    text = acme.document(page.id).text
    for caption in ("The roasting curve explained", "A walk through the warehouse", "Water hardness by city"):
        assert caption in text
    assert "https://example.com/c" in text
    assert acme.spent() == ["markdown", "block_children"]
    assert acme.answers("warehouse walk") == ["Links"]


def test_one_hole_costs_one_request(acme: Knowledge, notion: Notion) -> None:
    page = notion.workspace.page("Link", "!bookmark https://example.com/a The roasting curve explained")
    acme.grant.share(page)
    acme.tick(page.id)
    acme.spent()
    acme.work()

    assert "The roasting curve explained" in acme.document(page.id).text
    assert acme.spent() == ["markdown", "block"]


def test_a_hole_that_notion_will_not_open_is_counted_and_the_rest_is_read(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    page = notion.workspace.page("Link", "Before.\n\n!bookmark https://example.com/a A caption\n\nAfter.")
    acme.grant.share(page)
    acme.tick(page.id)
    world.faults.fail("block", status=404, times=5)
    acme.work()

    document = acme.document(page.id)
    assert "Before." in document.text
    assert "After." in document.text
    assert document.unread_blocks == 1
    assert [run.unread_blocks for run in acme.runs(page.id)] == [1]
    assert acme.source(page.id).status == "trained"


def test_a_page_beyond_notions_limit_is_read_to_its_end(
    acme: Knowledge, notion: Notion, world: World
) -> None:
    world.markdown_record_limit = 20
    sections = [
        f"!toggle Part {part}\n  The secret of part {part} is number {part * 7}." for part in range(30)
    ]
    page = notion.workspace.page("Long", "\n\n".join(sections))
    acme.grant.share(page)
    acme.tick(page.id)
    acme.work()

    text = acme.document(page.id).text
    assert [part for part in range(30) if f"number {part * 7}." not in text] == []
    assert acme.document(page.id).unread_blocks == 0


def test_relations_beyond_the_twenty_five_that_notion_lists_are_completed(
    acme: Knowledge, notion: Notion
) -> None:
    terms = [notion.terms.row(f"Term {number:02}") for number in range(40)]
    projects = notion.workspace.database(
        "Projects", {"Name": "title", "Terms": {"relation": {"data_source_id": notion.terms.data_source.id}}}
    )
    row = projects.row("Everything", {"Terms": terms})
    acme.grant.share(projects)
    acme.tick(notion.terms.id)
    acme.work()
    acme.tick(projects.id)
    acme.work()

    listed = acme.document(row.id).properties["Terms"]
    assert [number for number in range(40) if f"Term {number:02}" not in listed] == []


def test_a_page_with_nothing_missing_costs_exactly_one_request(acme: Knowledge, notion: Notion) -> None:
    acme.tick(notion.terms.id)
    acme.spent()
    acme.work()

    assert sorted(acme.spent()) == ["data_source", "database", "markdown", "markdown", "query"]


def test_related_pages_that_nobody_ticked_are_named_and_asked_for_only_once(
    acme: Knowledge, notion: Notion
) -> None:
    ristretto, lungo = notion.terms.rows
    projects = notion.workspace.database(
        "Projects", {"Name": "title", "Terms": {"relation": {"data_source_id": notion.terms.data_source.id}}}
    )
    rows = [projects.row(f"Project {number}", {"Terms": [ristretto, lungo]}) for number in range(3)]
    acme.grant.share(projects)
    acme.clock.advance(hours=1)
    acme.tick(projects.id)
    acme.spent()
    acme.work()

    assert acme.spent().count("page") == 2
    named = [acme.document(row.id).properties["Terms"] for row in rows]
    assert all("Ristretto" in text for text in named)
    assert "Lungo" in named[0]
    rows[0].append("One more line.")
    acme.follow()
    assert acme.spent() == ["search", "search", "markdown"]


def test_related_pages_are_named_also_when_the_row_is_asked_for_by_itself(
    acme: Knowledge, notion: Notion
) -> None:
    orders = notion.workspace.database(
        "Orders", {"Order": "title", "Drink": {"relation": {"data_source_id": notion.terms.data_source}}}
    )
    order = orders.row("Order 1", {"Drink": [notion.terms.rows[0]]}, body="To take away.")
    acme.grant.share(orders)
    acme.tick(order.id)
    acme.work()
    named = acme.document(order.id).text
    assert f"Drink: {notion.terms.rows[0].title}" in named

    actions.retrain(acme.runtime, [acme.source(order.id)], full=True)
    acme.work()

    assert acme.document(order.id).text == named
