"""Holes are found, worth a request or not, and filled in their place."""

from __future__ import annotations

from typing import Any

from extract.reading import Hole, body_text, fill, holes, parse, parse_v1

PAGE = "https://app.notion.com/p/Plan-0123456789abcdef0123456789abcdef"
PAGE_ID = "01234567-89ab-cdef-0123-456789abcdef"


def block_id(digit: str) -> str:
    return f"{digit * 8}-{digit * 4}-{digit * 4}-{digit * 4}-{digit * 12}"


def unknown(digit: str, alt: str) -> str:
    return f'<unknown url="{PAGE}#{digit * 32}" alt="{alt}"/>'


def bookmark(caption: str, url: str = "https://x.y/b") -> dict[str, Any]:
    text = [{"type": "text", "text": {"content": caption}, "plain_text": caption}] if caption else []
    return {"object": "block", "type": "bookmark", "bookmark": {"url": url, "caption": text}}


def test_bookmarks_embeds_and_previews_are_worth_a_request() -> None:
    """Buttons, breadcrumbs, templates and aliases are not."""
    kinds = ("bookmark", "embed", "link_preview", "button", "breadcrumb", "template", "alias", "form")
    source = "\n".join(unknown(digit, kind) for digit, kind in zip("abcdef12", kinds, strict=True))

    assert holes(parse(source), [block_id("d")]) == tuple(
        Hole(block_id(digit), kind, PAGE_ID, "unsupported")
        for digit, kind in zip("abc", kinds[:3], strict=True)
    )


def test_what_was_cut_is_asked_of_the_markdown_endpoint() -> None:
    """Whether its place is marked in the page or not."""
    found = holes(parse(f"a\n{unknown('a', 'toggle')}\n{unknown('c', 'toggle')}"), ["a" * 32, block_id("b")])

    assert found == (
        Hole(block_id("a"), "toggle", PAGE_ID, "truncated"),
        Hole(block_id("b"), "", None, "truncated"),
    )


def test_answers_are_put_in_their_place() -> None:
    """Blocks by id, subtrees by id, nested too; what has no place goes to the end; the rest stay holes."""
    tree = parse_v1(
        f"one\n- item\n\t{unknown('a', 'bookmark')}\n{unknown('b', 'toggle')}\n{unknown('c', 'embed')}\ntwo"
    )
    filled = fill(
        tree,
        blocks={block_id("a"): bookmark("A *site*")},
        subtrees={"b" * 32: parse("## More"), block_id("d"): parse("Lost part")},
    )

    assert (
        body_text(filled) == "one\n\n- item\n\n  [A \\*site\\*](https://x.y/b)\n\n## More\n\ntwo\n\nLost part"
    )
    assert [hole.block_id for hole in holes(filled)] == [block_id("c")]


def test_a_bookmark_without_caption_reads_as_its_url() -> None:
    """And an answer that makes no sense leaves nothing behind."""
    tree = parse(f"{unknown('a', 'bookmark')}\n{unknown('b', 'embed')}")

    assert body_text(fill(tree, blocks={block_id("a"): bookmark("")}, subtrees={})) == "<https://x.y/b>"
    assert body_text(fill(tree, blocks={block_id("a"): {}, block_id("b"): None}, subtrees={})) == ""


def test_filling_again_and_again_stays_shallow() -> None:
    """Subtrees of subtrees cannot nest beyond what is safe to walk."""
    tree = parse(unknown("a", "toggle"))
    deep = parse_v1(
        "\n".join("\t" * level + "- x" for level in range(40)) + "\n" + "\t" * 39 + unknown("a", "toggle")
    )
    for _ in range(30):
        tree = fill(tree, blocks={}, subtrees={block_id("a"): deep})

    assert body_text(tree).count("- x") == 30 * 40
