"""The readable difference of two texts: right, bounded, and safe to show."""

from __future__ import annotations

from random import Random

import pytest

from tests.steps import grows_linearly
from webapp.sources import differences
from webapp.sources.differences import MOST_ROWS, Difference, DiffRow, difference


def rows_as_text(before: str, after: str) -> list[str]:
    """The rows as a person would write them: +added, -removed, ~changed, …folded."""

    def one(row: DiffRow) -> str:
        if row.kind == "folded":
            return f"…{row.lines}"
        if row.kind == "changed":
            marks = {"same": "{}", "added": "[+{}]", "removed": "[-{}]"}
            return "~" + "".join(marks[part.kind].format(part.text) for part in row.parts)
        return {"same": " ", "added": "+", "removed": "-"}[row.kind] + row.parts[0].text

    return [one(row) for row in difference(before, after).rows]


def test_a_changed_word_is_marked_within_its_line() -> None:
    before = "# Leave\n\nEverybody has thirty days of holiday.\n\nAsk Ada."
    after = "# Leave\n\nEverybody has forty days of holiday.\n\nAsk Ada."

    assert rows_as_text(before, after) == [
        " # Leave",
        "~Everybody has [-thirty][+forty] days of holiday.",
        " Ask Ada.",
    ]


def test_adjacent_changed_words_are_shown_together() -> None:
    assert rows_as_text(
        "You may take five long days off in May.", "You may take two short weeks off in May."
    ) == ["~You may take [-five long days][+two short weeks] off in May."]


def test_scripts_without_spaces_change_by_the_character() -> None:
    assert rows_as_text("休暇は三十日です。", "休暇は四十日です。") == ["~休暇は[-三][+四]十日です。"]


def test_added_and_removed_lines_are_shown() -> None:
    assert rows_as_text("one\n\ntwo\n\nthree", "zero\n\none\n\nthree\n\nfour") == [
        "+zero",
        " one",
        "-two",
        " three",
        "+four",
    ]


def test_lines_with_little_in_common_are_not_mixed() -> None:
    assert rows_as_text("Bring your own laptop.", "Kitchen rules have changed completely.") == [
        "-Bring your own laptop.",
        "+Kitchen rules have changed completely.",
    ]


def test_long_unchanged_parts_are_folded() -> None:
    lines = [f"Line {number}" for number in range(40)]
    changed = [*lines]
    changed[20] = "Something else altogether"

    assert rows_as_text("\n".join(lines), "\n".join(changed)) == [
        "…18",
        " Line 18",
        " Line 19",
        "-Line 20",
        "+Something else altogether",
        " Line 21",
        " Line 22",
        "…17",
    ]


def test_space_between_lines_is_no_difference() -> None:
    assert difference("one\n\n\ntwo", "one\ntwo\n").added == difference("one", "one \n").removed == 0


def test_the_difference_leads_from_one_text_to_the_other() -> None:
    random = Random(7)
    for _ in range(200):
        before = [random.choice("abcd") for _ in range(random.randrange(12))]
        after = [random.choice("abcd") for _ in range(random.randrange(12))]
        found = difference("\n".join(before), "\n".join(after))
        common = len(before) - (found.removed or 0)
        assert common == len(after) - (found.added or 0) == longest_common(before, after)


def longest_common(one: list[str], other: list[str]) -> int:
    row = [0] * (len(other) + 1)
    for left in one:
        row = [0] + [row[at] + 1 if left == right else max(row[at + 1], 0) for at, right in enumerate(other)]
        for at in range(1, len(row)):
            row[at] = max(row[at], row[at - 1])
    return row[-1]


def test_a_small_change_in_a_huge_text_is_shown() -> None:
    lines = [f"Line {number} of many" for number in range(100_000)]
    changed = [*lines]
    changed[50] = "Line fifty of many"
    changed[99_000] = "Line ninety-nine of many"

    rows = difference("\n".join(lines), "\n".join(changed)).rows

    assert [row.kind for row in rows].count("changed") == 2
    assert len(rows) < 20


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\n".join(f"old {n}" for n in range(60_000)), "\n".join(f"new {n * 7}" for n in range(60_000))),
        ("\n".join("ab"[n % 2] for n in range(99_000)), "\n".join("ba"[n % 3 == 0] for n in range(99_000))),
        ("y\n" + "x\n" * 90_000, "x\n" * 90_000 + "z\n" * 300),
    ],
)
def test_of_texts_that_are_too_different_only_the_counts_are_shown(before: str, after: str) -> None:
    found = difference(before, after)

    assert len(found.rows) <= MOST_ROWS
    assert found.added


def test_texts_beyond_all_measure_are_not_compared() -> None:
    assert difference("x" * 3_000_000, "y" * 3_000_000) == Difference((), None, None)


def test_one_endless_line_is_cut() -> None:
    rows = difference("word " * 200_000, "other " * 200_000 + "\nnew").rows

    assert sum(len(part.text) for row in rows for part in row.parts) < 10_000


def test_many_changes_are_cut_with_a_count() -> None:
    before = "\n".join(f"{n} same\n{n} old word here" for n in range(190))
    after = "\n".join(f"{n} same\n{n} new word here" for n in range(190))

    found = difference(before, after)

    assert len(found.rows) == MOST_ROWS
    assert found.hidden == 380 - MOST_ROWS


def test_an_empty_text_before_or_after_is_compared() -> None:
    assert rows_as_text("", "one\n\ntwo") == ["+one", "+two"]
    assert rows_as_text("one", "") == ["-one"]


@pytest.mark.parametrize("pattern", ["k ", "k v ", "a\n", "ab\n", "日", "a-", " ", "|"])
def test_steps_double_when_the_texts_double(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(differences, "MOST_STEPS", 200)

    def compared(text: str) -> None:
        difference(text, "")
        difference(text, text.replace("a", "b\n").replace("k", "k u"))
        difference(f"one {text} two", f"two {text[1:]} one")

    assert grows_linearly(lambda size: pattern * size, compared)


def test_the_words_of_all_changed_lines_share_one_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(differences, "MOST_STEPS", 5_000)
    lines = [f"{number} {'one two three ' * 20}" for number in range(40)]

    rows = difference("\n".join(lines), "\n".join(f"now {line}at the end" for line in lines)).rows

    kinds = [row.kind for row in rows]
    assert kinds[0] == "changed"
    assert kinds[-2:] == ["removed", "added"]
