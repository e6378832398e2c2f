"""What is to be fetched for a document, and what Notion returned."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from extract.reading import Tree
from extract.values import Json, Stub


@dataclass(frozen=True, slots=True)
class Task:
    """One document to fetch. `stub` is the page in a listing; with None the page object is fetched first.

    The body is fetched unless `only_if` returns False for the stub. `hidden` are the ids of the columns that are
    switched off; `unnamed` returns the related pages of a stub whose titles are not known. `unplaced`: if the parent is
    a block, no stored body says which page contains it.
    """

    document_id: int
    notion_id: str
    stub: Stub | None
    only_if: Callable[[Stub], bool] | None = None
    hidden: Collection[str] = ()
    unnamed: Callable[[Stub], Sequence[str]] = lambda stub: ()
    unplaced: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """What Notion returned. `tree` is None if the body was not fetched: the page is in the trash, or did not change.

    `read_at` is by our clock; Notion's was ahead of it by `skew`.
    """

    stub: Stub
    asked_page: bool
    tree: Tree | None
    completed: Mapping[str, Sequence[Json]] = field(default_factory=dict)
    related_names: Mapping[str, str] = field(default_factory=dict)
    unread_blocks: int = 0
    read_at: datetime | None = None
    skew: timedelta = timedelta(0)
