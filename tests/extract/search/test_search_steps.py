"""Searching and showing take steps in proportion to the text and to the query, whatever is repeated in them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.search import words as words_module
from extract.search.query import LONGEST_QUERY, MOST_TERMS, MOST_UNITS, parse
from extract.search.ranking import Candidate, rank
from extract.search.snippets import LONGEST, highlight_spans, snippet
from extract.search.stems import stem
from extract.search.words import MOST, fold, places, terms
from tests.steps import grows_linearly, steps_of
from webapp.chatbots.try_it import plain

REPEATED = (
    "k v ",
    "k",
    "A",
    "aa1",
    "a-",
    "a_",
    "a.b",
    "v1-",
    "1,000",
    "C# ",
    "x++",
    "fooBarBAZ",
    "HTTPServer ",
    '{"k":"v"},',
    "“a ",
    "„a",
    "«a",
    '"a" ',
    '"k k" ',
    "[a](",
    "[](",
    "![a](b ",
    "](",
    "|---",
    "| ",
    "   ",
    "\\|",
    "**`",
    "# ",
    "\n",
    "日本",
    "日a",
    "ก็",
    "กา ",
    "a\u0301",
    "\u0315\u0300",
    "\u200d",
    "é",
    "ß",
    "ﷺ",
    "ы ",
    "ال",
    "ies",
    "yay",
    "ed ing ",
    "😀",
)
QUERIES = ("k v", '"k v"', "a", "k v k", '"k k k"', "fo", "日本", "C#")

ACTIONS: dict[str, Callable[[str], object]] = {
    "terms": terms,
    "places": lambda text: list(places(text)),
    "fold": lambda text: fold(text[:1_000]),
    "parse": parse,
    "marks": lambda text: [highlight_spans(text, query) for query in QUERIES],
    "snippet": lambda text: [snippet(text, query) for query in QUERIES],
    "itself": lambda text: snippet(text, text),
    "plain": plain,
    "rank": lambda text: [ranked(text, query) for query in QUERIES],
    "rank by itself": lambda text: ranked(text, text),
}


def ranked(text: str, query: str) -> object:
    units = parse(query)
    candidate = Candidate(1, 1, terms("Title"), terms("Headings"), terms(text))
    return rank([candidate], units, {unit.place: 1.0 for unit in units}, 5)


@pytest.fixture(autouse=True)
def without_caches() -> None:
    """What was read before costs nothing: each count is to be that of a first time."""
    for cached in (words_module._cached_terms, words_module._cached_words, stem):
        cached.cache_clear()


def text_of(pattern: str) -> Callable[[int], str]:
    """Longer than any snippet from the start, so that nothing is left out because the text is short."""
    return lambda size: "k v " * 80 + pattern * size


@pytest.mark.parametrize("pattern", REPEATED)
def test_steps_double_when_the_text_doubles(pattern: str) -> None:
    too_many = [name for name, run in ACTIONS.items() if not grows_linearly(text_of(pattern), run, size=12)]

    assert too_many == []


@settings(max_examples=30, deadline=None)
@given(
    pattern=st.lists(st.sampled_from(REPEATED), min_size=2, max_size=3).map("".join),
    action=st.sampled_from(sorted(ACTIONS)),
)
def test_steps_double_for_patterns_put_together(pattern: str, action: str) -> None:
    assert grows_linearly(text_of(pattern), ACTIONS[action], size=12)


@pytest.mark.parametrize("query", ["k v", '"k k k"', "k", '"k v k" v'])
def test_a_snippet_costs_no_more_beyond_what_it_looks_at(query: str) -> None:
    enough, more = ("k v " * (count * LONGEST // 4) for count in (2, 8))

    snippet(enough, query)  # from here on the query is read

    assert steps_of(lambda: snippet(more, query)) <= steps_of(lambda: snippet(enough, query)) + 1_000


def test_a_word_without_end_is_known_by_its_beginning() -> None:
    assert terms("A" * 20_000 + "1") == ["a" * 64]
    assert terms("x" * 20_000 + "ations") == ["x" * 64]


@pytest.mark.parametrize(
    "token",
    ["a-" * 3_000 + "b#", "v1" + "2" * 3_000 + "-a", "ก" + "\u0e31" * 3_000, "日" + "\u0591\u302a" * 3_000],
)
def test_no_term_is_longer_than_a_database_takes(token: str) -> None:
    assert max(len(term) for term in terms(token)) <= 72


def test_the_caches_hold_no_long_words() -> None:
    token = "Ab1" * 1_000

    terms(token)

    assert words_module._cached_terms.cache_info().currsize == 0
    assert words_module._cached_words.cache_info().currsize == 0


def test_a_query_is_read_to_its_limit() -> None:
    assert parse("word " * 10_000) == parse(("word " * 10_000)[:LONGEST_QUERY])
    assert len(parse(" ".join(f"{number}x" for number in range(5_000)))) == MOST_UNITS


def test_a_phrase_is_looked_for_by_its_first_words() -> None:
    (unit,) = parse('"' + "a " * 400 + '"')

    assert [len(form.terms) for form in unit.forms] == [MOST_TERMS]


def test_a_text_gives_a_bounded_number_of_terms() -> None:
    assert len(terms("日本語" * 20_000)) == len(terms("k v " * 20_000)) == MOST


def test_a_phrase_is_found_around_its_rarest_word() -> None:
    text = "the " * 2_000 + "the roaster is clean " + "the " * 2_000

    ((candidate, score),) = ranked(text, '"the roaster is clean"')  # type: ignore[misc]

    assert score > 0
    assert candidate.chunk_id == 1
