"""The one place that writes what documents hold: content, chunks and their full text, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from extract.search.words import terms
from extract.store.db import BATCH, batches, database, is_postgres
from extract.store.models import Child, Chunk, Document, Link
from extract.values import BodyChild, PageReading, Passage

TITLED = "title:"  # before a term of a title in PostgreSQL; no word of a text holds a colon
_GAP = 100  # positions between two fields, so that no phrase reaches from one into the next
_MOST_ABOVE = 500  # terms of a title, and of the headings: every chunk below repeats them


@dataclass(frozen=True, slots=True)
class Put:
    """What a put did; `changed` False: the document held exactly this already.

    `came` and `went` are the sub-pages and databases that its body holds now and did not before, and the reverse.
    """

    changed: bool
    added: int
    kept: int
    removed: int
    came: tuple[BodyChild, ...] = ()
    went: tuple[BodyChild, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """What a source holds now."""

    documents: int
    chunks: int
    bytes: int


def put(
    document_id: int,
    reading: PageReading,
    *,
    url: str | None = None,
    icon: str | None = None,
    related: Sequence[str] = (),
    keep_previous: bool = True,
    now: datetime,
) -> Put:
    """Make the document hold `reading`; chunks whose digest is already there keep their ids.

    `synced_at` becomes `now` either way; `url` and `icon` are written when given. `related` are the pages its
    relations point to. When the text changes, the one before is kept, unless `keep_previous` forbids it. A document
    that is gone stays gone: nothing is written.
    """
    with database.atomic():
        document = _locked(document_id)
        if document is None:
            return Put(False, 0, 0, 0)
        document.synced_at = now
        document.url = document.url if url is None else url
        document.icon = document.icon if icon is None else icon
        document.unread_blocks = reading.unread_blocks
        document.images_without_caption = reading.images_without_caption
        document.embeds_without_caption = reading.embeds_without_caption
        document.read_as_plain_text = reading.read_as_plain_text
        document.characters_left_out = reading.characters_left_out
        _write_links(document, {*related, *(link.notion_id for link in reading.links if link.notion_id)})
        came, went = _write_children(document, reading.children)
        chunks = {
            chunk.digest: chunk
            for chunk in Chunk.select(Chunk.id, Chunk.digest, Chunk.position).where(
                Chunk.document == document_id
            )
        }
        retitled = document.title != reading.title
        complete = chunks.keys() == {passage.digest for passage in reading.passages}
        if document.hash == reading.digest and not retitled and complete:
            document.save(only=_LOOKED_AT)
            return Put(False, 0, len(chunks), 0, came, went)
        if document.hash and document.text != reading.text:
            document.previous_text = (document.text or None) if keep_previous else None
            document.changed_at = now
        _write_document(document, reading)
        return replace(_write_chunks(document, reading, chunks, retitled), came=came, went=went)


def remove(document_ids: Sequence[int]) -> None:
    """Empty the documents: no text, no chunks, no full text. Their rows stay, as tombstones."""
    with database.atomic():
        for some in batches(sorted(document_ids)):
            Chunk.delete().where(Chunk.document.in_(some)).execute()
            Link.delete().where(Link.document.in_(some)).execute()
            Child.delete().where(Child.document.in_(some)).execute()
            Document.update(_EMPTY).where(Document.id.in_(some)).execute()


def drop(document_ids: Sequence[int]) -> None:
    """Delete the documents, with their chunks and full text."""
    with database.atomic():
        for some in batches(sorted(document_ids)):
            Chunk.delete().where(Chunk.document.in_(some)).execute()
            Document.delete().where(Document.id.in_(some)).execute()


def counts(source_ids: Sequence[int]) -> Mapping[int, Counts]:
    """Live documents (read, not removed), their chunks and bytes, for every source asked for, in one query."""
    found = dict.fromkeys(source_ids, Counts(0, 0, 0))
    if not found:
        return found
    marks = ", ".join([_mark()] * len(found))
    rows = database.execute_sql(
        "SELECT m.source_id, COUNT(*), SUM(d.bytes),"  # only marks are put in
        " SUM((SELECT COUNT(*) FROM chunk AS c WHERE c.document_id = d.id))"
        " FROM membership AS m JOIN document AS d ON d.id = m.document_id"
        f" WHERE m.source_id IN ({marks}) AND d.removed_at IS NULL AND d.synced_at IS NOT NULL"
        " GROUP BY m.source_id",
        tuple(found),
    )
    for source_id, documents, size, chunks in rows:
        found[source_id] = Counts(int(documents), int(chunks), int(size))
    return found


def scope(chatbot_id: int) -> str:
    """The term that every chunk of a chatbot carries, and no word of a text can be."""
    return f"in:{chatbot_id}" if is_postgres() else f"in{chatbot_id}"


def _locked(document_id: int) -> Any:
    """The document, held until the transaction ends. SQLite's transactions hold the whole database already."""
    query = Document.select().where(Document.id == document_id)
    return (query.for_update() if is_postgres() else query).first()


def _write_document(document: Any, reading: PageReading) -> None:
    document.title = reading.title
    document.text = reading.text
    document.hash = reading.digest
    document.bytes = len(reading.text.encode("utf-8", "surrogatepass"))
    document.properties = {prop.name: prop.text for prop in reading.properties}
    document.links = [
        {"text": link.text, "url": link.url, "notion_id": link.notion_id} for link in reading.links
    ]
    document.save(only=(*_LOOKED_AT, *_CONTENT))


