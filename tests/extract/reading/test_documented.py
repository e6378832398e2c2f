"""docs/reading.md names every kind there is, and nothing that has no sample."""

from __future__ import annotations

import json
import re
from typing import Any

from extract.config.load import ROOT
from extract.reading.parse.tags import BLOCK_TAGS, CONTAINERS, LEAVES
from tests.extract.reading.test_properties import CASES
from tests.extract.reading.test_samples import FILES, load, objects
from tests.extract.reading.vocabulary import BLOCKS, INLINE, MENTIONS

DOCS = (ROOT / "docs" / "reading.md").read_text(encoding="utf-8")
# made up by a test suite, to stand for a type of the future
_MADE_UP = {"foobar"}


def section(title: str) -> list[list[str]]:
    """The cells of a table, row by row."""
    part = DOCS.split(f"### {title}\n", 1)[1].split("\n### ")[0]
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in part.splitlines()
        if line.startswith("| `")
    ]


def kinds(title: str) -> set[str]:
    return {row[0].strip(" `") for row in section(title)}


def names(title: str) -> set[str]:
    """Kinds, and what stands beside them."""
    also = " ".join(row[1] for row in section(title))
    return kinds(title) | set(re.findall(r"`<?([\w-]+)>?`", also))


def test_every_row_has_a_sample_and_every_sample_a_row() -> None:
    """Blocks, inline forms, mentions and properties."""
    assert kinds("Blocks") == set(BLOCKS)
    assert kinds("Inline") == set(INLINE)
    assert kinds("Mentions") == set(MENTIONS)
    assert kinds("Properties") == set(CASES)


def test_every_kind_in_the_samples_has_a_row() -> None:
    """Block types, mention types and property types of the recorded replies."""
    blocks: set[str] = set()
    mentions: set[str] = set()
    properties: set[str] = set()
    for path in FILES:
        data: Any = load(path)
        blocks |= {str(block["type"]) for block in objects(data, "block") if "type" in block}
        mentions |= set(re.findall(r'"mention": \{\s*"type": "(\w+)"', json.dumps(data)))
        for kind in ("page", "data_source", "database"):
            for one in objects(data, kind):
                values = one.get("properties")
                if isinstance(values, dict):
                    properties |= {
                        value["type"]
                        for value in values.values()
                        if isinstance(value, dict) and "type" in value
                    }

    assert blocks - _MADE_UP <= names("Blocks")
    assert mentions <= names("Mentions")
    assert properties - {"title"} <= kinds("Properties")


def test_every_tag_we_know_is_shown_by_a_sample() -> None:
    """The vocabulary of both formats, as tags."""
    written = " ".join(
        f"{sample.v1} {sample.v2}" for table in (BLOCKS, INLINE, MENTIONS) for sample in table.values()
    )
    shown = {name.replace("_", "-") for name in re.findall(r"<([a-zA-Z][\w-]*)", written)}

    tolerated = {"h1", "h3", "h4", "h5", "h6", "transcription", "breadcrumb", "link-preview"}
    assert set(BLOCK_TAGS) - tolerated <= shown
    assert set(CONTAINERS) | set(LEAVES) <= set(BLOCK_TAGS)
