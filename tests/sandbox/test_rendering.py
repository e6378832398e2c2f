"""Both renderers on their own: trees of blocks in, text out."""

# ruff: noqa: E501

import json
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from extract.config.load import ROOT
from sandbox.content.blocks import Forming
from sandbox.content.simple_markdown import read_simple
from sandbox.markdown.context import RenderContext
from sandbox.markdown.v1 import render_v1
from sandbox.markdown.v2 import render_v2
from sandbox.state.records import Block
from sandbox.state.rich_text import equation_item, mention_item, text_items

SAMPLES = json.loads((ROOT / "tests" / "data" / "sandbox" / "enhanced_markdown_samples.json").read_text())


def v1(*blocks: Block) -> str:
    return render_v1(Forming("page", 0, "now").form(blocks), RenderContext())


def v2(*blocks: Block) -> str:
    return render_v2(Forming("page", 0, "now").form(blocks), RenderContext())


def texted(kind: str, *items: Any, children: list[Block] | None = None, **payload: Any) -> Block:
    flat = [each for item in items for each in (item if isinstance(item, list) else [item])]
    return {"type": kind, kind: {"rich_text": flat, **payload}, "children": children or []}


def paragraph(*items: Any, **payload: Any) -> Block:
    return texted("paragraph", *items, **payload)


def t(content: str, link: str | None = None, **marks: Any) -> list[Block]:
    return text_items(content, link, **marks)


LIVE_TREES: dict[str, list[Block]] = {
    "inline marks": [
        paragraph(
            "Intro with ", t("bold", bold=True), ", ", t("italic", italic=True), ", ",
            t("strike", strikethrough=True), ", ", t("code", code=True), ", ", t("underline", underline=True),
            ", ", t("red text", color="red"), ", ", t("blue bg", color="blue_background"), ", a ",
            t("link", "https://example.com"), ", and inline math ", equation_item("E = mc^2"), ".",
        )
    ],
    "block color paragraph": [paragraph("Colored paragraph", color="red")],
    "toggle heading": [
        texted("heading_2", "Toggle Heading Two", is_toggleable=True, children=[paragraph("Child under toggle heading")])
    ],
    "multi-line quote": [texted("quote", "Multi-line quote line one\nline two\nline three")],
    "quote with color": [texted("quote", "Quoted", color="gray")],
    "nested bullets": read_simple("- bullet one\n  - nested bullet\n- bullet two"),
    "numbered list": read_simple("1. first\n2. second\n3. third"),
    "todo list": read_simple("- [ ] unchecked todo\n- [x] checked todo"),
    "callout with nested list": [
        texted(
            "callout", "Callout with ", t("bold", bold=True), " and a nested list:",
            icon={"type": "emoji", "emoji": "💡"}, color="blue_background",
            children=read_simple("- callout item one\n- callout item two"),
        )
    ],
    "toggle with children": [
        texted("toggle", "A toggle", children=read_simple("Hidden child paragraph\n- hidden bullet"))
    ],
    "columns": read_simple("!columns\n  !column\n    Left column text\n  !column\n    Right column text"),
    "code block (literal, unescaped)": read_simple(
        "```python\ndef f(x):\n    return x < 3 and x * 2\n```"
    ),
    "block equation": read_simple("$$\n\\int_0^1 x^2 dx = \\frac{1}{3}\n$$"),
    "literal special chars (escaped)": [
        paragraph("Text with literal special chars: a < b, 2 * 3, x_y, price $5, [bracket], {brace}.")
    ],
    "divider": read_simple("---"),
    "empty block": [paragraph("above"), paragraph(), paragraph("below")],
    "table of contents atom": read_simple("!toc"),
    "image": read_simple("![A caption](https://cdn.example.com/x.png)"),
    "mention date self-closing": [paragraph(mention_item("date", {"start": "2026-06-01"}, "2026-06-01"))],
    "visual-indented paragraphs": [
        paragraph("root", children=[paragraph("indented once", children=[paragraph("indented twice")])])
    ],
    "nested toggles": [
        texted("toggle", "Outer", children=[texted("toggle", "Inner", children=[paragraph("inner child")])])
    ],
    "colored todo item": [texted("to_do", "done", checked=True, color="blue_background")],
    "quote with child blocks": [
        texted("quote", "Quote lead", children=read_simple("Child paragraph of the quote\n- child bullet"))
    ],
    "combined bold italic strike": [paragraph(t("everything", bold=True, italic=True, strikethrough=True))],
    "bold link": [paragraph(t("important", "https://x.com", bold=True))],
    "code with specials inside": [paragraph(t("a < b && c[0]", code=True))],
    "numbered list starting at 3": [
        texted("numbered_list_item", "three", list_start_index=3),
        texted("numbered_list_item", "four"),
    ],
    "multi<br>line code": [paragraph(t("multi\nline code", code=True))],
}  # fmt: skip


