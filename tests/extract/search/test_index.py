"""The index: what a put writes, keeps and takes away, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from peewee import Database

from extract.search import index
from extract.search.find import find
from extract.store.models import Chatbot, Chunk, Connection, Document, Membership, Organisation, Source
from extract.store.models import Link as Target
from extract.values import PageLink, PageReading, Passage, Property

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def passage(text: str, *path: str) -> Passage:
    return Passage(text, path, sha256(repr((path, text)).encode()).hexdigest())


def reading(*texts: str, title: str = "Handbook") -> PageReading:
    text = "\n\n".join([title, *texts])
    return PageReading(
        title=title,
        text=text,
        digest=sha256(text.encode()).hexdigest(),
        properties=(Property("Status", "status", "Live"),),
        links=(PageLink("Plan", "https://www.notion.so/plan", "abc"),),
        passages=tuple(passage(each) for each in texts),
        unread_blocks=2,
    )


def a_source(name: str = "one") -> Source:
    organisation = Organisation.create(name=name, created_at=NOW)
    chatbot = Chatbot.create(organisation=organisation, name=name, created_at=NOW)
    connection = Connection.create(organisation=organisation, bot_id=name, workspace_id=name, created_at=NOW)
    return Source.create(
        chatbot=chatbot, connection=connection, kind="database", notion_id=name, title=name, created_at=NOW
    )


def a_document(source: Source, name: str = "page") -> int:
    document = Document.create(
        chatbot=source.chatbot_id, connection=source.connection_id, notion_id=name, created_at=NOW
    )
    Membership.create(source=source, document=document)
    return int(document.id)


def texts(source: Source, words: str) -> list[str]:
    return [hit.text for hit in find(source.chatbot_id, words)]


def full_text_rows(store: Database) -> int:
    return int(store.execute_sql("SELECT COUNT(*) FROM chunk_text").fetchone()[0])


def chunk_ids(document_id: int) -> dict[str, int]:
    return {chunk.text: chunk.id for chunk in Chunk.select().where(Chunk.document == document_id)}


def statements(store: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    seen: list[str] = []
    execute = store.execute_sql
    monkeypatch.setattr(
        store, "execute_sql", lambda sql, *rest, **named: (seen.append(sql), execute(sql, *rest, **named))[1]
    )
    return seen


def test_a_put_writes_content_chunks_and_full_text(any_store: Database) -> None:
    source = a_source()
    page = a_document(source)

    done = index.put(page, reading("alpha é", "beta"), url="https://www.notion.so/p", icon="📄", now=NOW)

    document = Document.get_by_id(page)
    assert done == index.Put(changed=True, added=2, kept=0, removed=0)
    assert (document.title, document.url, document.icon) == ("Handbook", "https://www.notion.so/p", "📄")
    assert document.bytes == len(document.text.encode())
    assert document.properties == {"Status": "Live"}
    assert document.links == [{"text": "Plan", "url": "https://www.notion.so/plan", "notion_id": "abc"}]
    assert (document.unread_blocks, document.synced_at) == (2, NOW)
    assert [c.text for c in Chunk.select().order_by(Chunk.position)] == ["alpha é", "beta"]
    assert texts(source, "beta") == ["beta"]


def test_the_same_put_again_changes_nothing_but_the_time_of_the_look(any_store: Database) -> None:
    source = a_source()
    page = a_document(source)
    index.put(page, reading("alpha", "beta"), now=NOW)
    before = chunk_ids(page)

    done = index.put(page, reading("alpha", "beta"), now=LATER)

    assert done == index.Put(changed=False, added=0, kept=2, removed=0)
    assert chunk_ids(page) == before
    assert Document.get_by_id(page).synced_at == LATER


def test_an_edit_touches_only_the_chunks_it_changed(any_store: Database) -> None:
    source = a_source()
    page = a_document(source)
    index.put(page, reading("alpha", "beta", "gamma"), now=NOW)
    before = chunk_ids(page)

    done = index.put(page, reading("gamma", "delta", "alpha"), now=LATER)

    after = chunk_ids(page)
    assert done == index.Put(changed=True, added=1, kept=2, removed=1)
    assert (after["alpha"], after["gamma"]) == (before["alpha"], before["gamma"])
    assert [c.text for c in Chunk.select().order_by(Chunk.position)] == ["gamma", "delta", "alpha"]
    assert texts(source, "beta") == []
    assert texts(source, "delta") == ["delta"]
    assert full_text_rows(any_store) == 3


def targets(document_id: int) -> set[str]:
    return {row.notion_id for row in Target.select().where(Target.document == document_id)}


def test_the_text_before_a_change_is_kept_until_the_next(any_store: Database) -> None:
    page = a_document(a_source())
    index.put(page, reading("alpha"), now=NOW)
    assert (Document.get_by_id(page).previous_text, Document.get_by_id(page).changed_at) == (None, None)

    index.put(page, reading("beta"), now=LATER)
    index.put(page, reading("beta"), now=LATER)

    document = Document.get_by_id(page)
    assert (document.previous_text, document.changed_at) == (reading("alpha").text, LATER)
    index.put(page, reading("gamma"), keep_previous=False, now=LATER)
    assert Document.get_by_id(page).previous_text is None


def test_what_was_removed_keeps_no_text_before_and_has_none_when_it_returns(any_store: Database) -> None:
    page = a_document(a_source())
    index.put(page, reading("alpha"), now=NOW)
    index.put(page, reading("beta"), now=NOW)

    index.remove([page])
    assert (Document.get_by_id(page).previous_text, targets(page)) == (None, set())

    index.put(page, reading("beta"), now=LATER)
    assert (Document.get_by_id(page).previous_text, Document.get_by_id(page).changed_at) == (None, None)


def test_links_and_relations_are_kept_once_each_also_when_the_text_stays(any_store: Database) -> None:
    page = a_document(a_source())

    index.put(page, reading("alpha"), related=["def", "abc"], now=NOW)
    assert targets(page) == {"abc", "def"}

    assert not index.put(page, reading("alpha"), related=["ghi", "page"], now=LATER).changed
    assert targets(page) == {"abc", "ghi"}


def test_what_was_skipped_is_counted_also_when_the_text_stays(any_store: Database) -> None:
    page = a_document(a_source())
    index.put(page, reading("alpha"), now=NOW)

    counted = replace(
        reading("alpha"),
        unread_blocks=1,
        images_without_caption=2,
        embeds_without_caption=3,
        read_as_plain_text=True,
        characters_left_out=4,
    )
    assert not index.put(page, counted, now=LATER).changed

    document = Document.get_by_id(page)
    counts = (document.unread_blocks, document.images_without_caption, document.embeds_without_caption)
    assert counts == (1, 2, 3)
    assert (document.read_as_plain_text, document.characters_left_out) == (True, 4)


def test_passages_that_are_cut_differently_now_replace_those_before(any_store: Database) -> None:
    page = a_document(a_source())
    before = reading("alpha", "beta")
    index.put(page, before, now=NOW)
    after = replace(before, passages=before.passages[:1])

    done = index.put(page, after, now=LATER)

    assert (done.kept, done.removed) == (1, 1)
    assert not index.put(page, after, now=LATER).changed


def test_passages_that_should_not_be_there_go_although_the_hash_is_the_same(any_store: Database) -> None:
    page = a_document(a_source())
    index.put(page, reading("alpha"), now=NOW)

    assert index.put(page, replace(reading("alpha"), text="", passages=()), now=LATER).removed == 1
    assert Chunk.select().count() == 0


def test_a_new_title_is_found_and_the_old_one_is_not(any_store: Database) -> None:
    source = a_source()
    page = a_document(source)
    index.put(page, reading("alpha", title="Oldname"), now=NOW)
    before = chunk_ids(page)

    done = index.put(page, reading("alpha", title="Newname"), now=LATER)

    assert done == index.Put(changed=True, added=0, kept=1, removed=0)
    assert chunk_ids(page) == before
    assert texts(source, "newname") == ["alpha"]
    assert texts(source, "oldname") == []


def test_an_empty_page_has_no_chunks_and_is_unchanged_the_next_time(any_store: Database) -> None:
    page = a_document(a_source())

    assert index.put(page, reading(), now=NOW) == index.Put(True, 0, 0, 0)
    assert index.put(page, reading(), now=NOW) == index.Put(False, 0, 0, 0)


def test_a_document_that_is_gone_stays_gone(any_store: Database) -> None:
    assert index.put(4711, reading("alpha"), now=NOW) == index.Put(False, 0, 0, 0)
    assert Chunk.select().count() == 0


def test_a_large_page_costs_few_statements(any_store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    page = a_document(a_source())
    seen = statements(any_store, monkeypatch)

    index.put(page, reading(*(f"passage number{number}" for number in range(900))), now=NOW)

    assert len(seen) < 20
    assert full_text_rows(any_store) == 900


def test_a_removed_document_is_empty_not_found_and_can_come_back(any_store: Database) -> None:
    source = a_source()
    page = a_document(source)
    index.put(page, reading("alpha"), now=NOW)

    index.remove([page])

    document = Document.get_by_id(page)
    assert (document.text, document.hash, document.bytes, document.properties) == ("", "", 0, {})
    assert texts(source, "alpha") == []
    assert full_text_rows(any_store) == 0
    assert index.put(page, reading("alpha"), now=LATER).changed
    assert texts(source, "alpha") == ["alpha"]


def test_a_dropped_document_leaves_nothing(any_store: Database) -> None:
    source = a_source()
    page = a_document(source)
    index.put(page, reading("alpha"), now=NOW)

    index.drop([page])

    assert Document.select().count() == Membership.select().count() == Chunk.select().count() == 0
    assert full_text_rows(any_store) == 0


def test_chunks_that_go_by_cascade_take_their_full_text_along(any_store: Database) -> None:
    source = a_source()
    index.put(a_document(source), reading("alpha", "beta"), now=NOW)

    Organisation.delete().execute()

    assert full_text_rows(any_store) == 0


def test_full_text_left_behind_is_never_another_chunks(store: Database) -> None:
    source = a_source()
    page = a_document(source)
    index.put(page, reading("alpha"), now=NOW)
    store.execute_sql("DROP TRIGGER chunk_text_goes")
    Chunk.delete().execute()

    index.put(page, reading("beta"), now=LATER)

    assert texts(source, "alpha") == []
    assert texts(source, "beta") == ["beta"]


def test_counts_are_of_live_documents_in_one_statement(
    any_store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, other = a_source("one"), a_source("two")
    pages = [a_document(source, str(number)) for number in range(3)]
    a_document(source, "never read")
    for page in pages:
        index.put(page, reading("alpha", "beta"), now=NOW)
    Document.update(removed_at=NOW).where(Document.id == pages[2]).execute()
    size = Document.get_by_id(pages[0]).bytes
    seen = statements(any_store, monkeypatch)

    found = index.counts([source.id, other.id])

    assert found == {source.id: index.Counts(2, 4, 2 * size), other.id: index.Counts(0, 0, 0)}
    assert len(seen) == 1
    assert index.counts([]) == {}


def test_two_puts_of_one_document_at_once_leave_one_whole_content(any_store: Database) -> None:
    page = a_document(a_source())
    contents = [reading(*(f"{name}{n}" for n in range(30))) for name in ("a", "b")]
    failures: list[Exception] = []

    def work(content: PageReading) -> None:
        try:
            for _ in range(4):
                index.put(page, content, now=NOW)
        except Exception as failure:
            failures.append(failure)
        finally:
            any_store.close()

    workers = [threading.Thread(target=work, args=(content,)) for content in contents]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    held: Sequence[str] = [chunk.text for chunk in Chunk.select().order_by(Chunk.position)]
    assert failures == []
    assert list(held) in [[p.text for p in content.passages] for content in contents]
    assert full_text_rows(any_store) == 30
