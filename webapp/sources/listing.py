"""The list of a knowledge base: its filter, its order, and one page of rows with their counts and progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Literal, cast

from peewee import Value, fn

from extract.rules.timing import AT_WORK, SETTLED
from extract.search.index import Counts
from extract.store.models import Connection, Source
from extract.worklist.progress import Progress, progress
from webapp.http.incoming import whole_number
from webapp.pagination import PageRange
from webapp.queries import counts_of, sources_with_connection
from webapp.sources.estimates import pause_reason, time_left
from webapp.sources.labels import KINDS, ListKind

PAGE_SIZE = 100

GROUPS: Mapping[str, tuple[str, ...]] = {"at-work": AT_WORK, "attention": ("empty", "failed")}
"""Groups of statuses that a person can filter by; each single status can be chosen as well."""

Sort = Literal["added", "title", "synced", "documents", "size"]
SORTS: Mapping[Sort, str] = {
    "added": "Last added",
    "title": "Title",
    "synced": "Last sync",
    "documents": "Documents",
    "size": "Size",
}


@dataclass(frozen=True, slots=True)
class SourceFilter:
    """Which sources a person wants to see, in which order; read from the address and written back to it."""

    query: str = ""
    status: str = ""
    kind: ListKind | Literal[""] = ""
    sort: Sort = "added"
    page: int = 1

    @classmethod
    def of(cls, arguments: Mapping[str, str]) -> SourceFilter:
        """The filter in a query string or a form. Values that do not exist are ignored."""
        status = arguments.get("status", "")
        kind = arguments.get("kind", "")
        sort = arguments.get("sort", "added")
        return cls(
            query=" ".join(arguments.get("q", "").split())[:200],
            status=status if status in (*GROUPS, *AT_WORK, *SETTLED) else "",
            kind=cast(ListKind, kind) if kind in KINDS else "",
            sort=cast(Sort, sort) if sort in SORTS else "added",
            page=_page_number(arguments.get("page", "1")),
        )

    def arguments(self, **changed: Any) -> dict[str, Any]:
        """The query arguments of this filter with `changed` applied, without those that have their default."""
        changed_filter = replace(self, **{"page": 1, **changed})
        arguments = {
            "q": changed_filter.query,
            "status": changed_filter.status,
            "kind": changed_filter.kind,
            "sort": changed_filter.sort,
            "page": changed_filter.page,
        }
        defaults = {"q": "", "status": "", "kind": "", "sort": "added", "page": 1}
        return {name: value for name, value in arguments.items() if value != defaults[name]}


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row of the list: a source with its counts, and with its progress while it is being read."""

    source: Any
    counts: Counts
    progress: Progress | None
    time_left: timedelta | None = None
    pause_reason: str | None = None

    @property
    def at_work(self) -> bool:
        """True while the source is being read or waits to be read."""
        return self.source.status in AT_WORK

    @property
    def stopped(self) -> bool:
        """True if a person stopped the source."""
        return self.source.stopped_at is not None

    @property
    def alive(self) -> bool:
        """True if the connection of the source works."""
        return bool(self.source.connection.state == "alive")


@dataclass(frozen=True, slots=True)
class SourceList:
    """One page of the list.

    `page` counts the sources that the filter matches, `total` all sources of the chatbot. `status_counts` holds how
    many sources each status would match, under "" those of any status.
    """

    rows: Sequence[SourceRow]
    source_filter: SourceFilter
    page: PageRange
    status_counts: Mapping[str, int]
    total: int

    @property
    def busy(self) -> bool:
        """True if a source on this page is being read or waits to be read."""
        return any(row.at_work for row in self.rows)


def source_list(chatbot_id: int, source_filter: SourceFilter) -> SourceList:
    """The page that `source_filter` names; a page beyond the end becomes the last one."""
    matching = matching_sources(chatbot_id, source_filter)
    page = PageRange.nearest(source_filter.page, size=PAGE_SIZE, found=matching.count())
    status_counts = count_by_status(chatbot_id, source_filter)
    is_narrowed = source_filter.query or source_filter.kind
    total = Source.select().where(Source.chatbot == chatbot_id).count() if is_narrowed else status_counts[""]
    return SourceList(
        rows=source_rows(_ordered(matching, source_filter.sort, page)),
        source_filter=replace(source_filter, page=page.number),
        page=page,
        status_counts=status_counts,
        total=total,
    )