@pytest.mark.parametrize("name", LIVE_TREES)
def test_v1_writes_what_the_live_service_was_seen_to_write(name: str) -> None:
    samples = {each["name"].strip("`"): each["nfm"] for each in all_samples()}
    assert v1(*LIVE_TREES[name]) == samples[name]


def all_samples() -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    waiting: list[Any] = [SAMPLES]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict) and "nfm" in each:
            found.append(each)
        elif isinstance(each, dict | list):
            waiting.extend(each.values() if isinstance(each, dict) else each)
    return found


def test_v1_table_has_one_tag_a_line() -> None:
    table = read_simple("| H1 | H2 |\n|===|---|\n| a | b\\|c |")
    assert v1(*table) == (
        '<table header-row="true" header-column="true">\n<tr>\n<td>H1</td>\n<td>H2</td>\n</tr>\n'
        "<tr>\n<td>a</td>\n<td>b\\|c</td>\n</tr>\n</table>"
    )


def test_v2_separates_blocks_by_blank_lines_and_writes_plain_forms() -> None:
    blocks = read_simple("# Title\none\n\n- a\n  - b\n- c\n\n1. x\n2. y\n\n- [x] done\n\n> said\n\n---")
    assert v2(*blocks) == ("# Title\n\none\n\n- a\n\t- b\n- c\n\n1. x\n2. y\n\n- [x] done\n\n> said\n\n---")


def test_v2_uses_the_tag_form_for_children_colours_and_edge_space() -> None:
    assert v2(paragraph("red", color="red")) == '<p color="red">\nred\n</p>'
    assert v2(paragraph(" edge ")) == "<p>\n edge \n</p>"
    assert v2(paragraph()) == "<p />"
    quote = texted("quote", "Title", color="purple_background", children=read_simple("- child\n\nlast"))
    assert v2(quote) == '<quote color="purple_bg">\nTitle\n\n- child\n\nlast\n</quote>'
    heading = texted("heading_3", "More", is_toggleable=True, children=[paragraph("x")])
    assert v2(heading) == '<toggle heading="h3">\nMore\n\nx\n</toggle>'
    item = texted("bulleted_list_item", "a", children=[paragraph("deep")])
    assert v2(item) == "<ul>\n<li>\na\n\ndeep\n</li>\n</ul>"
    assert v2(texted("to_do", "x", color="red")) == '<todo checked="false" color="red">\nx\n</todo>'


def test_v2_tables_are_pipes_when_plain_and_tags_otherwise() -> None:
    assert v2(*read_simple("| a | b\\|c |\n|---|---|\n| 1 | 2<br>3 |")) == (
        "| a | b\\|c |\n| --- | --- |\n| 1 | 2<br />3 |"
    )
    assert v2(*read_simple("| a | b |\n|===|---|\n| 1 | 2 |")) == (
        '<table header-row="true" header-column="true">\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n'
        "<tr>\n<th>1</th>\n<td>2</td>\n</tr>\n</table>"
    )


def test_v2_keeps_emphasis_readable_where_markers_would_fail() -> None:
    assert v2(paragraph(t("bold ", bold=True), "next")) == "<b>bold </b>next"
    assert v2(paragraph(t("foo:", bold=True), "bar")) == "<b>foo:</b>bar"
    assert v2(paragraph("a ", t("b", bold=True), " c")) == "a **b** c"


CODE_MARKS: tuple[dict[str, Any], ...] = (
    {},
    {"bold": True},
    {"italic": True},
    {"link": "https://example.com/a"},
    {"bold": True, "link": "https://example.com/a"},
    {"color": "red"},
    {"underline": True, "italic": True},
)


@pytest.mark.parametrize("render", [v1, v2])
def test_code_beside_code_is_whole_whatever_else_it_is(render: Any) -> None:
    words = ("uno", "dos", "tres")
    for marks in product(CODE_MARKS, repeat=3):
        items = [t(word, code=True, **more) for word, more in zip(words, marks, strict=True)]
        written = render(paragraph(*items))
        assert [word for word in words if word not in written] == []


