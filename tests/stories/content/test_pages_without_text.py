"""Pages without anything to learn from: nothing is answered from them, and the source says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extract.sync.runs import NOTHING_TO_READ, ONLY_EMBEDS
from tests.knowledge import Knowledge
from tests.stories.conftest import Notion

if TYPE_CHECKING:
    from sandbox.world.handles import PageHandle


def shared_page(acme: Knowledge, notion: Notion, title: str, text: str = "") -> PageHandle:
    page = notion.workspace.page(title, text)
    acme.grant.share(page)
    acme.clock.advance(hours=1)
    return page


def test_an_empty_page_is_empty_until_text_arrives_and_again_when_it_goes(
    acme: Knowledge, notion: Notion
) -> None:
    page = shared_page(acme, notion, "Plans")
    acme.tick(page.id)
    acme.work()

    source = acme.source(page.id)
    assert (source.status, source.error) == ("empty", NOTHING_TO_READ)
    assert acme.ask("plans") == []
    assert acme.document(page.id).text == ""
    assert [run.outcome for run in acme.runs(page.id)] == ["empty"]

    page.edit("We will open a second office.")
    acme.follow(seconds=120)
    assert (acme.source(page.id).status, acme.source(page.id).error) == ("trained", None)
    assert acme.answers("second office") == ["Plans"]

    page.edit("")
    acme.follow(seconds=120)
    assert (acme.source(page.id).status, acme.source(page.id).error) == ("empty", NOTHING_TO_READ)
    assert acme.ask("office") == []


def test_a_page_of_nothing_but_embeds_says_so(acme: Knowledge, notion: Notion) -> None:
    page = shared_page(acme, notion, "Boards")
    page.set_blocks([{"type": "embed", "embed": {"url": "https://www.figma.com/file/board"}}] * 2)
    acme.clock.advance(hours=1)
    acme.tick(page.id)
    acme.work()

    source = acme.source(page.id)
    assert (source.status, source.error) == ("empty", ONLY_EMBEDS)
    assert acme.document(page.id).embeds_without_caption == 2


def test_images_without_captions_are_counted_also_when_the_text_stays(
    acme: Knowledge, notion: Notion
) -> None:
    image = {"type": "image", "image": {"type": "external", "external": {"url": "https://example.com/a.png"}}}
    words = {
        "type": "paragraph",
        "paragraph": {"rich_text": [{"type": "text", "text": {"content": "Words"}}]},
    }
    page = shared_page(acme, notion, "Office")
    page.set_blocks([words, image, image])
    acme.clock.advance(hours=1)
    acme.tick(page.id)
    acme.work()
    assert acme.document(page.id).images_without_caption == 2
    before = acme.document(page.id)

    page.set_blocks([words, image])
    acme.follow(seconds=120)

    assert acme.document(page.id).images_without_caption == 1
    assert acme.document(page.id).hash == before.hash
    assert acme.source(page.id).status == "trained"


def test_a_page_of_subpages_answers_with_their_names(acme: Knowledge, notion: Notion) -> None:
    hub = shared_page(acme, notion, "Hub")
    notion.workspace.page("Expenses", "Keep receipts.", parent=hub)
    acme.clock.advance(hours=1)
    acme.tick(hub.id)
    acme.work()

    assert acme.source(hub.id).status == "trained"
    assert acme.answers("expenses") == ["Hub"]


def test_a_row_that_is_only_a_title_is_an_entry(acme: Knowledge, notion: Notion) -> None:
    notion.terms.row("Flat white")
    acme.tick(notion.terms.id)
    acme.work()

    assert acme.answers("flat white") == ["Flat white"]
