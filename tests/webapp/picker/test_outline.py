"""How much an import reads, as far as the picker has listed."""

from __future__ import annotations

from extract.rules.estimate import Load
from webapp.picker.outline import OutlineEntry, WorkspaceOutline

ENTRIES = {
    "handbook": OutlineEntry("Handbook", None, "page"),
    "leave": OutlineEntry("Leave", "handbook", "page"),
    "sick": OutlineEntry("Sick leave", "leave", "page"),
    "menu": OutlineEntry("Menu", None, "page"),
    "bugs": OutlineEntry("Bugs", "leave", "database"),
    "table": OutlineEntry("Bugs", "leave", "data_source", "bugs"),
    "row 1": OutlineEntry("Bug 1", "table", "page"),
    "row 2": OutlineEntry("Bug 2", "table", "page"),
    "notes": OutlineEntry("Notes of bug 2", "row 2", "page"),
}


def outline(*, complete: bool = True, fresh: bool = True) -> WorkspaceOutline:
    return WorkspaceOutline(ENTRIES, pages_complete=complete, is_fresh=fresh)


def test_a_page_alone_is_one_request() -> None:
    assert outline().load(["handbook"], []) == Load(pages=1)


def test_a_page_that_was_listed_long_ago_or_never_is_asked_first() -> None:
    assert outline(fresh=False).load(["handbook"], []) == Load(pages=1, unlisted=1)
    assert outline().load(["from a link"], []) == Load(pages=1, unlisted=1)


def test_a_database_brings_its_rows_and_not_what_is_inside_them() -> None:
    assert outline().load(["bugs"], []) == Load(pages=2, listings=3)


def test_a_tree_brings_everything_below_it() -> None:
    assert outline().load(["handbook"], ["handbook"]) == Load(pages=6, listings=3)


def test_what_is_ticked_twice_counts_once() -> None:
    tree = outline().load(["handbook"], ["handbook"])

    assert outline().load(["handbook", "sick", "bugs"], ["handbook"]) == tree
    assert outline().load(["bugs", "leave", "handbook"], ["handbook"]) == tree
    assert outline().load(["leave", "handbook"], ["handbook", "leave"]) == tree


def test_everything_is_every_page_and_every_database_once() -> None:
    assert outline().load(["menu"], [], everything=True) == Load(pages=7, listings=2 + 3)


def test_where_the_listing_has_not_come_to_its_end_there_may_be_more() -> None:
    partly = outline(complete=False)

    assert partly.load(["bugs"], []).is_least
    assert partly.load(["handbook"], ["handbook"]).is_least
    assert partly.load([], [], everything=True).is_least
    assert not partly.load(["handbook", "menu"], []).is_least


def test_a_circle_ends() -> None:
    circle = {"a": OutlineEntry("A", "b", "page"), "b": OutlineEntry("B", "a", "page")}

    assert WorkspaceOutline(circle, pages_complete=True, is_fresh=True).load(["a"], ["a"]).pages == 2
