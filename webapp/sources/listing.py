"""What a knowledge-base list shows: its filters, its order, one page of rows with their counts and progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from peewee import Value, fn

from extract.rules.timing import AT_WORK
from extract.search.index import Counts
from extract.store.models import Connection, Source
from extract.values import SOURCE_STATUSES, SourceStatus
from extract.worklist.progress import Progress, progress
from webapp.api.serializers import counts_of, sources_with_connection
from webapp.http.incoming import whole_number
from webapp.sources.estimates import resting, time_left
from webapp.sources.labels import KINDS

PAGE = 100

GROUPS: Mapping[str, tuple[SourceStatus, ...]] = {"at-work": AT_WORK, "attention": ("empty", "failed")}
"""States that a person takes together; each single state can be asked for as well."""

_STATUSES: Mapping[str, tuple[SourceStatus, ...]] = {**GROUPS, **{word: (word,) for word in SOURCE_STATUSES}}

SORTS = {
    "added": "Last added",
    "title": "Title",
    "synced": "Last sync",
    "documents": "Documents",
    "size": "Size",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person asks to see; taken from the address, and put back into it."""

    words: str = ""
    status: str = ""
    kind: str = ""
    sort: str = "added"
    page: int = 1

    @classmethod
    def of(cls, arguments: Mapping[str, str]) -> Wish:
        """The wish in a query or a form; whatever makes no sense is left out."""
        status = arguments.get("status", "")
        kind = arguments.get("kind", "")
        sort = arguments.get("sort", "added")
        page = arguments.get("page", "1")
        return cls(
            words=" ".join(arguments.get("q", "").split())[:200],
            status=status if status in _STATUSES else "",
            kind=kind if kind in KINDS else "",
            sort=sort if sort in SORTS else "added",
            page=_page(page),
        )

    def arguments(self, **changed: Any) -> dict[str, Any]:
        """The address of this wish, changed: only what differs from the plain list."""
        wish = replace(self, **{"page": 1, **changed})
        every = {
            "q": wish.words,
            "status": wish.status,
            "kind": wish.kind,
            "sort": wish.sort,
            "page": wish.page,
        }
        plain = {"q": "", "status": "", "kind": "", "sort": "added", "page": 1}
        return {name: value for name, value in every.items() if value != plain[name]}

    @property
    def narrowed(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.words or self.status or self.kind)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the list."""

    source: Source
    counts: Counts
    progress: Progress | None
    left: timedelta | None = None
    resting: str | None = None

    @property
    def at_work(self) -> bool:
        return self.source.status in AT_WORK

    @property
    def stopped(self) -> bool:
        return self.source.stopped_at is not None

    @property
    def alive(self) -> bool:
        return bool(self.source.connection.state == "alive")


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list, and what is around it. `total` counts all sources of the chatbot, `found` what is left in."""

    lines: Sequence[Line]
    wish: Wish
    found: int
    tally: Mapping[str, int]
    total: int

    @property
    def pages(self) -> int:
        return max((self.found + PAGE - 1) // PAGE, 1)

    @property
    def first(self) -> int:
        return (self.wish.page - 1) * PAGE + 1

    @property
    def last(self) -> int:
        return self.first + len(self.lines) - 1

    @property
    def busy(self) -> bool:
        return any(line.at_work for line in self.lines)


def listing(chatbot_id: int, wish: Wish) -> Listing:
    """The page that `wish` asks for; a page beyond the end becomes the last one."""
    chosen = matching(chatbot_id, wish)
    found = chosen.count()
    wish = replace(wish, page=min(wish.page, max((found + PAGE - 1) // PAGE, 1)))
    page = _ordered(chosen, wish)
    counts = tally(chatbot_id, wish)
    narrowed = wish.words or wish.kind
    total = Source.select().where(Source.chatbot == chatbot_id).count() if narrowed else counts[""]
    return Listing(lines=lines(page), wish=wish, found=found, tally=counts, total=total)


def matching(chatbot_id: int, wish: Wish) -> Any:
    """A select of the sources that `wish` leaves in, with their connections."""
    chosen = sources_with_connection().where(Source.chatbot == chatbot_id)
    if wish.status:
        chosen = chosen.where(Source.status.in_(_STATUSES[wish.status]))
    return chosen.where(_asked_for(wish))


def lines(sources: Sequence[Source]) -> list[Line]:
    """The rows of these sources: counts in one query, progress in another where something is at work."""
    counts = counts_of([source.id for source in sources])
    done = progress([source.id for source in sources if source.status in AT_WORK])
    left = time_left([source for source in sources if source.id in done])
    rests = {source.connection_id: resting(source.connection) for source in sources if source.id in done}
    return [
        Line(
            source,
            counts[source.id],
            done.get(source.id),
            left.get(source.id),
            rests.get(source.connection_id) if source.status in AT_WORK else None,
        )
        for source in sources
    ]


def _page(text: str) -> int:
    try:
        return max(whole_number(text), 1)
    except ValueError:
        return 1


def _ordered(chosen: Any, wish: Wish) -> list[Source]:
    start = (wish.page - 1) * PAGE
    if wish.sort in ("documents", "size"):
        counts = counts_of([row[0] for row in chosen.clone().select(Source.id).tuples()])
        name = "documents" if wish.sort == "documents" else "bytes"
        ids = sorted(counts, key=lambda number: (-getattr(counts[number], name), -number))[
            start : start + PAGE
        ]
        rows = {row.id: row for row in sources_with_connection().where(Source.id.in_(ids))}
        return [rows[number] for number in ids if number in rows]
    order = {
        "title": (fn.LOWER(Source.title), Source.id),
        "synced": (Source.last_synced_at.desc(nulls="last"), Source.id.desc()),
    }.get(wish.sort, (Source.id.desc(),))
    return list(chosen.order_by(*order).limit(PAGE).offset(start))


def tally(chatbot_id: int, wish: Wish) -> dict[str, int]:
    """How many sources each state would leave of what else `wish` asks for, in one query; under "" all of them."""
    rows = Source.select(Source.status, fn.COUNT(Source.id)).where(
        (Source.chatbot == chatbot_id) & _asked_for(wish)
    )
    by_status: dict[str, int] = dict(rows.group_by(Source.status).tuples().iterator())
    together = {name: sum(by_status.get(status, 0) for status in group) for name, group in GROUPS.items()}
    return {**by_status, **together, "": sum(by_status.values())}


def _asked_for(wish: Wish) -> Any:
    """The condition of the words and the kind."""
    asked: Any = Value(1) == 1
    if wish.words:
        asked &= Source.title.contains(wish.words) | Source.parent_label.contains(wish.words)
    if wish.kind:
        asked &= Source.kind == ("page" if wish.kind == "tree" else wish.kind)
    if wish.kind in ("page", "tree"):
        asked &= Source.with_subpages == (wish.kind == "tree")
    return asked


def has_connection(organisation_id: int) -> bool:
    """Whether the organisation can tick pages right away, or connects to Notion first."""
    return bool(
        Connection.select()
        .where(Connection.organisation == organisation_id, Connection.state == "alive")
        .exists()
    )


def connections_that_rest(chatbot_id: int) -> list[Connection]:
    """The connections of a chatbot's sources that Notion no longer answers, to say so above the list."""
    held = Source.select(Source.connection).where(Source.chatbot == chatbot_id)
    return list(
        Connection.select()
        .where(Connection.id.in_(held), Connection.state != "alive")
        .order_by(Connection.id)
    )
