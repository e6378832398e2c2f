"""Names that other pages show: a rename is followed by those who mention the page or are related to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from extract import actions
from extract.discovery import renames
from extract.rules.answers import title_change
from extract.rules.timing import Rank
from extract.store.models import Document, Link
from tests.knowledge import Knowledge
from tests.stories.conftest import Notion

if TYPE_CHECKING:
    from sandbox.world.handles import PageHandle


def shared_page(acme: Knowledge, notion: Notion, title: str, text: str) -> PageHandle:
    page = notion.workspace.page(title, text)
    acme.grant.share(page)
    return page


def settle(acme: Knowledge) -> None:
    """Everything was read, and every minute is closed."""
    acme.work()
    acme.follow(seconds=120)
    acme.follow()
    acme.spent()


def targets(document: Document) -> set[str]:
    return {link.notion_id for link in Link.select().where(Link.document == document.id)}


def test_a_mention_shows_the_new_name_after_one_more_request(acme: Knowledge, notion: Notion) -> None:
    rules = shared_page(acme, notion, "Rules", "Read [[Handbook]] first.")
    acme.tick(notion.handbook.id, rules.id)
    settle(acme)
    assert targets(acme.document(rules.id)) == {notion.handbook.id}

    notion.handbook.rename("Staff guide")
    acme.follow()

    assert sorted(acme.spent()) == ["markdown", "markdown", "search", "search"]
    assert "Staff guide" in acme.document(rules.id).text
    assert "Handbook" not in acme.document(rules.id).text
    acme.follow(seconds=120)
    acme.follow()
    assert acme.spent().count("markdown") <= 1  # the renamed page once more, after its minute has closed


def test_a_relation_shows_the_new_name_after_one_more_request(acme: Knowledge, notion: Notion) -> None:
    orders = notion.workspace.database(
        "Orders", {"Order": "title", "Drink": {"relation": {"data_source_id": notion.terms.data_source}}}
    )
    order = orders.row("First", {"Drink": ["Ristretto"]})
    orders.row("Second", {"Drink": ["Lungo"]})
    acme.grant.share(orders)
    acme.tick(notion.terms.id, orders.id)
    settle(acme)
    assert acme.document(order.id).properties["Drink"] == "Ristretto"

    ristretto = next(row for row in notion.terms.rows if row.title == "Ristretto")
    ristretto.rename("Short one")
    acme.follow()

    assert sorted(acme.spent()) == ["markdown", "markdown", "search", "search"]
    assert acme.document(order.id).properties["Drink"] == "Short one"
    assert "First" in acme.answers("short one")


def test_a_relation_takes_the_name_of_its_target_when_that_arrives_later(
    acme: Knowledge, notion: Notion
) -> None:
    orders = notion.workspace.database(
        "Orders", {"Order": "title", "Drink": {"relation": {"data_source_id": notion.terms.data_source}}}
    )
    order = orders.row("First", {"Drink": ["Ristretto"]}, body="With sugar.")
    acme.grant.share(orders)
    acme.tick(orders.id)
    settle(acme)
    assert acme.document(order.id).properties["Drink"] == "Ristretto"

    acme.clock.advance(minutes=5)
    next(row for row in notion.terms.rows if row.title == "Ristretto").rename("Ristretto doppio")
    acme.clock.advance(minutes=5)
    acme.tick(notion.terms.id)
    acme.work()

    assert acme.document(order.id).properties["Drink"] == "Ristretto doppio"
    assert acme.spent().count("markdown") == 3
    assert acme.source(orders.id).status == "trained"


def test_two_pages_that_link_to_each_other_come_to_rest(acme: Knowledge, notion: Notion) -> None:
    one = shared_page(acme, notion, "One", "")
    two = shared_page(acme, notion, "Two", "See [[One]].")
    one.edit("See [[Two]].")
    acme.tick(one.id, two.id)
    settle(acme)

    one.rename("Eins")
    two.rename("Zwei")
    acme.follow()
    acme.follow(seconds=120)
    acme.follow()
    acme.spent()

    assert "Zwei" in acme.document(one.id).text
    assert "Eins" in acme.document(two.id).text
    for _ in range(3):
        acme.follow()
        assert acme.spent() == ["search", "search"]


def test_pages_imported_together_are_read_once_each(acme: Knowledge, notion: Notion) -> None:
    one = shared_page(acme, notion, "One", "")
    two = shared_page(acme, notion, "Two", "See [[One]].")
    one.edit("See [[Two]].")
    acme.clock.advance(hours=1)
    acme.tick(one.id, two.id)
    acme.spent()

    acme.work()

    assert acme.spent() == ["markdown", "markdown"]


def test_an_edit_without_a_new_name_makes_nobody_read_again(acme: Knowledge, notion: Notion) -> None:
    rules = shared_page(acme, notion, "Rules", "Read [[Handbook]] first.")
    acme.tick(notion.handbook.id, rules.id)
    settle(acme)

    notion.handbook.edit("Something new.")
    acme.follow()

    assert acme.spent() == ["search", "search", "markdown"]


def test_a_source_that_is_off_is_left_alone(acme: Knowledge, notion: Notion) -> None:
    rules = shared_page(acme, notion, "Rules", "Read [[Handbook]] first.")
    acme.tick(notion.handbook.id)
    acme.tick(rules.id, schedule="off")
    settle(acme)

    notion.handbook.rename("Staff guide")
    acme.follow()

    assert acme.spent() == ["search", "search", "markdown"]
    assert "Handbook" in acme.document(rules.id).text


def test_one_new_name_asks_for_a_bounded_number_of_pages(
    acme: Knowledge, notion: Notion, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [shared_page(acme, notion, f"Rule {number}", "Read [[Handbook]] first.") for number in range(5)]
    acme.tick(notion.handbook.id, *[page.id for page in pages])
    settle(acme)
    monkeypatch.setattr(renames, "MOST", 3)

    notion.handbook.rename("Staff guide")
    acme.follow()

    assert acme.spent().count("markdown") == 1 + 3


def test_a_wish_that_is_there_already_keeps_its_rank(acme: Knowledge, notion: Notion) -> None:
    rules = shared_page(acme, notion, "Rules", "Read [[Handbook]] first.")
    acme.tick(notion.handbook.id, rules.id)
    settle(acme)
    actions.retrain(acme.runtime, [acme.source(rules.id)], full=True)
    Document.update(requested_at=acme.clock(), request_rank=Rank.PERSON).where(
        Document.notion_id == rules.id
    ).execute()
    acme.clock.advance(seconds=1)

    renames.request_citing_pages(acme.document(notion.handbook.id), "renamed", now=acme.clock())

    document = acme.document(rules.id)
    assert (document.request_rank, document.requested_at) == (Rank.PERSON, acme.clock())


def test_what_leaves_points_to_nothing(acme: Knowledge, notion: Notion) -> None:
    rules = shared_page(acme, notion, "Rules", "Read [[Handbook]] first.")
    acme.tick(notion.handbook.id, rules.id)
    settle(acme)

    rules.trash()
    acme.follow()
    assert Link.select().count() == 0

    rules.restore()
    acme.follow()
    assert Link.select().count() == 1
    actions.delete(acme.runtime, [acme.source(rules.id)])
    assert Link.select().count() == 0


@pytest.mark.parametrize(
    ("held_title", "title", "read_before", "news"),
    [
        ("Handbook", "Staff guide", True, "renamed"),
        ("Handbook", "Staff guide", False, "renamed"),
        ("Handbook", "Handbook", False, "arrived"),
        ("Hand\nbook", "Hand book", True, None),
        ("Handbook", "Handbook", True, None),
    ],
)
def test_what_a_read_page_means_for_those_that_point_to_it(
    held_title: str, title: str, read_before: bool, news: str | None
) -> None:
    assert title_change(held_title=held_title, title=title, read_before=read_before) == news