_LOOKED_AT = (
    Document.synced_at,
    Document.url,
    Document.icon,
    Document.unread_blocks,
    Document.images_without_caption,
    Document.embeds_without_caption,
    Document.read_as_plain_text,
    Document.characters_left_out,
)
_CONTENT = (
    Document.title,
    Document.text,
    Document.hash,
    Document.bytes,
    Document.properties,
    Document.links,
    Document.previous_text,
    Document.changed_at,
)
_EMPTY = {
    "text": "",
    "hash": "",
    "bytes": 0,
    "properties": {},
    "links": [],
    "unread_blocks": 0,
    "images_without_caption": 0,
    "embeds_without_caption": 0,
    "read_as_plain_text": False,
    "characters_left_out": 0,
    "previous_text": None,
    "changed_at": None,
}


def _write_links(document: Any, targets: set[str]) -> None:
    """Which pages the document names. They may change while the text does not: a page unknown here shows no name."""
    targets.discard(document.notion_id)
    held = {row.notion_id for row in Link.select(Link.notion_id).where(Link.document == document.id)}
    for some in batches(sorted(held - targets)):
        Link.delete().where((Link.document == document.id) & Link.notion_id.in_(some)).execute()
    for some in batches(sorted(targets - held)):
        Link.insert_many([{"document": document.id, "notion_id": target} for target in some]).execute()


def _write_children(
    document: Any, children: Sequence[BodyChild]
) -> tuple[tuple[BodyChild, ...], tuple[BodyChild, ...]]:
    """What the body holds besides words; answers what came and what went."""
    found = {child.notion_id: child for child in children if child.notion_id != document.notion_id}
    held = {
        row.notion_id: BodyChild(row.kind, row.notion_id, "")
        for row in Child.select(Child.notion_id, Child.kind).where(Child.document == document.id)
    }
    came = tuple(child for notion_id, child in found.items() if notion_id not in held)
    went = tuple(child for notion_id, child in held.items() if notion_id not in found)
    for some in batches(went):
        Child.delete().where(
            (Child.document == document.id) & Child.notion_id.in_([child.notion_id for child in some])
        ).execute()
    for some in batches(came):
        Child.insert_many(
            [{"document": document.id, "notion_id": child.notion_id, "kind": child.kind} for child in some]
        ).execute()
    return came, went


def _write_chunks(document: Any, reading: PageReading, before: Mapping[str, Any], retitled: bool) -> Put:
    after = {passage.digest: (position, passage) for position, passage in enumerate(reading.passages)}
    gone = [chunk.id for digest, chunk in before.items() if digest not in after]
    for some in batches(gone):
        Chunk.delete().where(Chunk.id.in_(some)).execute()

    moved = []
    for digest, chunk in before.items():
        if digest in after and chunk.position != after[digest][0]:
            chunk.position = after[digest][0]
            moved.append(chunk)
    if moved:
        rewrite: Any = Chunk.bulk_update  # peewee ships no types for it
        rewrite(moved, [Chunk.position], batch_size=BATCH)

    new = [(position, passage) for digest, (position, passage) in after.items() if digest not in before]
    for batch in batches(new):
        Chunk.insert_many(
            [
                {
                    "document": document.id,
                    "position": position,
                    "heading_path": list(passage.heading_path),
                    "text": passage.text,
                    "digest": passage.digest,
                }
                for position, passage in batch
            ]
        ).execute()

    to_index = after if retitled else {passage.digest: (position, passage) for position, passage in new}
    if to_index:
        rows = Chunk.select(Chunk.digest, Chunk.id).where(Chunk.document == document.id).tuples()
        ids: dict[str, int] = dict(rows)
        _write_full_text(
            document.chatbot_id,
            reading.title,
            [(ids[digest], passage) for digest, (_, passage) in to_index.items()],
        )
    return Put(True, len(new), len(after) - len(new), len(gone))


def _write_full_text(chatbot_id: int, title: str, chunks: Sequence[tuple[int, Passage]]) -> None:
    in_title = terms(title)[:_MOST_ABOVE]
    rows = []
    for chunk_id, passage in chunks:
        headings = terms(" \n ".join(passage.heading_path))[:_MOST_ABOVE]
        fields = (in_title, headings, terms(passage.text))
        stored = tuple(" ".join(field) for field in fields)
        if is_postgres():
            rows.append((chunk_id, *stored, _vector(scope(chatbot_id), fields)))
        else:
            rows.append((chunk_id, scope(chatbot_id), *stored))
    statement = (
        "INSERT INTO chunk_text (chunk_id, title, headings, body, terms) VALUES {}"
        " ON CONFLICT (chunk_id) DO UPDATE SET title = excluded.title, headings = excluded.headings,"
        " body = excluded.body, terms = excluded.terms"
        if is_postgres()
        else "INSERT OR REPLACE INTO chunk_text (rowid, scope, title, headings, body) VALUES {}"
    )
    row_marks = "(%s, %s, %s, %s, %s::tsvector)" if is_postgres() else "(?, ?, ?, ?, ?)"
    for batch in batches(rows):
        values = [value for row in batch for value in row]
        database.execute_sql(statement.format(", ".join([row_marks] * len(batch))), values)


def _vector(scoped: str, fields: tuple[list[str], list[str], list[str]]) -> str:
    """A tsvector as PostgreSQL writes it: each term with its places, weighted A (title), B (headings), C."""
    places: dict[str, list[str]] = {}
    start = 1
    for weight, field in zip("ABC", fields, strict=True):
        for offset, term in enumerate(field):
            places.setdefault(term, []).append(f"{min(start + offset, 16_383)}{weight}")
        start += len(field) + _GAP
    lexemes = [f"'{term}':{','.join(spots[:255])}" for term, spots in places.items()]
    # Titles once more as terms of their own: asking for weight A would read every row that holds the word.
    titles = [f"'{TITLED}{term}'" for term in dict.fromkeys(fields[0])]
    return " ".join([f"'{scoped}'", *titles, *lexemes])


def _mark() -> str:
    return "%s" if is_postgres() else "?"
