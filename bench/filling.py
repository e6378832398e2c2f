"""A large knowledge base without its import: rows as an import leaves them, made from one page that was read.

The listing is real, request by request; only the bodies are not asked for: every row holds the text, the passages and
the full text of the first one, under its own id, title and times. So polls, looks and edits meet what they would meet
after an import of days.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bench.bed import Bed
from extract import connections
from extract.membership.documents import add_document
from extract.rules.changes import digest_of
from extract.rules.timing import Rank, next_check_at
from extract.store.db import database, is_postgres
from extract.store.models import Chunk, Connection, DataSource, Document, Membership, Source
from extract.values import Stub, utc_now

_BATCH = 200


def fill(notion: Bed) -> None:
    """Hold all rows of the one database of this workspace, as if it had been imported."""
    [source] = [source for source in notion.tick_all() if source.kind == "database"]
    now, template = utc_now(), None
    with connections.http_for(notion.runtime) as http:
        client = connections.client_for(notion.runtime, notion.connection, http=http)
        container = client.get_database(source.notion_id)
        for ref in container.data_sources:
            schema = client.get_data_source(ref.id)
            table = DataSource.create(
                source=source, notion_id=ref.id, name=ref.name, properties=dict(schema.properties)
            )
            for stubs in client.query(ref.id):
                if template is None:
                    template = _read_one(notion, source, stubs[0], now=now)
                    stubs = stubs[1:]
                with database.atomic():
                    _hold(notion, source, template, stubs, now=now)
                    table.listed_to = max(
                        [stub.created_at for stub in stubs if stub.created_at], default=None
                    )
            table.listed = True
            table.save()
    _settle(source, now=now)


def _read_one(notion: Bed, source: Source, stub: Stub, *, now: datetime) -> dict[str, Any]:
    """The first row, read for real while the listing waits; its columns."""
    Source.update(requested_at=None, listing=1).where(Source.id == source.id).execute()
    hours = notion.runtime.config.watch.verify_hours
    source.listing = 1
    document = add_document(source, stub.id, stub=stub, now=now, rank=Rank.PERSON, verify_hours=hours)
    notion.drain()
    columns: dict[str, Any] = Document.select().where(Document.id == document.id).dicts().get()
    return columns


def _hold(
    notion: Bed, source: Source, template: dict[str, Any], stubs: Sequence[Stub], *, now: datetime
) -> None:
    hours = notion.runtime.config.watch.verify_hours
    rows = [
        {
            **{name: value for name, value in template.items() if name != "id"},
            "notion_id": stub.id,
            "title": stub.title,
            "url": stub.url,
            "edited_at": stub.edited_at,
            "noticed_at": stub.edited_at,
            "data_source_id": stub.parent.id,
            "stub_digest": digest_of(stub),
            "check_at": next_check_at(stub.id, now=now, hours=hours, first=True),
        }
        for stub in stubs
    ]
    before = Document.select(Document.id).order_by(Document.id.desc()).limit(1).scalar()
    for start in range(0, len(rows), _BATCH):
        Document.insert_many(rows[start : start + _BATCH]).execute()
    made = [row.id for row in Document.select(Document.id).where(Document.id > before).order_by(Document.id)]
    for start in range(0, len(made), _BATCH):
        Membership.insert_many(
            [{"source": source.id, "document": each, "listing": 1} for each in made[start : start + _BATCH]]
        ).execute()
    _copy_passages(template["id"], above=before)


def _copy_passages(document_id: int, *, above: int) -> None:
    mark = "%s" if is_postgres() else "?"
    database.execute_sql(
        "INSERT INTO chunk (document_id, position, heading_path, text, digest)"
        " SELECT d.id, c.position, c.heading_path, c.text, c.digest FROM document AS d, chunk AS c"
        f" WHERE d.id > {mark} AND c.document_id = {mark}",
        (above, document_id),
    )
    first = Chunk.select(Chunk.id).where(Chunk.document > above).order_by(Chunk.id).limit(1).scalar()
    key, columns = ("chunk_id", "terms") if is_postgres() else ("rowid", "scope")
    database.execute_sql(
        f"INSERT INTO chunk_text ({key}, title, headings, body, {columns})"
        f" SELECT made.id, t.title, t.headings, t.body, t.{columns} FROM chunk AS made"
        " JOIN chunk AS c ON c.digest = made.digest"
        f" JOIN chunk_text AS t ON t.{key} = c.id WHERE made.id >= {mark} AND c.document_id = {mark}",
        (first, document_id),
    )


def _settle(source: Source, *, now: datetime) -> None:
    """As a first sync leaves the source and its connection: nothing is wanted, the next poll looks back a little."""
    Source.update(
        status="trained", requested_at=None, listed_at=now, last_synced_at=now, listing_open=False, error=None
    ).where(Source.id == source.id).execute()
    Connection.update(edits_seen_to=now - timedelta(hours=1), trash_seen_to=now - timedelta(hours=1)).where(
        Connection.id == source.connection_id
    ).execute()
