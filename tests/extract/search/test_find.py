"""Search: which passages answer, in which order, and whose; the same on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from peewee import Database

from extract.search import find as finding
from extract.search import index
from extract.search.find import find, highlight_spans
from extract.store.models import Document, Membership, Source
from extract.values import PageReading, Passage
from tests.extract.search.test_index import NOW, a_document, a_source, passage, reading


@pytest.fixture
def source(any_store: Database) -> Source:
    return a_source()


def page(source: Source, title: str, *texts: str) -> int:
    document = a_document(source, title)
    index.put(document, reading(*texts, title=title), url=f"https://www.notion.so/{title}", now=NOW)
    return document


def found(source: Source, words: str, **options: Any) -> list[str]:
    return [hit.text for hit in find(source.chatbot_id, words, **options)]


def test_a_hit_carries_its_citation(source: Source) -> None:
    document = a_document(source)
    Document.update(edited_at=NOW).where(Document.id == document).execute()
    content = PageReading("Handbook", "x", "d", (), (), (passage("Ask for leave early.", "People", "Leave"),))
    index.put(document, content, url="https://www.notion.so/handbook", now=NOW)

    (hit,) = find(source.chatbot_id, "leave")

    assert (hit.text, hit.snippet, hit.title) == ("Ask for leave early.", "Ask for leave early.", "Handbook")
    assert (hit.heading_path, hit.url) == (("People", "Leave"), "https://www.notion.so/handbook")
    assert (hit.source_id, hit.document_id) == (source.id, document)
    assert (hit.last_edited_at, hit.last_synced_at) == (NOW, NOW)
    assert hit.score > 0


def test_a_question_finds_its_passage_though_not_all_its_words_match(source: Source) -> None:
    page(source, "Travel", "Expenses are refunded within two weeks of handing in the receipts.")
    page(source, "Leave", "Every employee has thirty days of leave. It is asked for in the portal.")
    page(source, "Security", "Passwords are kept in the vault and never sent by mail.")

    assert found(source, "How long does it take until my receipts are refunded?")[0].startswith("Expenses")
    assert found(source, "how many days of leave do I have")[0].startswith("Every employee")


def test_rare_words_count_more_than_common_ones(source: Source) -> None:
    for number in range(12):
        page(source, f"Note {number}", f"The weekly meeting report number{number}.")
    page(source, "Other", "The zeppelin landed.")

    assert found(source, "report on the zeppelin ")[0] == "The zeppelin landed."


def test_a_title_weighs_more_than_a_heading_and_a_heading_more_than_text(source: Source) -> None:
    for name, title, path, text in (
        ("1", "Plain", (), "We speak of onboarding here, among others."),
        ("2", "Plain too", ("Onboarding",), "We speak of something here, among others."),
        ("3", "Onboarding", (), "We speak of anything here, among others."),
    ):
        document = a_document(source, name)
        content = PageReading(title, text, name, (), (), (Passage(text, path, name),))
        index.put(document, content, now=NOW)

    assert [hit.title for hit in find(source.chatbot_id, "onboarding ")] == [
        "Onboarding",
        "Plain too",
        "Plain",
    ]


def test_words_that_stand_together_come_first(source: Source) -> None:
    page(source, "A", "The release was late. We wrote notes about other things that matter here, and more.")
    page(source, "B", "The notes were late. We wrote release notes about things that matter here, and more.")

    assert found(source, "release notes ")[0].startswith("The notes")


def test_a_phrase_in_quotes_must_stand_so(source: Source) -> None:
    page(source, "A", "the quick brown fox")
    page(source, "B", "the brown quick fox")

    assert found(source, '"quick brown"') == ["the quick brown fox"]
    assert found(source, 'fox "brown fox"') == ["the quick brown fox"]
    assert found(source, '"fox brown"') == []
    assert found(source, '"the quick" "brown fox"') == ["the quick brown fox"]
    assert found(source, '"quick brown" "brown quick"') == []


def test_a_phrase_does_not_reach_from_the_title_into_the_text(source: Source) -> None:
    page(source, "Summer", "party at the lake")

    assert found(source, '"summer party"') == []


def test_the_last_word_typed_may_be_a_beginning(source: Source) -> None:
    page(source, "A", "The deployment checklist.")

    assert found(source, "deploy") == found(source, "check") == found(source, "deployment ch")
    assert found(source, "chec ") == []


def test_an_exact_word_comes_before_a_mere_beginning(source: Source) -> None:
    page(source, "A", "the planet report")
    page(source, "B", "the plan report")

    assert found(source, "plan") == ["the plan report", "the planet report"]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("我们的年度计划在这里", "年度计划是什么"),
        ("会議は東京タワーで行われます", "東京タワー"),
        ("회의는 대학교에서 열립니다", "대학교"),
        ("การประชุมอยู่ที่กรุงเทพ", "กรุงเทพ"),
        ("تُعقد الاجتماعات في المكتبة", "اجتماعات المكتبة"),
        ("Встречи проходят в библиотеках", "встреча в библиотеке"),
        ("Closes TASK-42 in sync_engine.py since v2.3.1", "TASK-42"),
        ("Closes TASK-42 in sync_engine.py since v2.3.1", "sync_engine.py"),
        ("Closes TASK-42 in sync_engine.py since v2.3.1", "2.3.1"),
        ("Write to jane.doe@acme.com", "jane.doe@acme.com"),
    ],
)
def test_scripts_and_names_are_found(source: Source, text: str, query: str) -> None:
    page(source, "Other", "Nothing of the kind. 其他 อื่น")
    page(source, "This", text)

    assert found(source, query)[0] == text


@pytest.mark.parametrize(
    "query",
    [
        "",
        " ",
        "\x00",
        "\ud800",
        '"',
        '""',
        "'",
        "a'b",
        "(",
        "*",
        "-",
        "NOT",
        "a AND",
        "x:y",
        "\\",
        "%s ?",
        "{a}",
    ]
    + ["' & '", "a <-> | !b", "^title", 'NEAR("a" b)', "a" * 9_000, "و", "１", "\U0001f600"],
)
def test_nothing_typed_breaks_a_search(source: Source, query: str) -> None:
    page(source, "A", "alpha a b")

    found(source, query)


def test_a_nul_or_a_lone_surrogate_beside_a_word_is_ignored(source: Source) -> None:
    page(source, "A", "alpha")

    assert found(source, "alpha\x00") == found(source, "\ud800 alpha") == ["alpha"]


def test_words_nowhere_written_find_nothing(source: Source) -> None:
    page(source, "A", "the alpha")

    assert found(source, "") == found(source, "the zyzzyva") == found(source, "alpha", limit=0) == []


def test_another_chatbots_documents_are_never_found(source: Source) -> None:
    other = a_source("two")
    page(other, "Secret", "alpha of the others")
    page(source, "Mine", "alpha of ours")

    assert found(source, "alpha") == ["alpha of ours"]
    assert found(source, "alpha", source_ids=[other.id]) == []
    assert found(source, f"in{other.chatbot_id} in:{other.chatbot_id}") == []


def test_a_removed_document_is_not_found_even_while_its_chunks_are_there(source: Source) -> None:
    Document.update(removed_at=NOW).where(Document.id == page(source, "A", "alpha")).execute()

    assert found(source, "alpha") == []


def test_a_document_that_no_source_holds_is_not_found(source: Source) -> None:
    Membership.delete().where(Membership.document == page(source, "A", "alpha")).execute()

    assert found(source, "alpha") == []


def test_a_search_can_be_narrowed_to_sources(source: Source) -> None:
    second = Source.create(
        chatbot=source.chatbot_id,
        connection=source.connection_id,
        kind="page",
        notion_id="second",
        title="Second",
        created_at=NOW,
    )
    shared, own = page(source, "Shared", "alpha shared"), page(source, "Own", "alpha own")
    Membership.create(source=second, document=shared)

    only = find(source.chatbot_id, "alpha", source_ids=[second.id])

    assert [(hit.document_id, hit.source_id) for hit in only] == [(shared, second.id)]
    everywhere = find(source.chatbot_id, "alpha")
    assert {(hit.document_id, hit.source_id) for hit in everywhere} == {(shared, source.id), (own, source.id)}
    assert find(source.chatbot_id, "alpha", source_ids=[]) == []


def test_one_document_does_not_take_all_the_hits(source: Source) -> None:
    long = page(source, "Long", *(f"budget planning notes of week{number}" for number in range(12)))
    others = {page(source, f"Page {n}", f"budget planning notes of team{n} today") for n in range(3)}

    hits = find(source.chatbot_id, "budget planning notes ", limit=6)

    assert len({hit.document_id for hit in hits} & others) == 3
    assert long in {hit.document_id for hit in hits}
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_common_words_are_answered_from_a_bounded_look(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "_COMMON", 5)
    monkeypatch.setattr(finding, "_POOL", 8)
    page(source, "Long", *(f"status report of day{number}" for number in range(30)))
    page(source, "Report", "anything")
    page(source, "Both", "an audit of the status")

    assert "anything" in found(source, "report ")
    assert found(source, "status audit ")[0] == "an audit of the status"
    assert found(source, 'status "report of day7"') == ["status report of day7"]
    assert found(source, 'audit "status report"')[0].startswith("status report")
    assert len(found(source, "status report ")) == 8


def test_the_marks_of_a_hit_are_places_in_its_text(source: Source) -> None:
    page(source, "A", "Ask the travel desk about receipts.")

    (hit,) = find(source.chatbot_id, "receipt for travelling ")

    assert [hit.text[a:b] for a, b in highlight_spans(hit.text, "receipt for travelling ")] == [
        "travel",
        "receipts",
    ]
