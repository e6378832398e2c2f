"""Words: what a text is found by, and how a query is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.search.query import MOST_UNITS, Phrase, parse
from extract.search.snippets import highlight_spans, snippet
from extract.search.stems import stem
from extract.search.words import fold, places, terms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Café", "cafe"),
        ("ÉCOLE", "école"),
        ("Straße", "STRASSE"),
        ("ﬁne", "fine"),
        ("ＡＢＣ１２", "abc12"),
        ("Ёлка", "елка"),
        ("مَدْرَسَة", "مدرسة"),
        ("الكتـــاب", "الكتاب"),
        ("شָלוֹם", "شלום"),
        ("٢٠٢٦", "2026"),
        ("cafe\u0301", "café"),
        ("co\u00adoperate", "cooperate"),
        ("ｶﾞ", "ガ"),
    ],
)
def test_the_same_word_written_differently_is_one_word(one: str, other: str) -> None:
    assert terms(one) == terms(other)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("call sync_engine now", "sync_engine"),
        ("call sync_engine now", "engine"),
        ("call getUserName now", "getusername"),
        ("call getUserName now", "user"),
        ("import extract.notion.client", "client"),
        ("see docs/how-to/start.md", "start.md"),
        ("since v2.3.1", "v2.3.1"),
        ("since v2.3.1", "2.3.1"),
        ("since 2.3.1", "v2.3.1"),
        ("closes TASK-42 today", "task-42"),
        ("closes TASK-42 today", "TASK 42"),
        ("write to jane.doe@acme.com", "jane.doe@acme.com"),
        ("write to jane.doe@acme.com", "acme"),
        ("at https://www.notion.so/team/Plan", "notion.so"),
        ("utf8 text", "UTF-8"),
        ("UTF-8 text", "utf8"),
        ("id 1f2e3d4c-aaaa-bbbb-cccc-0123456789ab", "1f2e3d4caaaabbbbcccc0123456789ab"),
        ("written in C++", "c++"),
        ("a budget of 1,200 euro", "1200"),
        ("the team's plan", "team"),
        ("generalizations", "generalize"),
        ("организации", "организация"),
        ("我们喜欢小猫", "小猫"),
        ("我们喜欢小猫", "猫"),
        ("東京タワーへ", "タワー"),
        ("대학교에서", "대학교"),
        ("ภาษาไทยง่าย", "ไทย"),
        ("configuration", "configur"),
        ("training", "trainin"),
    ],
)
def test_a_text_is_found_by(text: str, query: str) -> None:
    assert highlight_spans(text, query)


@pytest.mark.parametrize(
    ("text", "query"), [("TASK-421", "TASK-42 "), ("小狗", "小猫"), ("category", "cat ")]
)
def test_a_text_is_not_found_by_what_it_does_not_hold(text: str, query: str) -> None:
    assert highlight_spans(text, query) == ()


@pytest.mark.parametrize(
    ("word", "stemmed"),
    [
        ("ponies", "poni"),
        ("caresses", "caress"),
        ("agreed", "agre"),
        ("hopping", "hop"),
        ("hoping", "hope"),
        ("relational", "relat"),
        ("conditional", "condit"),
        ("vietnamization", "vietnam"),
        ("electricity", "electr"),
        ("adjustment", "adjust"),
        ("adoption", "adopt"),
        ("probate", "probat"),
        ("controlling", "control"),
        ("sky", "sky"),
        ("v2", "v2"),
    ],
)
def test_english_words_have_porters_stems(word: str, stemmed: str) -> None:
    assert stem(word) in (stemmed, stem(stemmed))


def test_every_character_of_an_unspaced_run_begins_a_term() -> None:
    assert terms("小猫吃鱼") == ["小猫", "猫吃", "吃鱼", "鱼"]


def test_an_empty_query_or_one_of_signs_asks_for_nothing() -> None:
    for query in ("", "   ", "?!", '""', "\x00", "\ud800", "( ) * : ^ - + AND".replace("AND", "")):
        assert parse(query) == ()


def test_a_text_in_quotes_is_required_as_it_stands() -> None:
    quoted, plain = parse('"brown fox" jumps ')

    assert quoted.required
    assert quoted.forms == (Phrase(("brown", "fox")),)
    assert not plain.required


def test_a_quote_left_open_is_no_phrase() -> None:
    assert not any(unit.required for unit in parse('the "brown fox'))


def test_the_last_word_is_a_beginning_until_a_space_follows() -> None:
    assert any(form.prefix for form in parse("road ma")[-1].forms)
    assert not any(form.prefix for form in parse("road ma ")[-1].forms)
    assert not any(form.prefix for form in parse("road m")[-1].forms)


def test_operators_of_the_databases_are_words_or_nothing() -> None:
    assert [unit.forms[0].terms for unit in parse("cat NEAR dog* NOT col:x & | ! <-> ")] == [
        ("cat",),
        ("near",),
        ("dog",),
        ("not",),
        ("col",),
        ("x",),
    ]


def test_a_page_pasted_as_a_query_is_cut_short() -> None:
    assert len(parse(" ".join(f"word{number}x" for number in range(10_000)))) <= MOST_UNITS


@given(st.text(st.characters(), max_size=80))
def test_no_text_whatever_breaks_folding_or_reading(text: str) -> None:
    found = terms(text)
    assert all(term and (not term.isascii() or term.isalnum()) for term in found)
    assert not any(" " in term or "'" in term or "\x00" in term for term in found)
    assert [term for term, _, _ in places(text)] == found
    assert all(0 <= start < end <= len(text) for _, start, end in places(text))
    parse(text)
    snippet(text, text)


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_a_snippet_shows_the_words_asked_for_and_is_cut_between_words() -> None:
    text = "lorem ipsum dolor " * 60 + "the deployment checklist lives here " + "sit amet elit " * 60

    shown = snippet(text, "where is the deployment checklist?")

    assert "deployment checklist" in shown
    assert len(shown) <= 246
    assert set(shown.strip("… ").split()) <= set(text.split())


def test_a_short_text_is_its_own_snippet() -> None:
    assert snippet("one\n two", "two") == "one two"


def test_matches_are_marked_in_order_and_apart() -> None:
    text = "Brown foxes jump over the brown sync_engine."

    spans = highlight_spans(text, "the brown fox engine")

    assert [text[start:end] for start, end in spans] == ["Brown", "foxes", "brown", "engine"]
