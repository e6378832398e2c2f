"""Adds pages that a listing shows to the sources they belong to. Sends Notion nothing.

A row belongs to the sources that have its data source, a sub-page to the trees whose member its parent is, and every
page of a connection to its workspace source.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime

from extract.discovery.changes_listed import Noticed, notice_held, notice_schemas
from extract.membership.documents import add_document, documents_of, members_of
from extract.membership.queries import data_sources_of
from extract.rules.timing import SEARCH_LAG, Rank, is_recent
from extract.store.models import DataSource, Source
from extract.values import Stub
from extract.worklist.documents import request_read
from extract.worklist.facts import is_gone
from extract.worklist.sources import request_listing

Takes = Callable[[Source], bool]
"""Returns True for a source that the pages of a listing may be added to."""


def notice_shown(connection_id: int, stubs: Sequence[Stub], *, now: datetime, verify_hours: float) -> Noticed:
    """Request what a sweep shows to be changed, new or of another schema, for the sources that follow edits live.

    Stubs that concern no such source are ignored. Call inside a transaction.
    """
    noticed = notice_arrivals(
        connection_id, stubs, takes=follows_live, rank=Rank.EDIT, now=now, verify_hours=verify_hours
    )
    noticed += notice_held(connection_id, stubs, now=now)
    return noticed + notice_schemas(connection_id, stubs, now=now)


def follows_live(source: Source) -> bool:
    """Return True if the source follows edits live and is not stopped."""
    return source.auto_retrain == "live" and source.stopped_at is None


def notice_arrivals(
    connection_id: int, stubs: Sequence[Stub], *, takes: Takes, rank: Rank, now: datetime, verify_hours: float
) -> Noticed:
    """Add pages and data sources to the sources of the connection that they belong to and for which `takes` is true."""
    shown = [stub for stub in stubs if not stub.partial and not stub.in_trash]
    collecting = [source for source in _collecting_sources(connection_id) if takes(source)]
    noticed = _new_tables(shown, collecting, rank=rank, now=now)
    pages = {stub.id: stub for stub in shown if stub.kind == "page"}
    joins = _Joining(rank=rank, now=now, verify_hours=verify_hours)
    joins.remember(collecting, pages)
    noticed += joins.add(_by_table(connection_id, pages.values(), takes), pages)
    workspaces = [source for source in collecting if source.kind == "workspace"]
    noticed += joins.add(dict.fromkeys(pages, workspaces), pages)
    trees = [source for source in collecting if source.with_subpages]
    while trees:
        # The pages below one that was just added belong to the tree as well.
        added = joins.add(_by_parent(trees, pages.values()), pages)
        if not added:
            break
        noticed += added
    return noticed + _misplaced(trees, pages, rank=rank, now=now)


def _misplaced(trees: Sequence[Source], pages: Mapping[str, Stub], *, rank: Rank, now: datetime) -> Noticed:
    """Request the pages of a tree whose listed parent is outside it, except those read lately, since search lags."""
    by_id = {source.id: source for source in trees}
    inside = _by_parent(trees, pages.values())
    outside: dict[int, list[str]] = {}  # chatbot id -> page ids
    for source_id, page_id in members_of(by_id.keys(), pages):
        source = by_id[source_id]
        parent_is_known = pages[page_id].parent.kind in ("page_id", "workspace")
        if parent_is_known and page_id != source.notion_id and source not in inside.get(page_id, ()):
            outside.setdefault(source.chatbot_id, []).append(page_id)
    noticed = Noticed()
    for chatbot_id, page_ids in outside.items():
        for document in documents_of(chatbot_id, page_ids).values():
            fresh = is_recent(document.synced_at, now=now, within=SEARCH_LAG)
            if document.requested_at is None and document.removed_at is None and not fresh:
                request_read(document, now=now, rank=rank)
                noticed += Noticed(doubted=1)
    return noticed


class _Joining:
    """Adds shown pages to sources, and keeps track of which are members already."""

    def __init__(self, *, rank: Rank, now: datetime, verify_hours: float) -> None:
        self._members: dict[int, set[str]] = {}
        self._rank, self._now, self._hours = rank, now, verify_hours

    def remember(self, sources: Iterable[Source], pages: Collection[str]) -> None:
        """Read which of the pages are members of the sources, unless that was read before."""
        unknown = {source.id for source in sources} - self._members.keys()
        for source_id in unknown:
            self._members[source_id] = set()
        for source_id, page_id in members_of(unknown, pages):
            self._members[source_id].add(page_id)

    def add(self, belonging: Mapping[str, Sequence[Source]], pages: Mapping[str, Stub]) -> Noticed:
        """Add each page to the sources it belongs to, unless it is a member already."""
        by_id = {source.id: source for sources in belonging.values() for source in sources}
        self.remember(by_id.values(), pages)
        noticed = Noticed()
        for page_id, sources in belonging.items():
            for source in sources:
                if page_id not in self._members[source.id]:
                    add_document(
                        source,
                        page_id,
                        stub=pages[page_id],
                        now=self._now,
                        rank=self._rank,
                        verify_hours=self._hours,
                    )
                    self._members[source.id].add(page_id)
                    edited_at = pages[page_id].edited_at
                    noticed += Noticed(new=1, untold=(edited_at,) if edited_at else ())
        return noticed


def _collecting_sources(connection_id: int) -> list[Source]:
    """Return the sources of a connection that pages are added to without being ticked: trees and the workspace."""
    return list(
        Source.select()
        .where((Source.connection == connection_id) & ((Source.kind == "workspace") | Source.with_subpages))
        .order_by(Source.id)
    )


def _by_table(connection_id: int, pages: Iterable[Stub], takes: Takes) -> dict[str, list[Source]]:
    """Return page id -> the sources that have the data source it is a row of."""
    rows = [stub for stub in pages if stub.parent.kind == "data_source_id" and stub.parent.id]
    tables: dict[str | None, list[Source]] = {}
    for table in data_sources_of(connection_id, sorted({stub.parent.id or "" for stub in rows})):
        if takes(table.source) and not is_gone(table.source):
            tables.setdefault(table.notion_id, []).append(table.source)
    return {
        # Notion does not list an archived row in its database; a workspace source has every page that can be read.
        stub.id: [
            source for source in tables[stub.parent.id] if source.kind == "workspace" or not stub.is_archived
        ]
        for stub in rows
        if stub.parent.id in tables
    }


def _by_parent(trees: Sequence[Source], pages: Iterable[Stub]) -> dict[str, list[Source]]:
    """Return page id -> the trees whose member its parent is."""
    parents = {stub.id: stub.parent.id for stub in pages if stub.parent.kind == "page_id" and stub.parent.id}
    holders: dict[str, list[Source]] = {}
    for source_id, parent in members_of({source.id for source in trees}, set(parents.values())):
        holders.setdefault(parent, []).extend(source for source in trees if source.id == source_id)
    return {page_id: holders[parent] for page_id, parent in parents.items() if parent in holders}


def _new_tables(shown: Iterable[Stub], collecting: Sequence[Source], *, rank: Rank, now: datetime) -> Noticed:
    """Store data sources that are new to a tree or a workspace, and request a listing for their rows."""
    tables = [stub for stub in shown if stub.kind == "data_source"]
    noticed = Noticed()
    if not tables or not collecting:
        return noticed
    stored = _tables_of(collecting, [stub.id for stub in tables])
    known = {(table.source_id, table.notion_id) for table in stored}
    inside = _by_parent([source for source in collecting if source.with_subpages], tables)
    for stub in tables:
        for source in collecting:
            belongs = source.kind == "workspace" or source in inside.get(stub.id, ())
            if belongs and (source.id, stub.id) not in known:
                store_table(source.id, stub)
                request_listing(source, now=now, rank=rank, full=False)
                noticed += Noticed(relist=1)
    return noticed


def _tables_of(sources: Sequence[Source], notion_ids: Sequence[str]) -> list[DataSource]:
    return list(
        DataSource.select(DataSource.source, DataSource.notion_id).where(
            DataSource.source.in_([source.id for source in sources]) & DataSource.notion_id.in_(notion_ids)
        )
    )


def store_table(source_id: int, stub: Stub, *, name: str | None = None) -> None:
    """Store a data source as its stub shows it. One that is new is not listed yet."""
    table, _ = DataSource.get_or_create(source=source_id, notion_id=stub.id)
    table.database_id = stub.database_id
    table.name = name or stub.title
    table.properties = dict(stub.properties)
    table.save(only=[DataSource.database_id, DataSource.name, DataSource.properties])


def relist_tables(source: Source, notion_ids: Sequence[str | None], *, now: datetime) -> None:
    """Request a listing that fetches these databases or data sources of a tree or a workspace again."""
    DataSource.update(listed=False, listed_to=None).where(
        (DataSource.source == source.id)
        & (DataSource.database_id.in_(notion_ids) | DataSource.notion_id.in_(notion_ids))
    ).execute()
    request_listing(source, now=now, rank=Rank.EDIT, full=False)
