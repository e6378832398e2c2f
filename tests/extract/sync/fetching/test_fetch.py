"""Fetching one page: which requests it takes, and what becomes of what Notion does not give."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import pytest

from extract.errors import InvalidRequest, NotFound, RateLimited, Transient
from extract.notion.client import NotionClient
from extract.reading import body_text
from extract.sync.fetching import fetch as fetching
from extract.sync.fetching.fetch import fetch
from extract.sync.fetching.related_titles import RelatedTitles
from extract.sync.task import Fetched, Task
from extract.values import PageMarkdown, Parent
from tests import rows
from tests.clock import START, StoppedClock

PAGE = "01234567-89ab-cdef-0123-456789abcdef"
LINK = "https://app.notion.com/p/Plan-0123456789abcdef0123456789abcdef"
HOLES = ["a" * 8 + "-aaaa-aaaa-aaaa-" + "a" * 12, "b" * 8 + "-bbbb-bbbb-bbbb-" + "b" * 12]


class FakeNotion:
    """Answers each request with what `answers` has for it, raises it when it is an error; else it is not found."""

    skew = timedelta(seconds=3)

    def __init__(self, **answers: Any) -> None:
        self.answers = {"get_page": rows.stub(id=PAGE, title="Plan"), PAGE: "Words.", **answers}
        self.asked: list[str] = []
        self.lanes: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def answer(*arguments: str) -> Any:
            self.asked.append(name)
            found = self.answers.get(name, NotFound(status=404))
            if isinstance(found, Exception):
                raise found
            return found

        return answer

    def get_markdown(self, notion_id: str) -> PageMarkdown:
        self.asked.append("get_markdown")
        found = self.answers.get(notion_id, NotFound(status=404))
        if isinstance(found, Exception):
            raise found
        markdown, unknown = found if isinstance(found, tuple) else (found, ())
        return PageMarkdown(notion_id, markdown, tuple(unknown))

    def use_lane(self, lane: str) -> None:
        self.lanes.append(lane)


class NoNames:
    def of(self, client: object, notion_ids: object) -> dict[str, str]:
        return dict.fromkeys(cast(list[str], notion_ids), "Ada")


def fetched(notion: FakeNotion, **values: Any) -> Fetched:
    task = Task(1, PAGE, **{"stub": None, **values})
    names = cast(RelatedTitles, NoNames())
    return fetch(cast(NotionClient, notion), task, names=names, clock=StoppedClock())


def text(found: Fetched) -> str:
    assert found.tree is not None
    return body_text(found.tree)


def unknown(digit: str, alt: str) -> str:
    return f'<unknown url="{LINK}#{digit * 32}" alt="{alt}"/>'


def test_a_page_that_was_listed_costs_one_request() -> None:
    notion = FakeNotion()

    found = fetched(notion, stub=rows.stub(id=PAGE))

    assert notion.asked == ["get_markdown"]
    assert (text(found), found.asked_page, found.unread_blocks) == ("Words.", False, 0)
    assert (found.read_at, found.skew) == (START, notion.skew)


def test_a_page_that_was_not_listed_is_asked_first() -> None:
    notion = FakeNotion()

    found = fetched(notion)

    assert notion.asked == ["get_page", "get_markdown"]
    assert (found.stub.title, found.asked_page) == ("Plan", True)


@pytest.mark.parametrize("how", [{"only_if": lambda stub: False}, {"stub": rows.stub(in_trash=True)}])
def test_a_page_that_did_not_move_or_is_in_the_trash_is_not_read(how: dict[str, Any]) -> None:
    notion = FakeNotion()

    assert fetched(notion, **how).tree is None
    assert "get_markdown" not in notion.asked


def test_what_a_check_found_to_have_moved_is_read_as_work() -> None:
    notion = FakeNotion()

    fetched(notion, only_if=lambda stub: True)

    assert notion.lanes[0] == "sync"


@pytest.mark.parametrize(("listed", "error"), [(True, NotFound), (False, Transient)])
def test_a_body_that_is_missing_while_the_page_is_there_proves_nothing(
    listed: bool, error: type[Exception]
) -> None:
    notion = FakeNotion(**{PAGE: NotFound(status=404)})

    with pytest.raises(error) as raised:
        fetched(notion, stub=rows.stub(id=PAGE) if listed else None)
    assert type(raised.value) is error


@pytest.mark.parametrize(
    ("unplaced", "parent"), [(True, Parent("page_id", "p")), (False, Parent("block_id", "b"))]
)
def test_a_page_in_a_block_is_placed_when_no_body_tells_where_it_is(unplaced: bool, parent: Parent) -> None:
    page = rows.stub(id=PAGE, parent=Parent("block_id", "b"))
    notion = FakeNotion(get_page=page, place_of_block=Parent("page_id", "p"))

    assert fetched(notion, unplaced=unplaced).stub.parent == parent


def test_related_pages_are_named() -> None:
    found = fetched(FakeNotion(), unnamed=lambda stub: ["a"])

    assert found.related_names == {"a": "Ada"}


@pytest.mark.parametrize(
    ("items", "hidden", "completed"),
    [
        ((1, 2), (), {"r": (1, 2)}),
        ((1, 2), ("r",), {}),
        (NotFound(), (), {}),
        (InvalidRequest(), (), {}),
    ],
)
def test_a_list_that_notion_had_cut_is_completed_unless_it_is_hidden_or_not_given(
    items: Any, hidden: tuple[str, ...], completed: dict[str, Any]
) -> None:
    cut = {"Related": {"id": "r", "type": "relation", "relation": [], "has_more": True}}
    notion = FakeNotion(property_items=items)

    assert fetched(notion, stub=rows.stub(id=PAGE, properties=cut), hidden=hidden).completed == completed


def block(block_id: str, caption: str) -> dict[str, Any]:
    words = [{"type": "text", "text": {"content": caption}, "plain_text": caption}]
    return {
        "object": "block",
        "id": block_id,
        "type": "bookmark",
        "bookmark": {"url": "https://x.y", "caption": words},
    }


def test_a_hole_is_filled_by_a_request_of_its_own() -> None:
    notion = FakeNotion(**{PAGE: unknown("a", "bookmark")}, get_block=block(HOLES[0], "Captioned"))

    found = fetched(notion, stub=rows.stub(id=PAGE))

    assert notion.asked == ["get_markdown", "get_block"]
    assert "Captioned" in text(found)
    assert found.unread_blocks == 0


def test_several_holes_are_filled_by_one_listing() -> None:
    markdown = "\n".join(unknown(digit, "bookmark") for digit in "ab")
    children = tuple(block(hole, f"Caption {number}") for number, hole in enumerate(HOLES))
    notion = FakeNotion(**{PAGE: markdown}, list_children=children)

    found = fetched(notion, stub=rows.stub(id=PAGE))

    assert notion.asked == ["get_markdown", "list_children"]
    assert "Caption 1" in text(found)


def test_holes_that_a_listing_does_not_show_are_asked_for_and_counted_where_they_stay() -> None:
    markdown = "\n".join(unknown(digit, "bookmark") for digit in "ab")
    notion = FakeNotion(**{PAGE: markdown})

    found = fetched(notion, stub=rows.stub(id=PAGE))

    assert notion.asked == ["get_markdown", "list_children", "get_block", "get_block"]
    assert found.unread_blocks == 2


def test_what_was_cut_off_is_read_on_and_what_that_cuts_off_too() -> None:
    notion = FakeNotion(
        **{PAGE: ("Begin.", [HOLES[0]]), HOLES[0]: ("Middle.", [HOLES[1], HOLES[0]]), HOLES[1]: "End."}
    )

    found = fetched(notion, stub=rows.stub(id=PAGE))

    assert notion.asked == ["get_markdown"] * 3
    assert [word in text(found) for word in ("Begin.", "Middle.")] == [True, True]
    assert found.unread_blocks == 0


def test_a_page_costs_no_more_than_so_many_further_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MOST_REFETCHES", 1)
    notion = FakeNotion(**{PAGE: ("Begin.", HOLES), HOLES[0]: "More."})

    found = fetched(notion, stub=rows.stub(id=PAGE))

    assert notion.asked == ["get_markdown"] * 2
    assert found.unread_blocks == 1


def test_what_concerns_the_connection_is_raised_from_anywhere() -> None:
    spent = RateLimited(resume_at=START)
    notion = FakeNotion(**{PAGE: ("Begin.", HOLES), HOLES[0]: spent})

    with pytest.raises(RateLimited):
        fetched(notion, stub=rows.stub(id=PAGE))
