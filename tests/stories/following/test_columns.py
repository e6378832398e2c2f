"""Columns that a team does not want indexed: off, on again, and shared between two databases."""

from __future__ import annotations

import pytest

from extract import actions
from extract.errors import Refused
from extract.membership.columns import columns_of, split_columns
from extract.store.models import Document, Link, Membership, Source
from tests.knowledge import Knowledge
from tests.stories.conftest import Notion


def column_id(source: Source, name: str) -> str:
    return next(column.id for column in columns_of(source) if column.name == name)


def trained_terms(acme: Knowledge, notion: Notion) -> Source:
    acme.tick(notion.terms.id)
    acme.work()
    acme.follow(seconds=120)
    acme.spent()
    return acme.source(notion.terms.id)


def test_the_columns_of_a_database_are_known_once_it_was_listed(acme: Knowledge, notion: Notion) -> None:
    source = trained_terms(acme, notion)

    assert [(column.name, column.kind, column.shown) for column in columns_of(source)] == [
        ("Term", "title", True),
        ("Meaning", "rich_text", True),
    ]


def test_a_column_switched_off_leaves_the_text_after_one_request_a_row(
    acme: Knowledge, notion: Notion
) -> None:
    source = trained_terms(acme, notion)

    assert actions.set_columns(acme.runtime, source, [column_id(source, "Meaning")])

    assert acme.source(notion.terms.id).status == "re-training"
    assert acme.answers("short") == ["Ristretto"]
    acme.work()
    assert acme.spent() == ["markdown", "markdown"]
    assert acme.ask("short") == []
    assert acme.answers("half the water") == ["Ristretto"]
    assert acme.source(notion.terms.id).status == "trained"
    assert acme.document(notion.terms.rows[0].id).properties == {}

    actions.set_columns(acme.runtime, acme.source(notion.terms.id), [])
    acme.work()
    assert acme.answers("short") == ["Ristretto"]


def test_what_a_hidden_column_held_is_not_kept_as_the_text_before(acme: Knowledge, notion: Notion) -> None:
    source = trained_terms(acme, notion)
    row = notion.terms.rows[0]
    row.set({"Meaning": "A secret espresso"})
    acme.follow()
    assert "A short espresso" in acme.document(row.id).previous_text

    actions.set_columns(acme.runtime, source, [column_id(source, "Meaning")])
    assert acme.document(row.id).previous_text is None
    acme.work()

    assert acme.document(row.id).previous_text is None
    assert "secret" not in acme.document(row.id).text


def test_new_rows_and_edits_leave_the_column_out_too(acme: Knowledge, notion: Notion) -> None:
    source = trained_terms(acme, notion)
    actions.set_columns(acme.runtime, source, [column_id(source, "Meaning")])
    acme.work()

    notion.terms.row("Cortado", {"Meaning": "Cut with warm milk"}, body="Served in a glass.")
    notion.terms.rows[0].set({"Meaning": "Tiny"})
    acme.follow()

    assert acme.answers("glass") == ["Cortado"]
    assert acme.ask("warm milk") == acme.ask("tiny") == []


def test_saving_what_is_saved_already_reads_nothing(acme: Knowledge, notion: Notion) -> None:
    source = trained_terms(acme, notion)

    assert not actions.set_columns(acme.runtime, source, [])
    assert not actions.set_columns(acme.runtime, source, ["no such column"])

    acme.work()
    assert acme.spent() == []
    assert acme.source(notion.terms.id).status == "trained"


def test_a_row_of_two_databases_loses_a_column_only_when_both_switch_it_off(
    acme: Knowledge, notion: Notion
) -> None:
    source = trained_terms(acme, notion)
    other = Source.create(
        chatbot=acme.chatbot,
        connection=acme.connection,
        kind="database",
        notion_id="another view of the same rows",
        title="Drinks",
        created_at=acme.clock(),
    )
    for document in Document.select():
        Membership.create(source=other, document=document)
    meaning = column_id(source, "Meaning")

    actions.set_columns(acme.runtime, source, [meaning])
    acme.work()
    assert acme.answers("short") == ["Ristretto"]

    Source.update(hidden_columns=[meaning]).where(Source.id == other.id).execute()
    actions.retrain(acme.runtime, [acme.source(notion.terms.id)], full=True)
    acme.work()
    assert acme.ask("short") == []

    Source.update(hidden_columns=[]).where(Source.id == other.id).execute()
    actions.retrain(acme.runtime, [acme.source(notion.terms.id)], full=True)
    acme.work()
    assert acme.answers("short") == ["Ristretto"]
    actions.delete(acme.runtime, [other])
    acme.work()
    assert acme.ask("short") == []


def test_a_row_that_is_ticked_itself_follows_its_database(acme: Knowledge, notion: Notion) -> None:
    source = trained_terms(acme, notion)
    acme.tick(notion.terms.rows[0].id)
    acme.work()

    actions.set_columns(acme.runtime, source, [column_id(source, "Meaning")])
    acme.work()

    assert acme.ask("short") == []


def test_a_long_list_in_a_hidden_column_is_not_asked_for(acme: Knowledge, notion: Notion) -> None:
    for number in range(40):
        notion.terms.row(f"Term {number:02}", {"Meaning": "Something"})
    names = [row.title for row in notion.terms.rows]
    lists = notion.workspace.database(
        "Lists", {"List": "title", "Terms": {"relation": {"data_source_id": notion.terms.data_source}}}
    )
    row = lists.row("Everything", {"Terms": names}, body="All of them.")
    acme.grant.share(lists)
    acme.tick(notion.terms.id, lists.id)
    acme.work()
    acme.follow(seconds=120)
    acme.spent()
    assert sorted(acme.document(row.id).properties["Terms"].split(", ")) == sorted(names)

    source = acme.source(lists.id)
    actions.set_columns(acme.runtime, source, [column_id(source, "Terms")])
    acme.work()

    assert acme.spent() == ["markdown"]
    assert "Term 01" not in acme.document(row.id).text
    assert Link.select().where(Link.document == acme.document(row.id)).count() == 0


def test_the_title_a_page_and_a_resting_connection_are_refused(acme: Knowledge, notion: Notion) -> None:
    source = trained_terms(acme, notion)
    acme.tick(notion.handbook.id)
    acme.work()

    with pytest.raises(Refused, match="title cannot"):
        actions.set_columns(acme.runtime, source, [column_id(source, "Term")])
    with pytest.raises(Refused, match="Only a database"):
        actions.set_columns(acme.runtime, acme.source(notion.handbook.id), [])
    actions.disconnect(acme.runtime, acme.connection)
    with pytest.raises(Refused, match="Reconnect first"):
        actions.set_columns(acme.runtime, acme.source(notion.terms.id), ["x"])


def test_the_title_stays_whatever_is_switched_off() -> None:
    raw = {
        "Name": {"id": "title", "type": "title", "title": []},
        "Pay": {"id": "a%3Ab", "type": "number", "number": 3},
        "Broken": "not what Notion sends",
    }

    shown, left_out = split_columns(raw, {"title", "a%3Ab"})

    assert list(shown) == ["Name", "Broken"]
    assert left_out == {"Pay"}
