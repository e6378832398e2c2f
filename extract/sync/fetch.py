"""Asking Notion for one page: its stub if needed, its body, what fills the holes. In a thread; writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from extract.errors import InvalidRequest, NotFound, Transient
from extract.notion.client import NotionClient
from extract.reading import Budget, Hole, Tree, capped_properties, fill, holes
from extract.sync.related_titles import RelatedTitles
from extract.values import Clock, Json, PageMarkdown, Stub

MOST_REFETCHES = 40
"""How many further requests one page may cost; what is left is counted as unread."""


@dataclass(frozen=True, slots=True)
class Task:
    """One document to fetch. `stub` is what a listing said; None asks the page first. `only_if` skips the body.

    `hidden` are the ids of the columns that are switched off for it; `unnamed` finds the related pages in a stub that
    it cannot name.
    `unplaced`: if the page sits in a block, nothing we hold says in which page that is.
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
    """What came back. `tree` is None when the body was not asked for: in the trash, or not moved.

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


def fetch(client: NotionClient, task: Task, *, names: RelatedTitles, clock: Clock) -> Fetched:
    """Everything of one page, in one request where Notion reports no holes. Raises NotionError.

    `client` serves this task alone, so that its counts are the task's cost, whether it succeeds or not.
    """
    stub, asked = task.stub, False
    if stub is None:
        stub, asked = client.get_page(task.notion_id), True
        if task.unplaced and stub.parent.kind == "block_id" and stub.parent.id:
            stub = replace(stub, parent=client.place_of_block(stub.parent.id))
        client.ask_for("work")  # a look ends here: what it found to have moved is an edit
    if stub.in_trash or (task.only_if is not None and not task.only_if(stub)):
        return Fetched(stub=stub, asked_page=asked, tree=None, read_at=clock())
    related_names = names.of(client, task.unnamed(stub))
    read_at = clock()
    try:
        page = client.get_markdown(task.notion_id)
    except NotFound as error:
        if not asked:
            raise
        # The page itself was there a moment ago: a body that is not proves nothing about it.
        raise Transient(status=error.status, code=error.code, request_id=error.request_id) from error
    client.ask_for("work")
    tree, unread = _whole(client, page)
    return Fetched(
        stub=stub,
        asked_page=asked,
        tree=tree,
        completed=_completed(client, task, stub),
        related_names=related_names,
        unread_blocks=unread,
        read_at=read_at,
        skew=client.skew,
    )


def _whole(client: NotionClient, page: PageMarkdown) -> tuple[Tree, int]:
    """The tree of a page with its holes filled as far as Notion lets us, and how many were not."""
    budget = Budget()
    tree = budget.parse(page.markdown)
    wanted = holes(tree, page.unknown_block_ids)
    if not wanted:
        return tree, 0
    return _filled(client, tree, wanted, page_id=page.page_id, budget=budget)


def _completed(client: NotionClient, task: Task, stub: Stub) -> dict[str, Sequence[Json]]:
    """Lists that Notion had capped, in full; one that it does not give stays as short as it came."""
    completed: dict[str, Sequence[Json]] = {}
    for property_id in capped_properties(stub.properties):
        if property_id not in task.hidden:
            with suppress(NotFound, InvalidRequest):
                completed[property_id] = client.property_items(task.notion_id, property_id)
    return completed


def _children(client: NotionClient, page_id: str) -> Sequence[Json]:
    try:
        return client.list_children(page_id)
    except (NotFound, InvalidRequest):
        return ()  # each hole is asked for by itself, then


def _filled(
    client: NotionClient, tree: Tree, wanted: Sequence[Hole], *, page_id: str, budget: Budget
) -> tuple[Tree, int]:
    blocks: dict[str, Json] = {}
    subtrees: dict[str, Tree] = {}
    unread = 0
    single = [hole.block_id for hole in wanted if hole.reason == "unsupported" and hole.block_id]
    truncated = [hole.block_id for hole in wanted if hole.reason == "truncated" and hole.block_id]
    if len(single) > 1:
        # Several holes usually sit under the page itself: one listing instead of one request each.
        listed = {str(block.get("id")): block for block in _children(client, page_id)}
        blocks.update({block_id: listed[block_id] for block_id in single if block_id in listed})
    requests_left = MOST_REFETCHES
    for block_id in single:
        if block_id in blocks:
            continue
        if requests_left == 0:
            unread += 1
            continue
        requests_left -= 1
        try:
            blocks[block_id] = client.get_block(block_id)
        except (NotFound, InvalidRequest):
            unread += 1
    queue = list(dict.fromkeys(truncated))
    asked = set(queue)
    while queue:
        block_id = queue.pop(0)
        if requests_left == 0:
            unread += 1
            continue
        requests_left -= 1
        try:
            part = client.get_markdown(block_id)
        except (NotFound, InvalidRequest):
            unread += 1
            continue
        subtrees[block_id] = budget.parse(part.markdown)
        for hole in holes(subtrees[block_id], part.unknown_block_ids):
            if hole.block_id and hole.block_id not in asked:
                asked.add(hole.block_id)
                queue.append(hole.block_id)
    return fill(tree, blocks=blocks, subtrees=subtrees), unread
