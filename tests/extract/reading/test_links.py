"""Notion links are understood, media links are dropped, unsafe links never appear."""

from __future__ import annotations

import pytest

from extract.reading import notion_id_of
from extract.reading.links import is_notion_media, is_safe, target_of

HEX = "0123456789abcdef0123456789abcdef"
ID = "01234567-89ab-cdef-0123-456789abcdef"
OTHER = "f" * 32


@pytest.mark.parametrize(
    "link",
    [
        HEX,
        HEX.upper(),
        ID,
        f"  {ID} ",
        f"/{HEX}",
        f"https://app.notion.com/p/{HEX}",
        f"https://app.notion.com/p/My-Page-{HEX}?v={OTHER}&pvs=4#{OTHER}",
        f"https://www.notion.so/acme/My-Page-{HEX}?pvs=4",
        f"https://notion.so/{HEX}",
        f"http://acme.notion.site/Caf%C3%A9-{HEX}",
        f"https://www.notion.so/{OTHER}/{HEX}",
        f"https://www.notion.so/{ID}",
        f"www.notion.so/My-Page-{HEX}",
        f"notion://www.notion.so/My-Page-{HEX}",
        f"<https://app.notion.com/p/{HEX}>",
    ],
)
def test_a_pasted_link_gives_its_id(link: str) -> None:
    """Every way in which a person may have copied it."""
    assert notion_id_of(link) == ID


@pytest.mark.parametrize(
    "link",
    [
        "",
        "hello",
        "https://example.com/" + HEX,
        f"https://www.notion.so/?v={HEX}",
        f"https://app.notion.com/p/x#{HEX}",
        HEX + "0",
        "https://[",
        "//evil.example/" + HEX,
        "https://notion.so.evil.example/" + HEX,
        "javascript:" + HEX,
    ],
)
def test_other_links_give_none(link: str) -> None:
    """Other hosts, no id, an id that is a view or a block."""
    assert notion_id_of(link) is None


def test_notions_own_files_are_recognised() -> None:
    """Signed, expiring, public while alive: never kept as links."""
    for url in (
        "https://prod-files-secure.s3.us-west-2.amazonaws.com/x/y.png?X-Amz-Signature=1",
        "https://s3.us-west-2.amazonaws.com/secure.notion-static.com/x.png",
        "https://file.notion.so/f/s/x.png?table=block&expirationTimestamp=1",
        "https://any.example/x?X-Amz-Credential=1",
    ):
        assert is_notion_media(url)
        assert target_of(url) == ""
    assert not is_notion_media("https://example.com/x.png")
    assert not is_notion_media(f"https://www.notion.so/{HEX}")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "//x.y/z",
        "user://1",
        "https://x.y/<script>",
        'https://x.y/"onclick',
        "https://[",
        " https://x.y",
        "https://x.y/\x00",
        "",
        "https://" + "a" * 20_000,
    ],
)
def test_unsafe_targets_are_refused(url: str) -> None:
    """Only http, https, mailto and tel, with nothing hidden in them."""
    assert not is_safe(url)


def test_safe_targets_stay_as_they_are() -> None:
    """Query strings and fragments are somebody's."""
    for url in ("https://x.y/a?b=c#d", "http://x.y", "mailto:a@b.c", "tel:+49"):
        assert target_of(url) == url
    assert target_of("https://x.y/a b") == "https://x.y/a%20b"
