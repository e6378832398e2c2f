"""The columns of a database, which of them people have switched off, and a row's values without those."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from extract.rules.timing import Rank
from extract.store.db import batches
from extract.store.models import DataSource, Membership, Source
from extract.values import Json
from extract.worklist.documents import request_reads


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a database. `id` is Notion's; `shown` False: it is left out of what the chatbot learns."""

    id: str
    name: str
    kind: str
    shown: bool


def columns_of(source: Source) -> tuple[Column, ...]:
    """Return the columns of a database's data sources, the title first. A shared column is included once."""
    found: dict[str, Column] = {}
    for table in DataSource.select().where(DataSource.source == source.id).order_by(DataSource.id):
        for name, described in table.properties.items():
            column_id = described.get("id") if isinstance(described, dict) else None
            if isinstance(column_id, str) and column_id not in found:
                kind = str(described.get("type") or "")
                found[column_id] = Column(column_id, name, kind, column_id not in source.hidden_columns)
    return tuple(sorted(found.values(), key=lambda column: column.kind != "title"))


def split_columns(
    properties: Mapping[str, Json], hidden: Collection[str]
) -> tuple[Mapping[str, Json], frozenset[str]]:
    """Return the raw properties that are shown, and the names of those left out. The title always stays. Pure."""
    left_out = frozenset(
        name
        for name, value in properties.items()
        if isinstance(value, dict) and value.get("id") in hidden and value.get("type") != "title"
    )
    return {name: value for name, value in properties.items() if name not in left_out}, left_out


def request_where_columns_are_hidden(document_ids: Sequence[int], *, now: datetime) -> None:
    """Request those of the documents that a database with hidden columns holds.

    To be called when a source begins or ceases to hold documents: a column is left out of a document while every
    database that holds it hides the column.
    """
    rows = Source.select(Source.id, Source.hidden_columns).where(Source.kind == "database")
    hiding = [source.id for source in rows if source.hidden_columns]
    for batch in batches(document_ids) if hiding else ():
        held = Membership.source.in_(hiding) & Membership.document.in_(batch)
        request_reads(Membership.select(Membership.document).where(held), now=now, rank=Rank.EDIT)
