"""Learning that something moved: stubs of a listing become marks on rows. Asks Notion nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import Case

from .db import database
from .due import data_sources_of, followed, is_gone
from .handover import hand_over
from .models import DataSource, Document, Membership, Source
from .shapes import Parent, Stub
from .watch import OVERLAP, Held, Rank, digest_of, judge, schema_digest, verify_at

_BATCH = 400  # below SQLite's limit of variables in one statement


@dataclass(frozen=True, slots=True)
class Noticed:
    """What a listing brought: documents that moved, that are new, that must be asked about; sources to list again."""

    stale: int = 0
    new: int = 0
    doubted: int = 0
    relist: int = 0

    def __add__(self, other: Noticed) -> Noticed:
        return Noticed(
            self.stale + other.stale,
            self.new + other.new,
            self.doubted + other.doubted,
            self.relist + other.relist,
        )

    def __bool__(self) -> bool:
        return bool(self.stale or self.new or self.doubted or self.relist)


def notice_edits(connection_id: int, stubs: Sequence[Stub], *, now: datetime, verify_hours: float) -> Noticed:
    """Mark what a sweep by last edit shows to have moved, for sources that follow edits live.

    Everything in `stubs` that no live source holds is not ours and is passed over.
    """
    pages = [stub for stub in stubs if stub.kind == "page" and not stub.partial]
    with database.atomic():
        noticed = _notice_held(connection_id, pages, now=now)
        noticed += _notice_rows(connection_id, pages, now=now, verify_hours=verify_hours)
        noticed += _notice_schemas(connection_id, stubs, now=now)
    return noticed


def mark(document: Document, *, now: datetime, rank: Rank, stub: Stub | None = None) -> None:
    """Want this document read again; with `stub`, its page need not be asked for title and properties."""
    already = document.wanted_at is not None and document.error is None
    document.wanted_rank = min(rank, document.wanted_rank) if already else rank
    document.wanted_at = now
    document.try_after = None
    document.attempts = 0
    document.error = None
    keep_stub(document, stub)
    document.save(only=_MARKS)


def want_again(chosen: Any, *, now: datetime, rank: Rank) -> int:
    """Want all documents of a select of ids read again, with the stubs they have; answers how many."""
    wanted: int = (
        Document.update(wanted_at=now, wanted_rank=rank, try_after=None, attempts=0, error=None)
        .where(Document.id.in_(chosen) & Document.removed_at.is_null())
        .execute()
    )
    return wanted


def keep_stub(document: Document, stub: Stub | None) -> None:
    """Put what the listing said onto the row (unsaved); None forgets it, so that the page itself is asked."""
    if stub is None:
        document.stub = None
        return
    document.stub = {
        "title": stub.title,
        "url": stub.url,
        "icon": stub.icon,
        "properties": dict(stub.properties),
    }
    document.stub_digest = digest_of(stub)
    document.noticed_at = stub.edited_at
    document.data_source_id = stub.parent.id if stub.parent.kind == "data_source_id" else None


def kept_stub(document: Document) -> Stub | None:
    """What the newest listing said, as kept on the row; None when the page itself has to be asked."""
    if document.stub is None or document.doubted_at is not None or document.removed_at is not None:
        return None
    table = document.data_source_id
    return Stub(
        kind="page",
        id=document.notion_id,
        title=document.stub["title"],
        url=document.stub["url"],
        icon=document.stub["icon"],
        parent=Parent(kind="data_source_id", id=table) if table else Parent(kind="unknown"),
        edited_at=document.noticed_at,
        created_at=None,
        in_trash=False,
        is_archived=False,
        properties=document.stub["properties"],
    )


_MARKS = [
    Document.wanted_at,
    Document.wanted_rank,
    Document.try_after,
    Document.attempts,
    Document.error,
    Document.stub,
    Document.stub_digest,
    Document.noticed_at,
    Document.data_source_id,
]


def held(document: Document) -> Held:
    """The facts of a row that `watch.judge` decides on."""
    return Held(
        edited_at=document.edited_at,
        noticed_at=document.noticed_at,
        stub_digest=document.stub_digest,
        wanted=document.wanted_at is not None,
        removed=document.removed_at is not None,
    )


def mark_if_moved(document: Document, stub: Stub, *, now: datetime, rank: Rank) -> Noticed:
    """Compare what is held with what a listing says, and mark the row when it moved or sits in the trash.

    What would make it leave a source (the trash, the archive, another parent) is asked of the page itself first.
    """
    verdict = judge(stub, held(document))
    archived = verdict == "stale" and stub.is_archived
    if verdict == "trashed" or archived or _changed_table(document, stub):
        mark(document, now=now, rank=rank)
        return Noticed(doubted=1)
    if verdict == "stale":
        mark(document, now=now, rank=rank, stub=stub)
        return Noticed(stale=1)
    return Noticed()


def _changed_table(document: Document, stub: Stub) -> bool:
    parent = stub.parent.id if stub.parent.kind == "data_source_id" else None
    return document.removed_at is None and document.data_source_id not in (None, parent)


def add_document(
    source: Source, notion_id: str, *, stub: Stub | None, now: datetime, rank: Rank, verify_hours: float
) -> Document:
    """The chatbot's document for a Notion page, held by `source` from now on; new ones are wanted. Without text."""
    document = documents_of(source.chatbot_id, [notion_id]).get(notion_id)
    is_new = document is None
    if document is None:
        # Another process may be making the same row at this moment: whoever is second finds it.
        Document.insert(
            chatbot=source.chatbot_id,
            notion_id=notion_id,
            connection=source.connection_id,
            created_at=now,
            title=stub.title if stub else source.title,
            url=stub.url if stub else source.url,
            icon=stub.icon if stub else source.icon,
            verify_at=verify_at(notion_id, now=now, hours=verify_hours, first=True),
        ).on_conflict_ignore().execute()
        document = documents_of(source.chatbot_id, [notion_id])[notion_id]
    Membership.insert(
        source=source.id, document=document.id, listing=source.listing
    ).on_conflict_ignore().execute()
    if is_new:
        mark(document, now=now, rank=rank, stub=stub)
    elif document.connection_id != source.connection_id and (
        document.removed_at is not None or document.connection.state != "alive"
    ):  # its own connection cannot show it; the one that it is held through now may
        hand_over(Document.id == document.id)
    return document


