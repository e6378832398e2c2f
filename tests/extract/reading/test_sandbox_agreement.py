"""A page of API blocks reads the same by the block API and by both of the sandbox's markdown formats."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extract.reading import block_tree, body_text, parse_v1, parse_v2
from sandbox.markdown.context import RenderContext
from sandbox.markdown.v1 import render_v1
from sandbox.markdown.v2 import render_v2

Json = dict[str, Any]

CONTEXT = RenderContext(include_transcript=True)
QUIET = settings(
    derandomize=True, deadline=None, max_examples=150, suppress_health_check=list(HealthCheck), database=None
)
WORDS = st.text(alphabet="ab c.1-#*_~`$[]<>{}|^!&\\()é漢:/+=x\"'", min_size=1, max_size=14)


def rich(text: str, href: str | None = None, **marks: bool) -> Json:
    return {
        "type": "text",
        "text": {"content": text, "link": {"url": href} if href else None},
        "plain_text": text,
        "href": href,
        "annotations": {"bold": False, "italic": False, "strikethrough": False, "code": False, **marks},
    }


@st.composite
def rich_items(draw: st.DrawFn, *, plain: bool = False) -> list[Json]:
    items = []
    for _ in range(draw(st.integers(1, 3))):
        text = draw(WORDS)
        if plain:
            items.append(rich(text))
            continue
        href = draw(st.sampled_from([None, None, None, "https://example.com/a_b?c=*d*&e=$1"]))
        marks = {name: draw(st.integers(0, 5)) == 5 for name in ("bold", "italic", "strikethrough")}
        items.append(rich(text, href, **marks))
    return items


@st.composite
def blocks(draw: st.DrawFn, depth: int = 0) -> Json:
    kinds = [
        "paragraph",
        "heading_2",
        "bulleted_list_item",
        "numbered_list_item",
        "to_do",
        "quote",
        "toggle",
        "callout",
        "code",
        "divider",
        "table",
        "column_list",
        "synced_block",
        "equation",
    ]
    kind = draw(st.sampled_from(kinds))
    block: Json = {"object": "block", "type": kind, "id": "0123456789abcdef0123456789abcdef", kind: {}}
    payload = block[kind]
    if kind in ("divider",):
        return block
    if kind == "code":
        payload.update(
            rich_text=[rich(draw(WORDS) + "\n\t<b>x</b>\n```\n" + draw(WORDS))],
            language="plain text",
            caption=[],
        )
        return block
    if kind == "equation":
        payload.update(expression="\\frac{1}{2} + x_1")
        return block
    if kind == "table":
        payload.update(has_column_header=draw(st.booleans()), has_row_header=False, table_width=2)
        rows = draw(st.lists(st.tuples(rich_items(), rich_items()), min_size=1, max_size=3))
        block["children"] = [{"type": "table_row", "table_row": {"cells": list(row)}} for row in rows]
        return block
    if kind == "column_list":
        columns = draw(
            st.lists(st.lists(blocks(depth=depth + 1), min_size=1, max_size=2), min_size=2, max_size=2)
        )
        block["children"] = [{"type": "column", "column": {}, "children": column} for column in columns]
        return block
    if kind == "synced_block":
        payload["synced_from"] = None
        block["children"] = draw(st.lists(blocks(depth=depth + 1), min_size=1, max_size=2))
        return block
    payload["rich_text"] = draw(rich_items())
    if kind == "to_do":
        payload["checked"] = draw(st.booleans())
    if kind == "callout":
        payload["icon"] = {"type": "emoji", "emoji": "💡"}
    if kind == "heading_2":
        payload["is_toggleable"] = draw(st.booleans())
    if depth < 3 and (kind != "heading_2" or payload["is_toggleable"]):
        block["children"] = draw(st.lists(blocks(depth=depth + 1), max_size=2))
    return block


@QUIET
@given(st.lists(blocks(), min_size=1, max_size=4))
def test_block_api_v1_and_v2_give_the_same_canonical_text(page: list[Json]) -> None:
    """The same page, three ways to hear of it, one text."""
    expected = body_text(block_tree(page))

    assert body_text(parse_v1(render_v1(page, CONTEXT))) == expected
    assert body_text(parse_v2(render_v2(page, CONTEXT))) == expected


@QUIET
@given(st.lists(blocks(), min_size=1, max_size=4))
def test_canonical_text_read_again_is_itself(page: list[Json]) -> None:
    """Canonical text is markdown of the second format, and a fixed point of reading."""
    text = body_text(block_tree(page))

    assert body_text(parse_v2(text)) == text
