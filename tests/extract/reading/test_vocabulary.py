"""Every block, inline form and mention of both formats reads as the table says."""

from __future__ import annotations

import pytest

from extract.reading import body_text, detect, parse, parse_v1, parse_v2
from tests.extract.reading.vocabulary import BLOCKS, INLINE, MENTIONS, Sample

ALL = {**{f"block {name}": sample for name, sample in BLOCKS.items()},
       **{f"inline {name}": sample for name, sample in INLINE.items()},
       **{f"mention {name}": sample for name, sample in MENTIONS.items()}}  # fmt: skip
V1 = {name: sample for name, sample in ALL.items() if sample.v1 is not None}
V2 = {name: sample for name, sample in ALL.items() if sample.v2 is not None}


@pytest.mark.parametrize("name", V1)
def test_v1_reads_as_the_table_says(name: str) -> None:
    """Enhanced markdown."""
    assert body_text(parse_v1(V1[name].v1 or "")) == V1[name].reads


@pytest.mark.parametrize("name", V2)
def test_v2_reads_as_the_table_says(name: str) -> None:
    """Notion-flavored Markdown."""
    assert body_text(parse_v2(V2[name].v2 or "")) == V2[name].reads


@pytest.mark.parametrize("name", ALL)
def test_the_canonical_form_is_a_fixed_point(name: str) -> None:
    """Canonical text, read again, is itself."""
    assert body_text(parse_v2(ALL[name].reads)) == ALL[name].reads


# alone on a page, these look the same in both formats, and mean different things
AMBIGUOUS = {"inline italic", "inline bold before a word", "inline code over lines", "inline escapes"}


@pytest.mark.parametrize("name", sorted(set(ALL) - AMBIGUOUS))
def test_the_format_is_detected_where_it_matters(name: str) -> None:
    """`parse` reads either format without being told which."""
    sample: Sample = ALL[name]
    for source in (sample.v1, sample.v2):
        if source is not None:
            assert body_text(parse(source)) == sample.reads, detect(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a\nb", "v1"),
        ("a\n\nb", "v2"),
        ("call __init__ now", "v1"),
        ("```\n<details>\n```\n\n<p />", "v2"),
        ("path C:\\\\\nnext", "v1"),
        ("one\\\ntwo", "v2"),
        ("", "v2"),
    ],
)
def test_syntax_tells_the_formats_apart(source: str, expected: str) -> None:
    """Tags decide; without any, how the lines are separated."""
    assert detect(source) == expected


def test_unknown_tags_are_named_and_their_text_stays() -> None:
    """Nothing that bears text is dropped silently."""
    tree = parse_v2('<hologram x="1">\nDeep\n</hologram>\n\na <blink>b</blink> Vec<String>')

    assert tree.unknown_tags == ("blink", "hologram", "string")
    assert body_text(tree) == "Deep\n\na b Vec\\<String>"


def test_broken_nesting_keeps_the_text() -> None:
    """Tags that are never closed, closed twice or crossed cost no words."""
    source = "<callout>\none\n<toggle>two\n</callout>\nthree</toggle></toggle>\n\n"
    source += "<table><tr><td>four\n\n<page url='x>five"

    text = body_text(parse_v2(source))

    for word in ("one", "two", "three", "four", "five"):
        assert word in text


def test_deeper_levels_than_the_tree_has_become_siblings() -> None:
    """500 levels are read, with their text, and nothing recurses too deep."""
    v1 = "\n".join("\t" * level + f"- level{level}" for level in range(500))
    v2 = "\n".join("  " * level + f"- level{level}" for level in range(500))

    assert body_text(parse_v1(v1)) == body_text(parse_v2(v2))
    assert "level499" in body_text(parse_v1(v1))