def documents_of(chatbot_id: int, page_ids: Sequence[str]) -> dict[str, Document]:
    """Notion page id -> this chatbot's document of it, whichever connection serves it. Without text."""
    rows = Document.select(*_LIGHT).where(
        (Document.chatbot == chatbot_id) & Document.notion_id.in_(list(page_ids))
    )
    return {row.notion_id: row for row in rows}


def documents_by_page(connection_id: int, page_ids: Iterable[str]) -> dict[str, list[Document]]:
    """Notion page id -> this connection's documents of it (one per chatbot). Without text."""
    found: dict[str, list[Document]] = {}
    ids = list(page_ids)
    for start in range(0, len(ids), _BATCH):
        rows = Document.select(*_LIGHT).where(
            (Document.connection == connection_id) & Document.notion_id.in_(ids[start : start + _BATCH])
        )
        for row in rows:
            found.setdefault(row.notion_id, []).append(row)
    return found


_HEAVY = ("text", "previous_text", "links", "properties")
_LIGHT = [field for field in Document._meta.sorted_fields if field.name not in _HEAVY]


def _notice_held(connection_id: int, pages: Sequence[Stub], *, now: datetime) -> Noticed:
    documents = documents_by_page(connection_id, {stub.id for stub in pages})
    live = followed(document.id for rows in documents.values() for document in rows)
    noticed = Noticed()
    for stub in pages:
        for document in documents.get(stub.id, ()):
            if document.id in live:
                noticed += mark_if_moved(document, stub, now=now, rank=Rank.EDIT)
    return noticed


