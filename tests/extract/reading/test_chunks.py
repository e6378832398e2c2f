"""Passages follow the structure of the page and lose nothing of it."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.reading import Chunking, Tree, parse_v1, parse_v2, read_page
from extract.reading.cut.graphemes import grapheme_start
from extract.values import Passage, Property


def passages(markdown: str, target: int = 200, overlap: int = 0, title: str = "T") -> tuple[Passage, ...]:
    return read_page(
        title=title, url="", properties=(), tree=parse_v2(markdown), chunking=Chunking(target, overlap)
    ).passages


def sentence(word: str, count: int) -> str:
    return " ".join(f"{word}{at}." for at in range(count))


def test_a_short_page_is_one_passage() -> None:
    """Title first."""
    assert [one.text for one in passages("Hello\n\n- a\n- b")] == ["# T\n\nHello\n\n- a\n- b"]


def test_nothing_crosses_the_two_top_heading_levels() -> None:
    """Levels in use, whichever they are; a third level may share a passage."""
    found = passages("intro\n\n## A\n\na\n\n### B\n\nb\n\n#### C\n\nc\n\n## D\n\nd", target=1000)

    assert [(one.heading_path, one.text) for one in found] == [
        ((), "# T\n\nintro"),
        (("A",), "## A\n\na"),
        (("A", "B"), "### B\n\nb\n\n#### C\n\nc"),
        (("D",), "## D\n\nd"),
    ]


def test_a_heading_without_text_goes_with_what_follows() -> None:
    """A passage of headings alone answers nothing."""
    found = passages("# A\n\n## B\n\nb\n\n## C\n\nc", target=1000)

    assert [(one.heading_path, one.text) for one in found] == [
        (("A", "B"), "# T\n\n# A\n\n## B\n\nb"),
        (("A", "C"), "## C\n\nc"),
    ]


def test_a_heading_never_ends_a_passage() -> None:
    """It belongs to what it announces."""
    found = passages(f"{sentence('a', 30)}\n\n### H\n\n{sentence('b', 30)}", target=160)

    assert not any(one.text.endswith("### H") for one in found)


def test_properties_stand_in_the_first_passage() -> None:
    """With the title, and without the text of a section."""
    page = read_page(
        title="T", url="", properties=(Property("Due", "date", "today"),), tree=parse_v2("## A\n\na")
    )

    assert [one.text for one in page.passages] == ["# T\n\nDue: today", "## A\n\na"]


def test_tables_repeat_their_header() -> None:
    """Each fragment is a table of its own."""
    rows = "\n".join(f"| {at} | {sentence('x', 4)} |" for at in range(40))
    found = passages(f"| No | Text |\n| --- | --- |\n{rows}")

    assert len(found) > 5
    for one in found[1:]:
        assert one.text.startswith("| No | Text |\n| --- | --- |\n| ")
    for at in range(40):
        assert sum(f"\n| {at} | " in one.text for one in found) == 1


def test_a_header_too_big_to_repeat_is_said_once() -> None:
    """Or it would fill every passage."""
    wide = "| " + " | ".join(f"head{at}" for at in range(60)) + " |\n|" + " --- |" * 60
    found = passages(wide + "\n| a |" * 50)

    assert sum("head59" in one.text for one in found) == 1
    assert sum(one.text.count("| a |") for one in found) == 50


def test_code_is_cut_between_lines_and_fenced_again() -> None:
    """A line longer than the target stays whole."""
    lines = [f"line {at} " + "x" * 30 for at in range(20)] + ["y" * 500]
    found = passages("```python\n" + "\n".join(lines) + "\n```")

    for line in lines:
        assert sum(f"\n{line}\n" in one.text for one in found) == 1
    for one in found[1:]:
        assert one.text.startswith("```python\n")
        assert one.text.endswith("\n```")


def test_a_very_long_line_of_code_is_cut_at_blanks_or_punctuation() -> None:
    """Every word of it stands whole in a passage that is not too long."""
    words = [f"key{at}" for at in range(20_000)]
    for line in (" ".join(words), ",".join(f'"{word}":{{' for word in words)):
        found = passages(f"```json\n{line}\n```", target=1200)

        assert max(len(one.text) for one in found) <= 1300
        assert all(one.text.endswith("\n```") for one in found)
        whole = "".join(one.text.partition("```json\n")[2].removesuffix("\n```") for one in found)
        assert whole == line
        assert {word for one in found for word in re.findall(r"key\d+", one.text)} == set(words)


def test_a_long_fence_or_language_is_not_repeated() -> None:
    """Each fragment gets the fence that it needs."""
    ticks = passages("~~~\n" + "`" * 5_000 + "\n" + "a\n" * 2_000 + "~~~", target=100)
    language = passages("~~~" + "l " * 2_500 + "\n" + "a\n" * 2_000 + "~~~", target=100)

    for found in (ticks, language):
        assert max(len(one.text) for one in found) <= 400
        assert sum(len(one.text) for one in found) < 30_000
        assert sum(one.text.count("a\n") for one in found) == 2_000


def test_a_header_before_a_row_that_is_too_long_is_kept() -> None:
    """Short or long, the header is said."""
    for head in ("head", "head " + "h" * 150):
        found = passages(f"| {head} |\n| --- |\n| {'word ' * 300}|\n| {'b ' * 110}|\n| c |", target=200)

        assert any("| head" in one.text for one in found)
        assert sum(one.text.count("word") for one in found) == 300
        assert sum(one.text.count("b ") for one in found) == 110
        assert "| c |" in found[-1].text


def test_a_long_heading_is_cut_in_the_path_of_its_passages() -> None:
    """Its own passages hold all of it."""
    found = passages(f"# {sentence('h', 200)}\n\n" + f"{sentence('a', 100)}\n\n" * 3)

    assert max(len(one.heading_path[0]) for one in found[1:]) <= 201
    assert any("h199." in one.text for one in found)


def test_a_long_title_or_property_is_cut() -> None:
    """Title and properties fill passages of their own, in order."""
    page = read_page(
        title=sentence("t", 300),
        url="",
        properties=(Property("Notes", "rich_text", sentence("p", 300)),),
        tree=parse_v2("body"),
        chunking=Chunking(200),
    )

    assert max(len(one.text) for one in page.passages) <= 800
    words = re.findall(r"\b[tp]\d+\.", " ".join(one.text for one in page.passages))
    assert words == [f"{letter}{at}." for letter in "tp" for at in range(300)]


PIECES = st.one_of(
    *[
        st.builds(make, st.integers(1, 400))
        for make in (
            lambda size: "```\n" + "k, " * size + "\nx\n```\n",
            lambda size: "~~~" + "l" * size + "\n" + "`" * size + "\n~~~\n",
            lambda size: "# " + "h" * size + "\n",
            lambda size: "## a\n\n## b\n",
            lambda size: "|" + "h " * (size // 3) + "|\n| - |\n" + f"|{'r' * size}|\n" * 3,
            lambda size: "$$\n" + "x+" * size + "\n$$\n",
            lambda size: "- " + "w" * size + "\n  - " + "a. " * size + "\n",
            lambda size: "a" + "\u0301" * size + "\n",
            lambda size: "> " + "漢" * size + "\n",
        )
    ]
)


@settings(derandomize=True, deadline=None, max_examples=150, database=None)
@given(st.lists(PIECES, max_size=6), st.integers(50, 200), st.integers(0, 49), st.integers(0, 1_000))
def test_no_passage_is_longer_than_its_limit(parts: list[str], target: int, overlap: int, title: int) -> None:
    """Whatever stands on one line."""
    found = passages("\n".join(parts), target=target, overlap=overlap, title="t" * title)

    assert all(len(one.text) <= Chunking(target).most for one in found)
    for char in "kxrw漢":
        least = sum(part.count(char) for part in parts)
        assert sum(one.text.count(char) for one in found) >= least


def test_long_text_is_cut_between_sentences() -> None:
    """And the pieces keep near the target."""
    found = passages(sentence("word", 200))

    assert all(len(one.text) <= 260 for one in found)
    assert all(one.text.endswith(".") for one in found)


def test_overlap_repeats_the_end_of_the_passage_before() -> None:
    """Within a section only."""
    found = passages(f"## A\n\n{sentence('a', 80)}\n\n## B\n\n{sentence('b', 10)}", target=200, overlap=50)

    assert found[1].text.split("\n\n")[0] in found[0].text
    assert found[-1].text.startswith("## B")


def test_sizes_that_make_no_sense_are_refused() -> None:
    """Configuration is checked where it is made."""
    with pytest.raises(ValueError, match="overlap"):
        Chunking(100, 100)


def test_a_digest_depends_on_headings_and_text_only() -> None:
    """An edit elsewhere changes no passage; identical passages of a page are told apart by their order."""
    before = passages("## A\n\nsame\n\n## B\n\nx\n\n## A\n\nsame")
    after = passages("## A\n\nsame\n\n## B\n\ny\n\n## A\n\nsame")

    assert [one.digest for one in before[1:]] != [one.digest for one in after[1:]]
    assert before[-1].digest == after[-1].digest
    assert before[-1].digest != before[-2].digest
    twice = passages("## H\n\nsame\n\n## X\n\n1\n\n## H\n\nsame\n\n## H\n\nsame")
    assert len({one.digest for one in twice}) == len(twice)


def test_graphemes_stay_whole() -> None:
    """Marks, joined emoji, skin tones, flags, Hangul."""
    for cluster in (
        "e\u0301",
        "👩\u200d👩\u200d👧",
        "👍🏽",
        "🇩🇪",
        "각",
        "\u1100\u1161\u11a8",
        "न\u093f",
        "1\ufe0f\u20e3",
    ):
        text = cluster * 50
        for at in range(len(text)):
            cut = grapheme_start(text, at)
            assert cut % len(cluster) == 0
        for one in passages(text, target=37)[1:]:
            assert not unicodedata.combining(one.text[0])


WORDS = st.text(alphabet="abc é漢.|*`#-\u0301", min_size=1, max_size=30)
LINES = st.lists(
    st.tuples(st.sampled_from(["", "# ", "## ", "### ", "- ", "\t- ", "> ", "```\n"]), WORDS), max_size=30
)


@settings(derandomize=True, deadline=None, max_examples=150, database=None)
@given(LINES, st.integers(20, 300))
def test_every_word_of_the_text_is_in_a_passage(lines: list[tuple[str, str]], target: int) -> None:
    """Between canonical text and passages nothing is lost, and order is kept."""
    tree: Tree = parse_v1("\n".join(mark + word for mark, word in lines))
    page = read_page(title="T", url="", properties=(), tree=tree, chunking=Chunking(target))

    def bare(text: str) -> str:
        return re.sub(r"[\s|`>-]+", "", text)

    assert bare(page.text) == bare("".join(one.text for one in page.passages)) or "```" in page.text
    for line in page.text.split("\n"):
        for word in line.split():
            assert any(word[:10] in one.text for one in page.passages)
