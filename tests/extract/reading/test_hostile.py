"""Whatever a page holds: no exception, no lost words, no forbidden characters, no raw HTML."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.reading import REPEATS, hostile
from extract.reading import Chunking, Tree, body_text, parse, parse_v1, parse_v2, preview_html, read_page

FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


def check(tree: Tree) -> None:
    page = read_page(title="T", url="", properties=(), tree=tree, chunking=Chunking(500, 50))
    page.text.encode()
    assert not FORBIDDEN.search(page.text)
    for one in page.passages:
        assert one.text.strip()
    html = preview_html(page.text[:3_000])
    assert not re.search(r"<(?:script|img|iframe|svg)", html, re.IGNORECASE)


@pytest.mark.parametrize("seed", range(12))
def test_random_fragments_of_both_vocabularies(seed: int) -> None:
    """Tags, markers and controls in any order, read as either format."""
    text = hostile(30_000, seed)

    check(parse(text))
    check(parse_v1(text))
    check(parse_v2(text))


@pytest.mark.parametrize("name", REPEATS)
def test_one_pattern_many_times(name: str) -> None:
    """The shapes that make parsers recurse, or go quadratic."""
    text = REPEATS[name] * 3_000

    check(parse_v1(text))
    check(parse_v2(text))


@settings(derandomize=True, deadline=None, max_examples=200, database=None)
@given(st.text(alphabet=st.characters(), max_size=200))
def test_any_text(text: str) -> None:
    """Any characters at all, surrogates too."""
    check(parse_v1(text))
    check(parse_v2(text))


@settings(derandomize=True, deadline=None, max_examples=200, database=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "word%d",
                "**",
                "*",
                "`",
                "[",
                "](x)",
                "<b>",
                "</b>",
                "<p>",
                "\n",
                "\n\n",
                "- ",
                "> ",
                "\t",
                "| ",
                "|\n| --- |\n",
                "<callout>",
                "</callout>",
                "\\",
                "$",
                "<td>",
                "```\n",
                "<mention url='x'>",
                "<toggle>",
                "</mention>",
            ]
        ),
        max_size=60,
    )
)
def test_no_word_is_lost(parts: list[str]) -> None:
    """However broken the markup around it. (Attributes of tags are no words.)"""
    text = " ".join(part % at if "%" in part else part for at, part in enumerate(parts))
    words = re.findall(r"word\d+", text)
    for parsed in (parse_v1(text), parse_v2(text)):
        found = body_text(parsed)
        for word in words:
            assert word in found


def test_mutated_pages_keep_most_of_what_they_say() -> None:
    """Bytes dropped and doubled in an ordinary page."""
    rng = random.Random(5)
    source = '# A\n\ttext **b** `c`\n<callout icon="x">\n\tmore\n</callout>\n- [x] d\n'
    source += "<table>\n<tr>\n<td>e</td>\n</tr>\n</table>\n"
    for _ in range(150):
        chars = list(source * 3)
        for _ in range(10):
            at = rng.randrange(len(chars))
            chars[at : at + 1] = rng.choice(["", chars[at] * 2, rng.choice("<>`*\n\t|\\$")])
        check(parse("".join(chars)))


def test_a_hundred_thousand_blocks_and_a_deep_page() -> None:
    """Size and depth are no reason to fail."""
    many = parse("\n".join(f"- {at}" for at in range(100_000)))
    deep = parse_v2("<toggle>x\n\n" * 20_000 + "bottom")

    assert len(many.blocks) == 100_000
    assert body_text(deep).endswith("bottom")
    check(deep)
