"""How the picker merges two searches: pure, newest first, nothing twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from extract.notion.stubs import SearchPage
from extract.values import ObjectKind, Parent, Stub
from webapp.picker.listing import PickerListing, new_listing, row_of

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def stub(
    name: str,
    minutes_ago: int = 0,
    kind: ObjectKind = "page",
    database_id: str | None = None,
    **change: object,
) -> Stub:
    values: dict[str, object] = {
        "kind": kind,
        "id": name,
        "title": name,
        "url": "",
        "icon": None,
        "parent": Parent("workspace"),
        "edited_at": NOON - timedelta(minutes=minutes_ago),
        "created_at": None,
        "in_trash": False,
        "is_archived": False,
        "properties": {},
        "database_id": database_id,
    }
    return Stub(**(values | change))  # type: ignore[arg-type]


def database(name: str, minutes_ago: int = 0, container: str | None = None) -> Stub:
    return stub(name, minutes_ago, kind="data_source", database_id=container or f"{name}'s container")


def titles(listing: PickerListing) -> list[str]:
    return [row.title for row in listing.rows]


def both() -> tuple[PickerListing, int, int]:
    return new_listing("", "all", NOON), 0, 1


def test_nothing_is_shown_while_something_newer_may_still_come() -> None:
    listing, pages, databases = both()

    listing.add_page(listing.passes[pages], SearchPage((stub("a", 1), stub("b", 9)), "more"))
    assert titles(listing) == []
    listing.add_page(listing.passes[databases], SearchPage((database("d", 5),), None))

    assert titles(listing) == ["a", "d", "b"]


def test_rows_wait_while_a_pass_may_return_newer_ones() -> None:
    listing, pages, databases = both()

    listing.add_page(listing.passes[databases], SearchPage((database("old", 60),), None))
    listing.add_page(listing.passes[pages], SearchPage((stub("a", 1), stub("b", 9)), "more"))
    assert titles(listing) == ["a", "b"]
    listing.add_page(listing.passes[pages], SearchPage((stub("c", 70),), None))

    assert titles(listing) == ["a", "b", "old", "c"]
    assert listing.is_complete


def test_when_the_requests_are_used_up_everything_known_is_shown() -> None:
    listing, pages, databases = both()
    listing.add_page(listing.passes[databases], SearchPage((database("old", 60),), None))
    listing.add_page(listing.passes[pages], SearchPage((stub("a", 1),), "more"))

    listing.release_all()

    assert titles(listing) == ["a", "old"]
    assert not listing.is_complete


def test_the_pass_nearest_to_the_present_is_asked_next() -> None:
    listing, pages, databases = both()
    assert listing.next_pass() is listing.passes[pages]
    listing.add_page(listing.passes[pages], SearchPage((stub("a", 9),), "more"))
    assert listing.next_pass() is listing.passes[databases]
    listing.add_page(listing.passes[databases], SearchPage((database("d", 5),), "more"))
    assert listing.next_pass() is listing.passes[databases]
    listing.add_page(listing.passes[databases], SearchPage((), None))
    assert listing.next_pass() is listing.passes[pages]
    listing.add_page(listing.passes[pages], SearchPage((), None))
    assert listing.next_pass() is None


def test_a_cursor_that_repeats_itself_ends_the_pass() -> None:
    listing = new_listing("", "page", NOON)
    [only] = listing.passes

    listing.add_page(only, SearchPage((stub("a"),), "same"))
    listing.add_page(only, SearchPage((stub("b"),), "same"))

    assert listing.is_complete


def test_a_result_listed_twice_is_one_row() -> None:
    listing = new_listing("", "page", NOON)
    [only] = listing.passes

    listing.add_page(only, SearchPage((stub("a", 1),), "more"))
    listing.add_page(only, SearchPage((stub("a", 1), stub("b", 2)), None))

    assert titles(listing) == ["a", "b"]


def test_data_sources_of_one_database_are_one_row_even_when_it_is_shown_already() -> None:
    listing = new_listing("", "database", NOON)
    [only] = listing.passes

    listing.add_page(only, SearchPage((database("Tasks", 1, "box"),), "more"))
    listing.add_page(only, SearchPage((database("Bugs", 2, "box"),), None))

    assert titles(listing) == ["Tasks · Bugs"]
    assert listing.rows[0].notion_id == "box"


def test_rows_trash_and_partial_things_are_not_for_the_picker() -> None:
    assert row_of(stub("row", database_id="box")) is None
    assert row_of(stub("row", parent=Parent("data_source_id", "x"))) is None
    assert row_of(stub("gone", in_trash=True)) is None
    assert row_of(stub("bare", partial=True)) is None
    assert row_of(stub("page", edited_at=None)) is not None


def test_a_typed_search_is_one_pass() -> None:
    assert [search.kind for search in new_listing("plan", "all", NOON).passes] == [None]
    assert [search.kind for search in new_listing("plan", "database", NOON).passes] == ["data_source"]
    assert [search.kind for search in new_listing("", "all", NOON).passes] == ["page", "data_source"]


def test_a_listing_survives_being_stored() -> None:
    listing, pages, databases = both()
    listing.add_page(listing.passes[pages], SearchPage((stub("a", 1), stub("b", edited_at=None)), "more"))

    again = PickerListing.from_json(listing.to_json())

    assert again == listing
    again.add_page(again.passes[databases], SearchPage((), None))
    assert titles(again) == ["a"]