def matching_sources(chatbot_id: int, source_filter: SourceFilter) -> Any:
    """A select of the sources that match the filter, with their connections."""
    matching = sources_with_connection().where(Source.chatbot == chatbot_id)
    if source_filter.status:
        statuses = GROUPS.get(source_filter.status, (source_filter.status,))
        matching = matching.where(Source.status.in_(statuses))
    return matching.where(_matches_query_and_kind(source_filter))


def source_rows(sources: Sequence[Any]) -> list[SourceRow]:
    """The rows of these sources: counts in one query, progress in another where something is being read."""
    counts = counts_of([source.id for source in sources])
    progress_by_id = progress([source.id for source in sources if source.status in AT_WORK])
    at_work = [source for source in sources if source.id in progress_by_id]
    left = time_left(at_work)
    reasons = {source.connection_id: pause_reason(source.connection) for source in at_work}
    return [
        SourceRow(
            source,
            counts[source.id],
            progress_by_id.get(source.id),
            left.get(source.id),
            reasons.get(source.connection_id) if source.status in AT_WORK else None,
        )
        for source in sources
    ]


def count_by_status(chatbot_id: int, source_filter: SourceFilter) -> dict[str, int]:
    """How many sources of each status and group match the query and the kind of the filter; under "" all of them."""
    rows = Source.select(Source.status, fn.COUNT(Source.id)).where(
        (Source.chatbot == chatbot_id) & _matches_query_and_kind(source_filter)
    )
    by_status: dict[str, int] = dict(rows.group_by(Source.status).tuples())
    by_group = {name: sum(by_status.get(status, 0) for status in group) for name, group in GROUPS.items()}
    return {**by_status, **by_group, "": sum(by_status.values())}


def has_connection(organisation_id: int) -> bool:
    """Return True if the organisation has a working connection, so that pages can be ticked right away."""
    return bool(
        Connection.select()
        .where(Connection.organisation == organisation_id, Connection.state == "alive")
        .exists()
    )


def broken_connections(chatbot_id: int) -> list[Connection]:
    """The connections of a chatbot's sources that Notion no longer answers; the list shows a notice for each."""
    connections = Source.select(Source.connection).where(Source.chatbot == chatbot_id)
    return list(
        Connection.select()
        .where(Connection.id.in_(connections), Connection.state != "alive")
        .order_by(Connection.id)
    )


def _page_number(text: str) -> int:
    try:
        return max(whole_number(text), 1)
    except ValueError:
        return 1


def _ordered(matching: Any, sort: Sort, page: PageRange) -> list[Any]:
    if sort in ("documents", "size"):
        return _ordered_by_count(matching, "documents" if sort == "documents" else "bytes", page)
    order = {
        "title": (fn.LOWER(Source.title), Source.id),
        "synced": (Source.last_synced_at.desc(nulls="last"), Source.id.desc()),
    }.get(sort, (Source.id.desc(),))
    return list(matching.order_by(*order).limit(page.size).offset(page.offset))


def _ordered_by_count(matching: Any, name: Literal["documents", "bytes"], page: PageRange) -> list[Any]:
    """Counts are no columns of the source, so the ids are ordered here."""
    counts = counts_of([source_id for (source_id,) in matching.clone().select(Source.id).tuples()])
    ids = sorted(counts, key=lambda source_id: (-getattr(counts[source_id], name), -source_id))
    ids = ids[page.offset : page.offset + page.size]
    sources = {source.id: source for source in sources_with_connection().where(Source.id.in_(ids))}
    return [sources[source_id] for source_id in ids if source_id in sources]


def _matches_query_and_kind(source_filter: SourceFilter) -> Any:
    condition: Any = Value(1) == 1
    if source_filter.query:
        condition &= Source.title.contains(source_filter.query) | Source.parent_label.contains(
            source_filter.query
        )
    if source_filter.kind:
        condition &= Source.kind == ("page" if source_filter.kind == "tree" else source_filter.kind)
    if source_filter.kind in ("page", "tree"):
        condition &= Source.with_subpages == (source_filter.kind == "tree")
    return condition
