"""The simple markdown of the practice pages, both ways."""

from typing import Any

import pytest

from sandbox import World, seed_company
from sandbox.content.blocks import walk
from sandbox.content.simple_inline import REST_OF_MARK, NoNames, parse_inline
from sandbox.content.simple_markdown import read_simple
from sandbox.content.simple_source import write_simple
from sandbox.world.world import WorkspaceHandle
from tests.backtracking import slow_text
from tests.sandbox.conftest import Time

TEXTS = [
    "one\ntwo",
    "# A\n\n## B\n\n### C\n\n#### D",
    "- a\n  - b\n    - c\n- d",
    "1. a\n1. b",
    "- [ ] a\n- [x] b",
    "> a\n> b",
    "```python\ndef f():\n\n    return `1`\n```",
    "| a | b |\n|---|---|\n| 1 | 2 \\| 3 |",
    "| a | b |\n|===|---|\n| 1 | 2 |",
    "---",
    "$$\nx^2\n$$",
    "**b** *i* ~~s~~ `c` [t](https://a.test/x_(y)) $e=m$ <u>u</u> <color red>r</color>",
    "***both*** and **b *i* b**",
    "2 \\* 3, \\[x\\], a\\`b, \\$5",
    "\\# not a heading\n\\- nor a list\n1\\. nor this",
    "!callout 💡 Mind **this**\n  - inner",
    "!toggle Title\n  inside\n\n  ```\n  code\n  ```",
    "!toggle ## Heading\n  inside",
    "!bookmark https://a.test A caption",
    "!embed https://a.test",
    "![A *caption*](https://a.test/x.png)",
    "!video files/x.mp4 Clip",
    "!columns\n  !column 0.5\n    left\n\n  !column\n    right",
    "red {red}",
    "- red {red_background}",
]


@pytest.mark.parametrize("text", TEXTS)
def test_text_reads_and_writes_back_the_same(text: str) -> None:
    assert write_simple(read_simple(text)) == text


def test_tabs_nest_too_and_stay_in_code() -> None:
    blocks = read_simple("- a\n\t- b\n\t\t```make\n\t\tall:\n\t\t\techo\n\t\t```")
    code = next(block for block in walk(blocks) if block["type"] == "code")
    assert code["code"]["rich_text"][0]["plain_text"] == "all:\n\techo"


def test_prices_are_not_equations_and_addresses_not_people() -> None:
    items = read_simple("$5 and $10 to ada@acme.test, snake_case_name")[0]["paragraph"]["rich_text"]
    assert [item["type"] for item in items] == ["text"]


def test_code_ends_at_the_next_run_of_as_many_backticks() -> None:
    items = parse_inline("``a`b`` and ```c``", NoNames())

    assert [(item["plain_text"], item["annotations"]["code"]) for item in items] == [
        ("a`b", True),
        (" and ```c``", False),
    ]


@pytest.mark.parametrize("text", ["*", "**a", "~~", "<u>", "<color red>", "`", "[[", "![](", "**b***"])
def test_marks_that_repeat_without_end_are_read(text: str) -> None:
    """A mark within the same mark is text, so that marks do not nest without end."""
    assert read_simple(text * 2_000)


@pytest.mark.parametrize("kind", REST_OF_MARK)
def test_the_end_of_a_mark_is_found_in_linear_time(kind: str) -> None:
    assert slow_text(REST_OF_MARK[kind], at_start=True) == ""


def test_an_end_that_does_not_come_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    searches: list[int] = []

    class Counted:
        def match(self, _text: str, start: int) -> None:
            searches.append(start)

    monkeypatch.setitem(REST_OF_MARK, "underline", Counted())

    parse_inline("<u>" * 100, NoNames())

    assert searches == [3]


def test_other_blocks_are_kept_when_the_rest_is_edited(acme: WorkspaceHandle) -> None:
    home = acme.page("Home")
    home.set_blocks(
        [
            {"type": "paragraph", "paragraph": {"rich_text": ["before"]}},
            {"type": "unsupported", "unsupported": {"block_type": "button"}},
        ]
    )
    child = acme.page("Child", parent=home)
    button = home.blocks[1]["id"]
    home.edit(home.source.replace("before", "after"))
    assert [block["type"] for block in home.blocks] == ["paragraph", "unsupported", "child_page"]
    assert home.blocks[1]["id"] == button
    home.edit("nothing else")
    assert [block["id"] for block in home.blocks[1:]] == [child.id]


def forms(blocks: list[Any]) -> list[Any]:
    return [(block["type"], block[block["type"]], forms(block.get("children") or [])) for block in blocks]


def test_every_page_of_the_company_survives_its_edit_form(time: Time) -> None:
    world = seed_company(World(clock=time, seed=1))
    assert (40 <= len(world.pages) <= 60, len(world.databases)) == (True, 3)
    for identifier in list(world.pages):
        page = world.page(identifier)
        before, ids = forms(page.blocks), [block["id"] for block in walk(page.blocks)]
        page.edit(page.source)
        assert forms(page.blocks) == before
        assert [block["id"] for block in walk(page.blocks)] == ids


def test_the_company_was_written_over_the_past_weeks(time: Time) -> None:
    world = seed_company(World(clock=time, seed=1))
    assert world.clock is time
    times = {page.edited.date() for page in world.pages.values()}
    assert len(times) > 15
    assert max(page.edited for page in world.pages.values()) < time.now
