"""A page that is too much is read as plain text, or cut, and says so; the same page always the same way."""

from __future__ import annotations

import pytest

from extract.reading import ReadingLimits, Tree, body_text, fill, holes, limits, parse, read_page


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_CHARACTERS", 1_000)
    monkeypatch.setattr(limits, "MOST_SIGNS", 60)


def read(tree: Tree) -> tuple[bool, int]:
    page = read_page(title="T", url="", properties=(), tree=tree)
    return page.read_as_plain_text, page.characters_left_out


def test_a_page_within_the_limits_is_read_with_its_structure() -> None:
    tree = parse("# A\n\n" + "- b\n" * 20)

    assert [block.kind for block in tree.blocks][:2] == ["heading", "bulleted_list_item"]
    assert read(tree) == (False, 0)


def test_a_page_with_too_much_markup_is_read_as_plain_text() -> None:
    """Not a word is lost, and the markup is text."""
    tree = parse("# A\n\n" + "".join(f"- *b{at}*\n" for at in range(40)))

    assert {block.kind for block in tree.blocks} == {"paragraph"}
    assert read(tree) == (True, 0)
    words = body_text(tree).replace("\\", "").replace("*", "").split()
    assert words == ["#", "A", *[word for at in range(40) for word in ("-", f"b{at}")]]


def test_a_page_that_is_too_long_is_cut_and_what_is_left_out_is_counted() -> None:
    tree = parse("word " * 300)

    assert body_text(tree) == " ".join(["word"] * 200)
    assert read(tree) == (False, 500)


def test_sub_pages_and_holes_are_found_in_plain_text_too() -> None:
    """Otherwise a page that grew would lose its sub-pages."""
    page_id, block_id = "a" * 32, "b" * 32
    text = "*\n" * 60 + f'\t<page url="https://app.notion.com/p/{page_id}">Sub</page>\n'
    text += f'<unknown url="https://app.notion.com/p/x#{block_id}" alt="bookmark"/>\nend'

    tree = parse(text)

    page = read_page(title="T", url="", properties=(), tree=tree)
    assert [(child.kind, child.title) for child in page.children] == [("page", "Sub")]
    assert [hole.alt for hole in holes(tree)] == ["bookmark"]
    assert page.read_as_plain_text
    assert body_text(tree).endswith("end")


def test_the_parts_of_one_page_share_its_limits() -> None:
    """A page that comes in several answers costs no more than one that comes in a single one."""
    page = ReadingLimits()

    first = page.parse("- a\n" * 25)
    second = page.parse("- b\n" * 25)
    third = page.parse("word " * 300)

    assert (first.is_plain, second.is_plain, third.is_plain) == (False, True, False)
    assert (first.characters_left_out, third.characters_left_out) == (0, 700)
    whole = fill(first, blocks={}, subtrees={"c" * 32: second, "d" * 32: third})
    assert read(whole) == (True, 700)


def test_a_block_that_a_page_names_very_often_is_filled_in_ten_places() -> None:
    block_id = "e" * 32
    tree = parse(f'<unknown url="https://app.notion.com/p/x#{block_id}" alt="embed"/>\n' * 12)

    filled = fill(tree, blocks={}, subtrees={block_id: parse("again")})

    assert body_text(filled).count("again") == 10
