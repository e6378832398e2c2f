"""Twice the text takes twice the steps, for everything that reads, cuts or shows text, whatever the text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.hostile.reading import PATTERNS, Make, of_size
from extract.reading import (
    Block,
    Chunking,
    Inline,
    Tree,
    block_tree,
    fill,
    has_text,
    holes,
    limits,
    notion_id_of,
    page_title,
    parse_v1,
    parse_v2,
    plain_text,
    preview_html,
    read_page,
    read_properties,
    relation_ids,
    stub_digest,
)
from extract.reading.clean import clean, one_line
from extract.reading.cut.chunks import passages
from extract.reading.cut.cutting import cut, tail
from extract.reading.dates import date_text, mention_text, moment
from extract.reading.links import block_id_of, file_name, is_notion_media, is_safe, target_of
from extract.reading.parse.detect import detect
from extract.reading.parse.inline.destinations import destination_at, unescaped
from extract.reading.parse.inline.scanner import parse_inline
from extract.reading.parse.markdown_v1.lines import split_attributes
from extract.reading.parse.open_blocks import image_draft
from extract.reading.parse.tables import pipe_cells, pipe_table, tag_table
from extract.reading.parse.tags import attributes, tag_at
from extract.reading.pieces import Piece, PieceKind, fence_for
from extract.reading.properties.listed import capped_properties
from extract.reading.rich_text import runs_of
from extract.reading.write.destination import destination
from extract.reading.write.escape import code_span, escape_line_start, escape_text
from extract.reading.write.inline_text import inline_text
from extract.values import Property
from tests.steps import grows_linearly

_CHUNKING = Chunking(200, 20)


def _page(tree: Tree) -> object:
    return read_page(title="T", url="", properties=(), tree=tree, chunking=_CHUNKING)


def _cut(kind: PieceKind, text: str) -> object:
    return list(cut(Piece(kind, text), 200, 800))


def _of_tree(tree: Tree) -> object:
    return holes(tree), has_text(tree)


def _rich(text: str) -> list[dict[str, object]]:
    return [{"type": "text", "plain_text": word, "annotations": {"code": True}} for word in text.split("a")]


def _properties(text: str) -> dict[str, object]:
    return {
        "Name": {"type": "title", "title": _rich(text)},
        "Text": {"id": "t", "type": "rich_text", "rich_text": _rich(text)},
        "Files": {"type": "files", "files": [{"name": one} for one in text.split(" ")]},
        "Pages": {"type": "relation", "relation": [{"id": one} for one in text.split("a")]},
        "Link": {"type": "url", "url": text},
        "When": {"type": "date", "date": {"start": text, "end": text, "time_zone": text}},
    }


PAGES: Mapping[str, Callable[[str], object]] = {
    "a page, v1": lambda text: _page(parse_v1(text)),
    "a page, v2": lambda text: _page(parse_v2(text)),
    "a preview": preview_html,
}
PARTS: Mapping[str, Callable[[str], object]] = {
    "attributes": lambda text: attributes(" " + text),
    "block_tree": lambda text: block_tree([{"type": "code", "code": {"rich_text": _rich(text)}}]),
    "capped, related, digest": lambda text: (
        capped_properties(_properties(text)),
        relation_ids(_properties(text)),
        stub_digest(_properties(text), text),
    ),
    "clean": lambda text: (clean(text), one_line(text)),
    "code as inline": lambda text: (code_span(text), fence_for(text)),
    "cutting code": lambda text: _cut("code", f"```\n{text}\n```"),
    "cutting code of one line": lambda text: _cut("code", "````\n" + text.replace("\n", " ") + "\n````"),
    "cutting a list": lambda text: _cut("list", text),
    "cutting a table": lambda text: _cut("table", f"|{text}|\n| --- |\n|{text}|\n{text}"),
    "cutting text": lambda text: _cut("text", text),
    "dates": lambda text: (moment(text), date_text({"start": text}), mention_text({"start": text})),
    "destination": lambda text: (
        destination(text),
        unescaped(text),
        destination_at("(" + text, 0, spaces=True),
    ),
    "detect": detect,
    "escape": lambda text: (
        escape_text(text),
        escape_text(text, before="\x01", after="\x01", dollars=True, in_link=True, in_cell=True),
        [escape_line_start(line) for line in text.split("\n")],
    ),
    "filled holes": lambda text: fill(
        parse_v1(f'{text}\n<unknown url="https://app.notion.com/p/x#{"a" * 32}" alt="embed"/>'),
        blocks={"a" * 32: {"type": "embed", "embed": {"caption": _rich(text), "url": text}}},
        subtrees={"b" * 32: parse_v1(text)},
    ),
    "image": lambda text: image_draft("![" + text.strip() + ")", v2=True, unknown=set()),
    "inline v1": lambda text: inline_text(parse_inline(text, v2=False, unknown=set())),
    "inline v2": lambda text: inline_text(parse_inline(text, v2=True, unknown=set()), cell=True),
    "inline of the API": lambda text: inline_text(runs_of(_rich(text))),
    "equations": lambda text: inline_text((Inline("equation", text), Inline("code", text))),
    "link": lambda text: (
        target_of(text),
        notion_id_of(text),
        block_id_of(text),
        file_name("https://example.com/" + text),
        is_notion_media("https://example.com/" + text),
        is_safe("https://example.com/" + text),
    ),
    "passages": lambda text: passages(
        text, [Piece("heading", "# " + text, 1, text), Piece("text", text)], _CHUNKING
    ),
    "plain reading": lambda text: _page(limits._plain(text)),
    "plain text": lambda text: (plain_text(_rich(text)), page_title(_properties(text))),
    "properties": lambda text: read_page(
        title=text,
        url="",
        properties=(
            *read_properties(_properties(text), schema=None, titles={}),
            Property(text, "url", "https://" + text),
        ),
        tree=Tree((Block("paragraph", (Inline("text", text, 0, "https://example.com/" + text),)),)),
        chunking=_CHUNKING,
    ),
    "split attributes": lambda text: (split_attributes(text), split_attributes("a {" + text + "}")),
    "table of pipes": lambda text: (pipe_cells(text), pipe_table(text.split("\n"), v2=True, unknown=set())),
    "table of tags": lambda text: tag_table(text, v2=True, unknown=set()),
    "tags": lambda text: [tag_at(text, at) for at, char in enumerate(text) if char == "<"],
    "tail": lambda text: tail(text, 100),
    "the tree": lambda text: _of_tree(parse_v1(text)),
}


def _is_linear(make: Make, run: Callable[[str], object], size: int) -> bool:
    return grows_linearly(lambda size: of_size(make, size), run, size=max(size, 6 * len(make(1))))


@pytest.mark.parametrize("name", PATTERNS)
def test_a_page_of_one_pattern(name: str) -> None:
    """Every pattern as a page in both formats, and as a preview."""
    for what, run in PAGES.items():
        assert _is_linear(PATTERNS[name], run, 250), what


@pytest.mark.parametrize("what", PARTS)
def test_each_part_of_the_reader(what: str) -> None:
    """With every pattern that is short."""
    short = {name: make for name, make in PATTERNS.items() if len(make(1)) < 10}

    assert [name for name, make in short.items() if not _is_linear(make, PARTS[what], 60)] == []


TOKENS = [
    *"`~*_[]()<>!|$&\\-+#:{}=\"'./1a \n\t",
    "](", "- [ ] ", "> ", "1. ", "**", "~~", "```", "$$", "\n\n", "\n- ", "\n> ", "<b>", "</b>", "<p>", "<page>",
    "<td>", "<table>", "</table>", "<callout>", "</callout>", "<toggle>", "<mention url='x'>", "</mention>",
    "<date start=", '{a="', "<equation>", "::: ", "\u0301", "\U0001f1e9",
]  # fmt: skip


@settings(derandomize=True, deadline=None, max_examples=100, database=None)
@given(
    st.sampled_from(["", *TOKENS]),
    st.sampled_from(TOKENS),
    st.sampled_from(TOKENS),
    st.booleans(),
    st.sampled_from(sorted(PAGES)),
)
def test_pairs_of_tokens(prefix: str, first: str, second: str, mixed: bool, what: str) -> None:
    """One after the other, many times, or many of the one and then many of the other."""

    def make(times: int) -> str:
        return prefix + ((first + second) * times if mixed else first * times + second * times)

    assert grows_linearly(make, PAGES[what], size=30)
