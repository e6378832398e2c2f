"""What `read_page` promises: text, digest, links, counts."""

from __future__ import annotations

from extract.reading import has_text, parse, parse_v1, parse_v2, read_page
from extract.values import PageLink, PageReading, Property

PAGE_ID = "01234567-89ab-cdef-0123-456789abcdef"
PAGE = "https://app.notion.com/p/Plan-0123456789abcdef0123456789abcdef"
MEDIA = "https://prod-files-secure.s3.us-west-2.amazonaws.com/a/b/film.mp4"


def reading(markdown: str, title: str = "Garden", properties: tuple[Property, ...] = ()) -> PageReading:
    return read_page(
        title=title, url="https://app.notion.com/p/x", properties=properties, tree=parse(markdown)
    )


def test_the_text_is_title_properties_body() -> None:
    """In that order, with blank lines between."""
    page = reading(
        "Hello",
        "1. *Plan*",
        (Property("Due", "date", "2026-01-02"), Property("a_b ", "url", "https://x.y/a_b")),
    )

    assert page.text == "# 1. \\*Plan\\*\n\nDue: 2026-01-02\na_b: https://x.y/a_b\n\nHello"
    assert page.title == "1. *Plan*"


def test_a_page_without_anything_is_its_title() -> None:
    """An empty page has a text, a digest and one passage."""
    page = reading("", "")

    assert page.text == "# Untitled"
    assert [one.text for one in page.passages] == ["# Untitled"]


def test_signatures_do_not_change_the_digest() -> None:
    """Notion signs its files anew on every read."""
    first = reading(f'<video src="{MEDIA}?X-Amz-Signature=1">Film</video>\n![c]({MEDIA}?X-Amz-Signature=1)')
    second = reading(f'<video src="{MEDIA}?X-Amz-Signature=2">Film</video>\n![c]({MEDIA}?X-Amz-Signature=2)')

    assert first.digest == second.digest
    assert "X-Amz" not in first.text
    assert first.links == ()


def test_volatile_properties_are_in_the_text_and_not_in_the_digest() -> None:
    """An edit time moves without anything to learn."""
    early = reading("x", properties=(Property("Edited", "last_edited_time", "2026-01-01", True),))
    late = reading("x", properties=(Property("Edited", "last_edited_time", "2026-01-02", True),))
    other = reading("x", properties=(Property("Due", "date", "2026-01-02"),))

    assert early.digest == late.digest
    assert "Edited: 2026-01-02" in late.text
    assert other.digest != early.digest


def test_colours_and_formats_do_not_change_the_digest() -> None:
    """The same page in either format, coloured or not."""
    v1 = read_page(title="T", url="", properties=(), tree=parse_v1('## A {color="red"}\nb<br>c\n- d\n\t- e'))
    v2 = read_page(title="T", url="", properties=(), tree=parse_v2("## A\n\nb\\\nc\n\n- d\n\t- e"))

    assert v1.text == v2.text
    assert v1.digest == v2.digest
    assert v1.passages == v2.passages


def test_links_keep_text_target_and_notion_id() -> None:
    """Of child pages, mentions, links and media; each once; nothing that a browser should not open."""
    page = reading(
        f'<page url="{PAGE}">Plan</page>\n[**a** b](https://example.com/x?y=1)\n[bad](javascript:alert(1))\n'
        f'<mention-user url="user://1">Ada</mention-user> [b](https://example.com/x)\n'
        f'<embed src="https://figma.com/f"></embed>\n'
        f'<mention-page url="{PAGE}">Plan</mention-page>'
    )

    assert page.links == (
        PageLink("Plan", PAGE, PAGE_ID),
        PageLink("a b", "https://example.com/x?y=1"),
        PageLink("b", "https://example.com/x"),
        PageLink("https://figma.com/f", "https://figma.com/f"),
    )


def test_captions_that_are_missing_are_counted() -> None:
    """So that a page of pictures can be told from an empty one."""
    page = reading('![](https://x.y/a.png)\n![b](https://x.y/b.png)\n<embed src="https://x.y/c"></embed>')

    assert page.images_without_caption == 1
    assert page.embeds_without_caption == 1


def test_embeds_alone_are_no_text() -> None:
    """Nothing to learn from, although there is something to link to."""
    assert not has_text(parse('<embed src="https://x.y/c"></embed>\n![](https://x.y/a.png)\n---'))
    assert has_text(parse('<embed src="https://x.y/c">Board</embed>'))
    assert has_text(parse("```\nx\n```"))


def test_entities_bring_no_forbidden_characters_in() -> None:
    """Whatever is decoded is cleaned again."""
    page = reading(
        'a&#x202e;b&#0;c <mention url="user://1">d&#x202e;e</mention> <p />\n\n<page url="x&#x202e;">f</page>'
    )

    assert page.text.endswith("ab\ufffdc de\n\nf")


def test_characters_that_break_databases_are_gone() -> None:
    """NULs, lone surrogates, controls and direction overrides."""
    page = reading("a\x00b\ud800c\u202ed\x1be\ufffff\u200dg\u200f", "t\x00\ud83d")

    assert page.text == "# t\n\nabcdef\u200dg\u200f"
    page.text.encode()
    for one in page.passages:
        one.text.encode()