def _notice_rows(connection_id: int, pages: Sequence[Stub], *, now: datetime, verify_hours: float) -> Noticed:
    """Rows of ticked databases that we do not hold yet become documents."""
    rows = {
        stub.id: stub
        for stub in pages
        if stub.parent.kind == "data_source_id" and not stub.in_trash and not stub.is_archived
    }
    parents = {stub.parent.id for stub in rows.values() if stub.parent.id}
    tables: dict[str, list[DataSource]] = {}
    for data_source in data_sources_of(connection_id, sorted(parents)):
        if data_source.source.auto_retrain == "live" and not is_gone(data_source.source):
            tables.setdefault(data_source.notion_id, []).append(data_source)
    members = members_of({table.source_id for found in tables.values() for table in found}, set(rows))
    noticed = Noticed()
    for stub in rows.values():
        for table in tables.get(stub.parent.id or "", ()):
            if (table.source_id, stub.id) not in members:
                add_document(
                    table.source, stub.id, stub=stub, now=now, rank=Rank.EDIT, verify_hours=verify_hours
                )
                noticed += Noticed(new=1)
    return noticed


def members_of(source_ids: Collection[int], page_ids: Collection[str]) -> set[tuple[int, str]]:
    """The pairs of source and Notion page, among those named, in which the source holds the page."""
    if not source_ids or not page_ids:
        return set()
    ids, found = sorted(page_ids), set()
    for start in range(0, len(ids), _BATCH):
        rows = (
            Membership.select(Membership.source, Document.notion_id)
            .join(Document)
            .where(
                Membership.source.in_(sorted(source_ids))
                & Document.notion_id.in_(ids[start : start + _BATCH])
            )
            .tuples()
        )
        found.update(rows)
    return found


def _notice_schemas(connection_id: int, stubs: Sequence[Stub], *, now: datetime) -> Noticed:
    """A renamed or retyped column, or a renamed data source, changes every row: list the source again."""
    shown = {stub.id: stub for stub in stubs if stub.kind == "data_source" and not stub.partial}
    noticed = Noticed()
    for table in data_sources_of(connection_id, sorted(shown)):
        stub, source = shown[table.notion_id], table.source
        gone = is_gone(source)
        moved = stub.in_trash or schema_digest(stub.properties) != schema_digest(table.properties)
        back = gone and not stub.in_trash
        if (back or (moved and not gone)) and source.wanted_at is None and source.auto_retrain == "live":
            want_listing(source, now=now, rank=Rank.EDIT, full=not stub.in_trash)
            noticed += Noticed(relist=1)
    return noticed + _notice_tables(connection_id, shown.values(), now=now)


def _notice_tables(connection_id: int, shown: Iterable[Stub], *, now: datetime) -> Noticed:
    """A data source that is newer than the last listing of its ticked database: list that database again."""
    made = [stub for stub in shown if stub.database_id and stub.created_at and not stub.in_trash]
    noticed = Noticed()
    if not made:
        return noticed
    sources = Source.select().where(
        (Source.connection == connection_id)
        & (Source.kind == "database")
        & (Source.auto_retrain == "live")
        & Source.wanted_at.is_null()
        & Source.notion_id.in_([stub.database_id for stub in made])
        & Source.listed_at.is_null(False)
    )
    for source in sources:
        newer = {
            stub.id
            for stub in made
            if stub.database_id == source.notion_id and stub.created_at > source.listed_at - OVERLAP
        }
        if newer - {table.notion_id for table in source.data_sources}:
            want_listing(source, now=now, rank=Rank.EDIT, full=False)
            noticed += Noticed(relist=1)
    return noticed


def want_listing(source: Source, *, now: datetime, rank: Rank, full: bool) -> None:
    """Want this source listed and compared; with `full`, every body is read again as well."""
    # In one statement: a person's wish and the daemon's may come at the same moment, and neither may lower the other.
    already = Source.wanted_at.is_null(False)
    Source.update(
        wanted_at=now,
        wanted_rank=Case(None, ((already & (Source.wanted_rank < rank), Source.wanted_rank),), int(rank)),
        wanted_full=Case(None, ((already & Source.wanted_full, True),), full),
        try_after=None,
        attempts=0,
    ).where(Source.id == source.id).execute()