def test_v1_callouts_keep_their_line_starts_as_text() -> None:
    for start in ("# a", "- a", "---", "1. a", "  - a"):
        written = v1(texted("callout", start))
        assert written == f"<callout>\n\t{v1(paragraph(start))}\n</callout>"
        assert "\\" in written
    assert v1(texted("callout", "a", children=read_simple("- b"))) == "<callout>\n\ta\n\t- b\n</callout>"


def test_v1_tab_labels_and_titles_of_meeting_notes_are_text_too() -> None:
    tab = {"type": "tab", "tab": {}, "children": [paragraph("# First")]}
    assert "\\# First" in v1(tab)
    notes = {"type": "meeting_notes", "meeting_notes": {"title": [t("- Weekly")[0]]}, "children": []}
    assert "\\- Weekly" in v1(notes)


def test_v1_paragraphs_with_space_before_a_marker_stay_paragraphs() -> None:
    assert v1(paragraph(" # a")) == " \\# a"
    assert v1(paragraph("\t- a")) == "    \\- a"
    assert v1(paragraph(" 1. a")) == " 1\\. a"


@pytest.mark.parametrize("render", [v1, v2])
def test_an_exclamation_mark_before_a_link_makes_no_image(render: Any) -> None:
    link = t("link", "https://example.com")
    assert render(paragraph("wow!", link)) == "wow\\![link](https://example.com)"
    assert render(paragraph("wow\\!", link)) == "wow\\\\\\![link](https://example.com)"
    mention = mention_item("link_mention", {"href": "https://example.com", "title": "site"}, "site")
    assert render(paragraph("wow!", mention)) == "wow\\![site](https://example.com)"
    coloured = paragraph(t("wow!", color="red"), t("link", "https://example.com", color="red"))
    assert "wow\\![link]" in render(coloured)
    assert render(paragraph("wow! [x]", link)) == "wow! \\[x\\][link](https://example.com)"


@pytest.mark.parametrize("render", [v1, v2])
def test_fences_are_longer_than_what_they_hold(render: Any) -> None:
    block = texted("code", "```js\nx\n```", language="markdown")
    assert render(block) == "````markdown\n```js\nx\n```\n````"


@pytest.mark.parametrize("render", [v1, v2])
def test_tabs_buttons_and_unknown_types_have_their_place(render: Any) -> None:
    tab = {"type": "tab", "tab": {}, "children": [paragraph("First", children=[paragraph("inside")])]}
    assert "First" in render(tab)
    assert "inside" in render(tab)
    assert 'alt="button"' in render({"type": "unsupported", "unsupported": {"block_type": "button"}})
    assert 'alt="alias"' in render(
        {"type": "link_to_page", "link_to_page": {"type": "page_id", "page_id": "x"}}
    )
    assert 'alt="hologram"' in render({"type": "hologram", "hologram": {}})


MARKS = st.fixed_dictionaries(
    {}, optional={name: st.just(True) for name in ("bold", "italic", "strikethrough", "code")}
)  # fmt: skip
WORDS = st.text(st.sampled_from("ab *_`~[]<>#$|\\-1.+é字!:&;"), min_size=1, max_size=12)
RICH = st.lists(st.builds(lambda text, marks: t(text, **marks), WORDS, MARKS), min_size=1, max_size=4)


def letters(text: str) -> str:
    return "".join(character for character in text if character.isalnum())


@settings(derandomize=True, database=None)
@given(RICH)
def test_v2_paragraphs_read_back_as_commonmark_with_every_letter(items: list[list[Block]]) -> None:
    said = "".join(each["plain_text"] for item in items for each in item)
    written = v2(paragraph(*items))
    if written.startswith("<p"):
        written = written.removeprefix("<p>\n").removesuffix("\n</p>").strip()
    tokens = MarkdownIt("commonmark", {"html": True}).enable("strikethrough").parse(written)
    assert [each.type for each in tokens if each.type.endswith("_open")] in (["paragraph_open"], [])
    inline = next((each for each in tokens if each.type == "inline"), None)
    read = "".join(
        child.content for child in (inline.children or [] if inline else []) if child.type in ("text", "code_inline")
    )  # fmt: skip
    assert letters(read) == letters(said)


@settings(derandomize=True, database=None)
@given(RICH)
def test_v1_paragraphs_stay_on_one_line_with_every_letter(items: list[list[Block]]) -> None:
    said = "".join(each["plain_text"] for item in items for each in item)
    written = v1(paragraph(*items))
    assert "\n" not in written
    assert letters(written.replace("<empty-block/>", "")) == letters(said)
