"""Makes a fetched page into what the index stores: without hidden columns, with the titles of related pages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from extract.config.load import Config
from extract.membership.columns import split_columns
from extract.membership.queries import titles_held
from extract.reading import Chunking, has_text, read_page, read_properties, relation_ids
from extract.reading.properties.values import completed_value
from extract.store.models import DataSource, Document
from extract.sync.task import Fetched
from extract.values import Json, PageReading


@dataclass(frozen=True, slots=True)
class Composed:
    """What `index.put` stores. `keep_previous` is False if the stored text shows a column that is hidden now."""

    reading: PageReading
    related: tuple[str, ...]
    keep_previous: bool


def compose(config: Config, document: Document, fetched: Fetched, *, hidden: Collection[str]) -> Composed:
    """Return the reading of a page, whose body was fetched.

    A page without words in its body and without properties gets no text and no passages, unless it is a database row:
    the title of a row is an entry by itself.
    """
    assert fetched.tree is not None
    shown, left_out = split_columns(fetched.stub.properties, hidden)
    related = relation_ids(_uncapped(shown, fetched.completed))
    properties = read_properties(
        shown,
        schema=_schema_of(document),
        titles={**fetched.related_names, **titles_held(document.chatbot_id, related)},
        completed=fetched.completed,
    )
    reading = read_page(
        title=fetched.stub.title,
        url=fetched.stub.url,
        properties=properties,
        tree=fetched.tree,
        unread_blocks=fetched.unread_blocks,
        chunking=Chunking(target=config.reading.chunk_characters, overlap=config.reading.chunk_overlap),
    )
    is_row = document.data_source_id is not None
    if not is_row and not properties and not has_text(fetched.tree):
        # A bare title, or links to media without a word, is nothing to answer from.
        reading = replace(reading, text="", passages=())
    return Composed(reading, related, keep_previous=not (left_out and _shows_any(document, left_out)))


def _uncapped(properties: Mapping[str, Json], completed: Mapping[str, Sequence[Json]]) -> Mapping[str, Json]:
    """Return the properties with the complete lists in place of those that Notion had capped."""
    return {
        name: completed_value(value, completed[str(value.get("id"))])
        if isinstance(value, dict) and str(value.get("id")) in completed
        else value
        for name, value in properties.items()
    }


def _shows_any(document: Document, names: frozenset[str]) -> bool:
    """Return True if the stored content shows one of these columns."""
    held = Document.select(Document.properties).where(Document.id == document.id).first()
    return held is not None and not names.isdisjoint(held.properties)


def _schema_of(document: Document) -> Mapping[str, Json] | None:
    if document.data_source_id is None:
        return None
    table = (
        DataSource.select(DataSource.properties)
        .where(DataSource.notion_id == document.data_source_id)
        .order_by(DataSource.id.desc())
        .first()
    )
    return table.properties if table else None
