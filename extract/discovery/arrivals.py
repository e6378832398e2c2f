"""Pages that a listing shows and a source does not hold yet, though they belong to it: they become documents.

A row belongs to the sources that hold its table, a sub-page to the trees that hold the page it sits in, and
everything a connection shows belongs to its workspace source. Asks Notion nothing.
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


def notice_shown(connection_id: int, stubs: Sequence[Stub], *, now: datetime, verify_hours: float) -> Noticed:
    """Mark what a sweep shows to have moved, arrived or changed its table, for the sources that follow edits live.

    Everything in `stubs` that no such source holds is not ours and is passed over. Call inside a transaction.
    """
    noticed = notice_arrivals(
        connection_id, stubs, takes=follows_live, rank=Rank.EDIT, now=now, verify_hours=verify_hours
    )
    noticed += notice_held(connection_id, stubs, now=now)
    return noticed + notice_schemas(connection_id, stubs, now=now)


def follows_live(source: Source) -> bool:
    """Whether a source takes what a sweep brings: it follows edits, and nobody has stopped it."""
    return source.auto_retrain == "live" and source.stopped_at is None


def notice_arrivals(
    connection_id: int, stubs: Sequence[Stub], *, takes: Takes, rank: Rank, now: datetime, verify_hours: float
) -> Noticed:
    """Let every source of the connection that `takes` them hold the pages and tables that belong to it."""
    shown = [stub for stub in stubs if not stub.partial and not stub.in_trash]
    wholes = [source for source in _wholes(connection_id) if takes(source)]
    noticed = _new_tables(connection_id, shown, wholes, rank=rank, now=now)
    pages = {stub.id: stub for stub in shown if stub.kind == "page"}
    joins = _Joins(rank=rank, now=now, verify_hours=verify_hours)
    joins.remember(wholes, pages)
    noticed += joins.all(_by_table(connection_id, pages.values(), takes), pages)
    everywhere = [source for source in wholes if source.kind == "workspace"]
    noticed += joins.all(dict.fromkeys(pages, everywhere), pages)
    trees = [source for source in wholes if source.with_subpages]
    while trees:
        # A page that has just joined brings in the pages below it.
        came = joins.all(_by_parent(trees, pages.values()), pages)
        if not came:
            break
        noticed += came
    return noticed + _misplaced(trees, pages, rank=rank, now=now)


def _misplaced(trees: Sequence[Source], pages: Mapping[str, Stub], *, rank: Rank, now: datetime) -> Noticed:
    """Pages of a tree that a listing shows outside it: each is asked itself. Search lags, so not one just asked."""
    by_id = {source.id: source for source in trees}
    inside = _by_parent(trees, pages.values())
    strays: dict[int, list[str]] = {}
    for source_id, page_id in members_of(by_id.keys(), pages):
        source = by_id[source_id]
        placed = pages[page_id].parent.kind in ("page_id", "workspace")
        if placed and page_id != source.notion_id and source not in inside.get(page_id, ()):
            strays.setdefault(source.chatbot_id, []).append(page_id)
    noticed = Noticed()
    for chatbot_id, page_ids in strays.items():
        for document in documents_of(chatbot_id, page_ids).values():
            fresh = is_recent(document.synced_at, now=now, within=SEARCH_LAG)
            if document.requested_at is None and document.removed_at is None and not fresh:
                request_read(document, now=now, rank=rank)
                noticed += Noticed(doubted=1)
    return noticed


class _Joins:
    """Which source holds which of the shown pages, while more of them join."""

    def __init__(self, *, rank: Rank, now: datetime, verify_hours: float) -> None:
        self._members: dict[int, set[str]] = {}
        self._rank, self._now, self._hours = rank, now, verify_hours

    def remember(self, sources: Iterable[Source], pages: Collection[str]) -> None:
        unknown = {source.id for source in sources} - self._members.keys()
        for source_id in unknown:
            self._members[source_id] = set()
        for source_id, page_id in members_of(unknown, pages):
            self._members[source_id].add(page_id)

    def all(self, wanted: Mapping[str, Sequence[Source]], pages: Mapping[str, Stub]) -> Noticed:
        """Let each source hold the pages wanted for it that it does not hold yet."""
        self.remember({source.id: source for found in wanted.values() for source in found}.values(), pages)
        noticed = Noticed()
        for page_id, sources in wanted.items():
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


def _wholes(connection_id: int) -> list[Source]:
    """The sources of a connection that take more than what was ticked itself: trees and the workspace."""
    return list(
        Source.select()
        .where((Source.connection == connection_id) & ((Source.kind == "workspace") | Source.with_subpages))
        .order_by(Source.id)
    )


def _by_table(connection_id: int, pages: Iterable[Stub], takes: Takes) -> dict[str, list[Source]]:
    """Page id -> the sources that hold the table it is a row of."""
    rows = [stub for stub in pages if stub.parent.kind == "data_source_id" and stub.parent.id]
    tables: dict[str | None, list[Source]] = {}
    for table in data_sources_of(connection_id, sorted({stub.parent.id or "" for stub in rows})):
        if takes(table.source) and not is_gone(table.source):
            tables.setdefault(table.notion_id, []).append(table.source)
    return {
        # Notion lists no archived row in its database; a workspace holds what can be read.
        stub.id: [
            source for source in tables[stub.parent.id] if source.kind == "workspace" or not stub.is_archived
        ]
        for stub in rows
        if stub.parent.id in tables
    }


def _by_parent(trees: Sequence[Source], pages: Iterable[Stub]) -> dict[str, list[Source]]:
    """Page id -> the trees that hold the page it sits in."""
    below = {stub.id: stub.parent.id for stub in pages if stub.parent.kind == "page_id" and stub.parent.id}
    holding: dict[str, list[Source]] = {}
    for source_id, parent in members_of({source.id for source in trees}, set(below.values())):
        holding.setdefault(parent, []).extend(source for source in trees if source.id == source_id)
    return {page_id: holding[parent] for page_id, parent in below.items() if parent in holding}


def _new_tables(
    connection_id: int, shown: Iterable[Stub], wholes: Sequence[Source], *, rank: Rank, now: datetime
) -> Noticed:
    """A table nobody listed yet, in a tree or a workspace: its rows are wanted, for which its listing is asked."""
    tables = [stub for stub in shown if stub.kind == "data_source"]
    noticed = Noticed()
    if not tables or not wholes:
        return noticed
    known = {(table.source_id, table.notion_id) for table in _tables_of(wholes, [stub.id for stub in tables])}
    inside = _by_parent([source for source in wholes if source.with_subpages], tables)
    for stub in tables:
        for source in wholes:
            belongs = source.kind == "workspace" or source in inside.get(stub.id, ())
            if belongs and (source.id, stub.id) not in known:
                keep_table(source.id, stub)
                request_listing(source, now=now, rank=rank, full=False)
                noticed += Noticed(relist=1)
    return noticed


def _tables_of(sources: Sequence[Source], notion_ids: Sequence[str]) -> list[DataSource]:
    return list(
        DataSource.select(DataSource.source, DataSource.notion_id).where(
            DataSource.source.in_([source.id for source in sources]) & DataSource.notion_id.in_(notion_ids)
        )
    )


def keep_table(source_id: int, stub: Stub, *, name: str | None = None) -> None:
    """The row of a table as its stub tells it; one that is new is still to be listed."""
    table, _ = DataSource.get_or_create(source=source_id, notion_id=stub.id)
    table.database_id = stub.database_id
    table.name = name or stub.title
    table.properties = dict(stub.properties)
    table.save(only=[DataSource.database_id, DataSource.name, DataSource.properties])


def ask_tables(source: Source, notion_ids: Sequence[str | None], *, now: datetime) -> None:
    """Databases or tables of a tree or a workspace may have changed or moved: they are asked with a listing."""
    DataSource.update(listed=False, listed_to=None).where(
        (DataSource.source == source.id)
        & (DataSource.database_id.in_(notion_ids) | DataSource.notion_id.in_(notion_ids))
    ).execute()
    request_listing(source, now=now, rank=Rank.EDIT, full=False)
