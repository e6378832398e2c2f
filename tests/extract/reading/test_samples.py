"""Every recorded reply reads without an exception, and no word of it is lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from extract.config.load import ROOT
from extract.reading import (
    block_tree,
    body_text,
    capped_properties,
    page_title,
    parse,
    parse_v1,
    preview_html,
    read_page,
    read_properties,
    relation_ids,
    stub_digest,
)

DATA = ROOT / "tests" / "data" / "reading"
FILES = sorted(DATA.glob("*/*.json"))
# what has a value but is no content of a page: an unsupported block type's own words
_SKIPPED_BLOCKS = {"unsupported", "template"}


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def objects(value: Any, name: str) -> Iterator[dict[str, Any]]:
    """Every object of this kind, however deep."""
    if isinstance(value, dict):
        if value.get("object") == name:
            yield value
        for inner in value.values():
            yield from objects(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from objects(inner, name)


def words(value: Any) -> Iterator[str]:
    """Every `plain_text`."""
    if isinstance(value, dict):
        if isinstance(value.get("plain_text"), str):
            yield value["plain_text"]
        for inner in value.values():
            yield from words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from words(inner)


def bare(text: str) -> str:
    """Text without the markup and the white space that canonical text may add or change."""
    return re.sub(r"[\s\\*~`$<>]+", "", text)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_plain_text_of_a_block_is_in_our_text(path: Path) -> None:
    """Blocks of every recorded version of the API."""
    for block in objects(load(path), "block"):
        text = bare(body_text(block_tree([block])))
        if block.get("type") in _SKIPPED_BLOCKS:
            continue
        for word in words(block.get(str(block.get("type")))):
            assert bare(word) in text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_plain_text_of_a_property_is_in_our_text(path: Path) -> None:
    """Titles and properties of every recorded page."""
    for page in objects(load(path), "page"):
        properties = page.get("properties")
        if not isinstance(properties, dict):
            continue
        title = page_title(properties)
        read = read_properties(properties, schema=None, titles={})
        reading = read_page(title=title, url=str(page.get("url")), properties=read, tree=parse(""))
        text = bare(reading.text)
        for name, value in properties.items():
            if isinstance(value, dict):
                for word in words(value):
                    assert bare(word) in text, name
        assert stub_digest(properties, title)
        assert isinstance(capped_properties(properties), tuple)
        assert isinstance(relation_ids(properties), tuple)
        assert "<script" not in preview_html(reading.text)


def live_markdown() -> list[tuple[str, str]]:
    found = []
    for path in sorted(DATA.glob("markdown*/*.json")):
        data = load(path)
        for at, entry in enumerate(data if isinstance(data, list) else data.get("entries", [data])):
            for key in ("nfm", "notion_round_trip", "markdown"):
                if isinstance(entry.get(key), str):
                    found.append((f"{path.stem}-{at}-{key}", entry[key]))
    return found


MARKDOWN = live_markdown()


@pytest.mark.parametrize("source", [text for _, text in MARKDOWN], ids=[name for name, _ in MARKDOWN])
def test_live_markdown_keeps_its_words_and_is_stable(source: str) -> None:
    """What the live endpoint gave: no word is lost, and reading twice changes nothing."""
    text = body_text(parse(source))

    assert body_text(parse(source)) == text
    for word in re.findall(
        r"\w{3,}", re.sub(r"<[^>]*>|\{[^}]*\}|\]\([^)]*\)|^```\w*", " ", source, flags=re.M)
    ):
        assert word in text


def test_the_live_corpus_tells_its_shapes_apart() -> None:
    """Shapes that must stay distinct do, and Notion's own rewriting of a page does not change its text."""
    entries = load(DATA / "markdown_corpus" / "overeng-live-roundtrip-corpus.json")["entries"]
    texts = {entry["id"]: body_text(parse(entry["notion_round_trip"])) for entry in entries}

    for entry in entries:
        if entry["relation"] == "distinct_from":
            assert texts[entry["id"]] != texts[entry["distinct_from"]]
        elif entry["id"] not in (
            "code-fence-language-js",
            "ordered-list-renumber-756",
            "emphasis-marker-churn-756",
        ):
            assert body_text(parse(entry["authored"])) == texts[entry["id"]]


def test_an_empty_page_reads_as_nothing() -> None:
    """Notion answers an empty page with an empty string."""
    assert body_text(parse("")) == body_text(parse_v1("")) == ""
