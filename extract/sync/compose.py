"""A page as it was fetched made into what the index holds: without hidden columns, with related pages named."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from extract.config.load import Config
from extract.membership.columns import split_columns
from extract.membership.queries import titles_held
from extract.reading import Chunking, has_text, read_page, read_properties, relation_ids
from extract.reading.properties import completed_value
from extract.store.models import DataSource, Document
from extract.sync.fetch import Fetched
from extract.values import Json, Reading


@dataclass(frozen=True, slots=True)
class Composed:
    """What `index.put` is given. `keep_previous` is False when the text so far holds a column now switched off."""

    reading: Reading
    related: tuple[str, ...]
    keep_previous: bool


def compose(config: Config, document: Document, fetched: Fetched, *, hidden: Collection[str]) -> Composed:
    """The reading of a page. One without words in its body and without properties has no text and no passages.

    A database row is an entry by its title alone: it keeps it.
    """
    assert fetched.tree is not None
    shown, left_out = split_columns(fetched.stub.properties, hidden)
    related = relation_ids(_whole(shown, fetched.completed))
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
    return Composed(reading, related, keep_previous=not (left_out and _holds(document, left_out)))


def _whole(properties: Mapping[str, Json], completed: Mapping[str, Sequence[Json]]) -> Mapping[str, Json]:
    """The properties with the lists that Notion had capped."""
    return {
        name: completed_value(value, completed[str(value.get("id"))])
        if isinstance(value, dict) and str(value.get("id")) in completed
        else value
        for name, value in properties.items()
    }


def _holds(document: Document, names: frozenset[str]) -> bool:
    """Whether what is held shows one of these columns."""
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
